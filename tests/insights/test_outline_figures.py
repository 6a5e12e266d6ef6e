"""The figures of the outline against a count by hand."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Product, Workspace
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights.models import Account, Feedback, Need, Person, Quote
from roadbed.modules.insights.selectors import outline, outline_figures
from roadbed.modules.insights.selectors.outline_scope import Scope
from tests import people
from tests.insights import outline_world


@pytest.fixture(autouse=True)
def _forget(db: None) -> None:
    cache.clear()


@pytest.fixture(scope="module")
def workspace(module_database: None) -> Workspace:
    return people.make_workspace()


@pytest.fixture(scope="module")
def product(workspace: Workspace) -> Product:
    return Product.objects.create(workspace=workspace, slug="dispatch", name="Dispatch")


@pytest.fixture(scope="module")
def world(workspace: Workspace, product: Product) -> outline_world.World:
    """Dear to make, so made once: what a test changes in it is rolled back after the test."""
    ada = people.join(workspace, "Ada", Role.OWNER)
    return outline_world.build(workspace=workspace, now=people.NOW, actor=ada.actor, product=product)


@dataclass
class Said:
    """One quote as a person would read it off the page."""

    need: int
    speaker: Any
    account: int | None
    strength: int
    day: dt.date
    at: dt.datetime
    source: str


def read_by_hand(world: outline_world.World) -> list[Said]:
    """Every quote that counts, without any SQL of ours."""
    records = {record.pk: record for record in Record.objects.filter(workspace=world.workspace)}
    employer = {person.pk: person.account_id for person in Person.objects.all()}
    found = []
    for quote in Quote.objects.all():
        piece = Feedback.objects.get(pk=quote.feedback_id)
        own = records[piece.pk]
        root = records[own.merged_into_id] if own.merged_into_id else own
        if root.deleted_at is not None:
            continue
        found.append(
            Said(
                need=quote.target_id,
                speaker=piece.person_id or ("nobody", root.pk),
                account=piece.account_id or employer.get(piece.person_id or 0),
                strength=quote.strength,
                day=timezone.localdate(piece.said_at),
                at=piece.said_at,
                source=piece.source,
            )
        )
    return found


def count_by_hand(said: list[Said]) -> dict[int, dict[str, Any]]:
    """The figures of each need."""
    revenue = {account.pk: account.revenue for account in Account.objects.filter(deleted_at__isnull=True)}
    by_need: dict[int, list[Said]] = defaultdict(list)
    for line in said:
        by_need[line.need].append(line)
    figures = {}
    for need, lines in by_need.items():
        loudest: dict[Any, int] = {}
        for line in lines:
            loudest[line.speaker] = max(line.strength, loudest.get(line.speaker, 0))
        accounts = {line.account for line in lines if line.account in revenue}
        figures[need] = {
            "quotes": len(lines),
            "people": len(loudest),
            "accounts": len(accounts),
            "revenue": sum((revenue[pk] or Decimal(0) for pk in accounts if pk), Decimal(0)),
            "strength": sum(loudest.values()),
            "deal_breakers": sum(1 for value in loudest.values() if value == 3),
            "first_at": min(line.at for line in lines),
            "latest_at": max(line.at for line in lines),
        }
    return figures


NOTHING = {
    "quotes": 0,
    "people": 0,
    "accounts": 0,
    "revenue": Decimal(0),
    "strength": 0,
    "deal_breakers": 0,
    "first_at": None,
    "latest_at": None,
}


def assert_same(found: list[outline_figures.Figures], expected: dict[int, dict[str, Any]]) -> None:
    for row in found:
        by_hand = expected.get(row.need_id, NOTHING)
        assert {name: getattr(row, name) for name in by_hand} == by_hand, row.number


class TestFigures:
    def test_kept_tallies_are_what_a_person_counts(self, world: outline_world.World) -> None:
        found = outline_figures.figures(Scope(workspace_id=world.workspace.pk))
        assert len(found) == 7  # eight, less the archived one
        assert_same(found, count_by_hand(read_by_hand(world)))

    def test_a_segment_counts_only_its_accounts(self, world: outline_world.World) -> None:
        for segment in world.segments:
            plan = segment.rule["conditions"][0]["value"]
            inside = set(
                Account.objects.filter(plan=plan, deleted_at__isnull=True).values_list("pk", flat=True)
            )
            said = [line for line in read_by_hand(world) if line.account in inside]
            found = outline_figures.figures(Scope(workspace_id=world.workspace.pk, segment=segment))
            assert_same(found, count_by_hand(said))

    def test_a_period_and_sources_narrow_what_counts(self, world: outline_world.World) -> None:
        today = timezone.localdate(world.now)
        since, until = today - dt.timedelta(days=300), today - dt.timedelta(days=40)
        scope = Scope(workspace_id=world.workspace.pk, since=since, until=until, sources=("call", "e-mail"))
        said = [
            line
            for line in read_by_hand(world)
            if since <= line.day < until and line.source in {"call", "e-mail"}
        ]
        assert_same(outline_figures.figures(scope), count_by_hand(said))

    def test_a_product_chooses_needs_not_words(self, world: outline_world.World, product: Product) -> None:
        found = outline_figures.figures(Scope(workspace_id=world.workspace.pk, product_id=product.pk))
        assert {row.number for row in found} == {
            need.number for need in Need.objects.filter(product=product, archived_at__isnull=True)
        }
        assert_same(found, count_by_hand(read_by_hand(world)))


class TestTrend:
    def test_people_and_voices_are_what_a_person_counts(self, world: outline_world.World) -> None:
        last = timezone.localdate(world.now)
        recent_from, before_from = last - dt.timedelta(days=89), last - dt.timedelta(days=359)
        scope = Scope(workspace_id=world.workspace.pk)
        found = outline_figures.trends(scope, need_ids=None, last=last)

        def window(day: dt.date) -> str:
            return (
                "recent"
                if recent_from <= day <= last
                else "before"
                if before_from <= day < recent_from
                else ""
            )

        spoken: dict[tuple[int, str], set[Any]] = defaultdict(set)
        for line in read_by_hand(world):
            spoken[line.need, window(line.day)].add(line.speaker)
        voices: dict[str, set[Any]] = defaultdict(set)
        records = {record.pk: record for record in Record.objects.filter(workspace=world.workspace)}
        for piece in Feedback.objects.all():
            own = records[piece.pk]
            root = records[own.merged_into_id] if own.merged_into_id else own
            if root.deleted_at is None:
                voices[window(timezone.localdate(piece.said_at))].add(piece.person_id or ("nobody", root.pk))
        for need in world.needs[:5]:
            assert found[need.pk].people == (
                len(spoken[need.pk, "before"]),
                len(spoken[need.pk, "recent"]),
            )
            assert found[need.pk].voices == (len(voices["before"]), len(voices["recent"]))

    def test_too_few_people_are_said_to_be_too_few(self) -> None:
        found = outline_figures.read_trend(people=(1, 2), voices=(50, 20))
        assert found.trend is None
        assert "takes 5 people" in found.refusal
        assert found.direction == "unclear"


class TestCoverage:
    def test_unlinked_pieces_are_counted(self, world: outline_world.World) -> None:
        live = Feedback.objects.in_workspace(world.workspace.pk)
        needs = set(Need.objects.in_workspace(world.workspace.pk).values_list("pk", flat=True))
        linked = 0
        for piece in live:
            own = {piece.pk, *Record.objects.filter(merged_into=piece.pk).values_list("pk", flat=True)}
            linked += Quote.objects.filter(feedback_id__in=own, target_id__in=needs).exists()
        found = outline_figures.coverage(Scope(workspace_id=world.workspace.pk))
        assert (found.pieces, found.linked) == (live.count(), linked)
        assert found.unlinked == live.count() - linked

    def test_what_is_remembered_ends_with_the_next_write(self, world: outline_world.World) -> None:
        scope = Scope(workspace_id=world.workspace.pk)
        before = outline_figures.coverage(scope)
        world.say(text="One more thing")
        assert outline_figures.coverage(scope).pieces == before.pieces + 1


class TestRanking:
    @pytest.mark.parametrize("rank", outline.RANKS)
    def test_entries_come_in_the_order_asked_for_and_ties_share_a_rank(
        self, world: outline_world.World, rank: outline.Rank
    ) -> None:
        question = outline.Question(scope=Scope(workspace_id=world.workspace.pk), rank=rank, limit=50)
        found = outline.read_outline(workspace=world.workspace, question=question, now=world.now)
        if rank == "trend":
            values: list[Any] = [entry.trend.rank for entry in found.entries]
        elif rank == "opportunity":
            values = [
                -1 if entry.figures.opportunity is None else entry.figures.opportunity
                for entry in found.entries
            ]
        else:
            values = [getattr(entry.figures, rank) for entry in found.entries]
        assert values == sorted(values, reverse=True)
        for entry, value in zip(found.entries, values, strict=True):
            assert entry.rank == 1 + sum(1 for other in values if other > value)
            assert entry.tied == (values.count(value) > 1)
        assert found.total + found.silent == 7

    def test_pages_of_the_ranking_join_to_the_whole(self, world: outline_world.World) -> None:
        scope = Scope(workspace_id=world.workspace.pk)
        whole = outline.read_outline(
            workspace=world.workspace, question=outline.Question(scope=scope, limit=50), now=world.now
        )
        keys: list[str] = []
        offset: int | None = 0
        while offset is not None:
            question = outline.Question(scope=scope, limit=2, offset=offset)
            page = outline.read_outline(workspace=world.workspace, question=question, now=world.now)
            keys += [entry.key for entry in page.entries]
            offset = page.next_offset
        assert keys == [entry.key for entry in whole.entries]

    def test_words_are_the_strongest_and_one_a_person(self, world: outline_world.World) -> None:
        question = outline.Question(scope=Scope(workspace_id=world.workspace.pk), limit=50, quotes=4)
        found = outline.read_outline(workspace=world.workspace, question=question, now=world.now)
        said = read_by_hand(world)
        for entry in found.entries:
            loudest: dict[Any, int] = {}
            for line in said:
                if line.need == entry.figures.need_id:
                    loudest[line.speaker] = max(line.strength, loudest.get(line.speaker, 0))
            assert [int(quote.strength) for quote in entry.quotes] == sorted(loudest.values(), reverse=True)[
                :4
            ]
            named = [quote.who for quote in entry.quotes if quote.who]
            assert len(named) == len(set(named))

    def test_segments_split_the_people(self, world: outline_world.World) -> None:
        question = outline.Question(scope=Scope(workspace_id=world.workspace.pk), limit=50)
        found = outline.read_outline(workspace=world.workspace, question=question, now=world.now)
        said, by_name = read_by_hand(world), sorted(world.segments, key=lambda segment: segment.title)
        for entry in found.entries:
            for share, segment in zip(entry.segments, by_name, strict=True):
                plan = segment.rule["conditions"][0]["value"]
                inside = set(
                    Account.objects.in_workspace(world.workspace.pk)
                    .filter(plan=plan)
                    .values_list("pk", flat=True)
                )
                lines = [
                    line for line in said if line.need == entry.figures.need_id and line.account in inside
                ]
                assert share.people == len({line.speaker for line in lines})
                assert share.accounts == len({line.account for line in lines})
