"""A board: one door of the workspace to its customers."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from roadbed.core.files.models import StoredFile
from roadbed.core.records.models import Record, RecordManager
from roadbed.core.workspaces.models import Workspace

colour = RegexValidator(r"^#[0-9a-f]{6}$", "A colour is # and six digits, such as #14598f.")
host_name = RegexValidator(
    r"^(?=.{4,120}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$",
    "Write the bare host name, such as ideas.example.com.",
)
GUEST = re.compile(r"^([^@\s]+)?@[^@\s]+\.[^@\s]+$")
RESERVED = frozenset({"sign-in", "sign-out", "me", "off", "static", "api", "w", "p"})


class Audience(models.TextChoices):
    """Who may open a board."""

    PUBLIC = "public", "Everybody"
    CUSTOMERS = "customers", "Customers who signed in"
    PRIVATE = "private", "Invited guests and one circle"


class Board(Record):
    """What customers see and say about one thing. Its name is the record's title.

    A private board lies behind the wall of its circle: what is said there is seen inside by the circle's members alone.
    """

    record = models.OneToOneField(
        Record, parent_link=True, primary_key=True, on_delete=models.CASCADE, related_name="portal_board"
    )
    home = models.ForeignKey(
        Workspace,
        on_delete=models.CASCADE,
        editable=False,
        blank=True,
        related_name="+",
        help_text="The record's workspace again, so that addresses are unique in it.",
    )
    slug = models.SlugField("address", max_length=40, help_text="The last part of its address.")
    intro = models.TextField(
        max_length=2000, blank=True, default="", help_text="What this place is for, in Markdown."
    )
    audience = models.CharField(max_length=9, choices=Audience, default=Audience.PUBLIC)
    guests = models.TextField(
        max_length=20_000,
        blank=True,
        default="",
        help_text="Addresses, or @domains, that may come in; one a line.",
    )
    takes_posts = models.BooleanField(default=True, help_text="Visitors may submit ideas.")
    submit_only = models.BooleanField(
        default=False, help_text="Visitors see only what they submitted themselves."
    )
    allows_anonymous = models.BooleanField(
        default=False, help_text="Nobody needs to leave an address; a small puzzle keeps machines away."
    )
    is_moderated = models.BooleanField(
        default=True, help_text="What visitors write appears once somebody has read it."
    )
    shows_roadmap = models.BooleanField(default=True)
    shows_changelog = models.BooleanField(default=True)
    accent = models.CharField(max_length=7, default="#14598f", validators=[colour])
    logo = models.ForeignKey(
        StoredFile, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    domain = models.CharField(
        "own domain",
        max_length=120,
        blank=True,
        default="",
        validators=[host_name],
        help_text="A host name of yours that leads here, such as ideas.example.com.",
    )

    objects: ClassVar[RecordManager[Any]] = RecordManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "home",
                "slug",
                name="board_address_once_per_workspace",
                violation_error_message="Another board has this address.",
            ),
            models.UniqueConstraint(
                "domain",
                name="board_domain_once",
                condition=~Q(domain=""),
                violation_error_message="Another board has this domain.",
            ),
            models.CheckConstraint(name="board_audience_known", condition=Q(audience__in=Audience.values)),
        ]

    def save(self, **options: Any) -> None:
        """Save, repeating the workspace for the addresses."""
        self.home_id = self.workspace_id
        super().save(**options)

    @property
    def is_public(self) -> bool:
        """Whether anybody at all may read it."""
        return self.audience == Audience.PUBLIC

    @property
    def guest_list(self) -> frozenset[str]:
        """Addresses and @domains, in lower case."""
        return frozenset(line.strip().lower() for line in self.guests.splitlines() if line.strip())

    def invites(self, email: str) -> bool:
        """Whether an address, or its domain, is on the list of guests."""
        address = email.strip().lower()
        return bool({address, f"@{address.rpartition('@')[2]}"} & self.guest_list)

    def clean(self) -> None:
        """Refuse a private board without a wall, a wall round an open one, and guests that are no addresses."""
        super().clean()
        errors: dict[str, str] = {}
        if self.slug in RESERVED:
            errors["slug"] = "This word is used by the portal itself. Choose another."
        if self.audience == Audience.PRIVATE and self.circle_id is None:
            errors["audience"] = "A private board needs a circle: who inside may read it?"
        if self.audience != Audience.PRIVATE and self.circle_id is not None:
            errors["audience"] = "Only a private board lies behind a circle."
        wrong = [line for line in self.guest_list if not GUEST.match(line)]
        if wrong:
            errors["guests"] = f"This is neither an address nor an @domain: {sorted(wrong)[0][:80]}"
        if errors:
            raise ValidationError(errors)
