"""Reading what waits to be told, and who was told what."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q, QuerySet

from roadbed.core import prepared
from roadbed.core.records.models import Record
from roadbed.modules.insights import facade as insights
from roadbed.modules.portal.models import Change, Follow, Letter, Listing, Silence, Telling, Visitor, Words

MOST = 20_000
"""More people than this are not told of one change in one go."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who would be told: how, why, in which language; or why they are not."""

    person_id: int
    key: str
    name: str
    email: str
    locale: str
    reason: str
    channel: str
    """mail, page or hand; empty where they hear nothing."""
    why_not: str = ""


def _reasons(record: Record) -> dict[int, tuple[str, str]]:
    """Return why each person would be told, and their language."""
    found = {one.person_id: (one.reason, one.locale) for one in insights.asking_for(record=record)}
    follows = Follow.objects.filter(
        listing__record_id=record.pk,
        listing__state="published",
        listing__merged_into__isnull=True,
        # Whoever follows a private board's entry stays behind its wall.
        listing__board__circle__isnull=True,
    )
    submitted = Listing.objects.filter(
        record_id=record.pk, state="published", board__circle__isnull=True, author_id__isnull=False
    )
    for person_id in submitted.values_list("author_id", flat=True):
        found.setdefault(person_id, ("asked", ""))
    for person_id in follows.values_list("person_id", flat=True):
        found.setdefault(person_id, ("followed", ""))
    return found


def public_title_of(*, record: Record) -> str:
    """Return what customers know a record as, where it stands on an open board; else its own title."""
    rows = Listing.objects.filter(record_id=record.pk, state="published", board__circle__isnull=True)
    shown = rows.order_by("pk").values_list("title", flat=True).first()
    return shown or record.title


def silent_addresses(*, workspace_id: int, emails: Collection[str]) -> dict[str, str]:
    """Return those of the addresses that want no mail, or take none, with why."""
    wanted = sorted({email.lower() for email in emails if email})
    found: dict[str, str] = {}
    for start in range(0, len(wanted), 500):
        rows = Silence.objects.filter(workspace_id=workspace_id, email__in=wanted[start : start + 500])
        found |= dict(rows.values_list("email", "why"))
    return found


def audience_of(*, record: Record) -> list[Recipient]:
    """Return everybody who would want to hear of a change, with how they would; a fixed number of queries.

    Nobody appears who is private to a circle, or known only by what lies behind its wall.
    """
    if record.is_private:
        return []
    reasons = _reasons(record)
    workspace_id = record.workspace_id
    people = insights.people_by_id(workspace_id=workspace_id, ids=list(reasons)[:MOST])
    visitors = {
        row.person_id: row for row in Visitor.objects.filter(workspace_id=workspace_id, person_id__in=people)
    }
    addresses = {
        pk: (visitors[pk].email if pk in visitors else person.email).lower() for pk, person in people.items()
    }
    silent = silent_addresses(workspace_id=workspace_id, emails=addresses.values())
    found, taken = [], set()
    for pk, person in sorted(people.items()):
        reason, locale = reasons[pk]
        email, channel, why_not = addresses[pk], "mail", ""
        visitor = visitors.get(pk)
        if not email:
            channel = "hand"
        elif email in taken:
            channel, why_not = "", "told under the same address"
        elif email in silent:
            channel = "page" if visitor else ""
            why_not = "" if visitor else _WHY_NOT[silent[email]]
        elif visitor is not None and not visitor.takes_mail:
            channel = "page"
        if email and channel:
            taken.add(email)
        found.append(
            Recipient(
                person_id=pk,
                key=person.key,
                name=person.name,
                email=email if channel == "mail" else "",
                locale=locale,
                reason=reason,
                channel=channel,
                why_not=why_not,
            )
        )
    return found


_WHY_NOT = {"asked": "asked to hear no more", "bounced": "the address takes no mail"}


