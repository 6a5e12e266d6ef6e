"""Who does a deed, as the services and the activity see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Via = Literal["page", "api", "cli", "job", "import", "demo"]


@dataclass(frozen=True, slots=True)
class Actor:
    """The person (or the machine) behind a write, and the door it came through."""

    user_id: int | None
    name: str
    via: Via = "page"


SYSTEM = Actor(user_id=None, name="Roadbed", via="job")
