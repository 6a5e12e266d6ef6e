"""What people may ask of the roadmap, and what they may type into it."""
