"""The deeds of this module."""

from roadbed.modules.ask.services.questions import (
    NotOpenError,
    Source,
    answer_question,
    ask_people,
    change_question,
    close_question,
    keep_answer,
    rate_answer,
    reopen_question,
)

__all__ = [
    "NotOpenError",
    "Source",
    "answer_question",
    "ask_people",
    "change_question",
    "close_question",
    "keep_answer",
    "rate_answer",
    "reopen_question",
]
