"""What is private to a circle stays there, whichever door is tried."""
