"""Votes count people once beside quotes, follow merges, and are taken back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from roadbed.core.evidence.models import EvidenceTally
from roadbed.core.records import services as records
from roadbed.core.records.models import Activity
from roadbed.core.tables import services as tables
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights import facade, services
from roadbed.modules.insights.models import Vote
from tests import people
from tests.insights import factories as make

NOW = people.NOW


def tally(record: Any) -> EvidenceTally:
    return EvidenceTally.objects.get(record_id=record.pk)


def vote(person: Any, target: Any, **more: Any) -> Vote:
    return services.vote(person=person, target=target, actor=make.ACTOR, at=NOW, **more)


@pytest.mark.django_db
class TestImporting:
    def test_an_undone_import_takes_its_votes_back_and_no_others(self, workspace: Workspace) -> None:
        need = make.need(workspace)
        mira, tom = make.person(workspace, email="mira@halden.example"), make.person(workspace, "Tom")
        vote(tom, need)
        text = f"Key,Voter,Email\n{need.key},Mira,mira@halden.example\n{need.key},Tom,\n{need.key},Nils,n@k.example\n"
        run = tables.create_import(
            workspace=workspace,
            target="votes",
            name="votes.csv",
            chunks=[text.encode()],
            actor=make.ACTOR,
            at=NOW,
        )
        tables.start_import(run=run, actor=make.ACTOR, at=NOW, is_inline=True)
        tables.run_import(run=run, actor=make.ACTOR, now=lambda: NOW)
        assert tally(need).voters == 3
        run.refresh_from_db()
        tables.start_undo(run=run, actor=make.ACTOR)
        tables.undo_import(run=run, actor=make.ACTOR, now=lambda: NOW)
        assert list(Vote.objects.values_list("person_id", flat=True)) == [tom.pk]
        assert (tally(need).voters, tally(need).people) == (1, 1)
        assert not mira.is_deleted, "who was known before stays"


@pytest.mark.django_db
class TestCounting:
    def test_a_voter_who_was_quoted_too_is_one_person(self, workspace: Workspace) -> None:
        need, mira = make.need(workspace), make.person(workspace)
        make.quote(make.feedback(workspace, person=mira), need, strength=2)
        vote(mira, need)
        vote(make.person(workspace, "Tom"), need)
        counted = tally(need)
        assert (counted.people, counted.votes, counted.voters, counted.quotes) == (2, 2, 2, 1)
        assert counted.strength == 2, "a vote says that somebody wants it, not how much"

    def test_a_vote_for_quoted_feedback_counts_for_what_it_backs(self, workspace: Workspace) -> None:
        need, piece = make.need(workspace), make.feedback(workspace, person_name="Mira")
        make.quote(piece, need)
        vote(make.person(workspace, "Tom"), piece)
        assert tally(need).people == 2
        services.remove_quote(quote=piece.quotes.get(), actor=make.ACTOR, at=NOW)
        assert tally(need).people == 0

    def test_votes_climb_to_the_account_and_its_revenue(self, workspace: Workspace) -> None:
        need = make.need(workspace)
        halden = make.account(workspace, revenue=Decimal(84_000))
        unpriced = make.account(workspace, "Copperline")
        vote(make.person(workspace, account=halden), need)
        vote(make.person(workspace, "Tom", account=unpriced), need)
        counted = tally(need)
        assert (counted.accounts, counted.revenue, counted.unpriced) == (2, Decimal(84_000), 1)
        services.change_account(
            account=unpriced, changes={"revenue": Decimal(6_000)}, actor=make.ACTOR, at=NOW
        )
        assert (tally(need).revenue, tally(need).unpriced) == (Decimal(90_000), 0)

    def test_voting_twice_is_voting_once(self, workspace: Workspace) -> None:
        need, mira = make.need(workspace), make.person(workspace)
        assert vote(mira, need).pk == vote(mira, need).pk
        assert tally(need).votes == 1
        assert Activity.objects.filter(verb="voted").count() == 1

    def test_a_vote_is_taken_back(self, workspace: Workspace) -> None:
        need, mira = make.need(workspace), make.person(workspace)
        vote(mira, need)
        assert services.unvote(person=mira, target=need, actor=make.ACTOR, at=NOW)
        assert not services.unvote(person=mira, target=need, actor=make.ACTOR, at=NOW)
        assert tally(need).people == 0

    def test_a_deleted_person_no_longer_counts(self, workspace: Workspace) -> None:
        need, mira = make.need(workspace), make.person(workspace)
        vote(mira, need)
        records.delete_record(record=mira, actor=make.ACTOR, at=NOW)
        assert tally(need).people == 0
        records.restore_record(record=mira, actor=make.ACTOR, at=NOW)
        assert tally(need).people == 1

    def test_nobody_votes_for_an_account_or_from_another_workspace(
        self, workspace: Workspace, eve: people.Someone
    ) -> None:
        mira = make.person(workspace)
        with pytest.raises(services.NotVotableError):
            vote(mira, make.account(workspace))
        with pytest.raises(services.NotVotableError):
            vote(mira, make.need(eve.member.workspace))


@pytest.mark.django_db
class TestMerging:
    def test_votes_follow_a_merged_need_and_come_back(self, workspace: Workspace) -> None:
        kept, gone = make.need(workspace), make.need(workspace, "The same in other words")
        mira, tom = make.person(workspace), make.person(workspace, "Tom")
        vote(mira, kept)
        vote(mira, gone, note="on the phone")
        vote(tom, gone)
        merge = records.merge_records(survivor=kept, merged=gone, actor=make.ACTOR, at=NOW)
        assert tally(kept).voters == 2
        records.undo_merge(merge=merge, actor=make.ACTOR, at=NOW)
        assert (tally(kept).voters, tally(gone).voters) == (1, 2)
        assert Vote.objects.get(person=mira, target_id=gone.pk).note == "on the phone"

    def test_a_merged_person_votes_once(self, workspace: Workspace) -> None:
        need, other = make.need(workspace), make.need(workspace, "Hear of a delay")
        mira, twin = make.person(workspace), make.person(workspace, "M. Oduya")
        vote(mira, need)
        vote(twin, need)
        vote(twin, other)
        merge = records.merge_records(survivor=mira, merged=twin, actor=make.ACTOR, at=NOW)
        assert (tally(need).people, tally(other).people) == (1, 1)
        assert facade.votes_of(person_id=mira.pk) == {need.pk, other.pk}
        records.undo_merge(merge=merge, actor=make.ACTOR, at=NOW)
        assert tally(need).people == 2


@pytest.mark.django_db
class TestFacade:
    def test_the_portal_votes_by_number(self, workspace: Workspace) -> None:
        piece = make.feedback(workspace, person_name="Mira")
        tom = facade.person_for(
            workspace=workspace, email="Tom@halden.example", name="Tom", actor=make.ACTOR, at=NOW
        )
        place = {"workspace_id": workspace.pk, "person_id": tom.id, "record_id": piece.pk}
        facade.vote(**place, actor=make.ACTOR, at=NOW)
        assert facade.count_voters(record_ids=[piece.pk]) == {piece.pk: 2}, "the author is one of them"
        assert facade.votes_of(person_id=tom.id, record_ids=[piece.pk]) == {piece.pk}
        assert facade.unvote(**place, actor=make.ACTOR, at=NOW)
        assert facade.count_voters(record_ids=[piece.pk]) == {piece.pk: 1}

    def test_an_author_who_votes_for_their_own_is_one(self, workspace: Workspace) -> None:
        mira = make.person(workspace)
        piece = make.feedback(workspace, person=mira)
        vote(mira, piece)
        assert facade.count_voters(record_ids=[piece.pk]) == {piece.pk: 1}
