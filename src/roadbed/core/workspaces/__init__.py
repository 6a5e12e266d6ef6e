"""The wall of isolation: organisations, products, departments, teams, members."""
