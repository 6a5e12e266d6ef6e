"""What will be built, why and when."""
