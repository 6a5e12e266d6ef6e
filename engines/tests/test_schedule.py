"""The decoder, and what plans are refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, reject, settings
from plans import faults, plans

import roadbed_engines.schedule.decoder as decoder_module
from roadbed_engines.schedule import (
    arrays,
    bounds,
    compiling,
    documents,
    explaining,
    patterson,
    psplib,
    solving,
)
from roadbed_engines.schedule.plan import (
    Absence,
    Activity,
    Dependency,
    Mode,
    Plan,
    PlanError,
    Pool,
    check,
)

WEEK = (1, 1, 1, 1, 1, 0, 0)


def one(key, days, /, *, fixed=None, **needs):
    return Activity(key=key, modes=(Mode(duration=days, needs=needs),), fixed=fixed)


def decoded(plan):
    check(plan)
    problem, room = solving.decode(plan)
    return problem, room.start.tolist(), room.finish.tolist()


def met(plan):
    """Decode a plan that can be met: one that may not rest may never find its days in a row."""
    try:
        return solving.decode(plan)
    except PlanError:
        return reject()


def modes_of(problem, room):
    return (room.chosen - problem.arrays.mode_first[:-1]).tolist()


class TestPatterson:
    def test_numbers_alone_are_a_project_and_what_is_missing_is_named(self):
        text = "5 2\n3 0\n0 0 0 3 2 3\n4\n4 2 0 1 5\n0 0 0 1 5\n3 2 0\n1 5\n0 0 0 0\n"
        assert patterson.looks_like(text)
        assert not patterson.looks_like('{"activities": []}')
        plan = patterson.read(text)
        assert [one.modes[0].duration for one in plan.activities] == [0, 4, 0, 3, 0]
        assert solving.decode(plan)[1].finish.max() == 7
        wrong = {
            "ends in activity 5": text[:-8],
            "1 numbers are left over": text + "7",
            "the file has no activities": "0 0",
            "2 waits for itself: 2 → 5 → 2": text[:-3] + " 1 2",
            "names 9, which is no activity": text.replace("1 5\n0 0 0 1", "1 9\n0 0 0 1"),
        }
        for said, content in wrong.items():
            with pytest.raises(PlanError) as refused:
                patterson.read(content)
            assert said in str(refused.value)


class TestDecoder:
    def test_work_goes_on_after_the_weekend(self):
        plan = Plan(activities=(one("F-1", 7, web=1),), pools=(Pool(key="web", capacity=1, week=WEEK),))
        assert decoded(plan)[1:] == ([0], [9])

    def test_two_wait_for_one_person_and_the_rank_decides(self):
        plan = Plan(
            activities=(one("F-2", 3, web=1), one("F-1", 2, web=1)), pools=(Pool(key="web", capacity=1),)
        )
        assert decoded(plan)[1:] == ([0, 3], [3, 5])

    def test_a_limit_holds_over_free_days(self):
        """The second would fit beside the first, but only one may be open; the first is open over the weekend."""
        pools = (Pool(key="web", capacity=5, week=WEEK), Pool(key="open", capacity=1, is_limit=True))
        plan = Plan(activities=(one("F-1", 6, web=1, open=1), one("F-2", 1, open=1)), pools=pools)
        assert decoded(plan)[1] == [0, 8]

    def test_half_a_person_is_enough_for_half_the_demand(self):
        plan = Plan(
            activities=(one("a", 2, web=0.5), one("b", 2, web=0.5)), pools=(Pool(key="web", capacity=1),)
        )
        assert decoded(plan)[1] == [0, 0]

    def test_the_mode_that_is_done_first_is_taken(self):
        two = Activity(
            key="b", modes=(Mode(duration=2, needs={"web": 1}), Mode(duration=5, needs={"api": 1}))
        )
        plan = Plan(
            activities=(one("a", 4, web=1), two),
            pools=(Pool(key="web", capacity=1), Pool(key="api", capacity=1)),
        )
        problem, room = solving.decode(plan)
        assert (room.finish[1], modes_of(problem, room)[1]) == (5, 1)

    @settings(max_examples=150, deadline=None)
    @given(plan=plans())
    def test_whatever_the_plan_no_rule_is_broken(self, plan):
        check(plan)
        problem, room = met(plan)
        assert faults(plan, room.start.tolist(), room.finish.tolist(), modes_of(problem, room)) == []
        assert bounds.lower_bound(problem) <= room.finish.max()

    @settings(max_examples=60, deadline=None)
    @given(plan=plans())
    def test_compiled_and_as_written_give_the_same(self, plan):
        problem, room = met(plan)
        patched = pytest.MonkeyPatch()
        for name in ("find_place", "book", "_fixed_finish"):
            patched.setattr(decoder_module, name, compiling.as_written(getattr(decoder_module, name)))
        other = decoder_module.Room(problem.arrays)
        try:
            last = compiling.as_written(decoder_module.decode)(
                problem.arrays,
                problem.order,
                problem.duration,
                other.left,
                other.full_until,
                other.start,
                other.finish,
                other.chosen,
            )
        finally:
            patched.undo()
        assert last == room.finish.max()
        for name in ("start", "finish", "chosen", "left"):
            assert np.array_equal(getattr(room, name), getattr(other, name)), name


class TestReasons:
    def test_they_name_who_and_what(self):
        plan = Plan(
            activities=(
                one("F-12", 3, web=1),
                one("F-13", 2, mobile=1),
                one("F-14", 2, mobile=1),
                one("F-15", 1),
            ),
            pools=(Pool(key="web", capacity=1), Pool(key="mobile", capacity=1)),
            dependencies=(Dependency(before="F-12", after="F-14"), Dependency(before="F-12", after="F-15")),
        )
        plan = replace(plan, activities=(*plan.activities, one("F-16", 2, mobile=1)))
        problem, start, finish = decoded(plan)
        told = explaining.explain(problem, order=problem.order.tolist(), starts=start, finishes=finish)
        assert [str(reason) for reason in told] == [
            "starts as early as it may",
            "starts as early as it may",
            "waits for F-12",
            "waits for F-12",
            "waits for mobile (busy with F-14)",
        ]

    def test_who_is_away_is_told(self):
        away = Pool(key="web", capacity=1, absences=(Absence(first=0, until=4),))
        problem, start, finish = decoded(Plan(activities=(one("F-1", 1, web=1),), pools=(away,)))
        told = explaining.explain(problem, order=[0], starts=start, finishes=finish)
        assert str(told[0]) == "waits until web is back"

    @settings(max_examples=80, deadline=None)
    @given(plan=plans())
    def test_whoever_waits_has_a_reason(self, plan):
        problem, room = met(plan)
        told = explaining.explain(
            problem,
            order=problem.order.tolist(),
            starts=room.start.tolist(),
            finishes=room.finish.tolist(),
            modes=modes_of(problem, room),
        )
        for activity, reason, start in zip(plan.activities, told, room.start, strict=True):
            if start > activity.earliest and activity.fixed is None and len(activity.modes) == 1:
                assert reason.waits_for or reason.busy or reason.away, activity.key


class TestRefusals:
    @pytest.mark.parametrize(
        ("said", "plan"),
        [
            ("no activities", Plan(activities=())),
            ("two activities are called a", Plan(activities=(one("a", 1), one("a", 1)))),
            ("a takes -1 days", Plan(activities=(one("a", -1),))),
            ("a needs web, which is no pool", Plan(activities=(one("a", 1, web=1),))),
            (
                "a needs 1 of web, whose capacity is zero",
                Plan(activities=(one("a", 1, web=1),), pools=(Pool(key="web", capacity=0),)),
            ),
            (
                "a needs 3 of web, which never has more than 2",
                Plan(activities=(one("a", 1, web=3),), pools=(Pool(key="web", capacity=2),)),
            ),
            ("names z", Plan(activities=(one("a", 1),), dependencies=(Dependency(before="z", after="a"),))),
            (
                "b waits for itself: b → c → b",
                Plan(
                    activities=(one("a", 1), one("b", 1), one("c", 1)),
                    dependencies=tuple(Dependency(before=x, after=y) for x, y in ("ab", "bc", "cb")),
                ),
            ),
        ],
    )
    def test_the_message_says_what_is_wrong(self, said, plan):
        with pytest.raises(PlanError, match=said):
            check(plan)

    def test_a_team_that_never_comes_back_is_named(self):
        gone = Pool(key="web", capacity=2, absences=(Absence(first=0, until=10**7, amount=1),))
        with pytest.raises(PlanError, match="F-1 never finds a day"):
            solving.decode(Plan(activities=(one("F-1", 1, web=2),), pools=(gone,)))

    def test_a_long_circle_is_cut_short(self):
        keys = [f"F-{n}" for n in range(400)]
        ties = tuple(Dependency(before=x, after=y) for x, y in zip(keys, [*keys[1:], keys[0]], strict=True))
        with pytest.raises(PlanError, match=r"F-0 waits for itself: F-0 → F-1 → .* → 380 more → F-0"):
            check(Plan(activities=tuple(one(key, 1) for key in keys), dependencies=ties))


class TestDocuments:
    @pytest.mark.parametrize(
        ("said", "activity"),
        [
            ("P10 is 9, above P90, which is 3", {"key": "a", "estimate": {"p10": 9, "p90": 3}}),
            (r"activities\[0\].duration must be a number; it is missing", {"key": "a"}),
            (r"“durtion”, which means nothing here", {"key": "a", "durtion": 3}),
            ("days are whole", {"key": "a", "duration": 1.5}),
            (
                "relation XX; known are FS, SS, FF, SF",
                {"key": "a", "duration": 1, "after": [{"key": "b", "relation": "XX"}]},
            ),
        ],
    )
    def test_the_place_is_named(self, said, activity):
        with pytest.raises(PlanError, match=said):
            documents.read({"activities": [activity]})

    def test_all_of_it_is_read(self):
        plan = documents.read(
            {
                "pools": [
                    {"key": "web", "capacity": 2, "week": [1, 1, 1, 1, 1, 0, 0]},
                    {"key": "open", "capacity": 3, "limit": True},
                ],
                "activities": [
                    {"key": "a", "estimate": {"p10": 2, "p90": 8}, "needs": {"web": 1}, "value": 3, "due": 9},
                    {"key": "b", "modes": [{"duration": 1}, {"duration": 2}], "earliest": 4, "pauses": False},
                ],
                "dependencies": [{"before": "a", "after": "b", "relation": "ff", "lag": -1}],
            }
        )
        assert (plan.activities[0].modes[0].duration, plan.activities[0].due) == (4, 9)
        assert (plan.dependencies[0].relation, plan.dependencies[0].lag) == ("FF", -1)


SMALL = """*****
PRECEDENCE RELATIONS:
jobnr.    #modes  #successors   successors
   1        1          3           2   3
      4
   2        1          1           5
   3        1          1           5
   4        1          1           5
   5        1          0
