"""What stands behind a need or a feature is counted exactly, whichever door a change comes through."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadbed.core.evidence.models import EvidenceTally
from roadbed.core.records import services as records
from roadbed.core.records.models import Link, Record, Relation
from roadbed.core.workspaces.models import Product, Workspace
from roadbed.modules.insights import services
from roadbed.modules.insights.models import Account, Feedback, Quote
from roadbed.modules.roadmap import services as roadmap
from tests import people
from tests.insights import factories as make

FIGURES = ("quotes", "people", "accounts", "revenue", "strength", "deal_breakers", "first_at", "latest_at")


def tally(record: Record) -> EvidenceTally:
    return EvidenceTally.objects.get(record_id=record.pk)


def feature(workspace: Workspace, product: Product, title: str, parent: Any = None) -> Any:
    draft = roadmap.Draft(title=title, product=product, parent=parent)
    made, _ = roadmap.create_feature(workspace=workspace, draft=draft, actor=make.ACTOR, at=people.NOW)
    return made


def by_hand(record: Record, below: dict[int, set[int]]) -> dict[str, Any]:
    """The definition, counted naively."""
    live = set(Record.objects.filter(deleted_at__isnull=True).values_list("pk", flat=True))
    members = ({record.pk} | below.get(record.pk, set())) & live
    sources = set(members)
    for link in Link.objects.filter(
        source_id__in=members, relation__in=["answers", "delivers"], target__kind="need"
    ):
        if link.target_id in live:
            sources.add(link.target_id)
    strongest: dict[int, int] = defaultdict(int)
    accounts: set[int] = set()
    moments = []
    count = 0
    for quote in Quote.objects.select_related("feedback__person", "feedback__merged_into"):
        piece = quote.feedback
        survivor = piece.merged_into
        alive = piece.deleted_at is None or (survivor is not None and survivor.deleted_at is None)
        if quote.target_id not in sources or not alive:
            continue
        count += 1
        moments.append(piece.said_at)
        speaker = piece.person_id or -(piece.merged_into_id or piece.pk)
        strongest[speaker] = max(strongest[speaker], quote.strength)
        account = piece.account_id or (piece.person.account_id if piece.person else None)
        if account is not None and account in live:
            accounts.add(account)
    revenue = sum((one.revenue or Decimal(0) for one in Account.objects.filter(pk__in=accounts)), Decimal(0))
    return {
        "quotes": count,
        "people": len(strongest),
        "accounts": len(accounts),
        "revenue": revenue,
        "strength": sum(strongest.values()),
        "deal_breakers": sum(1 for one in strongest.values() if one == 3),
        "first_at": min(moments, default=None),
        "latest_at": max(moments, default=None),
    }


@pytest.mark.django_db
class TestDefinition:
    def test_a_person_counts_once_with_the_strongest_thing_they_said(self, workspace: Workspace) -> None:
        need, mira = make.need(workspace), make.person(workspace)
        for strength in (1, 3, 0):
            make.quote(make.feedback(workspace, person=mira), need, strength=strength)
        assert (tally(need).quotes, tally(need).people, tally(need).strength) == (3, 1, 3)
        assert tally(need).deal_breakers == 1

    def test_unnamed_speakers_count_piece_by_piece(self, workspace: Workspace) -> None:
        need, piece = make.need(workspace), make.feedback(workspace)
        make.quote(piece, need)
        make.quote(piece, need, start=5, end=9)
        make.quote(make.feedback(workspace), need)
        assert tally(need).people == 2

    def test_an_account_pays_once(self, workspace: Workspace) -> None:
        need, halden = make.need(workspace), make.account(workspace, revenue=Decimal(84000))
        make.quote(make.feedback(workspace, account=halden), need)
        make.quote(make.feedback(workspace, person=make.person(workspace, account=halden)), need)
        assert (tally(need).accounts, tally(need).revenue) == (1, Decimal(84000))

    def test_an_account_is_found_through_its_person(self, workspace: Workspace) -> None:
        need, halden = make.need(workspace), make.account(workspace, revenue=Decimal(10))
        piece = make.feedback(workspace, person=make.person(workspace, account=halden))
        Feedback.objects.filter(pk=piece.pk).update(account=None)
        make.quote(piece, need)
        assert tally(need).accounts == 1

    def test_a_feature_has_what_the_needs_it_answers_have(
        self, workspace: Workspace, product: Product
    ) -> None:
        need = make.need(workspace)
        parent = feature(workspace, product, "Live tracking")
        child = feature(workspace, product, "Reroute", parent)
        make.quote(make.feedback(workspace), need)
        link = records.create_link(
            source=child, target=need, relation=Relation.ANSWERS, actor=make.ACTOR, at=people.NOW
        )
        assert (tally(child).people, tally(parent).people) == (1, 1)
        make.quote(make.feedback(workspace), parent)
        assert (tally(child).people, tally(parent).people) == (1, 2)
        records.remove_link(link=link, actor=make.ACTOR, at=people.NOW)
        assert (tally(child).people, tally(parent).people) == (0, 1)

    def test_quotes_on_the_branch_climb_to_the_root(self, workspace: Workspace, product: Product) -> None:
        parts: list[Any] = []
        for title in ("Area", "Group", "Leaf"):
            parts.append(feature(workspace, product, title, parts[-1] if parts else None))
        make.quote(make.feedback(workspace), parts[-1], strength=3)
        assert [tally(part).deal_breakers for part in parts] == [1, 1, 1]
        records.delete_record(record=parts[-1], actor=make.ACTOR, at=people.NOW)
        assert [tally(part).deal_breakers for part in parts[:2]] == [0, 0]


@pytest.mark.django_db
class TestFollowing:
    def test_deleting_and_restoring_feedback(self, workspace: Workspace) -> None:
        need, piece = make.need(workspace), make.feedback(workspace)
        make.quote(piece, need)
        records.delete_record(record=piece, actor=make.ACTOR, at=people.NOW)
        assert tally(need).quotes == 0
        records.restore_record(record=piece, actor=make.ACTOR, at=people.NOW)
        assert tally(need).quotes == 1

    def test_a_change_of_revenue(self, workspace: Workspace) -> None:
        need, halden = make.need(workspace), make.account(workspace, revenue=Decimal(10))
        make.quote(make.feedback(workspace, account=halden), need)
        services.change_account(
            account=halden, changes={"revenue": Decimal(25)}, actor=make.ACTOR, at=people.NOW
        )
        assert tally(need).revenue == 25

    def test_a_person_who_moves_to_another_account(self, workspace: Workspace) -> None:
        need, mira = make.need(workspace), make.person(workspace)
        make.quote(make.feedback(workspace, person=mira), need)
        halden = make.account(workspace, revenue=Decimal(5))
        services.change_person(person=mira, changes={"account": halden}, actor=make.ACTOR, at=people.NOW)
        assert (tally(need).accounts, tally(need).revenue) == (1, Decimal(5))

    def test_merging_people_makes_them_one_voice_and_undo_two(self, workspace: Workspace) -> None:
        need = make.need(workspace)
        mira, twin = make.person(workspace), make.person(workspace, name="M. Oduya")
        for one in (mira, twin):
            make.quote(make.feedback(workspace, person=one), need)
        merge = records.merge_records(survivor=mira, merged=twin, actor=make.ACTOR, at=people.NOW)
        assert tally(need).people == 1
        records.undo_merge(merge=merge, actor=make.ACTOR, at=people.NOW)
        assert tally(need).people == 2

    def test_merging_accounts_brings_their_people_along(self, workspace: Workspace) -> None:
        need = make.need(workspace)
        halden = make.account(workspace, revenue=Decimal(7))
        twin = make.account(workspace, "Halden Ltd", revenue=Decimal(3))
        mira = make.person(workspace, account=twin)
        make.quote(make.feedback(workspace, account=halden), need)
        make.quote(make.feedback(workspace, person=mira), need)
        assert tally(need).revenue == 10
        merge = records.merge_records(survivor=halden, merged=twin, actor=make.ACTOR, at=people.NOW)
        mira.refresh_from_db()
        assert (mira.account, tally(need).accounts, tally(need).revenue) == (halden, 1, Decimal(7))
        records.undo_merge(merge=merge, actor=make.ACTOR, at=people.NOW)
        mira.refresh_from_db()
        assert (mira.account, tally(need).accounts, tally(need).revenue) == (twin, 2, Decimal(10))

    def test_merged_feedback_keeps_its_wording_and_its_voice(self, workspace: Workspace) -> None:
        need = make.need(workspace)
        first = make.feedback(workspace, "It hurts", person=make.person(workspace, "One"))
        second = make.feedback(workspace, "It hurts a lot", person=make.person(workspace, "Two"))
        make.quote(second, need, end=14)
        merge = records.merge_records(survivor=first, merged=second, actor=make.ACTOR, at=people.NOW)
        assert tally(need).people == 1
        assert Quote.objects.get().text == "It hurts a lot"
        assert Link.objects.get(relation="supports").source_id == first.pk
        records.delete_record(record=first, actor=make.ACTOR, at=people.NOW)
        assert tally(need).people == 0
        records.restore_record(record=first, actor=make.ACTOR, at=people.NOW)
        records.undo_merge(merge=merge, actor=make.ACTOR, at=people.NOW)
        assert tally(need).people == 1

    def test_merging_needs_keeps_the_stronger_of_two_quotes_on_the_same_words(
        self, workspace: Workspace
    ) -> None:
        need, twin, piece = make.need(workspace), make.need(workspace, "Reroute"), make.feedback(workspace)
        make.quote(piece, need, strength=1)
        make.quote(piece, twin, strength=3)
        merge = records.merge_records(survivor=need, merged=twin, actor=make.ACTOR, at=people.NOW)
        assert (tally(need).quotes, tally(need).strength) == (1, 3)
        records.undo_merge(merge=merge, actor=make.ACTOR, at=people.NOW)
        assert (tally(need).strength, tally(twin).strength) == (1, 3)

    def test_everything_can_be_counted_anew(self, workspace: Workspace) -> None:
        need = make.need(workspace)
        make.quote(make.feedback(workspace), need)
        EvidenceTally.objects.all().delete()
        assert list(services.recount_everything(workspace_id=workspace.pk, at=people.NOW)) == [1]
        assert tally(need).quotes == 1


TARGETS, PIECES, PEOPLE, ACCOUNTS = 5, 6, 3, 3
deeds = st.lists(
    st.one_of(
        st.tuples(
            st.just("quote"), st.integers(0, PIECES - 1), st.integers(0, TARGETS - 1), st.integers(0, 3)
        ),
        st.tuples(st.just("unquote"), st.integers(0, 20), st.just(0), st.just(0)),
        st.tuples(st.just("delete"), st.integers(0, PIECES - 1), st.just(0), st.just(0)),
        st.tuples(st.just("merge"), st.integers(0, PIECES - 1), st.integers(0, PIECES - 1), st.just(0)),
        st.tuples(
            st.just("merge people"), st.integers(0, PEOPLE - 1), st.integers(0, PEOPLE - 1), st.just(0)
        ),
        st.tuples(st.just("answer"), st.integers(0, 2), st.integers(3, TARGETS - 1), st.just(0)),
        st.tuples(st.just("revenue"), st.integers(0, ACCOUNTS - 1), st.integers(0, 999), st.just(0)),
        st.tuples(st.just("delete target"), st.integers(0, TARGETS - 1), st.just(0), st.just(0)),
    ),
    max_size=14,
)


@pytest.mark.django_db(transaction=False)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=deeds)
def test_any_story_ends_with_what_a_count_by_hand_gives(
    workspace: Workspace, product: Product, story: Any
) -> None:
    accounts = [make.account(workspace, f"Account {i}", revenue=Decimal(100 * i)) for i in range(ACCOUNTS)]
    speakers = [
        make.person(workspace, f"Person {i}", account=accounts[0] if i == 0 else None) for i in range(PEOPLE)
    ]
    pieces = [
        make.feedback(
            workspace,
            person=speakers[i] if i < PEOPLE else None,
            account=accounts[i] if 0 < i < ACCOUNTS else None,
            said_at=people.NOW - timedelta(days=i),
        )
        for i in range(PIECES)
    ]
    root = feature(workspace, product, "Root")
    child = feature(workspace, product, "Child", root)
    leaf = feature(workspace, product, "Leaf", child)
    targets: list[Any] = [root, child, leaf, make.need(workspace, "First"), make.need(workspace, "Second")]
    below = {root.pk: {child.pk, leaf.pk}, child.pk: {leaf.pk}}
    act: Any = {"actor": make.ACTOR, "at": people.NOW}

    def alive(record: Record) -> bool:
        return Record.objects.filter(pk=record.pk, deleted_at__isnull=True).exists()

    for verb, one, two, level in story:
        if verb == "quote" and alive(pieces[one]) and alive(targets[two]):
            make.quote(pieces[one], targets[two], strength=level)
        elif verb == "unquote" and (quote := Quote.objects.order_by("pk")[one : one + 1].first()):
            services.remove_quote(quote=quote, **act)
        elif verb == "delete" and alive(pieces[one]):
            records.delete_record(record=pieces[one], **act)
        elif verb == "merge" and one != two and alive(pieces[one]) and alive(pieces[two]):
            records.merge_records(survivor=pieces[one], merged=pieces[two], **act)
        elif verb == "merge people" and one != two and alive(speakers[one]) and alive(speakers[two]):
            records.merge_records(survivor=speakers[one], merged=speakers[two], **act)
        elif verb == "answer" and alive(targets[one]) and alive(targets[two]):
            records.create_link(source=targets[one], target=targets[two], relation=Relation.ANSWERS, **act)
        elif verb == "revenue":
            services.change_account(
                account=Account.objects.get(pk=accounts[one].pk), changes={"revenue": Decimal(two)}, **act
            )
        elif verb == "delete target" and two == 0 and one >= 3 and alive(targets[one]):
            records.delete_record(record=targets[one], **act)
    for target in targets:
        if alive(target):
            found = tally(target)
            assert {name: getattr(found, name) for name in FIGURES} == by_hand(target, below), target.title
    before = {row.pk: [getattr(row, name) for name in FIGURES] for row in EvidenceTally.objects.all()}
    list(services.recount_everything(workspace_id=workspace.pk, at=people.NOW))
    live = EvidenceTally.objects.filter(record__in=targets, record__deleted_at__isnull=True)
    assert all(before[row.pk] == [getattr(row, name) for name in FIGURES] for row in live)
    # Each example starts from nothing.
    Quote.objects.all().delete()
    Link.objects.all().delete()
