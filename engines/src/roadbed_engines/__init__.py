"""Pure engines: plain numbers in, frozen results out."""
