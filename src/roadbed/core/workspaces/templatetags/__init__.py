"""Tags for the frames of workspace pages."""
