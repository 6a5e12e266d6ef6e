"""Filters that live in the address: declared once per list, parsed, shown as chips, written back canonically.

A list page declares a `FilterSet`; `parse` turns ``request.GET`` into a `State`, whose `values` a selector can use
and whose chips, links and hidden fields the templates draw. Nothing here knows a database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import urlencode

from roadbed.web.filter_kinds import (
    Boolean,
    Choice,
    DateRange,
    Filter,
    MultiChoice,
    NumberRange,
    Option,
    Range,
    Text,
)

__all__ = [
    "Boolean",
    "Chip",
    "Choice",
    "DateRange",
    "Filter",
    "FilterSet",
    "MultiChoice",
    "NumberRange",
    "Option",
    "Range",
    "Sort",
    "SortOption",
    "State",
    "Text",
]

CURSOR = "after"
COLUMNS = "columns"
SORT = "sort"
RESERVED = frozenset({CURSOR, COLUMNS, SORT})


class Query(Protocol):
    """What we read of a ``QueryDict``."""

    def getlist(self, key: str) -> list[str]:
        """Return every value of a parameter."""


@dataclass(frozen=True, slots=True)
class SortOption:
    """One thing to sort by: its name in the address, what people read, and which way it starts."""

    key: str
    label: str
    first: str = "desc"


@dataclass(frozen=True, slots=True)
class Sort:
    """An order: a key, and whether it runs downwards."""

    key: str
    descending: bool

    @property
    def text(self) -> str:
        """The order as the address writes it."""
        return f"-{self.key}" if self.descending else self.key

    @classmethod
    def read(cls, text: str) -> Sort:
        """Return the order that the address names."""
        return cls(key=text.removeprefix("-"), descending=text.startswith("-"))


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter as the bar shows it."""

    filter: Filter
    text: str
    active: bool
    error: str
    clear_url: str
    value: Any
    options: tuple[Option, ...]
    hidden: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class State:
    """What the address asks for. `values` holds only filters that are set and sound."""

    declared: FilterSet
    path: str
    values: Mapping[str, Any]
    errors: Mapping[str, str]
    sort: Sort
    columns: tuple[str, ...] | None
    cursor: str
    options: Mapping[str, tuple[Option, ...]] = field(default_factory=dict)

    def pairs(self, *, without: Iterable[str] = (), cursor: bool = False) -> list[tuple[str, str]]:
        """Return the canonical parameters, in the order of declaration, defaults left out."""
        skip = set(without)
        found: list[tuple[str, str]] = []
        for declared in self.declared.filters:
            if declared.name in self.values and declared.name not in skip:
                found.extend(declared.write(self.values[declared.name]))
        if SORT not in skip and self.sort.text != self.declared.default_sort:
            found.append((SORT, self.sort.text))
        if COLUMNS not in skip and self.columns is not None:
            found.append((COLUMNS, ",".join(self.columns)))
        if cursor and self.cursor:
            found.append((CURSOR, self.cursor))
        return found

    @property
    def querystring(self) -> str:
        """The canonical query string: what a saved view stores. The same question always gives the same string."""
        return urlencode(self.pairs())

    def url(self, **changes: Any) -> str:
        """Return this list's address with some filters, the sort or the cursor changed; None takes one away."""
        values = dict(self.values)
        sort, columns, cursor = self.sort, self.columns, ""
        for name, value in changes.items():
            if name == SORT:
                sort = Sort.read(value) if value else Sort.read(self.declared.default_sort)
            elif name == COLUMNS:
                columns = value
            elif name == CURSOR:
                cursor = value or ""
            elif value is None:
                values.pop(name, None)
            else:
                values[name] = value
        changed = replace(self, values=values, sort=sort, columns=columns, cursor=cursor)
        query = urlencode(changed.pairs(cursor=True))
        return f"{self.path}?{query}" if query else self.path

    def sort_url(self, key: str) -> str:
        """Return where a press on the column's header leads: its first direction, then the other."""
        if self.sort.key == key:
            return self.url(sort=key if self.sort.descending else f"-{key}")
        first = self.declared.sort_option(key).first
        return self.url(sort=f"-{key}" if first == "desc" else key)

    @property
    def is_filtered(self) -> bool:
        """Whether the address narrows the list at all."""
        return bool(self.values) or bool(self.errors)

    @property
    def clear_url(self) -> str:
        """The list without any filter."""
        return self.path

    @property
    def chips(self) -> list[Chip]:
        """Filters to show in the bar: those that are set, and those that always stand there."""
        return [
            chip
            for chip in map(self._chip, self._chippable())
            if chip.active or chip.error or chip.filter.pinned
        ]

    @property
    def more(self) -> list[Chip]:
        """Filters that the "+ filter" menu offers."""
        shown = {chip.filter.name for chip in self.chips}
        return [self._chip(declared) for declared in self._chippable() if declared.name not in shown]

    @property
    def search(self) -> Chip | None:
        """The search field, where the list has one."""
        return next(
            (self._chip(one) for one in self.declared.filters if isinstance(one, Text) and one.search), None
        )

    def _chippable(self) -> list[Filter]:
        return [one for one in self.declared.filters if not (isinstance(one, Text) and one.search)]

    def _chip(self, declared: Filter) -> Chip:
        value = self.values.get(declared.name)
        options = self.options.get(declared.name, declared.options)
        active = declared.name in self.values
        return Chip(
            filter=declared,
            text=declared.describe(value, options) if active else "any",
            active=active,
            error=self.errors.get(declared.name, ""),
            clear_url=self.url(**{declared.name: None}),
            value=value,
            options=options,
            hidden=tuple(self.pairs(without=(declared.name,))),
        )

    @property
    def hidden(self) -> tuple[tuple[str, str], ...]:
        """Every parameter as hidden fields, for forms that must keep the state."""
        return tuple(self.pairs())


