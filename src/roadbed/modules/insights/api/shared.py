"""What the operations of this module share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.http import QueryDict

from roadbed.core.records.models import Record
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.models import Product
from roadbed.modules.insights.api.schemas import ListQuery
from roadbed.modules.insights.models import Account, Person
from roadbed.modules.insights.selectors import choices
from roadbed.web.filters import FilterSet


def filters_of(access: Access, declared: FilterSet, query: ListQuery, options: Any) -> dict[str, Any]:
    """Return what the selectors take, read by the page's own declaration.

    Raises
    ------
    ValidationError
        If a filter is malformed or names something that is not there.
    """
    wanted = QueryDict(query.filter.lstrip("?"), mutable=True)
    if query.q:
        wanted["q"] = query.q
    state = declared.parse(wanted, options=options)
    if state.errors:
        raise ValidationError({name: str(message) for name, message in state.errors.items()})
    return choices.resolve(workspace_id=access.workspace.pk, values=state.values)


def given(body: Any, *, keep_empty: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return the fields that were sent; a null stands for "leave it" but where emptiness is meant.

    Raises
    ------
    ValidationError
        If a text holds a null character, which no database keeps.
    """
    found = {
        name: value
        for name, value in body.dict(exclude_unset=True).items()
        if value is not None or name in keep_empty
    }
    for name, value in found.items():
        if _has_null(value):
            raise ValidationError({name: "Null characters cannot be stored."})
    return found


def _has_null(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, Mapping):
        return any(_has_null(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return any(_has_null(part) for part in value)
    return False


def resolve(access: Access, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields with the things themselves in place of their keys and slugs.

    Raises
    ------
    ValidationError
        If one is not there.
    """
    workspace_id = access.workspace.pk
    finders: dict[str, Any] = {
        "person": lambda key: Person.objects.in_workspace(workspace_id).by_key(key).first(),
        "account": lambda key: Account.objects.in_workspace(workspace_id).by_key(key).first(),
        "circle": lambda number: access.member.circles.filter(pk=number).first(),
        "product": lambda slug: Product.objects.filter(workspace_id=workspace_id, slug=slug).first(),
    }
    for name in finders.keys() & fields.keys():
        text = fields[name]
        fields[name] = finders[name](text) if text else None
        if text and fields[name] is None:
            raise ValidationError({name: f"There is no {name} {text} here."})
    return fields


def target_of(access: Access, key: str) -> Record:
    """Return the record that a quote shall back.

    Raises
    ------
    ValidationError
        If there is none.
    """
    target: Record | None = Record.objects.in_workspace(access.workspace.pk).by_key(key).first()
    if target is None:
        raise ValidationError({"target": f"There is no {key} here."})
    return target


def number_of(key: str, prefix: str) -> int:
    """Return the number in a key; a key of another kind is as missing as one that is not there."""
    head, _, tail = key.upper().rpartition("-")
    return int(tail) if head == prefix and tail.isdecimal() and len(tail) < 10 else 0
