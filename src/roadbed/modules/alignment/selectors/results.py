"""What a session shows: before the votes are open one's own and how many there are, afterwards everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Count, QuerySet

from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Member
from roadbed.modules.alignment.models import Criterion, Session, SessionItem, Vote
from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.priority import agreement

BARS = 5


class HiddenError(Exception):
    """The votes are not open: nobody is shown what others said."""


def sessions(*, workspace_id: int) -> QuerySet[Session]:
    """Return the sessions of a workspace, the newest first."""
    rows: QuerySet[Session] = Session.objects.in_workspace(workspace_id).filter(kind="session")
    return rows.select_related("workspace").annotate(item_count=Count("items")).order_by("-pk")


def session(*, workspace_id: int, number: int) -> Session:
    """Return a session, or raise `Session.DoesNotExist`, for strangers too."""
    return sessions(workspace_id=workspace_id).get(number=number)


def criteria_for(session: Session, member: Member) -> list[Criterion]:
    """Return what a member is asked to rate: what everybody is, and what their department is."""
    return [
        one
        for one in session.criteria.prefetch_related("departments")
        if not (asked := {each.pk for each in one.departments.all()}) or member.department_id in asked
    ]


def items_of(session: Session) -> list[SessionItem]:
    """Return what is rated; what was deleted since is left out."""
    rows = session.items.filter(record__deleted_at__isnull=True, record__circle__isnull=True)
    return list(rows.select_related("record"))


def own_votes(session: Session, member: Member) -> dict[tuple[int, int], float]:
    """Return a member's own votes of the round, by item and criterion."""
    rows = Vote.objects.filter(item__session=session, member=member, round=session.round)
    return {
        (item, criterion): value
        for item, criterion, value in rows.values_list("item_id", "criterion_id", "value")
    }


def voters(session: Session) -> list[str]:
    """Return who has voted in the round; never what."""
    ids = Vote.objects.filter(item__session=session, round=session.round).values("member_id")
    rows = Member.objects.filter(pk__in=ids).select_related("user").order_by("pk")
    return [one.user.display_name for one in rows]


@dataclass(frozen=True, slots=True)
class Cell:
    """What was said of one item by one criterion."""

    item: SessionItem
    criterion: Criterion
    votes: int
    mean: float | None
    level: float | None
    in_camps: bool
    bars: tuple[int, ...]
    by_department: tuple[tuple[str, float, int], ...]

    @property
    def share(self) -> float:
        """Where the mean lies on the scale, from 0 to 1."""
        if self.mean is None:
            return 0.0
        return (self.mean - self.criterion.low) / (self.criterion.high - self.criterion.low)


