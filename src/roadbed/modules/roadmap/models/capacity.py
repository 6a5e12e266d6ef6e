"""Who can build how much: a team's seats with their skills and calendars, and what it keeps back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from roadbed.core.workspaces.models import Member, Team, Workspace
from roadbed.modules.roadmap.models.features import Feature

PERCENT = (MinValueValidator(0), MaxValueValidator(100))
weekdays = RegexValidator(
    r"^1?2?3?4?5?6?7?$", "Working days are digits: 1 is Monday, 12345 Monday to Friday."
)


class Skill(models.Model):
    """Something that not everybody can do, and some work needs."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                "workspace",
                Lower("name"),
                name="skill_name_once_per_workspace",
                violation_error_message="There is already a skill of that name.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class TeamPlan(models.Model):
    """How a team works: its calendar, how much of a day reaches the plan, how much it takes on at once."""

    team = models.OneToOneField(Team, primary_key=True, on_delete=models.CASCADE, related_name="plan")
    country = models.CharField(max_length=2, blank=True, default="", help_text="Whose public holidays hold.")
    subdivision = models.CharField(max_length=10, blank=True, default="", help_text="State, canton, region.")
    weekdays = models.CharField(
        max_length=7,
        blank=True,
        default="",
        validators=[weekdays],
        help_text="Days worked: 12345 is Monday to Friday. Empty: as is usual in the country.",
    )
    focus = models.PositiveSmallIntegerField(
        default=70,
        validators=PERCENT,
        help_text="Percent of a working day that goes into planned work at all.",
    )
    reserve = models.PositiveSmallIntegerField(
        default=15, validators=PERCENT, help_text="Percent of that kept for what nobody planned."
    )
    wip_limit = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Features under way at once, at most."
    )
    cost_rate = models.DecimalField(
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
        help_text="What a person-day costs, in the workspace's currency.",
    )
    point_low = models.FloatField(null=True, blank=True, help_text="Person-days of a story point, P10.")
    point_likely = models.FloatField(null=True, blank=True, help_text="Person-days of a story point, P50.")
    point_high = models.FloatField(null=True, blank=True, help_text="Person-days of a story point, P90.")
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="team_plan_percents", condition=Q(focus__lte=100) & Q(reserve__lte=100)
            ),
            models.CheckConstraint(
                name="team_plan_point_in_order",
                condition=Q(point_low__isnull=True, point_likely__isnull=True, point_high__isnull=True)
                | Q(point_low__gt=0, point_likely__gte=F("point_low"), point_high__gte=F("point_likely")),
                violation_error_message="A point's low end cannot lie above its high end; give all three or none.",
            ),
            models.CheckConstraint(
                name="team_plan_wip_positive",
                condition=Q(wip_limit__isnull=True) | Q(wip_limit__gt=0),
                violation_error_message="A limit of nothing at once would stop the team.",
            ),
        ]

    def __str__(self) -> str:
        return f"plan of {self.team_id}"

    @property
    def has_calendar(self) -> bool:
        """Whether it is known on which days the team works."""
        return bool(self.country or self.weekdays)


class Seat(models.Model):
    """A place in a team: a member's, or one that is still to be filled and goes by what it is for."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="seats")
    member = models.ForeignKey(Member, null=True, blank=True, on_delete=models.CASCADE, related_name="seats")
    name = models.CharField(max_length=80, blank=True, default="", help_text="Of a seat nobody has yet.")
    share = models.PositiveSmallIntegerField(
        "part of the week", default=100, validators=PERCENT, help_text="Percent of the team's week."
    )
    weekdays = models.CharField(max_length=7, blank=True, default="", validators=[weekdays])
    country = models.CharField(max_length=2, blank=True, default="", help_text="Where it is not the team's.")
    subdivision = models.CharField(max_length=10, blank=True, default="")
    first_date = models.DateField("from", null=True, blank=True)
    last_date = models.DateField("until", null=True, blank=True)
    ramp_weeks = models.PositiveSmallIntegerField(
        "weeks to get going",
        default=0,
        help_text="Weeks from the first day until the full pace, in even steps.",
    )
    cost_rate = models.DecimalField(
        max_digits=10, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(Decimal(0))]
    )
    skills: models.ManyToManyField[Skill, Any] = models.ManyToManyField(Skill, blank=True, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                "team", "member", name="seat_once_a_team", condition=Q(member__isnull=False)
            ),
            models.CheckConstraint(
                name="seat_somebodys",
                condition=Q(member__isnull=False) | ~Q(name=""),
                violation_error_message="A seat has a member, or a name for what it is.",
            ),
            models.CheckConstraint(
                name="seat_in_order",
                condition=Q(first_date__isnull=True)
                | Q(last_date__isnull=True)
                | Q(last_date__gte=F("first_date")),
                violation_error_message="A seat cannot end before it begins.",
            ),
            models.CheckConstraint(name="seat_percent", condition=Q(share__lte=100)),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """Whose it is."""
        return self.member.name if self.member is not None else self.name

    def clean(self) -> None:
        """Refuse another workspace's member."""
        super().clean()
        if self.member is not None and self.member.workspace_id != self.team.workspace_id:
            raise ValidationError({"member": "There is no such member here."})


class Absence(models.Model):
    """Days on which a seat is empty, or partly so."""

    class Reason(models.TextChoices):
        """Why. Illness is nobody's business here: it is somebody's being away."""

        LEAVE = "leave", "Leave"
        TRAINING = "training", "Training"
        OTHER = "other", "Elsewhere"

    seat = models.ForeignKey(Seat, on_delete=models.CASCADE, related_name="absences")
    first_date = models.DateField("from")
    last_date = models.DateField("until")
    share = models.PositiveSmallIntegerField(
        default=100, validators=PERCENT, help_text="Percent of the day away."
    )
    reason = models.CharField(max_length=8, choices=Reason, default=Reason.LEAVE)
    note = models.CharField(max_length=120, blank=True, default="")

    class Meta:
        ordering = ["first_date", "id"]
        constraints = [
            models.CheckConstraint(
                name="absence_in_order",
                condition=Q(last_date__gte=F("first_date")),
                violation_error_message="An absence cannot end before it begins.",
            ),
            models.CheckConstraint(name="absence_percent", condition=Q(share__gt=0, share__lte=100)),
        ]
        indexes = [models.Index(fields=["seat", "first_date"], name="absence_of_seat")]

    def __str__(self) -> str:
        return f"{self.first_date} to {self.last_date}"


class TeamDay(models.Model):
    """A day that a team's calendar has otherwise: one off that is no public holiday, or one worked that is."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    name = models.CharField(max_length=80)
    is_worked = models.BooleanField(default=False)

    class Meta:
        ordering = ["day"]
        constraints = [
            models.UniqueConstraint(
                "team",
                "day",
                name="team_day_once",
                violation_error_message="This day is in the team's calendar already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"


class SkillNeed(models.Model):
    """Which part of a feature's effort needs a skill; what is left anybody in the team can do."""

    feature = models.ForeignKey(Feature, on_delete=models.CASCADE, related_name="skill_needs")
    skill = models.ForeignKey(Skill, on_delete=models.CASCADE, related_name="+")
    share = models.PositiveSmallIntegerField(default=100, validators=PERCENT)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint("feature", "skill", name="skill_need_once"),
            models.CheckConstraint(name="skill_need_percent", condition=Q(share__gt=0, share__lte=100)),
        ]

    def __str__(self) -> str:
        return f"{self.share}% {self.skill_id}"

    @property
    def share_words(self) -> str:
        """The part of the work, in percent."""
        return f"{self.share}%"
