"""`python -m roadbed` is the same as `roadbed`."""

from roadbed.cli import main

main()
