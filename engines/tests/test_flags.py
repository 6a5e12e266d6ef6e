"""Flags beyond the published suites: laws of assignment, and what must not break them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadbed_engines.flags import conditions, constraints, evaluation, growthbook, hashing, matching, unleash
from roadbed_engines.flags.model import Question

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 50) | st.floats(allow_nan=True) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
operators = st.sampled_from(
    ["$eq", "$ne", "$lt", "$gte", "$in", "$nin", "$ini", "$all", "$size", "$regex", "$type", "$vgt", "$elemMatch",
     "$exists", "$not", "$inGroup", "$nonsense"]
)  # fmt: skip
tests_of = json_values | st.dictionaries(operators, json_values, max_size=3)
whole_conditions = st.dictionaries(
    st.sampled_from(["a", "b.c", "id"]), tests_of, max_size=3
) | st.dictionaries(
    st.sampled_from(["$or", "$and", "$nor"]),
    st.lists(st.dictionaries(st.just("a"), tests_of, max_size=1)),
    max_size=2,
)


class TestConditions:
    @settings(max_examples=120, deadline=None)
    @given(
        condition=whole_conditions, context=st.dictionaries(st.sampled_from(["a", "b", "id"]), json_values)
    )
    def test_any_condition_answers_yes_or_no_or_is_refused_when_compiled(self, condition, context):
        try:
            compiled = conditions.compile_condition(condition)
        except conditions.ConditionError:
            return
        assert compiled(context) in {True, False}

    def test_nesting_has_an_end(self):
        deep: dict[str, object] = {"a": 1}
        for _ in range(80):
            deep = {"$not": deep}
        with pytest.raises(conditions.ConditionError, match="at most 50 deep"):
            conditions.compile_condition(deep)

    def test_a_pattern_that_could_run_for_ever_never_holds(self):
        began = time.perf_counter()
        bomb = conditions.compile_condition({"a": {"$regex": "^(a+)+$"}})
        assert bomb({"a": "a" * 5_000 + "!"}) is False
        assert matching.compile_pattern("(a|a)*b") is None
        assert time.perf_counter() - began < 1

    def test_a_condition_that_cannot_be_read_lets_nobody_through(self):
        flags = growthbook.compile_flags(
            {"map": {"defaultValue": 0, "rules": [{"condition": ["wrong"], "force": 1}]}}
        )
        assert evaluation.ask(flags, "map", Question(context={"id": "1"})).value == 0


class TestAssignment:
    experiment = growthbook.compile_experiment(
        {"key": "x", "variations": [0, 1, 2], "hashVersion": 2}, groups={}
    )

    def test_shares_are_even(self):
        counts = [0, 0, 0]
        for unit in range(6_000):
            counts[evaluation.assign({}, self.experiment, Question(context={"id": str(unit)})).variation] += 1
        expected = 2_000
        assert (
            sum((count - expected) ** 2 / expected for count in counts) < 13.8
        )  # chi-square, 2 df, p = 0.001

    @given(unit=st.text(min_size=1, max_size=30), coverage=st.floats(0, 1), more=st.floats(0, 1))
    def test_who_is_in_stays_in_as_the_coverage_grows(self, unit, coverage, more):
        low, high = sorted((coverage, more))
        given = {"key": "x", "variations": ["a", "b"], "hashVersion": 2}
        small, large = (
            evaluation.assign(
                {},
                growthbook.compile_experiment({**given, "coverage": share}, groups={}),
                Question(context={"id": unit}),
            )
            for share in (low, high)
        )
        if small.is_in:
            assert large.is_in
            assert large.value == small.value

    def test_flags_that_wait_for_each_other_are_named(self):
        flags = growthbook.compile_flags(
            {
                "a": {
                    "defaultValue": 1,
                    "rules": [{"parentConditions": [{"id": "b", "condition": {"value": 1}}]}],
                },
                "b": {
                    "defaultValue": 1,
                    "rules": [{"parentConditions": [{"id": "a", "condition": {"value": 1}}]}],
                },
            }
        )
        assert evaluation.ask(flags, "a", Question(context={})).source == "cyclicPrerequisite"

    @given(group=st.text(max_size=10), unit=st.text(max_size=10))
    def test_a_step_lies_within_the_steps(self, group, unit):
        assert 1 <= hashing.murmur_step(group=group, unit=unit) <= 100

    @settings(max_examples=100, deadline=None)
    @given(
        operator=st.sampled_from(
            ["IN", "NOT_IN", "STR_CONTAINS", "NUM_GT", "DATE_AFTER", "SEMVER_EQ", "REGEX", "IN_CIDR"]
        ),
        value=st.text(max_size=12),
        found=st.text(max_size=12),
        inverted=st.booleans(),
    )
    def test_any_constraint_answers_yes_or_no(self, operator, value, found, inverted):
        compiled = constraints.compile_constraint(
            {
                "contextName": "a",
                "operator": operator,
                "value": value,
                "values": [value],
                "inverted": inverted,
            }
        )
        assert compiled({"a": found}) in {True, False}
        assert compiled({}) in {True, False}

    def test_a_random_rollout_takes_chance_as_an_argument(self):
        toggles = unleash.compile_toggles(
            {"features": [{"name": "f", "enabled": True, "strategies": [
                {"name": "gradualRolloutRandom", "parameters": {"percentage": "30"}}]}]}
        )  # fmt: skip
        assert toggles.is_on("f", unleash.Asked(fields={}, chance=0.2))
        assert not toggles.is_on("f", unleash.Asked(fields={}, chance=0.4))
