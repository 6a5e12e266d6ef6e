"""The published suites of GrowthBook's and Unleash's clients, asked of our evaluator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from roadbed_engines.flags import conditions, evaluation, growthbook, hashing, unleash
from roadbed_engines.flags.model import Question

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "conformance"
GROWTHBOOK = DATA / "growthbook" / "cases-0.8.0.json"
UNLEASH = DATA / "unleash-client-specification"
MOMENT = "2026-11-23T00:00:00+00:00"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="shared/data/conformance is not here")


def cases(group: str) -> list[Any]:
    found = json.loads(GROWTHBOOK.read_text(encoding="utf-8"))[group] if GROWTHBOOK.is_file() else []
    return [pytest.param(case, id=f"{number}-{str(case[0])[:50]}") for number, case in enumerate(found)]


def flags_of(context: dict[str, Any]) -> evaluation.Flags:
    return growthbook.compile_flags(
        context.get("features") or {},
        groups=context.get("savedGroups"),
        bandits=context.get("contextualBandits"),
    )


def question_of(context: dict[str, Any], kept: Any = None) -> Question:
    return Question(
        context=context.get("attributes") or {},
        forced_variations=context.get("forcedVariations") or {},
        is_enabled=context.get("enabled", True) is not False,
        is_qa=bool(context.get("qaMode")),
        url=context.get("url") or "",
        kept=kept,
    )


def rounded(pairs: Any) -> list[list[float]]:
    return [[round(low, 6), round(high, 6)] for low, high in pairs]


class TestGrowthBook:
    @pytest.mark.parametrize("case", cases("evalCondition"))
    def test_conditions(self, case):
        condition = conditions.compile_condition(case[1], groups=case[4] if len(case) > 4 else None)
        assert condition(case[2]) is case[3]

    @pytest.mark.parametrize("case", cases("hash"))
    def test_places(self, case):
        seed, unit, version, expected = case
        assert hashing.fnv_share(seed=seed, unit=unit, version=version) == expected

    @pytest.mark.parametrize("case", cases("getBucketRange"))
    def test_ranges(self, case):
        _, (count, coverage, weights), expected = case
        assert rounded(hashing.ranges_of(count=count, coverage=coverage, weights=weights)) == rounded(
            expected
        )

    @pytest.mark.parametrize("case", cases("chooseVariation"))
    def test_choices(self, case):
        assert hashing.chosen(case[1], case[2]) == case[3]

    @pytest.mark.parametrize("case", cases("getEqualWeights"))
    def test_equal_weights(self, case):
        assert hashing.equal_weights(case[0]) == pytest.approx(case[1])

    @pytest.mark.parametrize("case", cases("getQueryStringOverride"))
    def test_variations_asked_for_in_the_address(self, case):
        _, key, url, count, expected = case
        assert evaluation.variation_of_url(key=key, url=url, count=count) == expected

    @pytest.mark.parametrize("case", cases("inNamespace"))
    def test_namespaces(self, case):
        _, unit, namespace, expected = case
        given = {"key": "any", "variations": [0, 1], "namespace": namespace}
        experiment = growthbook.compile_experiment(given, groups={})
        assert experiment.filters[0].lets_in({"id": unit}) is expected

    @pytest.mark.parametrize("case", cases("feature") + cases("contextualBandit"))
    def test_flags(self, case):
        _, context, key, expected = case
        found = evaluation.ask(flags_of(context), key, question_of(context))
        assert (found.value, found.is_on, found.source) == (
            expected["value"],
            expected["on"],
            expected["source"],
        )
        assert found.rule == (expected.get("ruleId") or "")
        result = expected.get("experimentResult")
        assert (found.assignment is not None) == bool(result)
        if found.assignment is not None:
            made = found.assignment
            assert (made.variation, made.key, made.value) == (
                result["variationId"],
                result["key"],
                result["value"],
            )
            assert (made.is_in, made.is_hashed, made.attribute) == (
                result["inExperiment"],
                result["hashUsed"],
                result["hashAttribute"],
            )
            assert made.unit == str(result["hashValue"])
            assert made.place == result.get("bucket")

    @pytest.mark.parametrize("case", cases("run"))
    def test_experiments(self, case):
        _, context, given, value, is_in, is_hashed = case
        experiment = growthbook.compile_experiment(given, groups=context.get("savedGroups") or {})
        found = evaluation.assign(flags_of(context), experiment, question_of(context))
        assert (found.value, found.is_in, found.is_hashed) == (value, is_in, is_hashed)

    @pytest.mark.parametrize("case", cases("stickyBucket"))
    def test_kept_variations(self, case):
        _, context, documents, key, expected, after = case
        kept = {(each["attributeName"], each["attributeValue"]): each["assignments"] for each in documents}
        question = question_of(context, kept)
        found = evaluation.ask(flags_of(context), key, question).assignment
        assert (found is None) == (expected is None)
        if found is not None:
            assert (found.variation, found.key, found.value) == (
                expected["variationId"],
                expected["key"],
                expected["value"],
            )
            assert (found.attribute, found.unit) == (expected["hashAttribute"], expected["hashValue"])
            assert found.is_kept == expected["stickyBucketUsed"]
        for each in after.values():
            place = (each["attributeName"], each["attributeValue"])
            assert {**kept.get(place, {}), **question.to_keep.get(place, {})} == each["assignments"]


def unleash_cases(kind: str) -> list[Any]:
    found = []
    for path in sorted(UNLEASH.glob("[0-9]*.json")) if UNLEASH.is_dir() else []:
        suite = json.loads(path.read_text(encoding="utf-8"))
        found += [
            pytest.param(suite["state"], case, id=f"{path.stem[:2]}-{number}")
            for number, case in enumerate(suite.get(kind) or [])
        ]
    return found


class TestUnleash:
    @pytest.mark.parametrize(("state", "case"), unleash_cases("tests"))
    def test_whether_a_flag_is_on(self, state, case):
        fields = {"currentTime": MOMENT, **unleash.flatten(case["context"])}
        asked = unleash.Asked(fields=fields)
        assert unleash.compile_toggles(state).is_on(case["toggleName"], asked) is case["expectedResult"]

    @pytest.mark.parametrize(("state", "case"), unleash_cases("variantTests"))
    def test_variants(self, state, case):
        asked = unleash.Asked(fields=unleash.flatten(case["context"]))
        found = unleash.compile_toggles(state).variant(case["toggleName"], asked)
        expected = case["expectedResult"]
        assert (found.name, found.is_enabled, found.flag_enabled) == (
            expected["name"],
            expected["enabled"],
            expected["feature_enabled"],
        )
        assert found.payload == expected.get("payload")
