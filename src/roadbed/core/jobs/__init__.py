"""Long work that survives a killed process."""
