"""What siblings may ask of this module, and its part of the evidence chain."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Max

from roadbed.core.accounts.actors import Actor
from roadbed.core.evidence.models import EvidenceTally
from roadbed.core.evidence.registry import EvidenceItem, Part, Provider, Stage, Strength
from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Circle, Product, Workspace
from roadbed.modules.insights import models, services
from roadbed.modules.insights.selectors import asking, backing, demand, theme_evidence, word_counts
from roadbed.modules.insights.selectors import votes as vote_reads
from roadbed.modules.insights.services import visitors
from roadbed.web import formats

METHOD = (
    "People are counted once, whatever they said and however often, and whether they voted too; so are accounts, and "
    "their yearly revenue as far as it is known. Counted are quotes and votes on the record itself, on the needs it "
    "answers, and on everything below it in the tree, and votes on the feedback that is quoted. "
    "Deleted feedback is left out; merged feedback counts as long as the piece it was merged into is there."
)
ENOUGH_PEOPLE = 5
"""From so many distinct people on, a bead is full."""


def _who(person: str, account: str) -> str:
    if person and account:
        return f"{person}, {account}"
    return person or account or "somebody unnamed"


def _strength(people: int) -> Strength:
    return "none" if people == 0 else "full" if people >= ENOUGH_PEOPLE else "partial"


def _heard_of_targets(
    workspace: Workspace, base: str, records: Mapping[int, Record]
) -> dict[int, EvidenceItem]:
    tallies = EvidenceTally.objects.filter(record_id__in=records, people__gt=0).in_bulk()
    voices = backing.strongest_voices(workspace_id=workspace.pk, targets=list(tallies))
    found: dict[int, EvidenceItem] = {}
    for pk, tally in tallies.items():
        own = voices.get(pk, [])
        people = formats.plural(tally.people, "person", "people")
        headline = (
            people if not tally.accounts else f"{people} at {formats.plural(tally.accounts, 'customer')}"
        )
        paid = bool(tally.revenue) and f"{formats.money(tally.revenue, currency=workspace.currency)} a year"
        detail = f"{paid} between them" if paid and tally.accounts > 1 else paid or ""
        parts = [
            Part(
                label=f"“{voice.text[:140]}{'…' if len(voice.text) > 140 else ''}”",
                value=f"{_who(voice.person, voice.account)} · {models.Strength(voice.strength).label.lower()}",
                url=f"{base}insights/feedback/{voice.number}/",
            )
            for voice in own
        ]
        parts.append(
            Part(
                label=f"Everybody: {formats.plural(tally.quotes, 'quote')}, {formats.plural(tally.votes, 'vote')}",
                value=f"{formats.plural(tally.deal_breakers, 'deal-breaker')}, strength {tally.strength}",
                url=f"{base}insights/demand/{records[pk].key}/",
            )
        )
        found[pk] = EvidenceItem(
            record_id=pk,
            stage=Stage.HEARD,
            headline=headline,
            strength=_strength(tally.people),
            detail=detail,
            quote=own[0].text[:300] if own else "",
            at=tally.latest_at,
            parts=tuple(parts),
            method=METHOD,
        )
    return found


def _heard_of_feedback(workspace: Workspace, base: str, ids: Collection[int]) -> dict[int, EvidenceItem]:
    rows = models.Feedback.objects.visible_to().filter(pk__in=ids).select_related("person", "account")
    found = {}
    for piece in rows:
        who = _who(piece.person.title if piece.person else "", piece.account.title if piece.account else "")
        revenue = piece.account.revenue if piece.account else None
        found[piece.pk] = EvidenceItem(
            record_id=piece.pk,
            stage=Stage.HEARD,
            headline=who[0].upper() + who[1:],
            strength="full",
            detail=f"{formats.money(revenue, currency=workspace.currency)} a year" if revenue else "",
            quote=piece.title,
            at=piece.said_at,
            parts=(
                Part(
                    label="The whole wording",
                    value=piece.source,
                    url=f"{base}insights/feedback/{piece.number}/",
                ),
            ),
        )
    return found


def _heard_of_accounts(
    workspace: Workspace, base: str, records: Mapping[int, Record]
) -> dict[int, EvidenceItem]:
    said = (
        models.Feedback.objects.visible_to()
        .filter(account_id__in=records, deleted_at__isnull=True)
        .order_by()
        .values("account_id")
        .annotate(pieces=Count("pk"), people=Count("person_id", distinct=True), latest=Max("said_at"))
    )
    found = {}
    for row in said:
        pk = row["account_id"]
        pieces = formats.plural(row["pieces"], "piece of feedback", "pieces of feedback")
        found[pk] = EvidenceItem(
            record_id=pk,
            stage=Stage.HEARD,
            headline=pieces,
            strength=_strength(row["pieces"]),
            detail=f"by {formats.plural(row['people'], 'person', 'people')}" if row["people"] else "",
            at=row["latest"],
            parts=(
                Part(
                    label=f"All {pieces}", value="", url=f"{base}insights/feedback/?account={records[pk].key}"
                ),
            ),
        )
    return found


def _needed(base: str, ids: Collection[int]) -> dict[int, EvidenceItem]:
    found = {}
    for need in models.Need.objects.filter(pk__in=ids):
        rated = [
            f"{name} {formats.number(value, digits=1)}"
            for name, value in (("importance", need.importance), ("satisfaction", need.satisfaction))
            if value is not None
        ]
        found[need.pk] = EvidenceItem(
            record_id=need.pk,
            stage=Stage.NEEDED,
            headline=need.title,
            strength="full" if rated else "partial",
            detail=", ".join(rated),
            key=need.key,
            url=f"{base}insights/needs/{need.number}/",
            at=need.created_at,
        )
    return found


def evidence_for(
    workspace_id: int, workspace_slug: str, record_ids: Collection[int]
) -> Mapping[int, Sequence[EvidenceItem]]:
    """Return what was heard of and is needed by each record, in a number of queries that does not grow with them."""
    records = Record.objects.in_workspace(workspace_id).filter(
        kind__in=("need", "feature", "feedback", "account", "theme"), pk__in=record_ids
    )
    by_kind: dict[str, dict[int, Record]] = {}
    for record in records:
        by_kind.setdefault(record.kind, {})[record.pk] = record
    if not by_kind:
        return {}
    workspace = Workspace.objects.get(pk=workspace_id)
    base = f"/w/{workspace_slug}/"
    found: dict[int, list[EvidenceItem]] = {}
    groups: list[dict[int, EvidenceItem]] = []
    targets = by_kind.get("need", {}) | by_kind.get("feature", {})
    if targets:
        groups.append(_heard_of_targets(workspace, base, targets))
    if "feedback" in by_kind:
        groups.append(_heard_of_feedback(workspace, base, by_kind["feedback"]))
    if "account" in by_kind:
        groups.append(_heard_of_accounts(workspace, base, by_kind["account"]))
    if "theme" in by_kind:
        groups.append(theme_evidence.heard_of(workspace=workspace, base=base, ids=by_kind["theme"]))
    if "need" in by_kind:
        groups.append(_needed(base, by_kind["need"]))
    for group in groups:
        for pk, item in group.items():
            found.setdefault(pk, []).append(item)
    return found


def ratings_of_needs(*, workspace_id: int) -> dict[int, tuple[float | None, float | None]]:
    """Return how important each need is and how well it is met, from 0 to 10, where somebody rated it."""
    rows = models.Need.objects.in_workspace(workspace_id).filter(kind="need")
    rated = rows.filter(importance__isnull=False).values_list("pk", "importance", "satisfaction")
    return {
        pk: (float(importance), None if satisfaction is None else float(satisfaction))
        for pk, importance, satisfaction in rated
    }


@dataclass(frozen=True, slots=True)
class PersonRef:
    """Somebody known, as siblings see them."""

    id: int
    key: str
    name: str
    email: str
    account_id: int | None


def _person_ref(person: models.Person) -> PersonRef:
    return PersonRef(person.pk, person.key, person.title, person.email, person.account_id)


def person_for(*, workspace: Workspace, email: str, actor: Actor, at: datetime, name: str = "") -> PersonRef:
    """Return the person with that address, found or made."""
    found = services.find_or_make_person(workspace=workspace, name=name, email=email, actor=actor, at=at)
    return _person_ref(found)


def people_by_id(*, workspace_id: int, ids: Collection[int]) -> dict[int, PersonRef]:
    """Return the people with these numbers, without those who are gone."""
    rows = models.Person.objects.in_workspace(workspace_id).filter(pk__in=ids)
    return {person.pk: _person_ref(person) for person in rows}


def _voter_and_target(
    workspace_id: int, person_id: int, record_id: int, circles: Collection[int]
) -> tuple[models.Person, Record]:
    person = models.Person.objects.in_workspace(workspace_id).get(pk=person_id)
    return person, Record.objects.in_workspace(workspace_id, circles=circles).get(pk=record_id)


def vote(
    *,
    workspace_id: int,
    person_id: int,
    record_id: int,
    actor: Actor,
    at: datetime,
    note: str = "",
    circles: Collection[int] = (),
) -> None:
    """Let a person want a need, a feature or a piece of feedback; twice is once.

    `circles` are the walls that the vote is cast behind: a private record takes votes from there alone.

    Raises
    ------
    ObjectDoesNotExist
        If the person or the record is not in the workspace.
    ValidationError
        If the record takes no votes.
    """
    person, target = _voter_and_target(workspace_id, person_id, record_id, circles)
    services.vote(person=person, target=target, actor=actor, at=at, note=note)


def unvote(
    *,
    workspace_id: int,
    person_id: int,
    record_id: int,
    actor: Actor,
    at: datetime,
    circles: Collection[int] = (),
) -> bool:
    """Take the person's vote back; return whether there was one."""
    person, target = _voter_and_target(workspace_id, person_id, record_id, circles)
    return services.unvote(person=person, target=target, actor=actor, at=at)


