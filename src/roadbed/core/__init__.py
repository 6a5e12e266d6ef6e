"""What every module shares: records, people, search, jobs, tables, notices."""
