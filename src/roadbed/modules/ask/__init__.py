"""Questions over everything that a person may see, answered in quoted words."""
