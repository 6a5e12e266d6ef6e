"""When work will be done, and how sure that is, from what was done before."""