def votes_of(*, person_id: int, record_ids: Collection[int] | None = None) -> frozenset[int]:
    """Return the records that the person voted for, of those given where some are."""
    return vote_reads.targets_voted_by(person_id=person_id, record_ids=record_ids)


def count_voters(*, record_ids: Collection[int]) -> dict[int, int]:
    """Return how many distinct people want each record: voters, and the author of feedback. None is left out."""
    return vote_reads.voters_per_record(record_ids=record_ids)


def voters_of(*, record_id: int) -> frozenset[int]:
    """Return the people who voted for a record."""
    return frozenset(models.Vote.objects.filter(target_id=record_id).values_list("person_id", flat=True))


def welcome(*, workspace: Workspace, email: str, name: str, actor: Actor, at: datetime) -> PersonRef:
    """Return the person with a confirmed address, found or made, with the account whose domain it has."""
    return _person_ref(visitors.welcome(workspace=workspace, email=email, name=name, actor=actor, at=at))


def is_customer(*, workspace_id: int, email: str) -> bool:
    """Whether an address belongs to a customer."""
    return visitors.is_customer(workspace_id=workspace_id, email=email)


def hear(
    *,
    workspace: Workspace,
    text: str,
    person_id: int | None,
    source: str,
    actor: Actor,
    at: datetime,
    circle: Circle | None = None,
    product: Product | None = None,
) -> Record:
    """Take in what somebody said, as a piece of feedback; behind a circle's wall where one is given."""
    return visitors.hear(
        workspace=workspace,
        text=text,
        person_id=person_id,
        source=source,
        circle=circle,
        product=product,
        actor=actor,
        at=at,
    )


