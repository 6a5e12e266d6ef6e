"""Text that a spreadsheet would take for a formula, made harmless on the way out and itself again on the way in."""

from __future__ import annotations

import re

DANGEROUS = re.compile(r"'*[=+\-@\t\r]")
ESCAPED = re.compile(r"'+[=+\-@\t\r]")


def escape(text: str) -> str:
    """Put an apostrophe before a text that starts like a formula.

    >>> escape("=1+1"), escape("plain"), escape("'=1")
    ("'=1+1", 'plain', "''=1")
    """
    return f"'{text}" if DANGEROUS.match(text) else text


def unescape(text: str) -> str:
    """Take away the apostrophe that `escape` put there.

    >>> unescape("'=1+1"), unescape("'tis"), unescape("''=1")
    ('=1+1', "'tis", "'=1")
    """
    return text[1:] if ESCAPED.match(text) else text
