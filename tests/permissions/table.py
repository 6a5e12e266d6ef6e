"""Gathers the tables of all parts of the product."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

from tests import permissions
from tests.permissions import routes

LEVELS = ("public", "signed-in", "viewer", "contributor", "maker", "owner")


@dataclass(frozen=True)
class Rule:
    """The least level for one method; `is_own` where only some of those see the sample (it is somebody's own)."""

    level: str
    is_own: bool


def _read(text: str) -> dict[str, Rule]:
    rules = {}
    for part in text.split(", "):
        method, level = part.split(" ")
        level, _, own = level.partition("/")
        assert level in LEVELS, part
        assert own in {"", "own"}, part
        rules[method] = Rule(level, bool(own))
    return rules


def gather() -> dict[str, dict[str, Rule]]:
    """Return every declared address with its rules by method."""
    found: dict[str, dict[str, Rule]] = {}
    for module in iter_modules(permissions.__path__):
        if module.name in {"routes", "scene", "sent", "table"}:
            continue
        part = import_module(f"tests.permissions.{module.name}")
        for name, prefix in (("ROOT", ""), ("WORKSPACE", routes.WORKSPACE), ("PROGRAMS", routes.API)):
            for route, text in getattr(part, name, {}).items():
                assert prefix + route not in found, f"{prefix + route} is declared twice"
                found[prefix + route] = _read(text)
    return found
