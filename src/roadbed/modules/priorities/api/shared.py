"""What the operations share."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest

from roadbed.core.api.auth import access_of
from roadbed.core.api.problems import MissingError
from roadbed.core.records.models import Record
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.roles import Role
from roadbed.modules.priorities.models import Lens, Portfolio
from roadbed.modules.priorities.selectors import reading


def maker(request: HttpRequest) -> Access:
    """Return the maker who is asking."""
    return access_of(request, role=Role.MAKER)


def _number(key: str, prefix: str) -> int:
    head, _, number = key.upper().rpartition("-")
    if head != prefix or not number.isdecimal() or len(number) > 9:
        raise MissingError
    return int(number)


def lens_of(access: Access, key: str) -> Lens:
    """Return a lens by its key, or raise `MissingError`."""
    try:
        return reading.lens(workspace_id=access.workspace.pk, number=_number(key, "LN"))
    except Lens.DoesNotExist as error:
        raise MissingError from error


def portfolio_of(access: Access, key: str) -> Portfolio:
    """Return a portfolio by its key, or raise `MissingError`."""
    try:
        return reading.portfolio(workspace_id=access.workspace.pk, number=_number(key, "PF"))
    except Portfolio.DoesNotExist as error:
        raise MissingError from error


def record_of(access: Access, key: str) -> Record:
    """Return a feature or need by its key, or raise `MissingError`."""
    try:
        return reading.rankable(workspace_id=access.workspace.pk, key=key)
    except Record.DoesNotExist as error:
        raise MissingError from error


def without_nulls(values: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that were sent and are not null.

    Raises
    ------
    ValidationError
        If a text holds a NUL, which no column keeps.
    """
    found = {name: value for name, value in values.items() if value is not None}
    for name, value in found.items():
        if _holds_nul(value):
            raise ValidationError({name: "Null characters cannot be stored."})
    return found


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(_holds_nul(key) or _holds_nul(each) for key, each in value.items())
    return isinstance(value, list) and any(_holds_nul(each) for each in value)
