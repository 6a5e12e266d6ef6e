"""The ladder of roles."""

from __future__ import annotations

from django.db import models


class Role(models.TextChoices):
    """What a member may do. Each role may do all that the ones before it may."""

    VIEWER = "viewer", "Viewer"
    CONTRIBUTOR = "contributor", "Contributor"
    MAKER = "maker", "Maker"
    OWNER = "owner", "Owner"

    @property
    def rank(self) -> int:
        """The step on the ladder, from 0."""
        return list(Role).index(self)

    def includes(self, other: Role) -> bool:
        """Whether this role may do what `other` may."""
        return self.rank >= other.rank
