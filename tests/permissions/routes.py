"""Walks the URL resolver: every address that the product answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

WORKSPACE = "w/<slug:workspace>/"
API = "api/v1/<slug:workspace>/"


@dataclass(frozen=True)
class Route:
    """One address with its view and what it captures."""

    route: str
    view: Callable[..., Any]
    converters: dict[str, Any]

    @property
    def role(self) -> str | None:
        """The guard that the view declares; None where it declares none."""
        declared = getattr(self.view, "required_role", None)
        return str(declared) if declared is not None else None


def _walk(patterns: list[Any], prefix: str, converters: dict[str, Any]) -> Iterator[Route]:
    for entry in patterns:
        piece = str(entry.pattern)
        named = dict.fromkeys(getattr(getattr(entry.pattern, "regex", None), "groupindex", {}))
        found = {**converters, **named, **getattr(entry.pattern, "converters", {})}
        if isinstance(entry, URLResolver):
            yield from _walk(entry.url_patterns, prefix + piece, found)
        elif isinstance(entry, URLPattern):
            yield Route(prefix + piece, entry.callback, found)


def every_route() -> list[Route]:
    """Every address of the product."""
    return list(_walk(get_resolver().url_patterns, "", {}))


def address(route: str, parts: dict[str, Any]) -> str:
    """Return the path of a route with its captured parts filled in."""
    path = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", lambda found: str(parts[found.group(1)]), route)
    path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(parts[found.group(1)]), path)
    return "/" + path.replace("^", "").replace("$", "")
