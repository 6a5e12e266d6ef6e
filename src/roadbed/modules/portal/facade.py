"""What siblings may ask of this module."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from roadbed.modules.portal.models import Follow, Listing, Visitor
from roadbed.modules.portal.services import letters


@dataclass(frozen=True, slots=True)
class Shown:
    """Where visitors see a record."""

    record_id: int
    board: str
    title: str
    standing: str
    url: str
    is_public: bool


def shown(*, workspace_id: int, record_ids: Collection[int]) -> dict[int, list[Shown]]:
    """Return where these records are published, in one query."""
    rows = (
        Listing.objects.published()  # type: ignore[attr-defined]  # the manager is the query set's
        .filter(record_id__in=record_ids, board__home_id=workspace_id)
        .select_related("board", "board__workspace")
    )
    found: dict[int, list[Shown]] = {}
    for listing in rows:
        found.setdefault(listing.record_id, []).append(
            Shown(
                record_id=listing.record_id,
                board=listing.board.title,
                title=listing.title,
                standing=listing.standing,
                url=f"{letters.address_of(listing.board)}entries/{listing.code}/",
                is_public=listing.board.is_public,
            )
        )
    return found


def followers_of(*, workspace_id: int, record_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """Return the people who follow each record on a board and want mail."""
    wants_mail = Visitor.objects.filter(workspace_id=workspace_id, takes_mail=True).values("person_id")
    rows = Follow.objects.filter(
        listing__record_id__in=record_ids,
        listing__board__home_id=workspace_id,
        listing__state="published",
        person_id__in=wants_mail,
    ).values_list("listing__record_id", "person_id")
    found: dict[int, set[int]] = {}
    for record_id, person_id in rows:
        found.setdefault(record_id, set()).add(person_id)
    return {record_id: frozenset(people) for record_id, people in found.items()}


def takes_mail(*, workspace_id: int, person_ids: Collection[int]) -> dict[int, bool]:
    """Return, for those among the people who are visitors, whether they want mail."""
    rows = Visitor.objects.filter(workspace_id=workspace_id, person_id__in=person_ids)
    return dict(rows.values_list("person_id", "takes_mail"))
