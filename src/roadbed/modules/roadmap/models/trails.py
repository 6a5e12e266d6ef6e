"""The materialised path of the tree: a trail is the ancestors' ids, root first, each as seven base-36 digits.

Digits and capital letters of one width sort alike under every collation, so a subtree is one index range on SQLite
and PostgreSQL, ancestors are read without a query, and moving a subtree is one UPDATE.
"""

from __future__ import annotations

from django.db.models import Q

WIDTH = 7
MAX_DEPTH = 128
"""How many levels lie above a node at most; it bounds the length of a trail."""
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def segment(pk: int) -> str:
    """Return an id as seven base-36 digits.

    >>> segment(1), segment(128), segment(36 ** 7 - 1)
    ('0000001', '000003K', 'ZZZZZZZ')
    """
    if not 0 < pk < 36**WIDTH:
        raise ValueError(f"{pk} does not fit into a trail")
    digits = ""
    while pk:
        pk, rest = divmod(pk, 36)
        digits = _DIGITS[rest] + digits
    return digits.rjust(WIDTH, "0")


def ids(trail: str) -> list[int]:
    """Return the ids of a trail, root first.

    >>> ids("0000001000003K")
    [1, 128]
    """
    return [int(trail[start : start + WIDTH], 36) for start in range(0, len(trail), WIDTH)]


def below(*, trail: str, pk: int) -> str:
    """Return the trail of a node's children.

    >>> below(trail="0000001", pk=128)
    '0000001000003K'
    """
    return trail + segment(pk)


def depth(trail: str) -> int:
    """Return how many ancestors there are.

    >>> depth(""), depth("0000001000003K")
    (0, 2)
    """
    return len(trail) // WIDTH


def within(prefix: str, *, name: str = "trail") -> Q:
    """Return the condition for every trail that begins with `prefix`: one range of the index."""
    return Q(**{f"{name}__gte": prefix, f"{name}__lte": prefix + "Z" * WIDTH})
