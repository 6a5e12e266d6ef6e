"""One step of an evidence chain as a page shows it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from roadbed.web.receipts import Receipt


@dataclass(frozen=True, slots=True)
class Quote:
    """Somebody's words, and who said them."""

    text: str
    who: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What ``components/thread_step.html`` needs as `step`. `strength` is full, some or none."""

    stage: str
    strength: str
    headline: str
    key: str = ""
    url: str = ""
    figure: Receipt | None = None
    detail: str = ""
    quote: Quote | None = None
    at: dt.datetime | dt.date | None = None
    next_url: str = ""
    next_label: str = ""
    parts_url: str = ""
