"""Reading accounts, people and segments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Sum

from roadbed.core.records.models import Record
from roadbed.modules.insights.models import Account, Feedback, Person, Quote, Segment, rules
from roadbed.modules.insights.selectors import narrowing


def list_accounts(*, workspace_id: int, filters: Mapping[str, Any]) -> QuerySet[Account]:
    """Return the accounts that the filters of `forms.lists.ACCOUNTS` leave."""
    rows: QuerySet[Account] = Account.objects.in_workspace(workspace_id).filter(kind="account")
    if filters.get("q"):
        rows = rows.filter(narrowing.by_words(workspace_id=workspace_id, query=filters["q"], kind="account"))
    if "segment" in filters:
        rows = rows.filter(rules.parse(filters["segment"].rule).as_q())
    for name in ("plan", "country"):
        if name in filters:
            rows = rows.filter(**{f"{name}__in": filters[name]})
    if "revenue" in filters:
        rows = rows.filter(narrowing.between("revenue", filters["revenue"]))
    if "tag" in filters:
        rows = rows.filter(narrowing.with_tags(workspace_id=workspace_id, names=filters["tag"]))
    if "heard" in filters:
        said = Exists(
            Feedback.objects.visible_to().filter(account_id=OuterRef("pk"), deleted_at__isnull=True)
        )
        rows = rows.filter(said if filters["heard"] else ~said)
    return rows


def list_people(*, workspace_id: int, filters: Mapping[str, Any]) -> QuerySet[Person]:
    """Return the people that the filters of `forms.lists.PEOPLE` leave."""
    rows: QuerySet[Person] = Person.objects.in_workspace(workspace_id).filter(kind="person")
    if filters.get("q"):
        rows = rows.filter(narrowing.by_words(workspace_id=workspace_id, query=filters["q"], kind="person"))
    if "account" in filters:
        ids = narrowing.ids_by_key(workspace_id=workspace_id, key=filters["account"], kind="account")
        rows = rows.filter(account_id__in=ids)
    if "segment" in filters:
        rows = rows.filter(account_id__in=narrowing.accounts_in(filters["segment"]).values("pk"))
    if "tag" in filters:
        rows = rows.filter(narrowing.with_tags(workspace_id=workspace_id, names=filters["tag"]))
    return rows.select_related("account")


def list_segments(*, workspace_id: int, filters: Mapping[str, Any]) -> QuerySet[Segment]:
    """Return the segments that the filters leave."""
    rows: QuerySet[Segment] = Segment.objects.in_workspace(workspace_id).filter(kind="segment")
    if filters.get("q"):
        rows = rows.filter(narrowing.by_words(workspace_id=workspace_id, query=filters["q"], kind="segment"))
    return rows


def access_account(*, workspace_id: int, number: int) -> Account:
    """Return the account, or raise `Account.DoesNotExist`, for strangers too."""
    rows = Account.objects.in_workspace(workspace_id).select_related("workspace")
    found: Account = rows.get(prefix="A", number=number)
    return found


def access_person(*, workspace_id: int, number: int) -> Person:
    """Return the person, or raise `Person.DoesNotExist`, for strangers too."""
    rows = Person.objects.in_workspace(workspace_id).select_related("workspace", "account")
    found: Person = rows.get(prefix="P", number=number)
    return found


def access_segment(*, workspace_id: int, number: int) -> Segment:
    """Return the segment, or raise `Segment.DoesNotExist`, for strangers too."""
    rows = Segment.objects.in_workspace(workspace_id).select_related("workspace")
    found: Segment = rows.get(prefix="S", number=number)
    return found


@dataclass(frozen=True, slots=True)
class Voices:
    """How much an account, or a person, has said."""

    pieces: int = 0
    people: int = 0
    latest_at: dt.datetime | None = None


def voices_of(*, ids: Collection[int], by: str) -> dict[int, Voices]:
    """Return how much each account (`by` is account) or person said, in one query."""
    rows = (
        Feedback.objects.visible_to()
        .filter(**{f"{by}_id__in": ids}, deleted_at__isnull=True)
        .order_by()
        .values(f"{by}_id")
        .annotate(pieces=Count("pk"), people=Count("person_id", distinct=True), latest=Max("said_at"))
    )
    return {row[f"{by}_id"]: Voices(row["pieces"], row["people"], row["latest"]) for row in rows}


def people_per_account(*, ids: Collection[int]) -> dict[int, int]:
    """Return how many people each account has."""
    rows = Person.objects.filter(account_id__in=ids, deleted_at__isnull=True).order_by().values("account_id")
    return {row["account_id"]: row["count"] for row in rows.annotate(count=Count("pk"))}


@dataclass(frozen=True, slots=True)
class Want:
    """What an account or a person backs, and how strongly."""

    record: Record
    quotes: int
    strongest: int
    latest_at: dt.datetime


def wants_of(*, said_by: Q, most: int = 12) -> list[Want]:
    """Return the needs and features that these pieces back, the strongest first."""
    rows = (
        Quote.objects.filter(
            said_by,
            feedback__deleted_at__isnull=True,
            feedback__circle__isnull=True,
            target__deleted_at__isnull=True,
        )
        .order_by()
        .values("target_id")
        .annotate(quotes=Count("pk"), strongest=Max("strength"), latest=Max("feedback__said_at"))
        .order_by("-strongest", "-quotes", "-latest")[:most]
    )
    found = list(rows)
    records = Record.objects.in_bulk([row["target_id"] for row in found])
    return [Want(records[row["target_id"]], row["quotes"], row["strongest"], row["latest"]) for row in found]


@dataclass(frozen=True, slots=True)
class Membership:
    """What a rule takes in now."""

    accounts: int
    revenue: Decimal
    people: int
    sample: tuple[Account, ...]


def membership(*, workspace_id: int, rule: rules.Rule, sample: int = 8) -> Membership:
    """Return how many accounts a rule takes in, what they pay, and the largest of them."""
    accounts: QuerySet[Account] = Account.objects.in_workspace(workspace_id).filter(
        rule.as_q(), kind="account"
    )
    total = accounts.order_by().aggregate(count=Count("pk"), revenue=Sum("revenue"))
    people = Person.objects.filter(account_id__in=accounts.values("pk"), deleted_at__isnull=True).order_by()
    best = accounts.order_by("-revenue", "title")[:sample]
    # SQLite sums decimals as floats and drops the cents that are nought: both databases shall say the same.
    revenue = Decimal(total["revenue"] or 0).quantize(Decimal("0.01"))
    return Membership(total["count"], revenue, people.count(), tuple(best))


def segments_with(*, account: Account) -> list[Segment]:
    """Return the segments that take an account in; one query for the segments and one for all their rules."""
    segments = list(list_segments(workspace_id=account.workspace_id, filters={}).order_by("title")[:60])
    if not segments:
        return []
    flags = {f"in_{segment.pk}": Count("pk", filter=rules.parse(segment.rule).as_q()) for segment in segments}
    row = Account.objects.filter(pk=account.pk).order_by().aggregate(**flags)
    return [segment for segment in segments if row[f"in_{segment.pk}"]]


def attribute_names(*, workspace_id: int, most: int = 40) -> list[str]:
    """Return the names of attributes that the newest accounts have, for the rule builder."""
    rows = (
        Account.objects.in_workspace(workspace_id).order_by("-pk").values_list("attributes", flat=True)[:200]
    )
    return sorted({str(name) for attributes in rows for name in attributes or {}})[:most]


def twins_of(*, account: Account, most: int = 5) -> list[Account]:
    """Return accounts that may be the same: of the same domain, or with a name that starts alike."""
    first = account.title.split()[0] if account.title.split() else ""
    alike = Q(pk__in=[])
    if account.domain:
        alike |= Q(domain=account.domain)
    if len(first) >= SHORTEST_NAME:
        alike |= Q(title__istartswith=first)
    rows = (
        Account.objects.in_workspace(account.workspace_id)
        .filter(alike, kind="account")
        .exclude(pk=account.pk)
    )
    return list(rows.order_by("title")[:most])


SHORTEST_NAME = 4
