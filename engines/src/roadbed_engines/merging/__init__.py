"""Keeping two copies of one thing the same without losing what either side wrote."""

from roadbed_engines.merging.threeway import (
    AGREED,
    Base,
    Decision,
    Direction,
    Move,
    Rule,
    applied,
    decide,
    reconcile,
    settle,
)

__all__ = [
    "AGREED",
    "Base",
    "Decision",
    "Direction",
    "Move",
    "Rule",
    "applied",
    "decide",
    "reconcile",
    "settle",
]