@dataclass(frozen=True, slots=True)
class Summary:
    """One criterion over all items: mean agreement, Kendall's W, and each department's agreement with itself."""

    criterion: Criterion
    level: float | None
    concordance: agreement.Concordance | None
    by_department: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that was said in a round. `rows` has an item a row, a criterion a cell."""

    round: int
    rows: tuple[tuple[SessionItem, tuple[Cell, ...]], ...]
    summaries: tuple[Summary, ...]
    differing: tuple[agreement.Distance, ...]
    voters: int


def results(session: Session, *, round: int | None = None) -> Results:
    """Return what was said in a round; five queries.

    Raises
    ------
    HiddenError
        If that round's votes are not open yet.
    """
    wanted = session.round if round is None else round
    if wanted > session.round or (session.is_voting and wanted == session.round):
        raise HiddenError(f"The votes of round {wanted} are not open yet.")
    items, criteria = items_of(session), list(session.criteria.all())
    votes = list(
        Vote.objects.filter(item__in=items, round=wanted).select_related(
            "member", "member__user", "member__department"
        )
    )
    by_cell: dict[tuple[int, int], list[Vote]] = {}
    for vote in votes:
        by_cell.setdefault((vote.item_id, vote.criterion_id), []).append(vote)
    rows = tuple(
        (item, tuple(_cell(item, one, by_cell.get((item.pk, one.pk), [])) for one in criteria))
        for item in items
    )
    summaries = tuple(
        _summary(
            one,
            [cells[at] for _, cells in rows],
            [vote for vote in votes if vote.criterion_id == one.pk],
            items,
        )
        for at, one in enumerate(criteria)
    )
    return Results(
        round=wanted,
        rows=rows,
        summaries=summaries,
        differing=tuple(_who_differs(votes, criteria)[:8]),
        voters=len({vote.member_id for vote in votes}),
    )


@dataclass(frozen=True, slots=True)
class Last:
    """What the last opened session said of one record."""

    session: Session
    round: int
    cells: tuple[Cell, ...]

    @property
    def level(self) -> float | None:
        """The mean agreement over the criteria; None where fewer than two people voted on each."""
        levels = [cell.level for cell in self.cells if cell.level is not None]
        return sum(levels) / len(levels) if levels else None

    @property
    def widest(self) -> Cell | None:
        """The cell on which people differ most."""
        known = [cell for cell in self.cells if cell.level is not None]
        return min(known, key=lambda cell: cell.level or 0.0, default=None)


def last_about(record: Record) -> Last | None:
    """Return what the last opened session said of a record; None where no session did; three queries."""
    sessions = Session.objects.in_workspace(record.workspace_id).filter(opened_at__isnull=False)
    items = SessionItem.objects.filter(record_id=record.pk, session__in=sessions.values("pk"))
    item = items.select_related("session", "record").order_by("-session_id").first()
    if item is None:
        return None
    seen = item.session.round - 1 if item.session.is_voting else item.session.round
    criteria = list(item.session.criteria.all())
    by_criterion: dict[int, list[Vote]] = {}
    rows = Vote.objects.filter(item=item, round=seen)
    for vote in rows.select_related("member", "member__user", "member__department"):
        by_criterion.setdefault(vote.criterion_id, []).append(vote)
    cells = tuple(_cell(item, one, by_criterion.get(one.pk, [])) for one in criteria)
    return Last(item.session, seen, cells)


def _department(vote: Vote) -> str:
    return vote.member.department.name if vote.member.department else "No department"


def _cell(item: SessionItem, criterion: Criterion, votes: Sequence[Vote]) -> Cell:
    scale = (criterion.low, criterion.high)
    values = [vote.value for vote in votes]
    try:
        found = agreement.agreement(votes=values, scale=scale)
        level, in_camps = found.level, found.in_camps
    except NotEnoughDataError:
        level, in_camps = None, False
    departments: dict[str, list[float]] = {}
    for vote in votes:
        departments.setdefault(_department(vote), []).append(vote.value)
    counts = np.histogram(values, bins=BARS, range=scale)[0] if values else np.zeros(BARS, dtype=int)
    return Cell(
        item=item,
        criterion=criterion,
        votes=len(values),
        mean=float(np.mean(values)) if values else None,
        level=level,
        in_camps=in_camps,
        bars=tuple(int(count) for count in counts),
        by_department=tuple(
            (name, float(np.mean(own)), len(own)) for name, own in sorted(departments.items())
        ),
    )


def _summary(
    criterion: Criterion, cells: Sequence[Cell], votes: Sequence[Vote], items: Sequence[SessionItem]
) -> Summary:
    levels = [cell.level for cell in cells if cell.level is not None]
    place = {item.pk: at for at, item in enumerate(items)}
    members = sorted({vote.member_id for vote in votes})
    ratings = np.full((len(members), len(items)), np.nan)
    for vote in votes:
        ratings[members.index(vote.member_id), place[vote.item_id]] = vote.value
    try:
        concordance = agreement.concordance(ratings=ratings)
    except NotEnoughDataError:
        concordance = None
    return Summary(
        criterion=criterion,
        level=float(np.mean(levels)) if levels else None,
        concordance=concordance,
        by_department=_within(criterion, votes),
    )


def _within(criterion: Criterion, votes: Sequence[Vote]) -> tuple[tuple[str, float], ...]:
    """Return how far each department agrees with itself, over the items that two of it rated."""
    grouped: dict[str, dict[int, list[float]]] = {}
    for vote in votes:
        grouped.setdefault(_department(vote), {}).setdefault(vote.item_id, []).append(vote.value)
    found = []
    for name, by_item in sorted(grouped.items()):
        levels = [
            agreement.agreement(votes=values, scale=(criterion.low, criterion.high)).level
            for values in by_item.values()
            if len(values) > 1
        ]
        if levels:
            found.append((name, float(np.mean(levels))))
    return tuple(found)


def _who_differs(votes: Sequence[Vote], criteria: Sequence[Criterion]) -> list[agreement.Distance]:
    """Return who stands farthest from the others, every vote brought to 0 to 1 of its scale."""
    scales = {one.pk: one for one in criteria}
    by_voter: dict[str, dict[str, float]] = {}
    names: dict[int, str] = {}
    for vote in votes:
        one = scales[vote.criterion_id]
        name = vote.member.user.display_name
        if any(other == name and pk != vote.member_id for pk, other in names.items()):
            name = f"{name} ({vote.member_id})"
        name = names.setdefault(vote.member_id, name)
        by_voter.setdefault(name, {})[f"{vote.item_id}:{one.pk}"] = (vote.value - one.low) / (
            one.high - one.low
        )
    return agreement.who_differs(votes=by_voter, scale=(0.0, 1.0))


def body(record: Any) -> str:
    """Return the words of a session for the search."""
    return str(record.about)


def describe(record: Any) -> Mapping[str, str]:
    """Say how far a session is, in a word."""
    return {"state": str(record.get_state_display())}
