"""What stands on a board, and who wants it."""

from __future__ import annotations

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from roadbed.core.records.models import Record
from roadbed.modules.portal.models.boards import Board
from roadbed.modules.portal.models.statuses import Standing


class State(models.TextChoices):
    """Whether visitors see it."""

    WAITING = "waiting", "Waiting"
    PUBLISHED = "published", "Published"
    REFUSED = "refused", "Refused"


class ListingQuerySet(models.QuerySet["Listing"]):
    """Reads of what stands on boards."""

    def alive(self) -> Self:
        """Those whose record is there, and is not behind another wall than the board's."""
        same_wall = Q(record__circle__isnull=True) | Q(record__circle_id=F("board__circle_id"))
        return self.filter(same_wall, record__deleted_at__isnull=True, board__deleted_at__isnull=True)

    def published(self) -> Self:
        """Those that visitors of the board may see."""
        return self.alive().filter(state=State.PUBLISHED, merged_into__isnull=True)


class Listing(models.Model):
    """A record on a board, in public words. The record itself stays where it is; nothing is copied but its wording."""

    board = models.ForeignKey(Board, on_delete=models.CASCADE, related_name="listings")
    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="portal_listings")
    code = models.CharField(
        max_length=12, unique=True, editable=False, help_text="Its address: nobody can count by it."
    )
    title = models.CharField(max_length=200)
    text = models.TextField(max_length=20_000, blank=True, default="", help_text="What visitors read.")
    words = models.TextField(
        editable=False, default="", help_text="Title and text in one case, for searching."
    )
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    state_reason = models.CharField(max_length=300, blank=True, default="")
    state_at = models.DateTimeField()
    state_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    standing = models.CharField(max_length=9, choices=Standing, default=Standing.OPEN)
    standing_reason = models.CharField(max_length=500, blank=True, default="")
    standing_at = models.DateTimeField()
    is_standing_fixed = models.BooleanField(
        default=False, help_text="Somebody set it; it does not follow the plan."
    )
    horizon = models.CharField(
        max_length=5, blank=True, default="", help_text="Of a feature: now, next, later."
    )
    answer = models.TextField(max_length=5000, blank=True, default="", help_text="What the makers say to it.")
    answer_by = models.CharField(max_length=120, blank=True, default="")
    answer_at = models.DateTimeField(null=True, blank=True)
    author = models.ForeignKey(
        Record,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Who submitted it.",
    )
    author_name = models.CharField(max_length=80, blank=True, default="")
    guest = models.CharField(
        max_length=64, blank=True, default="", help_text="Digest of the nameless visitor who submitted it."
    )
    people = models.PositiveIntegerField(default=0, help_text="Known people who want it.")
    nameless = models.PositiveIntegerField(default=0, help_text="Nameless visitors who want it.")
    votes = models.PositiveIntegerField(default=0, help_text="Both together.")
    heat = models.FloatField(default=0, help_text="Votes by age, so that an index can order by it.")
    remarks_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="merged"
    )
    merge_trail = models.JSONField(
        default=dict, editable=False, help_text="What a merge moved, to take it back."
    )

    objects: ClassVar[models.Manager[Listing]] = ListingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "board",
                "record",
                name="listing_once_per_board",
                violation_error_message="It stands on this board already.",
            ),
            models.CheckConstraint(name="listing_state_known", condition=Q(state__in=State.values)),
            models.CheckConstraint(name="listing_standing_known", condition=Q(standing__in=Standing.values)),
            models.CheckConstraint(
                name="listing_published_has_date",
                condition=~Q(state="published") | Q(published_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["board", "state", "-votes", "-id"], name="listing_top"),
            models.Index(fields=["board", "state", "-heat", "-id"], name="listing_trending"),
            models.Index(fields=["board", "state", "-published_at", "-id"], name="listing_new"),
            models.Index(fields=["board", "standing", "state"], name="listing_by_standing"),
            models.Index(fields=["state", "created_at"], name="listing_waiting"),
            models.Index(fields=["author"], name="listing_of_author"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_published(self) -> bool:
        """Whether visitors of the board see it."""
        return self.state == State.PUBLISHED

    @property
    def is_closed(self) -> bool:
        """Whether nothing more is to be expected: done, or not planned."""
        return self.standing in {Standing.DONE, Standing.DECLINED}


class StatusNote(models.Model):
    """One step of a listing's way, with the reason that was given in public."""

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="steps")
    standing = models.CharField(max_length=9, choices=Standing)
    reason = models.CharField(max_length=500, blank=True, default="")
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.listing_id} {self.standing}"


class Follow(models.Model):
    """Somebody wants to hear of a listing."""

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="follows")
    person = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("listing", "person", name="follow_once")]
        indexes = [models.Index(fields=["person", "-created_at"], name="follow_of_person")]

    def __str__(self) -> str:
        return f"{self.person_id} follows {self.listing_id}"


class GuestVote(models.Model):
    """A nameless visitor wants it. Counted on the board alone: nobody knows how many people these are."""

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="guest_votes")
    guest = models.CharField(max_length=64)
    voted_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("listing", "guest", name="guest_vote_once")]
        indexes = [models.Index(fields=["guest"], name="guest_vote_of_guest")]

    def __str__(self) -> str:
        return f"a guest wants {self.listing_id}"