def list_tellings(*, workspace_id: int, states: Collection[str] = ()) -> QuerySet[Telling]:
    """Return the tellings of open records, the newest first, with how many letters each has."""
    rows = Telling.objects.filter(
        workspace_id=workspace_id, record__circle__isnull=True, record__deleted_at__isnull=True
    )
    if states:
        rows = rows.filter(state__in=list(states))
    return rows.select_related("record", "decided_by").annotate(
        told=Count("letters", filter=Q(letters__told_at__isnull=False)), planned=Count("letters")
    )


def access_telling(*, workspace_id: int, telling_id: int) -> Telling:
    """Return the telling, or raise `Telling.DoesNotExist`, for strangers too."""
    rows = list_tellings(workspace_id=workspace_id).select_related("workspace")
    if telling_id >= 2**53:
        raise Telling.DoesNotExist
    return rows.get(pk=telling_id)


def waiting_count(workspace_id: int) -> int:
    """Return how many tellings wait for somebody's word."""
    return _WAITING.count(workspace=workspace_id)


def _waiting(workspace: int) -> QuerySet[Telling]:
    rows = Telling.objects.filter(workspace_id=workspace, state=Telling.State.WAITING)
    return rows.filter(record__circle__isnull=True, record__deleted_at__isnull=True).order_by()


_WAITING = prepared.Question(_waiting)


def words_of(*, telling: Telling) -> list[Words]:
    """Return the words by language, those for everybody else first."""
    return list(Words.objects.filter(telling=telling).order_by("locale"))


def words_for(words: Collection[Words], *, locale: str) -> Words | None:
    """Return the words for somebody's language: the exact one, its language, or those for everybody."""
    by_locale = {one.locale.lower(): one for one in words}
    wanted = locale.lower()
    return by_locale.get(wanted) or by_locale.get(wanted.partition("-")[0]) or by_locale.get("")


def letters_of(*, telling: Telling) -> QuerySet[Letter]:
    """Return who was told of a telling, or will be."""
    return Letter.objects.filter(telling=telling).select_related("person").order_by("pk")


def letters_in(*, workspace_id: int, person_ids: Collection[int] | None = None) -> QuerySet[Letter]:
    """Return who was told what, the newest first."""
    rows = Letter.objects.filter(
        telling__workspace_id=workspace_id,
        telling__record__circle__isnull=True,
        person__circle__isnull=True,
        told_at__isnull=False,
    )
    if person_ids is not None:
        rows = rows.filter(person_id__in=person_ids)
    return rows.select_related("telling__record", "person").order_by("-told_at", "-pk")


def subjects_of(*, telling_ids: Collection[int]) -> dict[int, str]:
    """Return the subject that everybody read, by telling."""
    rows = Words.objects.filter(telling_id__in=telling_ids, locale="")
    return dict(rows.values_list("telling_id", "subject"))


@dataclass(frozen=True, slots=True)
class Told:
    """How many people were told of one record's change, and when last."""

    record_id: int
    telling_id: int
    change: str
    people: int
    at: datetime


def told_of(*, workspace_id: int, record_ids: Collection[int]) -> Mapping[int, list[Told]]:
    """Return what was told of each record, the newest change first, in one query."""
    rows = (
        Letter.objects.filter(
            telling__workspace_id=workspace_id,
            telling__record_id__in=record_ids,
            telling__record__circle__isnull=True,
            told_at__isnull=False,
        )
        .order_by()
        .values("telling__record_id", "telling_id", "telling__change")
        .annotate(people=Count("pk"), at=Max("told_at"))
        .order_by("-telling_id")
    )
    found: dict[int, list[Told]] = {}
    for row in rows:
        told = Told(
            record_id=row["telling__record_id"],
            telling_id=row["telling_id"],
            change=Change(row["telling__change"]).label,
            people=row["people"],
            at=row["at"],
        )
        found.setdefault(told.record_id, []).append(told)
    return found
