"""Answers that are tables."""

from __future__ import annotations

from django.http import StreamingHttpResponse

from roadbed.core.tables import writing
from roadbed.core.tables.sources import Asked, ExportSource


def export_response(source: ExportSource, asked: Asked, *, format: str) -> StreamingHttpResponse:
    """Answer with a list as a file to download, made while it is sent.

    Parameters
    ----------
    asked : Asked
        Its `within` takes the list's own queryset, filters and all.
    format : str
        One of `writing.FORMATS`.
    """
    response = StreamingHttpResponse(source.write(asked, format=format), content_type=writing.TYPES[format])
    response["Content-Disposition"] = f'attachment; filename="{source.name}.{format}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
