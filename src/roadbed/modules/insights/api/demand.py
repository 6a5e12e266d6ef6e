"""Demand for programs: who asks for what, what voices count, segments side by side."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema

from roadbed.core.api.auth import access_of
from roadbed.core.api.problems import MissingError
from roadbed.core.records.models import Record
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights import services
from roadbed.modules.insights.api.schemas import READ_PROBLEMS, WRITE_PROBLEMS
from roadbed.modules.insights.models import Segment
from roadbed.modules.insights.models.demand import Weights
from roadbed.modules.insights.selectors import comparing, needs, weighting
from roadbed.modules.insights.selectors import demand as selectors

router = Router(tags=["demand"])
MOST_ROWS = 200


class WeightsIn(Schema):
    """What a voice shall count. What is left out has its default."""

    strengths: dict[Literal["0", "1", "2", "3"], Decimal] = Field(
        default_factory=dict, description="0 nice to have … 3 deal-breaker."
    )
    vote: Decimal = Field(Decimal(1), ge=0, le=100)
    segments: dict[str, Decimal] = Field(default_factory=dict, description="By key, such as S-2.")
    elsewhere: Decimal = Field(Decimal(1), ge=0, le=100, description="Who is in none of these segments.")
    money_per_point: Decimal | None = Field(None, description="So much yearly revenue is one point.")
    edition: int | None = Field(None, ge=0, le=10**6, description="The edition that the change is based on.")


class WeightsOut(Schema):
    """What a voice counts."""

    edition: int = Field(description="0: the defaults, which nobody has changed yet.")
    strengths: dict[str, Decimal]
    vote: Decimal
    segments: dict[str, Decimal]
    elsewhere: Decimal
    money_per_point: Decimal | None


class ScoreLineOut(Schema):
    """People whose voices count the same."""

    said: str
    people: int
    counts: Decimal
    segment_weight: Decimal
    points: Decimal


class SegmentDemandOut(Schema):
    """What one segment says of it."""

    key: str
    title: str
    people: int
    accounts: int
    heard: int = Field(description="Accounts of the segment that said or wanted anything at all.")
    revenue: Decimal = Field(description="As far as it is known.")
    unpriced: int = Field(description="Accounts whose revenue is not known.")


class DemandOut(Schema):
    """Who asks for a need or a feature, and how it adds up."""

    key: str
    impact: Decimal
    people: int
    voters: int
    accounts: int
    revenue: Decimal | None = Field(description="Null where nobody's is known.")
    unpriced: int = Field(description="Customers whose revenue is not known.")
    strength: int
    deal_breakers: int
    first_at: dt.datetime | None
    latest_at: dt.datetime | None
    weights_edition: int
    score: list[ScoreLineOut]
    revenue_points: Decimal
    segments: list[SegmentDemandOut]


class AskerOut(Schema):
    """One person who wants it."""

    name: str
    url: str
    account: str
    strongest: str
    quotes: int
    votes: int
    points: Decimal
    latest_at: dt.datetime


class AskingAccountOut(Schema):
    """One customer whose people want it."""

    key: str
    name: str
    plan: str
    revenue: Decimal | None
    people: int
    strongest: str
    points: Decimal
    latest_at: dt.datetime


class RowsQuery(Schema):
    """Which rows."""

    segment: str = Field("", max_length=16, description="Key of a segment.")
    limit: int = Field(50, ge=1, le=MOST_ROWS)
    offset: int = Field(0, ge=0, le=1_000_000)


class CompareQuery(Schema):
    """Which segments, and what of them."""

    segment: list[str] = Field(min_length=2, max_length=4, description="Keys of two to four segments.")
    kind: Literal["need", "feature"] = "need"
    by: Literal["impact", "difference"] = "impact"


class CompareCellOut(Schema):
    """One segment's share; the difference is to the first segment."""

    segment: str
    people: int
    accounts: int
    heard: int
    share: float | None
    low: float | None
    high: float | None
    difference: float | None
    difference_low: float | None
    difference_high: float | None


class CompareLineOut(Schema):
    """One need or feature."""

    key: str
    title: str
    cells: list[CompareCellOut]


class CompareOut(Schema):
    """Segments side by side."""

    lines: list[CompareLineOut]
    shared_accounts: int = Field(description="Accounts of the first segment that are in another one too.")
    more: bool


def _record(access: Access, key: str) -> Record:
    try:
        return selectors.wanted_record(workspace_id=access.workspace.pk, key=key, circles=access.circle_ids)
    except Record.DoesNotExist as error:
        raise MissingError from error


def _segment(access: Access, key: str) -> Segment | None:
    if not key:
        return None
    found = needs.segment_with_key(workspace_id=access.workspace.pk, key=key)
    if found is None:
        raise ValidationError({"segment": f"There is no segment {key} here."})
    return found


def _weights(found: Weights) -> dict[str, Any]:
    return {**found.as_json(), "edition": found.edition}


@router.get(
    "demand-weights",
    response={200: WeightsOut, **READ_PROBLEMS},
    operation_id="get_demand_weights",
    url_name="api-demand-weights",
)
def get_weights(request: HttpRequest, workspace: Path[str]) -> dict[str, Any]:
    """Get what a voice counts."""
    return _weights(weighting.weights_of(workspace_id=access_of(request).workspace.pk))


@router.put(
    "demand-weights",
    response={200: WeightsOut, **WRITE_PROBLEMS},
    operation_id="set_demand_weights",
    url_name="api-demand-weights",
)
def set_weights(request: HttpRequest, workspace: Path[str], body: WeightsIn) -> dict[str, Any]:
    """Set what a voice counts; every need and feature is counted anew in a job."""
    access = access_of(request, role=Role.OWNER)
    wanted = body.dict(exclude={"edition"})
    found = services.set_weights(
        workspace=access.workspace,
        weights=wanted,
        expected_edition=body.edition,
        actor=access.actor,
        at=timezone.now(),
    )
    return _weights(found)


