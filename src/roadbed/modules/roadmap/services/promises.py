"""Days that somebody counts on."""

from __future__ import annotations

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.utils import timezone

from roadbed.modules.roadmap.models import Hardness


def refuse_past(
    *, field: str, day: date | None, kind: str, before: tuple[date | None, str], at: datetime, is_done: bool
) -> None:
    """Refuse a new hard date that is past already. A soft one may be: pages say that it has passed.

    Parameters
    ----------
    before : tuple
        The day and how firm it was; what does not change is not looked at again.
    is_done : bool
        Whether what it is for is out, or dropped: then a day is history, not a promise.

    Raises
    ------
    ValidationError
        If the day is before today.
    """
    if day is None or kind != Hardness.HARD or is_done or before == (day, kind):
        return
    today = timezone.localtime(at).date()
    if day < today:
        raise ValidationError(
            {field: f"{day:%-d %B %Y} is past. A hard date is a promise: choose a day that lies ahead."}
        )
