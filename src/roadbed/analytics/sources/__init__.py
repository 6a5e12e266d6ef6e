"""Where exposures and facts are read: places (events, files, a warehouse), relations over them, and metrics by plan.

`places` says what is there, `sql` what a query may do, `opening` opens all of it as Ibis tables, `trying` shows the
first rows, `plans` turns a metric's definition into facts, `measuring` makes units of them, `history` tells what a
metric was.
"""
