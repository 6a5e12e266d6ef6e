"""Pieces that say the same: found, decided by people, merged by themselves where that is wanted, and taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from roadbed.core.jobs import services as jobs
from roadbed.core.records import services as records
from roadbed.core.records.models import Activity
from roadbed.core.vectors import services as vectors
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights.models import Double, Feedback, Quote
from roadbed.modules.insights.selectors import doubles as selectors
from roadbed.modules.insights.services import doubles
from tests import people
from tests.insights import factories as make
from tests.people import Someone

pytestmark = pytest.mark.django_db
SAID = "The map is blank in every underground car park"


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> None:
    """Vectors are kept in files beside the database; each test has its own."""
    settings.ROADBED_DATA = tmp_path


def embed(workspace: Workspace) -> None:
    vectors.catch_up(workspace_id=workspace.pk)


def find(workspace: Workspace) -> int | None:
    embed(workspace)
    return doubles.find(workspace_id=workspace.pk, at=people.NOW)


def pair(workspace: Workspace) -> Double:
    make.feedback(workspace, SAID)
    make.feedback(workspace, f"{SAID}!")
    find(workspace)
    return Double.objects.get()


class TestFinding:
    def test_a_piece_that_says_the_same_is_found_with_the_reason(self, workspace: Workspace) -> None:
        one, other = make.feedback(workspace, SAID), make.feedback(workspace, f"{SAID}!")
        make.feedback(workspace, "Invoices come twice a month and in another currency")
        assert find(workspace) == 1
        found = Double.objects.get()
        assert (found.older_id, found.newer_id, found.state) == (one.pk, other.pk, "open")
        assert found.score > 0.9
        assert found.why

    def test_each_is_compared_once(self, workspace: Workspace) -> None:
        pair(workspace)
        assert find(workspace) == 0

    def test_while_typing(self, workspace: Workspace) -> None:
        make.feedback(workspace, SAID)
        embed(workspace)
        found = selectors.similar_to(
            workspace_id=workspace.pk, text="the map is blank in each underground car"
        )
        assert [one.piece.text for one in found] == [SAID]
        assert "both say" in found[0].why
        assert selectors.similar_to(workspace_id=workspace.pk, text="map") == []

    def test_many_at_once_take_the_same_road(
        self, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(doubles, "FEW", 3)
        for number in range(6):
            make.feedback(
                workspace, SAID if number % 2 else f"Another matter entirely, number {number} of several"
            )
        found = find(workspace)
        assert found
        assert all(one.older_id < one.newer_id for one in Double.objects.all())

    def test_ten_thousand_copies_do_not_make_a_million_pairs(
        self, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(doubles, "FEW", 3)
        for _ in range(60):
            make.feedback(workspace, SAID)
        find(workspace)
        assert Double.objects.count() == 59

    def test_another_workspace_is_not_looked_at(self, eve: Someone, workspace: Workspace) -> None:
        make.feedback(eve.member.workspace, SAID)
        own = make.feedback(workspace, SAID)
        embed(eve.member.workspace)
        assert find(workspace) == 0
        found = selectors.similar_to(workspace_id=workspace.pk, text=f"{SAID} again", without=[own.pk])
        assert found == []

    def test_the_job_waits_for_the_vectors(self, workspace: Workspace) -> None:
        make.feedback(workspace, SAID)
        assert doubles.find(workspace_id=workspace.pk, at=people.NOW) is None
        jobs.run_waiting()


class TestDeciding:
    def test_a_merge_keeps_every_wording_person_and_quote(self, ben: Someone, workspace: Workspace) -> None:
        mira, jo = make.person(workspace), make.person(workspace, "Jo Vale")
        first = make.feedback(workspace, SAID, person=mira)
        second = make.feedback(workspace, f"{SAID}!", person=jo)
        need = make.need(workspace)
        make.quote(first, need)
        make.quote(second, need)
        find(workspace)
        doubles.merge(double=Double.objects.get(), actor=ben.actor, at=people.NOW)
        second.refresh_from_db()
        assert second.merged_into_id == first.pk
        assert (second.text, second.person_id) == (f"{SAID}!", jo.pk)
        assert Quote.objects.filter(target=need.pk).count() == 2

    def test_not_a_duplicate_is_remembered(self, ben: Someone, workspace: Workspace) -> None:
        doubles.keep_apart(double=pair(workspace), actor=ben.actor, at=people.NOW)
        found = [doubles.Found(*Double.objects.values_list("older_id", "newer_id").get(), 0.99, "again")]
        assert doubles.keep(workspace_id=workspace.pk, found=found, at=people.NOW) == 0
        assert not selectors.to_decide(workspace_id=workspace.pk).exists()

    def test_every_decision_is_taken_back(self, ben: Someone, workspace: Workspace) -> None:
        found = pair(workspace)
        for decide in (doubles.merge, doubles.keep_apart, doubles.skip):
            decide(double=found, actor=ben.actor, at=people.NOW)
            assert not selectors.to_decide(workspace_id=workspace.pk).exists()
            doubles.reopen(double=found, actor=ben.actor, at=people.NOW)
            assert selectors.to_decide(workspace_id=workspace.pk).count() == 1
        assert Feedback.objects.in_workspace(workspace.pk).count() == 2

    def test_unmerged_by_hand_it_waits_again(self, ben: Someone, workspace: Workspace) -> None:
        found = doubles.merge(double=pair(workspace), actor=ben.actor, at=people.NOW)
        assert found.merge is not None
        records.undo_merge(merge=found.merge, actor=ben.actor, at=people.NOW)
        found.refresh_from_db()
        assert found.state == "open"

    def test_twice_is_refused(self, ben: Someone, workspace: Workspace) -> None:
        found = pair(workspace)
        doubles.merge(double=found, actor=ben.actor, at=people.NOW)
        with pytest.raises(ValidationError, match="already"):
            doubles.merge(double=found, actor=ben.actor, at=people.NOW)


class TestByItself:
    def choose(self, workspace: Workspace, merge_from: float = 0.9) -> None:
        doubles.choose(
            workspace=workspace, merges_doubles=True, merge_from=merge_from, actor=make.ACTOR, at=people.NOW
        )

    def test_off_nothing_is_merged(self, workspace: Workspace) -> None:
        pair(workspace)
        assert Feedback.objects.in_workspace(workspace.pk).count() == 2

    def test_on_the_surest_are_merged_noted_and_undone(self, ben: Someone, workspace: Workspace) -> None:
        self.choose(workspace)
        found = pair(workspace)
        assert (found.state, found.is_automatic) == ("merged", True)
        deed = Activity.objects.get(verb="merged")
        assert (deed.actor_name, deed.via) == ("Duplicates", "job")
        doubles.reopen(double=found, actor=ben.actor, at=people.NOW)
        assert Feedback.objects.in_workspace(workspace.pk).count() == 2

    def test_what_is_less_alike_waits_for_a_person(self, workspace: Workspace) -> None:
        self.choose(workspace, 1.0)
        make.feedback(workspace, SAID)
        make.feedback(workspace, "In an underground car park the map is blank, in every one of them")
        find(workspace)
        assert not Double.objects.filter(state="merged").exists()

    @pytest.mark.parametrize("merge_from", [0.2, 1.4])
    def test_a_careless_threshold_is_refused(self, workspace: Workspace, merge_from: float) -> None:
        with pytest.raises(ValidationError):
            self.choose(workspace, merge_from)
