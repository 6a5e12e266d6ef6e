"""What is wrong with a cell."""


class CellError(ValueError):
    """A cell cannot be understood. The message goes behind the column's name, as in ``Date: "32/13/2025" …``."""


def quoted(text: object, *, most: int = 40) -> str:
    """Return a value in quotation marks, cut to a length that fits a message."""
    shown = " ".join(str(text).split())
    return f"“{shown[: most - 1]}…”" if len(shown) > most else f"“{shown}”"