*****
REQUESTS/DURATIONS:
jobnr. mode duration  R 1  R 2
----------------------------
  1      1     0       0    0
  2      1     4     120    0
  3      1     3     100    1
  4      1     2      80    1
  5      1     0       0    0
*****
RESOURCEAVAILABILITIES:
  R 1  R 2
  200    1
*****
"""


class TestPsplib:
    @pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
    def test_any_line_ends_long_lists_and_large_numbers_are_read(self, ends):
        plan = psplib.read("\ufeff" + SMALL.replace("\n", ends))
        assert [tie.after for tie in plan.dependencies if tie.before == "1"] == ["2", "3", "4"]
        assert [pool.capacity for pool in plan.pools] == [200, 1]
        found = solving.solve(plan, seconds=2, prove=False)
        assert (found.makespan, found.is_optimal) == (7, True)

    @pytest.mark.parametrize(
        ("said", "change"),
        [
            ("no section REQUESTS", ("REQUESTS/DURATIONS", "SOMETHING ELSE")),
            ("1 capacities given", ("  200    1", "  200")),
            ("never has more than 200", ("     120 ", "     320 ")),
            ("waits for itself: 2 → 5 → 2", ("   5        1          0", "   5        1          1  2")),
            (
                "names 9, which is no activity",
                ("   2        1          1           5", "   2        1          1  9"),
            ),
            ("not made of whole numbers", ("     120 ", "     1.5 ")),
            (
                "job 3 has 2 lines of durations and promises 1",
                ("  4      1     2      80    1", "  4      1     2      80"),
            ),
        ],
    )
    def test_what_is_broken_is_told(self, said, change):
        text = SMALL.replace(*change)
        assert text != SMALL
        with pytest.raises(PlanError, match=said):
            psplib.read(text)

    def test_an_empty_problem_has_no_pools(self):
        problem = arrays.build(Plan(activities=(one("a", 3),)))
        assert bounds.lower_bound(problem) == 3
