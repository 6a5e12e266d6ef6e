"""What siblings may ask of this module."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from roadbed.core.evidence import told
from roadbed.core.evidence.registry import EvidenceItem, Part, Provider, Stage
from roadbed.core.records import kinds, today
from roadbed.core.workspaces.access import Access
from roadbed.modules.portal.models import Follow, Listing, Visitor
from roadbed.modules.portal.selectors import tellings
from roadbed.modules.portal.services import letters
from roadbed.web import formats


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
        Listing.objects.published()
        .filter(record_id__in=record_ids, board__home_id=workspace_id, board__circle__isnull=True)
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


METHOD = (
    "People who were told of the change in words that a member approved: by mail, on their page of the portal, or by "
    "hand. Everybody once for each change."
)


def evidence_for(
    workspace_id: int, workspace: str, record_ids: Collection[int]
) -> Mapping[int, Sequence[EvidenceItem]]:
    """Return who was told of each record, in one query."""
    found = {}
    for record_id, lines in tellings.told_of(workspace_id=workspace_id, record_ids=record_ids).items():
        newest = lines[0]
        people = formats.plural(newest.people, "person", "people")
        found[record_id] = [
            EvidenceItem(
                record_id=record_id,
                stage=Stage.TOLD,
                headline=f"{people} told: {newest.change.lower()}",
                detail=f"and {formats.plural(len(lines) - 1, 'change')} before" if len(lines) > 1 else "",
                strength="full",
                at=newest.at,
                url=f"/w/{workspace}/portal/tellings/{newest.telling_id}/",
                parts=tuple(
                    Part(
                        label=f"{line.change}, {line.at:%-d %B %Y}",
                        value=formats.plural(line.people, "person", "people"),
                        url=f"/w/{workspace}/portal/tellings/{line.telling_id}/",
                    )
                    for line in lines
                ),
                method=METHOD,
            )
        ]
    return found


def told_to(workspace_id: int, workspace: str, person_ids: Collection[int], most: int) -> list[told.ToldLine]:
    """Return what these people were told, the newest first, in two queries."""
    rows = list(tellings.letters_in(workspace_id=workspace_id, person_ids=person_ids)[:most])
    spoken = tellings.subjects_of(telling_ids={letter.telling_id for letter in rows})
    return [
        told.ToldLine(
            person_id=letter.person_id,
            person=letter.person.title,
            at=letter.told_at,
            words=spoken.get(letter.telling_id, ""),
            change=letter.telling.get_change_display(),
            key=letter.telling.record.key,
            title=letter.telling.record.title,
            record_url=kinds.url_of(letter.telling.record, workspace=workspace),
            url=f"/w/{workspace}/portal/tellings/{letter.telling_id}/",
            channel=letter.get_channel_display(),
        )
        for letter in rows
        if letter.told_at is not None
    ]


def waiting_for(access: Access, now: datetime) -> list[today.Waiting]:
    """Say on Today what waits to be told, to those who can approve it."""
    if not access.can_make:
        return []
    count = access.count(count_waiting)
    text = (
        "change that people would want to hear of"
        if count == 1
        else "changes that people would want to hear of"
    )
    url = f"/w/{access.workspace.slug}/portal/tellings/?state=waiting"
    return [today.Waiting(count=count, text=text, url=url, order=40)]


def count_waiting(access: Access) -> int:
    """Return how many tellings wait, for the navigation of those who can approve them."""
    return tellings.waiting_count(access.workspace.pk) if access.can_make else 0


PROVIDER = Provider(name="portal", stages=(Stage.TOLD,), collect=evidence_for)
