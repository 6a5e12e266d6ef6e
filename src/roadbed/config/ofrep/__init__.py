"""The flag server: OFREP 0.3.0 over rules that are compiled in memory. It asks Django for nothing while it answers."""
