"""Every read of this module, by noun."""
