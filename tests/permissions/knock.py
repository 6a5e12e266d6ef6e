"""A browser for thousands of requests: it keeps no templates and contexts, and the middleware is built once."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.test import RequestFactory
from django.test.client import ClientHandler

_handler = ClientHandler(enforce_csrf_checks=False)


class Browser(RequestFactory):
    """What `django.test.Client(raise_request_exception=False)` is, to somebody who reads only the answer.

    It begins with no cookie but the session it is given, and forgets those that it gets.
    """

    def __init__(self, session: str = "") -> None:
        super().__init__()
        if session:
            self.cookies[settings.SESSION_COOKIE_NAME] = session

    def request(self, **request: Any) -> Any:
        """Send it through the whole stack, and return the answer."""
        return _handler(self._base_environ(**request))
