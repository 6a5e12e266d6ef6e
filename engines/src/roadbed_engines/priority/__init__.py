"""What matters most, by published formulas."""
