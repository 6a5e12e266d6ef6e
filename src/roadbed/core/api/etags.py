"""Versions as ETags, so that two people at once cannot overwrite each other unknowingly."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse

from roadbed.core.api.problems import PreconditionError
from roadbed.core.records.models import Record

ETAG = re.compile(r'^(?:W/)?"(\d{1,9})"$')


def put(response: HttpResponse, record: Record) -> None:
    """Send the record's version along."""
    response["ETag"] = f'"{record.version}"'


def expected_version(request: HttpRequest) -> int | None:
    """Return the version in ``If-Match``; None for ``*``.

    Raises
    ------
    PreconditionError
        If the header is missing or is not an ETag of ours (answered with 428).
    """
    value = request.headers.get("If-Match", "").strip()
    if value == "*":
        return None
    match = ETAG.match(value)
    if match is None:
        raise PreconditionError(
            'Send the ETag you read as If-Match: "<version>", or * to overwrite whatever is there.'
        )
    return int(match.group(1))
