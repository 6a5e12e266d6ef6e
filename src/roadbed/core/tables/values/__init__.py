"""Turns the cells of a file into values, and says plainly what is wrong with those it cannot turn."""
