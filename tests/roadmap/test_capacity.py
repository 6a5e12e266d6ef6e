"""How many person-days a team has: holidays, part time, absences, getting going, skills; and the whole plan at once."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from roadbed.core.workspaces import services as workspaces
from roadbed.modules.roadmap import selectors, services


@pytest.fixture
def team(workspace, ada, ben, now):
    return workspaces.add_team(
        workspace=workspace, name="Routing", members=[ben.member.pk], actor=ada.actor, at=now
    )


def capacity(workspace, team, first=date(2026, 12, 21), days=14):
    found = selectors.access_team(workspace_id=workspace.pk, team_id=team.pk)
    last = date.fromordinal(first.toordinal() + days)
    return selectors.capacity_of(
        team=selectors.team_capacity(found, first=first, last=last), first=first, days=days
    )


class TestCapacity:
    def test_without_anything_said_is_the_members_at_the_usual_focus(self, workspace, team):
        found = capacity(workspace, team)
        assert found.weeks() == [(date(2026, 12, 21), pytest.approx(5 * 0.7 * 0.85)),
                                 (date(2026, 12, 28), pytest.approx(5 * 0.7 * 0.85))]  # fmt: skip

    def test_knows_holidays_part_time_absences_and_own_days(self, workspace, team, ada, ben, cleo, now):
        services.change_team_plan(
            team=team,
            changes={"country": "DE", "subdivision": "BY", "focus": 100, "reserve": 0},
            actor=ada.actor,
            at=now,
        )
        seat = services.put_seat(
            team=team, member=cleo.member, share=50, skills=["Maps"], actor=ada.actor, at=now
        )
        services.put_day(team=team, day=date(2026, 12, 31), name="New Year’s Eve", actor=ada.actor, at=now)
        services.add_absence(
            seat=seat, first=date(2026, 12, 28), last=date(2027, 1, 3), actor=ada.actor, at=now
        )
        found = capacity(workspace, team)
        # Christmas Day is a Friday; New Year's Day is one too, and the team closes the day before.
        assert [days for _, days in found.weeks()] == [pytest.approx(4 * 1.5), pytest.approx(3.0)]
        maps = selectors.skills_of(workspace_id=workspace.pk)[0]
        assert found.skills[maps.pk].sum() == pytest.approx(2.0)

    def test_of_a_new_seat_grows_week_by_week(self, workspace, team, ada, now):
        services.change_team_plan(team=team, changes={"focus": 100, "reserve": 0}, actor=ada.actor, at=now)
        services.put_seat(
            team=team, name="Backend hire", first_date=date(2027, 3, 1), ramp_weeks=3, actor=ada.actor, at=now
        )
        found = capacity(workspace, team, first=date(2027, 2, 22), days=42)
        assert [days - 5 for _, days in found.weeks()] == pytest.approx([0, 1.25, 2.5, 3.75, 5, 5])

    def test_follows_the_week_of_the_country(self, workspace, team, ada, now):
        services.change_team_plan(
            team=team, changes={"country": "AE", "focus": 100, "reserve": 0}, actor=ada.actor, at=now
        )
        found = selectors.team_capacity(
            selectors.access_team(workspace_id=workspace.pk, team_id=team.pk),
            first=date(2027, 1, 1),
            last=date(2027, 1, 8),
        )
        assert found.has_calendar
        assert not found.seats[0].calendar.works(date(2027, 1, 1)), "New Year's Day"

    def test_refuses_a_country_that_no_calendar_knows(self, team, ada, now):
        with pytest.raises(ValidationError, match="No public holidays are known for QQ"):
            services.change_team_plan(team=team, changes={"country": "QQ"}, actor=ada.actor, at=now)
        with pytest.raises(ValidationError, match="no part called XX"):
            services.change_team_plan(
                team=team, changes={"country": "DE", "subdivision": "XX"}, actor=ada.actor, at=now
            )

    def test_refuses_to_overwrite_what_somebody_else_changed(self, team, ada, now):
        services.change_team_plan(team=team, changes={"focus": 60}, actor=ada.actor, at=now)
        with pytest.raises(services.StalePlanError):
            services.change_team_plan(
                team=team, changes={"focus": 80}, expected_version=0, actor=ada.actor, at=now
            )

    def test_comes_back_with_a_team_that_was_removed(self, workspace, team, ada, cleo, now):
        services.change_team_plan(
            team=team, changes={"country": "DE", "wip_limit": 3}, actor=ada.actor, at=now
        )
        seat = services.put_seat(
            team=team, member=cleo.member, share=60, skills=["Maps"], actor=ada.actor, at=now
        )
        services.add_absence(
            seat=seat, first=date(2027, 1, 4), last=date(2027, 1, 8), actor=ada.actor, at=now
        )
        trail = workspaces.remove_team(team=team, actor=ada.actor, at=now)
        back = workspaces.restore_team(workspace=workspace, trail=trail, actor=ada.actor, at=now)
        found = selectors.access_team(workspace_id=workspace.pk, team_id=back.pk)
        assert (found.plan.country, found.plan.wip_limit) == ("DE", 3)
        [kept] = found.seats.all()
        assert (kept.share, [skill.name for skill in kept.skills.all()]) == (60, ["Maps"])
        assert kept.absences.count() == 1


class TestTheWholePlan:
    def test_comes_in_as_many_queries_whatever_its_size(
        self, workspace, product, team, ada, ben, now, make_feature
    ):
        def fill(count):
            for number in range(count):
                one = make_feature(f"One {number}", team=team)
                two = make_feature(f"Two {number}", parent=one)
                three = make_feature(f"Three {number}", due_date=date(2027, 1, 1), due_kind="hard")
                services.estimate_feature(
                    feature=two, origin="range", said={"low": 2, "high": 8}, actor=ben.actor, at=now
                )
                services.set_skill_needs(feature=two, shares={"Maps": 60}, actor=ben.actor, at=now)
                services.add_dependency(feature=three, on=two, lag=2, actor=ben.actor, at=now)
                services.put_seat(team=team, name=f"Seat {number}", skills=["Maps"], actor=ada.actor, at=now)

        def read():
            with CaptureQueriesContext(
                connection,
            ) as queries:
                plan = selectors.whole_plan(
                    workspace_id=workspace.pk, first=date(2026, 11, 2), last=date(2027, 11, 2)
                )
            return plan, len(queries)

        fill(1)
        plan, few = read()
        fill(4)
        _, many = read()
        assert few == many <= 20
        by_title = {item.title: item for item in plan.items}
        leaf = by_title["Two 0"]
        assert (leaf.effort.p50, leaf.is_leaf, by_title["One 0"].is_leaf) == (pytest.approx(4.0), True, False)
        [(skill, share)] = leaf.skills
        assert (plan.skills[skill], share) == ("Maps", 0.6)
        [dependency] = plan.dependencies
        assert (dependency.item_id, dependency.on_id, dependency.lag) == (by_title["Three 0"].id, leaf.id, 2)
        assert by_title["Three 0"].is_due_hard
        assert len(plan.teams[0].seats) == 2, "Ben, and the seat nobody has yet"
