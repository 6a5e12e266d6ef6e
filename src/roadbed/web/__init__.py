"""Page helpers, template tags, components and static files. Knows nothing of records."""