@dataclass(frozen=True, slots=True)
class FilterSet:
    """The filters and orders of one list.

    >>> from django.http import QueryDict
    >>> feedback = FilterSet(
    ...     filters=(Text("q", "Search", search=True), Choice("source", "Source", options=(Option("mail", "E-mail"),))),
    ...     sorts=(SortOption("received", "Received"), SortOption("account", "Account", first="asc")),
    ...     default_sort="-received",
    ... )
    >>> state = feedback.parse(QueryDict("source=mail&sort=account&junk=1"), path="/w/nw/feedback/")
    >>> state.values, state.sort.text, state.querystring
    ({'source': 'mail'}, 'account', 'source=mail&sort=account')
    """

    filters: tuple[Filter, ...]
    sorts: tuple[SortOption, ...]
    default_sort: str

    def __post_init__(self) -> None:
        names = [one.name for one in self.filters]
        taken = set(names) & RESERVED
        if len(set(names)) != len(names) or taken:
            raise ValueError(
                f"filters need names of their own, not {', '.join(sorted(taken)) or 'the same twice'}"
            )
        self.sort_option(self.default_sort.removeprefix("-"))

    def sort_option(self, key: str) -> SortOption:
        """Return the order with this name."""
        for option in self.sorts:
            if option.key == key:
                return option
        raise ValueError(f"the list cannot be sorted by {key}")

    def parse(
        self, query: Query, *, path: str = "", options: Mapping[str, Sequence[Option]] | None = None
    ) -> State:
        """Read the address. What it does not know is passed over; what is malformed becomes an error at its filter.

        `options` gives the choices that only the database knows, by the filter's name.
        """
        known = {name: tuple(found) for name, found in (options or {}).items()}
        values: dict[str, Any] = {}
        errors: dict[str, str] = {}
        for declared in self.filters:
            try:
                value = declared.read(query, known.get(declared.name, declared.options))
            except ValueError as error:
                errors[declared.name] = str(error)
            else:
                if value is not None:
                    values[declared.name] = value
        sort = Sort.read((query.getlist(SORT) or [self.default_sort])[-1])
        if sort.key not in {option.key for option in self.sorts}:
            sort = Sort.read(self.default_sort)
        chosen = [name for text in query.getlist(COLUMNS) for name in text.split(",") if name]
        return State(
            declared=self,
            path=path,
            values=values,
            errors=errors,
            sort=sort,
            columns=tuple(dict.fromkeys(chosen)) or None,
            cursor=(query.getlist(CURSOR) or [""])[-1],
            options=known,
        )
