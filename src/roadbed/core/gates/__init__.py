"""What stands before doors that anybody may knock at: counted allowances and small puzzles, shared by all processes."""
