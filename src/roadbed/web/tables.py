"""What the table template needs: columns, rows of finished cells, bulk deeds, saved views, empty states.

Cells are made in Python (`roadbed.web.parts`), because a template that formats fifty rows costs more than its query.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from roadbed.web.filters import Sort, State
from roadbed.web.pagination import Page


@dataclass(frozen=True, slots=True)
class Column:
    """One column. The main one holds the row's title and is its header for screen readers."""

    key: str
    label: str
    sortable: bool = False
    numeric: bool = False
    main: bool = False
    tight: bool = False
    shown: bool = True
    hint: str = ""

    @property
    def classes(self) -> str:
        """The cell's classes."""
        return " ".join(
            name
            for name, on in (("is-num", self.numeric), ("is-main", self.main), ("is-tight", self.tight))
            if on
        )


@dataclass(frozen=True, slots=True)
class MenuItem:
    """A deed of one row. Without `post` it is a link."""

    label: str
    url: str
    icon: str = ""
    post: bool = False
    dialog: bool = False
    danger: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One row: where it leads, what it is called, and a finished cell for each column's key."""

    id: str
    label: str
    cells: Mapping[str, str]
    url: str = ""
    menu: tuple[MenuItem, ...] = ()
    # Only in trees: how deep the row lies, whether rows lie under it, and where they are fetched when it is opened.
    depth: int = 0
    branch: bool = False
    open: bool = True
    load_url: str = ""
    # Where the row is sent to when it is dragged, and whether others may be dropped on it.
    move_url: str = ""
    takes: bool = False


@dataclass(frozen=True, slots=True)
class BulkAction:
    """A deed on all picked rows: one press, or a choice of values sent as `name`."""

    label: str
    url: str
    icon: str = ""
    name: str = ""
    options: tuple[tuple[str, str], ...] = ()
    danger: bool = False


@dataclass(frozen=True, slots=True)
class SavedView:
    """A question that somebody gave a name."""

    name: str
    url: str
    query: str
    shared: bool = False
    delete_url: str = ""


@dataclass(frozen=True, slots=True)
class Empty:
    """What to say when there is no row."""

    title: str
    text: str = ""
    kind: str = "first"
    action: str = ""
    url: str = ""
    dialog: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's header as the template draws it."""

    column: Column
    url: str = ""
    direction: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A whole list: pass it to ``components/table.html`` as `table`."""

    id: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    state: State | None = None
    page: Page[Any] | None = None
    bulk: tuple[BulkAction, ...] = ()
    views: tuple[SavedView, ...] = ()
    save_view_url: str = ""
    export_url: str = ""
    empty: Empty = field(default_factory=lambda: Empty(title="Nothing here yet"))
    noun: str = "rows"
    pickable: bool = False

    @property
    def visible(self) -> tuple[Column, ...]:
        """The columns to show: those that the address names, else those shown by default; always the main one."""
        chosen = self.state.columns if self.state is not None else None
        if chosen is None:
            return tuple(column for column in self.columns if column.shown or column.main)
        return tuple(column for column in self.columns if column.main or column.key in chosen)

    @property
    def headings(self) -> list[Heading]:
        """The headers, each with where a press leads and how the column is sorted now."""
        if self.state is None:
            return [Heading(column=column) for column in self.visible]
        sort: Sort = self.state.sort
        return [
            Heading(
                column=column,
                url=self.state.sort_url(column.key) if column.sortable else "",
                direction="" if sort.key != column.key else "descending" if sort.descending else "ascending",
            )
            for column in self.visible
        ]

    @property
    def lines(self) -> list[tuple[Row, list[tuple[Column, str]]]]:
        """Each row with its visible cells."""
        visible = self.visible
        return [(row, [(column, row.cells.get(column.key, "")) for column in visible]) for row in self.rows]

    @property
    def picks(self) -> bool:
        """Whether rows can be picked."""
        return self.pickable or bool(self.bulk)

    @property
    def has_menus(self) -> bool:
        """Whether any row has deeds of its own."""
        return any(row.menu for row in self.rows)

    @property
    def current_view(self) -> SavedView | None:
        """The saved view that this address is."""
        query = self.state.querystring if self.state is not None else ""
        return next((view for view in self.views if view.query == query), None)

    @property
    def next_url(self) -> str:
        """The next page."""
        return self.state.url(after=self.page.next) if self.state and self.page and self.page.next else ""

    @property
    def previous_url(self) -> str:
        """The page before."""
        return (
            self.state.url(after=self.page.previous)
            if self.state and self.page and self.page.previous
            else ""
        )

    @property
    def first_url(self) -> str:
        """The first page."""
        return self.state.url() if self.state is not None else ""

    @property
    def column_choices(self) -> list[tuple[Column, bool]]:
        """Every column that can be hidden, and whether it is shown."""
        visible = {column.key for column in self.visible}
        return [(column, column.key in visible) for column in self.columns if not column.main]


def choose(columns: Sequence[Column], *, state: State) -> frozenset[str]:
    """Return the keys that will be shown, for selectors that need not compute the others."""
    table = Table(id="", caption="", columns=tuple(columns), rows=(), state=state)
    return frozenset(column.key for column in table.visible)
