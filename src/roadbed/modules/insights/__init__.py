"""What customers say, and what they need."""
