"""The words behind a title by which search finds each kind."""

from __future__ import annotations

from typing import Any


def body_of_feedback(record: Any) -> str:
    """What was said."""
    return str(record.text)


def body_of_need(record: Any) -> str:
    """The need's description and what is expected."""
    return f"{record.description}\n{record.expectation}"


def body_of_account(record: Any) -> str:
    """Where an account is found."""
    return f"{record.domain} {record.plan} {record.country}"


def body_of_person(record: Any) -> str:
    """How a person is reached."""
    return f"{record.email} {record.job_title}"


def body_of_segment(record: Any) -> str:
    """What a segment is for."""
    return str(record.note)


def body_of_theme(record: Any) -> str:
    """What a theme is about."""
    return "\n".join([record.description, *map(str, record.words), *map(str, record.terms)])
