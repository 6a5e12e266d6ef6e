"""Pages that are shared by a secret address: unseen by indexes and caches, and behind a password where there is one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone

from roadbed.core.gates import services as gates

OPEN_FOR = timedelta(days=1)
TRIES = gates.Limit(10, timedelta(minutes=15))


class Share(Protocol):
    """What is shared: its id, and the hash of its password, empty where there is none."""

    pk: int
    password: str


def quiet(answer: HttpResponse) -> HttpResponse:
    """Send what keeps an answer out of indexes and shared caches."""
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@dataclass(frozen=True, slots=True)
class Door:
    """The door before one kind of shared page: its gate, the cookie and salt of those let in, and how it looks."""

    name: str
    cookie: str
    salt: str
    template: str

    def lets_in(self, request: HttpRequest, share: Share) -> bool:
        """Whether a visitor needs no password, or gave it within a day."""
        if not share.password:
            return True
        try:
            found = signing.loads(request.COOKIES.get(self.cookie, ""), salt=self.salt, max_age=OPEN_FOR)
        except signing.BadSignature:
            return False
        return bool(found == _pass(share))

    def stop(self, request: HttpRequest, share: Share) -> HttpResponse | None:
        """Return the answer for whoever may not see the page, or has just given its password; None for who may."""
        error = ""
        if request.method == "POST":
            now = timezone.now()
            try:
                for who in (gates.address_of(request), f"share {share.pk}"):
                    gates.take(door=self.name, who=who, limit=TRIES, at=now)
            except gates.TooOftenError as refusal:
                return quiet(render(request, self.template, {"error": str(refusal)}, status=429))
            if share.password and check_password(request.POST.get("password", "")[:200], share.password):
                return quiet(self._let_in(request, share))
            error = "That is not the password."
        if self.lets_in(request, share):
            return None
        return quiet(render(request, self.template, {"error": error}, status=403 if error else 200))

    def _let_in(self, request: HttpRequest, share: Share) -> HttpResponse:
        answer = HttpResponseRedirect(request.path)
        answer.set_cookie(
            self.cookie,
            signing.dumps(_pass(share), salt=self.salt),
            max_age=OPEN_FOR,
            path=request.path,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
        return answer


def _pass(share: Share) -> list[int | str]:
    return [share.pk, share.password[-16:]]
