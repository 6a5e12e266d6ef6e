"""Which account an address belongs to: its domain, unless it is one where anybody may have a mailbox."""

from __future__ import annotations

OPEN_MAIL = frozenset(
    {
        "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com", "me.com",
        "aol.com", "gmx.de", "gmx.net", "web.de", "t-online.de", "proton.me", "protonmail.com", "mail.ru", "yandex.ru",
        "qq.com", "163.com", "orange.fr", "free.fr", "libero.it", "wp.pl", "seznam.cz", "mail.com", "zoho.com",
    }
)  # fmt: skip


def domain_of(text: str) -> str:
    """Return the bare domain of an address or a web site.

    >>> domain_of("https://www.Acme.example/about"), domain_of("mira@acme.example")
    ('acme.example', 'acme.example')
    """
    bare = text.strip().lower().rpartition("@")[2]
    bare = bare.partition("://")[2] or bare
    return bare.partition("/")[0].partition(":")[0].removeprefix("www.")[:120]
