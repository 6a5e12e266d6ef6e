"""What-if plans: only what differs is held, dates are shown at once, and nothing is written over unasked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from roadbed.core.records.models import Activity
from roadbed.modules.roadmap import services
from roadbed.modules.roadmap.models import Branch, BranchChange, Dependency, Estimate, Feature, Status
from roadbed.modules.roadmap.selectors import branches as reading
from roadbed.modules.roadmap.services import branch_merging, branching
from tests.roadmap.test_forecasts import World

DAY = timedelta(days=1)
SURE = (5.0, 5.0, 5.0)
WISH = branching.Wish


@pytest.fixture
def world(workspace, ben, make_feature, now) -> World:
    return World(workspace=workspace, ben=ben, make_feature=make_feature, now=now)


@pytest.fixture
def branch(workspace, ben, now) -> Branch:
    return branching.create_branch(
        workspace=workspace, title="Mobile first", description="What if?", actor=ben.actor, at=now
    )


@pytest.fixture
def change(branch, ben, now) -> Any:
    def change(feature: Feature, *wishes: branching.Wish) -> list[BranchChange]:
        return branching.change_in_branch(
            branch=branch, feature=feature, wishes=list(wishes), actor=ben.actor, at=now
        )

    return change


def merge(branch: Branch, ben: Any, now: Any, **options: Any) -> branch_merging.Merged:
    fresh = reading.access_branch(workspace_id=branch.workspace_id, number=branch.number)
    return branch_merging.merge_branch(branch=fresh, actor=ben.actor, at=now, **options)


class TestChanging:
    def test_the_plan_stays_as_it_is_and_the_dates_of_both_are_there(self, world, branch, change, now):
        first, second = world.add("First", SURE), world.add("Second", SURE)
        world.team = world.add_team("Alone", seats=1)
        Feature.objects.filter(pk__in=[first.pk, second.pk]).update(team=world.team)
        change(second, WISH("place", {"horizon": "now", "before": first}))
        outlook = reading.access_branch(workspace_id=branch.workspace_id, number=branch.number).outlook
        main, branched = outlook.main["rows"], outlook.branched["rows"]
        assert main[str(first.pk)]["start"] < main[str(second.pk)]["start"]
        assert branched[str(second.pk)]["start"] < branched[str(first.pk)]["start"]
        moved = reading.moved_between(outlook.main, outlook.branched, workspace_id=branch.workspace_id)
        days = {one.record.title: one.p85 for one in moved}
        assert days == {"First": 7, "Second": -7}
        assert Feature.objects.get(pk=second.pk).rank == second.rank
        assert outlook.branched["load"] != outlook.main["load"] or outlook.branched["load"]
        verbs = Activity.objects.filter(record=branch).values_list("verb", flat=True)
        assert "changed in the branch" in verbs

    def test_everything_that_can_differ_is_laid_over(self, world, branch, change, now):
        first, second = world.add("First", SURE), world.add("Second", SURE)
        other = world.add_team("Other")
        later = now.date() + 30 * DAY
        change(
            second,
            WISH("effort", {"low": 8, "likely": 10, "high": 20}),
            WISH("team", other.pk),
            WISH("not_before", later),
            WISH("due_date", later + 60 * DAY),
            WISH("due_kind", "hard"),
            WISH("waits", {"tie": "fs", "lag": 2}, other=first),
        )
        change(first, WISH("status", Status.DROPPED, why="Nobody asked"))
        found = {one.label: one for one in reading.differences(branch)}
        assert found["Effort"].after == "8 to 20 days, middle 11.8"
        assert found["Team"].after == "Other"
        assert found[f"Waits for {first.key}"].after == "finish to start, 2 days between"
        outlook = reading.access_branch(workspace_id=branch.workspace_id, number=branch.number).outlook
        row = outlook.branched["rows"][str(second.pk)]
        assert row["start"] >= later.isoformat()
        assert row["team"] == other.pk
        assert row["is_hard"] is True
        assert str(first.pk) not in outlook.branched["rows"]
        # What says the same as the plan again is no change any more.
        change(second, WISH("team", second.team_id))
        assert "Team" not in {one.label for one in reading.differences(branch)}

    def test_what_the_plan_would_refuse_a_branch_refuses_too(self, world, branch, change, ben, now):
        first, second = world.add("First", SURE), world.add("Second", SURE)
        world.wait(second, first)
        for wish, words in (
            (WISH("waits", {"tie": "fs"}, other=second), "circle"),
            (WISH("effort", {"low": 9, "likely": 4, "high": 2}), "above the high end"),
            (WISH("team", 10**9), "no such choice"),
            (WISH("status", "shipped"), "leave it an idea"),
            (WISH("status", "dropped"), "Say why"),
            (WISH("not_before", "soon"), "no day"),
        ):
            with pytest.raises(ValidationError) as caught:
                change(first, wish)
            assert words in " ".join(caught.value.messages)
        third = world.add("Third", SURE)
        change(third, WISH("waits", {"tie": "fs"}, other=second))
        with pytest.raises(ValidationError, match="circle"):
            change(first, WISH("waits", {"tie": "fs"}, other=third))
        branching.discard_branch(branch=branch, actor=ben.actor, at=now)
        with pytest.raises(branching.ClosedBranchError):
            change(first, WISH("not_before", now.date()))


class TestMerging:
    def test_in_part_then_whole_and_back_as_one(self, world, branch, change, ben, now):
        first, second = world.add("First", SURE), world.add("Second", SURE)
        later = now.date() + 40 * DAY
        (one,) = change(first, WISH("not_before", later))
        change(
            second,
            WISH("effort", {"low": 2, "likely": 3, "high": 9}),
            WISH("waits", {"tie": "ss", "lag": 0}, other=first),
            WISH("place", {"horizon": "now", "before": first}),
            WISH("status", Status.DEVELOPMENT),
        )
        found = merge(branch, ben, now, only=[one.pk])
        assert (found.taken, found.left) == (1, 4)
        assert Feature.objects.get(pk=first.pk).not_before == later
        assert Branch.objects.get(pk=branch.pk).state == "open"
        found = merge(branch, ben, now)
        assert (found.taken, found.left) == (4, 0)
        assert Branch.objects.get(pk=branch.pk).state == "merged"
        merged = Feature.objects.get(pk=second.pk)
        assert merged.rank < Feature.objects.get(pk=first.pk).rank
        assert merged.status == "development"
        assert Estimate.objects.get(feature=second, is_current=True).p50 == pytest.approx(3.8, abs=0.1)
        assert Dependency.objects.get(feature=second).tie == "ss"
        services.undo_deed(deed=found.deed, actor=ben.actor, at=now)
        back = Feature.objects.get(pk=second.pk)
        assert (back.status, back.rank) == ("planned", second.rank)
        assert not Dependency.objects.filter(feature=second).exists()
        assert Estimate.objects.get(feature=second, is_current=True).p50 == 5.0
        # The branch is as before that merge too: open, its four changes waiting, none of them in doubt.
        again = Branch.objects.get(pk=branch.pk)
        assert again.state == "open"
        assert [one.clash for one in reading.differences(again)] == [""] * 4
        assert merge(again, ben, now).taken == 4

    def test_a_merge_of_which_nothing_can_be_undone_stays_merged(self, world, branch, change, ben, now):
        first = world.add("First", SURE)
        change(first, WISH("not_before", now.date() + 40 * DAY))
        found = merge(branch, ben, now)
        first.refresh_from_db()
        theirs = {"not_before": now.date() + 50 * DAY}
        services.change_feature(feature=first, changes=theirs, actor=ben.actor, at=now)
        with pytest.raises(services.NotUndoableError):
            services.undo_deed(deed=found.deed, actor=ben.actor, at=now)
        assert Branch.objects.get(pk=branch.pk).state == "merged"

    def test_what_both_changed_is_asked_about(self, world, branch, change, ben, now):
        first, second = world.add("First", SURE), world.add("Second", SURE)
        later, theirs = now.date() + 40 * DAY, now.date() + 50 * DAY
        change(first, WISH("not_before", later))
        change(second, WISH("not_before", later))
        services.change_feature(feature=first, changes={"not_before": theirs}, actor=ben.actor, at=now)
        services.change_feature(feature=second, changes={"not_before": later}, actor=ben.actor, at=now)
        clash = {one.record.title: one.clash for one in reading.differences(branch)}
        assert clash == {"First": "moved", "Second": "same"}
        with pytest.raises(branch_merging.BranchConflictError, match=first.key):
            merge(branch, ben, now)
        assert Feature.objects.get(pk=first.pk).not_before == theirs
        change_id = BranchChange.objects.get(branch=branch, record=first).pk
        merge(branch, ben, now, over=[change_id])
        assert Feature.objects.get(pk=first.pk).not_before == later

    def test_the_plans_value_may_stand(self, world, branch, change, ben, now):
        first = world.add("First", SURE)
        (one,) = change(first, WISH("not_before", now.date() + 40 * DAY))
        services.change_feature(
            feature=first, changes={"not_before": now.date() + 9 * DAY}, actor=ben.actor, at=now
        )
        assert merge(branch, ben, now, dropped=[one.pk]).left == 0
        assert Feature.objects.get(pk=first.pk).not_before == now.date() + 9 * DAY

    def test_what_left_the_plan_is_said(self, world, branch, change, ben, now):
        first = world.add("First", SURE)
        (one,) = change(first, WISH("not_before", now.date() + 40 * DAY))
        services.delete_feature(feature=first, actor=ben.actor, at=now)
        assert [each.clash for each in reading.differences(branch)] == ["gone"]
        with pytest.raises(ValidationError, match="no longer in the plan"):
            merge(branch, ben, now, only=[one.pk])


class TestApproval:
    def test_nothing_is_merged_while_it_waits_and_a_change_needs_a_new_one(
        self, world, branch, change, ada, ben, cleo, now
    ):
        first = world.add("First", SURE)
        with pytest.raises(ValidationError, match="changes nothing"):
            branching.ask_approval(branch=branch, approver=ada.member, actor=ben.actor, at=now)
        change(first, WISH("not_before", now.date() + 40 * DAY))
        with pytest.raises(ValidationError, match="may not change the plan"):
            branching.ask_approval(branch=branch, approver=cleo.member, actor=ben.actor, at=now)
        branching.ask_approval(branch=branch, approver=ada.member, actor=ben.actor, at=now)
        with pytest.raises(ValidationError, match="waits for approval"):
            merge(branch, ben, now)
        decision = {"branch": branch, "member": ben.member, "actor": ben.actor, "at": now}
        with pytest.raises(ValidationError, match="Somebody else"):
            branching.decide(is_approved=True, words="", **decision)
        decision |= {"member": ada.member, "actor": ada.actor}
        with pytest.raises(ValidationError, match="Say why"):
            branching.decide(is_approved=False, words=" ", **decision)
        assert branching.decide(is_approved=True, words="Good", **decision).state == "approved"
        change(first, WISH("not_before", now.date() + 41 * DAY))
        assert Branch.objects.get(pk=branch.pk).state == "open"


class TestPages:
    def test_from_a_question_to_a_merged_plan(
        self, world, ada, ben, dan, eve, workspace, django_assert_max_num_queries
    ):
        first, second = world.add("First", SURE), world.add("Second", SURE)
        assert "No branches yet" in dan.get("roadmap/branches/").content.decode()
        assert dan.post("roadmap/branches/new/", {"title": "x"}).status_code == 403
        assert ben.post("roadmap/branches/new/", {"title": "Later"}).status_code == 302
        place = "roadmap/branches/1/"
        assert ben.post(f"{place}changes/new/", {"feature": "F-999"}).status_code == 422
        answer = ben.post(f"{place}changes/new/", {"feature": first.key})
        assert answer.headers["Location"].endswith(f"?feature={first.key}")
        form = ben.get(f"{place}changes/new/?feature={first.key}").context["form"]
        said = {
            name: form[name].value() if form[name].value() is not None else "" for name in form.fields
        } | {"not_before": "2027-03-01", "low": "2", "likely": "9", "high": "30"}
        assert ben.post(f"{place}changes/new/?feature={first.key}", said).status_code == 302
        assert (
            ben.post(f"{place}waits/new/", {"feature": second.key, "on": first.key, "tie": "fs"}).status_code
            == 302
        )
        text = dan.get(place).content.decode()
        for words in ("1 Mar 2027", "later", f"Waits for {first.key}", "5 to 5 days", "3 changes", "same"):
            assert words in text, words
        assert "style=" not in text.partition("<main")[2]
        assert eve.get(f"/w/{workspace.slug}/{place}").status_code == 404
        ben.post("roadmap/branches/new/", {"title": "Other"})
        compared = dan.get(f"{place}?with=2").content.decode()
        assert "Where the two differ" in compared
        assert ben.post(f"{place}approval/", {"approver": ada.member.pk}).status_code == 302
        assert "You are asked to decide" in ada.get(place).content.decode()
        assert ada.post(f"{place}decision/", {"say": "yes", "words": "Do it"}).status_code == 302
        assert "Do it" in dan.get(place).content.decode()
        changes = {f"change_{one.pk}": "take" for one in BranchChange.objects.all()}
        assert ben.post(f"{place}merge/", changes).status_code == 302
        assert Branch.objects.get(number=1).state == "merged"
        assert str(Feature.objects.get(pk=first.pk).not_before) == "2027-03-01"
        assert ben.post("roadmap/branches/2/discard/").status_code == 302
        assert ben.post("roadmap/branches/2/reopen/").status_code == 302

    def test_a_page_costs_the_same_whatever_differs(self, world, branch, change, dan, ben, now):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert dan.get(f"roadmap/branches/{branch.number}/").status_code == 200
            return len(captured)

        later = now.date() + 40 * DAY
        change(world.add("One", SURE), WISH("not_before", later))
        queries()
        few = queries()
        for number in range(6):
            branching.change_in_branch(
                branch=branch,
                feature=world.add(f"More {number}", SURE),
                wishes=[WISH("not_before", later), WISH("due_date", later + 30 * DAY)],
                actor=ben.actor,
                at=now,
                work_out=number == 5,
            )
        assert queries() <= few


class TestProgram:
    def test_does_what_the_pages_do(self, world, ben, workspace):
        first = world.add("First", SURE)
        base = f"/api/v1/{workspace.slug}/branches"
        made = ben.post(base, {"title": "Later"}, content_type="application/json")
        assert made.status_code == 201, made.content
        key = made.json()["key"]
        body = {
            "feature": first.key,
            "not_before": "2027-03-01",
            "effort": {"low": 2, "likely": 4, "high": 9},
        }
        changed = ben.post(f"{base}/{key}/changes", body, content_type="application/json")
        assert changed.status_code == 200, changed.content
        assert {one["field"] for one in changed.json()} == {"not_before", "effort"}
        compared = ben.get(f"{base}/{key}/comparison").json()
        assert compared["moved"][0]["p85_days"] > 80
        merged = ben.post(f"{base}/{key}/merge", {}, content_type="application/json")
        assert merged.json() == {"taken": 2, "left": 0, "state": "merged"}
