"""What siblings may ask of this module."""
