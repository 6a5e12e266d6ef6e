"""Its reads. Everything that leads to a visitor's screen starts in `doors`, which says what they may open."""
