"""Secrets that are handed out once: long, random, and kept only as their hash."""

from __future__ import annotations

import hashlib
import secrets
import string

ALPHABET = string.ascii_letters + string.digits


def make(*, length: int = 40) -> str:
    """Return a new secret of letters and digits; 40 of them carry 238 bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def digest(secret: str) -> str:
    """Return what is kept of a secret. It is random and long, so a plain SHA-256 is enough."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
