"""Records, links, comments, activity: what every noun has."""
