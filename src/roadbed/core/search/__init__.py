"""One index over all records and comments."""
