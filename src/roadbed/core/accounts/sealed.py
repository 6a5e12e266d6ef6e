"""Secrets that we must be able to read again (a password for a mailbox, a token for another service), sealed at rest.

They are sealed with a key made from ``ROADBED_SECRET_KEY``: a copy of the database alone gives none of them away. Under
another key they cannot be opened, and have to be typed in anew.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from functools import cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


@cache
def _box(secret_key: str) -> Fernet:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"roadbed sealed secrets").derive(
        secret_key.encode()
    )
    return Fernet(base64.urlsafe_b64encode(key))


def seal(secrets: Mapping[str, str]) -> str:
    """Return the secrets as one text that only this installation can read; none of them is the empty text."""
    kept = {name: value for name, value in secrets.items() if value}
    return _box(settings.SECRET_KEY).encrypt(json.dumps(kept).encode()).decode() if kept else ""


def unseal(text: str) -> dict[str, str]:
    """Return what `seal` hid; nothing, where the key has changed since."""
    if not text:
        return {}
    try:
        opened = json.loads(_box(settings.SECRET_KEY).decrypt(text.encode()))
    except (InvalidToken, ValueError):
        return {}
    return {str(name): str(value) for name, value in opened.items()}