def back(
    *,
    workspace_id: int,
    feedback_id: int,
    record_id: int,
    actor: Actor,
    at: datetime,
    circles: Collection[int] = (),
) -> int:
    """Make a whole piece of feedback evidence for a need or a feature; return the quote's number."""
    target = Record.objects.in_workspace(workspace_id, circles=circles).get(pk=record_id)
    return visitors.back(feedback_id=feedback_id, target=target, actor=actor, at=at)


def unback(*, quote_id: int, actor: Actor, at: datetime) -> None:
    """Take that back."""
    visitors.unback(quote_id=quote_id, actor=actor, at=at)


def forget_person(*, person_id: int, actor: Actor, at: datetime) -> None:
    """Take name, address and votes from a person; what they said stays, said by nobody."""
    visitors.forget(person_id=person_id, actor=actor, at=at)


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody who would want to hear of a change, and why: ``quoted``, ``asked`` or ``voted``."""

    person_id: int
    reason: str
    feedback_id: int | None
    locale: str


def asking_for(*, record: Record) -> list[Asked]:
    """Return everybody known who was quoted for a record, asked for it or voted for it, merged ones too."""
    return [
        Asked(one.person_id, one.reason, one.feedback_id, one.locale)
        for one in asking.asking_for(record=record)
    ]


PROVIDER = Provider(name="insights", stages=(Stage.HEARD, Stage.NEEDED), collect=evidence_for)


@dataclass(frozen=True, slots=True)
class VoicesHeard:
    """How much feedback says some words, and who stands behind it; revenue is a year's, where it is known."""

    feedback_ids: tuple[int, ...]
    people: int
    accounts: int
    revenue: Decimal
    unpriced: int


def heard_words(*, workspace_id: int, words: str, circles: Collection[int] = ()) -> VoicesHeard:
    """Count the feedback that says some words, as the list of feedback finds it, among what the asker may see."""
    return VoicesHeard(*word_counts.heard_words(workspace_id=workspace_id, words=words, circles=circles))


@dataclass(frozen=True, slots=True)
class SegmentVoices:
    """Who of one segment wants a record: distinct people and accounts, of so many that were ever heard."""

    key: str
    title: str
    people: int
    accounts: int
    revenue: Decimal
    heard: int


def demand_by_segment(*, workspace_id: int, record_id: int) -> list[SegmentVoices]:
    """Return who of each segment wants a record, the most people first."""
    segments = demand.segments_to_split(workspace_id=workspace_id)
    found = demand.by_segment(workspace_id=workspace_id, record_ids=[record_id], segments=segments).get(
        record_id, {}
    )
    by_id = {segment.pk: segment for segment in segments}
    return sorted(
        (
            SegmentVoices(by_id[pk].key, by_id[pk].title, one.people, one.accounts, one.revenue, one.heard)
            for pk, one in found.items()
        ),
        key=lambda one: (-one.people, one.title),
    )
