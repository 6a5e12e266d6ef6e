"""Columnar data: the only importer of duckdb, ibis and pyarrow.

`files.open_file` reads a bare file, `units.unit_table` makes one row a unit of it, `measuring.measure` sums it up in
one pass, and `roadbed_engines.stats.analysis.analyse` reads the sums. The same code runs wherever Ibis does.
"""
