"""Pages and deeds of the roadmap, by noun."""
