"""A visit to a running server, the way a browser would make it: follow the sign-in link, read the first page."""

from __future__ import annotations

import re
import time
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

from roadbed.cli.exits import Exit, end


def first_page(link: str) -> str:
    """Sign in by the link and fetch the first page with its style sheet and script; say what was seen."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    _, form = _fetch(opener, link)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    if not token:
        end(Exit.FAILURE, "the page of the sign-in link has no form")
    fields = urllib.parse.urlencode({"csrfmiddlewaretoken": token[1]}).encode()
    started = time.monotonic()
    address, page = _fetch(opener, link, fields=fields)
    took = time.monotonic() - started
    if "/accounts/login" in address:
        end(Exit.FAILURE, "the sign-in link did not sign in")
    title = re.search(r"<title>\s*(.*?)\s*</title>", page, re.DOTALL)
    if not title or not title[1]:
        end(Exit.FAILURE, f"{address} is no page: it has no title")
    parts = sorted(set(re.findall(r'(?:src|href)="(/static/[^"]+\.(?:js|css))"', page)))
    if not parts:
        end(
            Exit.FAILURE,
            f"{address} has neither style sheet nor script",
            fix="Build the front end: bin/roadbed",
        )
    for part in parts:
        _fetch(opener, urllib.parse.urljoin(address, part))
    return (
        f"signed in, and read “{title[1]}” at {address} in {took:.2f} s, with {len(parts)} files of its own"
    )


def _fetch(
    opener: urllib.request.OpenerDirector, address: str, *, fields: bytes | None = None
) -> tuple[str, str]:
    """Return where the address led and what stood there; end with the reason when it is no success."""
    request = urllib.request.Request(address, data=fields, headers={"Referer": address})  # noqa: S310 - loopback
    try:
        with opener.open(request, timeout=30) as answer:
            return answer.geturl(), answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        end(Exit.FAILURE, f"{address} answered {error.code}")
    except OSError as error:
        end(Exit.FAILURE, f"{address} did not answer: {error}")