@router.get(
    "demand/{key}",
    response={200: DemandOut, **READ_PROBLEMS},
    operation_id="get_demand",
    url_name="api-demand",
)
def get_demand(request: HttpRequest, workspace: Path[str], key: str) -> dict[str, Any]:
    """Get who asks for a need or a feature: the figures, and how the impact comes about."""
    access = access_of(request)
    record = _record(access, key)
    weights = weighting.weights_of(workspace_id=access.workspace.pk)
    score = selectors.score_of(record=record, weights=weights)
    tally = selectors.tally_of(record)
    segments = selectors.segments_to_split(workspace_id=access.workspace.pk)
    split = selectors.by_segment(
        workspace_id=access.workspace.pk, record_ids=[record.pk], segments=segments
    ).get(record.pk, {})
    priced = tally is not None and tally.accounts > tally.unpriced
    return {
        "key": record.key,
        "impact": tally.impact if tally else 0,
        "people": tally.people if tally else 0,
        "voters": tally.voters if tally else 0,
        "accounts": tally.accounts if tally else 0,
        "revenue": tally.revenue if tally and priced else None,
        "unpriced": tally.unpriced if tally else 0,
        "strength": tally.strength if tally else 0,
        "deal_breakers": tally.deal_breakers if tally else 0,
        "first_at": tally.first_at if tally else None,
        "latest_at": tally.latest_at if tally else None,
        "weights_edition": weights.edition,
        "score": [
            {
                "said": line.label,
                "people": line.people,
                "counts": line.worth,
                "segment_weight": line.weight,
                "points": line.points,
            }
            for line in score.lines
        ],
        "revenue_points": score.revenue_points,
        "segments": [
            {
                "key": segment.key,
                "title": segment.title,
                "people": split[segment.pk].people,
                "accounts": split[segment.pk].accounts,
                "heard": split[segment.pk].heard,
                "revenue": split[segment.pk].revenue,
                "unpriced": split[segment.pk].unpriced,
            }
            for segment in segments
            if segment.pk in split
        ],
    }


@router.get(
    "demand/{key}/people",
    response={200: list[AskerOut], **READ_PROBLEMS},
    operation_id="list_demand_people",
    url_name="api-demand-people",
)
def list_people(
    request: HttpRequest, workspace: Path[str], key: str, query: Query[RowsQuery]
) -> list[dict[str, Any]]:
    """List the people who ask for it, whoever counts most first."""
    access = access_of(request)
    rows = selectors.people_asking(
        record=_record(access, key),
        weights=weighting.weights_of(workspace_id=access.workspace.pk),
        segment=_segment(access, query.segment),
        most=query.limit,
        offset=query.offset,
    )
    return [
        {
            "name": row.name,
            "url": f"/w/{access.workspace.slug}/insights/{row.url_path}",
            "account": row.account,
            "strongest": selectors.level_label(row.level),
            "quotes": row.quotes,
            "votes": row.votes,
            "points": row.points,
            "latest_at": row.latest_at,
        }
        for row in rows[: query.limit]
    ]


@router.get(
    "demand/{key}/accounts",
    response={200: list[AskingAccountOut], **READ_PROBLEMS},
    operation_id="list_demand_accounts",
    url_name="api-demand-accounts",
)
def list_accounts(
    request: HttpRequest, workspace: Path[str], key: str, query: Query[RowsQuery]
) -> list[dict[str, Any]]:
    """List the customers behind it, the largest revenue first, unknown ones last."""
    access = access_of(request)
    rows = selectors.accounts_asking(
        record=_record(access, key),
        weights=weighting.weights_of(workspace_id=access.workspace.pk),
        segment=_segment(access, query.segment),
        most=query.limit,
        offset=query.offset,
    )
    return [
        {
            "key": f"A-{row.number}",
            "name": row.name,
            "plan": row.plan,
            "revenue": row.revenue,
            "people": row.people,
            "strongest": selectors.level_label(row.level),
            "points": row.points,
            "latest_at": row.latest_at,
        }
        for row in rows[: query.limit]
    ]


@router.get(
    "segment-comparison",
    response={200: CompareOut, **READ_PROBLEMS},
    operation_id="compare_segments",
    url_name="api-segment-comparison",
)
def compare_segments(
    request: HttpRequest, workspace: Path[str], query: Query[CompareQuery]
) -> dict[str, Any]:
    """Compare two to four segments: each one's share of its customers heard, with 95% intervals."""
    access = access_of(request)
    segments = [_segment(access, key) for key in dict.fromkeys(query.segment)]
    chosen = [one for one in segments if one is not None]
    if len(chosen) < comparing.FEWEST:
        raise ValidationError({"segment": "Name two to four different segments."})
    found = comparing.compare(workspace_id=access.workspace.pk, segments=chosen, kind=query.kind, by=query.by)
    return {
        "shared_accounts": found.shared,
        "more": found.more,
        "lines": [
            {
                "key": line.record.key,
                "title": line.record.title,
                "cells": [_cell(cell) for cell in line.cells],
            }
            for line in found.lines
        ],
    }


def _cell(cell: comparing.Cell) -> dict[str, Any]:
    share, apart = cell.share, cell.difference
    return {
        "segment": cell.segment.key,
        "people": cell.people,
        "accounts": cell.accounts,
        "heard": cell.heard,
        "share": share.share if share else None,
        "low": share.low if share else None,
        "high": share.high if share else None,
        "difference": apart.difference if apart else None,
        "difference_low": apart.low if apart else None,
        "difference_high": apart.high if apart else None,
    }
