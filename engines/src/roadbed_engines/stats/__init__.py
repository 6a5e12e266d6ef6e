"""Statistics: exact ones on counts, and the closed forms of experiments, from sums to a recommendation."""
