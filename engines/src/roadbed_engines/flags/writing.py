"""Definitions as JSON, the shortest that reads back the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from roadbed_engines.flags import definitions as d

NAMES = {"is_on": "on", "is_gate": "gate", "is_sticky": "sticky", "needs_approval": "approval"}


def as_json(found: d.Definitions) -> dict[str, Any]:
    """Return definitions as `reading.read_definitions` reads them.

    >>> as_json(d.Definitions(flags={"map": d.Flag(key="map", variants={"on": True}, default="on")}))["flags"]
    {'map': {'type': 'boolean', 'variants': {'on': True}, 'default': 'on'}}
    """
    return {
        "format": d.FORMAT,
        **({"environment": found.environment} if found.environment else {}),
        "flags": {key: flag_as_json(flag) for key, flag in found.flags.items()},
        **(
            {"segments": {key: _plain(each) for key, each in found.segments.items()}}
            if found.segments
            else {}
        ),
        **(
            {"holdouts": {key: _plain(each) for key, each in found.holdouts.items()}}
            if found.holdouts
            else {}
        ),
        **({"groups": {key: list(each) for key, each in found.groups.items()}} if found.groups else {}),
    }


def flag_as_json(flag: d.Flag) -> dict[str, Any]:
    """Return one flag."""
    plain: dict[str, Any] = _plain(flag)
    if plain.get("salt") == flag.key:
        del plain["salt"]
    return {"type": flag.type, **plain}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if not hasattr(value, "__dataclass_fields__"):
        return value
    found = {}
    for one in fields(value):
        own = getattr(value, one.name)
        if own == _default(one) or (one.name == "key" and not isinstance(value, d.Need)):
            continue
        found[NAMES.get(one.name, one.name)] = _plain(own)
    return found


def _default(one: Any) -> Any:
    return one.default_factory() if callable(one.default_factory) else one.default
