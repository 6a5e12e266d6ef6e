"""The only importer of columnar engines."""
