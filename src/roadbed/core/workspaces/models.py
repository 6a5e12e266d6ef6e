"""The wall of isolation: organisations, their products, departments, teams and members."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from roadbed.core import prepared
from roadbed.core.workspaces.roles import Role

currency_code = RegexValidator(r"^[A-Z]{3}$", "A currency is three capital letters, such as EUR.")


class Workspace(models.Model):
    """One organisation. Nothing is ever read across two of them."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    currency = models.CharField(max_length=3, default="EUR", validators=[currency_code])
    created_at = models.DateTimeField()
    is_demo = models.BooleanField(default=False)
    closed_at = models.DateTimeField(
        null=True, blank=True, help_text="Nobody gets in any more; an owner can reopen it."
    )

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """Something the organisation makes and plans."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="products")
    slug = models.SlugField(max_length=40)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint("workspace", "slug", name="product_slug_once_per_workspace")]

    def __str__(self) -> str:
        return self.name


class Department(models.Model):
    """Who gets told: marketing, support, sales, engineering…"""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="departments")
    name = models.CharField(max_length=80)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint("workspace", Lower("name"), name="department_name_once_per_workspace")
        ]

    def __str__(self) -> str:
        return self.name


class Team(models.Model):
    """Who builds."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="teams")
    name = models.CharField(max_length=80)
    members: models.ManyToManyField[Member, Any] = models.ManyToManyField(
        "Member", blank=True, related_name="teams"
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint("workspace", Lower("name"), name="team_name_once_per_workspace")
        ]

    def __str__(self) -> str:
        return self.name


class View(models.TextChoices):
    """Which side of the same plan a member looks from."""

    BUSINESS = "business", "Business view"
    TECHNICAL = "technical", "Technical view"


class Member(models.Model):
    """A person in a workspace, with a role, a department and a view."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role, default=Role.VIEWER)
    department = models.ForeignKey(
        Department, null=True, blank=True, on_delete=models.SET_NULL, related_name="members"
    )
    view = models.CharField(max_length=10, choices=View, default=View.BUSINESS)
    product = models.ForeignKey(Product, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    joined_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(
        null=True, blank=True, help_text="When Today was last opened before this visit."
    )
    visit_at = models.DateTimeField(null=True, blank=True, help_text="When this visit began.")

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace", "user", name="member_once_per_workspace"),
            models.CheckConstraint(
                name="member_role_known", condition=Q(role__in=[role.value for role in Role])
            ),
            models.CheckConstraint(
                name="member_removed_after_joining",
                condition=Q(removed_at__isnull=True) | Q(removed_at__gte=F("joined_at")),
                violation_error_message="A member cannot be removed before they joined.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)

    @property
    def name(self) -> str:
        """The person's name."""
        return self.user.display_name

    @property
    def is_technical(self) -> bool:
        """Whether the member looks from the technical side."""
        return self.view == View.TECHNICAL

    @property
    def circle_ids(self) -> frozenset[int]:
        """The circles that the member is in, as they are now."""
        return frozenset(_CIRCLES.numbers(member=self.pk))


def _circles(member: int) -> models.QuerySet[Circle]:
    return Circle.objects.filter(members=member).order_by()


_CIRCLES = prepared.Question(_circles)


class Circle(models.Model):
    """A few members of a workspace, and the wall around what only they may see."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="circles")
    name = models.CharField(max_length=80)
    description = models.CharField(max_length=300, blank=True)
    members: models.ManyToManyField[Member, Any] = models.ManyToManyField(
        Member, blank=True, related_name="circles"
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                "workspace",
                Lower("name"),
                name="circle_name_once_per_workspace",
                violation_error_message="There is already a circle of that name.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Invitation(models.Model):
    """An address that may join, with the role it will have. Only the token's hash is kept."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=12, choices=Role, default=Role.VIEWER)
    department = models.ForeignKey(
        Department, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace",
                Lower("email"),
                name="invitation_open_once_per_address",
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return self.email


class ApiToken(models.Model):
    """A program's key: hashed, scoped, with last use and expiry. Acts as the member who made it."""

    class Scope(models.TextChoices):
        """What the token may do; never more than its member."""

        READ = "read", "Read"
        WRITE = "write", "Read and write"

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    scope = models.CharField(max_length=5, choices=Scope, default=Scope.READ)
    prefix = models.CharField(max_length=12, help_text="The first characters, to recognise it by.")
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
