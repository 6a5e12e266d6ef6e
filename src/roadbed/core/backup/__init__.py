"""One file that holds everything: the database as it was at one moment, the files, and a manifest."""
