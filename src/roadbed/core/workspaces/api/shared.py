"""What the routes of the workspace share."""

from roadbed.core.api import problems

READ = problems.READ
WRITE = problems.WRITE
LARGEST = 2**63 - 1
