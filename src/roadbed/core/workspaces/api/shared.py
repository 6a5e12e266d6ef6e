"""What the routes of the workspace share."""

from roadbed.core.api.problems import ProblemOut

READ = dict.fromkeys((401, 403, 404, 422, 429), ProblemOut)
WRITE = dict.fromkeys((400, 401, 403, 404, 409, 422, 429), ProblemOut)
LARGEST = 2**63 - 1
