"""Tables in and out: import and export for every module."""
