"""How firm a date is, and of what size or nature a piece of work: the words that several nouns share."""

from __future__ import annotations

from django.db import models


class Hardness(models.TextChoices):
    """What a date means when it slips."""

    SOFT = "soft", "Soft"
    HARD = "hard", "Hard"


class Work(models.TextChoices):
    """What kind of work it is. The technical lane is laid out by it."""

    NONE = "", "Not said"
    CAPABILITY = "capability", "New capability"
    IMPROVEMENT = "improvement", "Improvement"
    PLATFORM = "platform", "Platform work"
    MIGRATION = "migration", "Migration"
    DEBT = "debt", "Technical debt"
    DEPRECATION = "deprecation", "Deprecation"


TECHNICAL_WORK = (Work.PLATFORM, Work.MIGRATION, Work.DEBT, Work.DEPRECATION)


class Size(models.TextChoices):
    """How large it looks, to find finished work of the same size."""

    NONE = "", "Not said"
    XS = "xs", "XS"
    S = "s", "S"
    M = "m", "M"
    L = "l", "L"
    XL = "xl", "XL"
