"""Count knocks, set puzzles, and say whether a door opens."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils.crypto import get_random_string

from roadbed.core.gates.models import Allowance, SolvedPuzzle

SALT = "roadbed.gates.puzzle"
BITS = 17
"""Leading zero bits that an answer's SHA-256 must have: a quarter of a second in a browser, a nuisance in masses."""
PUZZLE_LIFETIME = timedelta(minutes=30)
ANSWER_LONGEST = 20


@dataclass(frozen=True, slots=True)
class Limit:
    """So many times in so long."""

    times: int
    per: timedelta


class TooOftenError(Exception):
    """The knocker has used the allowance up."""

    def __init__(self, *, wait: timedelta) -> None:
        self.wait = wait
        minutes = max(1, round(wait.total_seconds() / 60))
        within = "a minute" if minutes == 1 else f"{minutes} minutes"
        super().__init__(f"That was a lot at once. Try again in {within}.")


def digest(*parts: str) -> str:
    """Return a keyed digest: without the installation's key nobody can find out what went in."""
    text = "\x1f".join(parts).encode("utf-8", "replace")
    return hmac.new(settings.SECRET_KEY.encode(), text, hashlib.sha256).hexdigest()


def address_of(request: HttpRequest) -> str:
    """Return the network address that a request comes from; an IPv6 address is its /64, which one household has.

    Behind a trusted proxy it is the last entry of ``X-Forwarded-For``, the one that the proxy itself wrote.
    """
    found = str(request.META.get("REMOTE_ADDR", ""))
    if getattr(settings, "SECURE_PROXY_SSL_HEADER", None) is not None:
        forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        found = forwarded or found
    if ":" in found and "." not in found:
        return ":".join(found.split(":")[:4])
    return found


def _window(limit: Limit, at: datetime) -> tuple[int, datetime]:
    seconds = int(limit.per.total_seconds())
    number = int(at.timestamp()) // seconds
    return number, datetime.fromtimestamp((number + 1) * seconds, tz=UTC)


def take(*, door: str, who: str, limit: Limit, at: datetime, count: int = 1) -> None:
    """Count a knock, in every process alike.

    Parameters
    ----------
    door : str
        What the limit is for, such as ``portal.vote``.
    who : str
        Whom it is counted for: an address, a visitor. Only a keyed digest is stored.
    count : int
        How many knocks at once; all of them are counted or none.

    Raises
    ------
    TooOftenError
        If the window's allowance is used up.
    """
    number, ends_at = _window(limit, at)
    name = digest("allowance", door, who, str(number))
    with transaction.atomic():
        Allowance.objects.bulk_create([Allowance(digest=name, window_at=ends_at)], ignore_conflicts=True)
        taken = Allowance.objects.filter(digest=name, used__lte=limit.times - count).update(
            used=F("used") + count
        )
    if not taken:
        raise TooOftenError(wait=ends_at - at)


def set_puzzle(*, door: str, at: datetime, bits: int = BITS) -> str:
    """Return a signed puzzle for one door. Nothing is stored until it is answered.

    The answer is a text of digits that, put behind the puzzle and a colon, has a SHA-256 with `bits` leading zeros.
    """
    content = [door, get_random_string(12), int(at.timestamp()), bits]
    return signing.dumps(content, salt=SALT)


def is_answer(*, puzzle: str, answer: str, bits: int) -> bool:
    """Whether the digest of the puzzle with its answer begins with enough zeros."""
    found = hashlib.sha256(f"{puzzle}:{answer}".encode("utf-8", "replace")).digest()
    return int.from_bytes(found, "big") >> (256 - bits) == 0


def open_with(*, puzzle: str, answer: str, door: str, at: datetime) -> bool:
    """Whether the answer opens the door. It does so once."""
    if not answer or len(answer) > ANSWER_LONGEST or len(puzzle) > 300:
        return False
    try:
        set_for, _, made, bits = signing.loads(puzzle, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return False
    ends_at = datetime.fromtimestamp(made, tz=UTC) + PUZZLE_LIFETIME
    if set_for != door or at > ends_at or not is_answer(puzzle=puzzle, answer=answer, bits=bits):
        return False
    try:
        with transaction.atomic():
            SolvedPuzzle.objects.create(digest=digest("puzzle", puzzle), expires_at=ends_at)
    except IntegrityError:
        return False
    return True


def clear(*, at: datetime) -> int:
    """Delete what means nothing any more, and return how many rows that was."""
    gone, _ = Allowance.objects.filter(window_at__lt=at).delete()
    solved, _ = SolvedPuzzle.objects.filter(expires_at__lt=at).delete()
    return gone + solved
