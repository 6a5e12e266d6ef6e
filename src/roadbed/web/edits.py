"""A value that is changed where it is read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InlineEdit:
    """What ``components/inline_edit.html`` needs.

    `url` takes a POST with `name` (and `version`, where there is one), and answers with the same component: with the
    new value, or (status 422) with `error` set and what was typed as `value`. Without `url` the value is only shown.
    `is_open` shows the field at once: a cell whose form was fetched when it was pressed.
    """

    id: str
    label: str
    name: str
    value: str
    url: str = ""
    display: str = ""
    kind: str = "text"
    options: tuple[tuple[str, str], ...] = ()
    version: int | None = None
    error: str = ""
    placeholder: str = "Add"
    is_open: bool = False

    @property
    def shown(self) -> str:
        """What is read: the display, or the chosen option's label, or the value."""
        if self.display:
            return self.display
        return dict(self.options).get(self.value, self.value)
