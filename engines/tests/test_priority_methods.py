"""Formulas, delay, Kano, MoSCoW, weights, agreement and whole lenses: published figures, laws, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.priority import (
    agreement,
    delay,
    expressions,
    kano,
    methods,
    moscow,
    questions,
    ranks,
    weights,
)
from roadbed_engines.priority.methods import METHODS, Input, Item, Method
from roadbed_engines.priority.ranges import Range, exactly


class TestFormulas:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("1 + 2 * 3", 7),
            ("(1 + 2) * 3", 9),
            ("2 ^ 3 ^ 2", 512),
            ("-2 ^ 2", -4),
            ("8 / 4 / 2", 1),
            ("10 − 2 × 3", 4),
            ("if(a > 3, a, 0) + min(a, 7, 2)", 6),
            ("clip(12, 0, 10) + sqrt(16) + log(exp(1)) + abs(-1) + round(2.4)", 18),
            ("not (a > 3 and a < 2) or a == 1", 1),
        ],
    )
    def test_figures(self, text, value):
        assert expressions.read(text).compute({"a": 4}) == pytest.approx(value)

    @settings(max_examples=60, deadline=None)
    @given(st.floats(-50, 50), st.floats(-50, 50), st.floats(0.1, 50))
    def test_as_python_would_and_read_again_from_its_words(self, a, b, c):
        formula = expressions.read("(a + b) * 2 - (a - b) / c")
        expected = (a + b) * 2 - (a - b) / c
        assert formula.compute({"a": a, "b": b, "c": c}) == pytest.approx(expected)
        again = expressions.read(expressions.words(formula.root))
        assert again.compute({"a": a, "b": b, "c": c}) == pytest.approx(expected)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "empty"),
            ("a +", "ends where a figure"),
            ("a b", "'b' is not expected here"),
            ("(a", r"'\)' is missing"),
            ("__import__(os)", "no function __import__"),
            ("a.b", "not understood"),
            ("open(a)", "no function open"),
            ("min(a)", "at least 2"),
            ("(" * 60 + "a" + ")" * 60, "nested more than"),
            ("-" * 60 + "a", "nested more than"),
            ("a" * 1_001, "longer than"),
            ("a = 2", "not understood"),
            ("* 2", "expected before"),
        ],
    )
    def test_what_cannot_be_read_says_why(self, text, said):
        with pytest.raises(expressions.FormulaError, match=said):
            expressions.read(text)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("a / (a - 4)", "a is divided by a - 4, which is zero"),
            ("a + b + c", "no value for b, c"),
            ("sqrt(0 - a)", "square root"),
            ("log(0)", "logarithm"),
            ("9 ^ 9 ^ 9", "finite"),
            ("(0 - a) ^ 0.5", "finite"),
        ],
    )
    def test_what_cannot_be_computed_says_why(self, text, said):
        with pytest.raises(expressions.FormulaError, match=said):
            expressions.read(text).compute({"a": 4.0})

    def test_one_draw_that_divides_by_zero_is_enough(self):
        with pytest.raises(expressions.FormulaError, match="divided by b"):
            expressions.read("a / b").compute({"a": 1.0, "b": np.array([1.0, 0.0])})


class TestDelay:
    def test_profiles(self):
        assert delay.value_lost(profile="fixed date", weeks_late=3, a_week=10, due_in=4) == 0
        assert delay.value_lost(profile="fixed date", weeks_late=5, a_week=10, due_in=4) == 80
        assert delay.value_lost(profile="intangible", weeks_late=10, a_week=10) == 20
        assert delay.value_lost(profile="urgent", weeks_late=10, a_week=10) == 170
        assert delay.value_lost(profile="standard", weeks_late=-1, a_week=10) == 0
        with pytest.raises(ValueError, match="no profile"):
            delay.value_lost(profile="whenever", weeks_late=1, a_week=1)

    def test_a_prerequisite_inherits_each_child_once(self):
        costs = np.array([0.0, 2.0, 3.0, 5.0])  # 3 needs 1 and 2, both need 0
        found = delay.inherit(costs=costs, needs={3: [1, 2], 1: [0], 2: [0]})
        assert found.tolist() == [10, 7, 8, 5]

    def test_a_circle_is_named(self):
        with pytest.raises(delay.CircleError, match="0 → ") as caught:
            delay.inherit(costs=np.ones(3), needs={0: [1], 1: [2], 2: [0]})
        assert set(caught.value.items) == {0, 1, 2}


class TestKano:
    def test_the_table_of_the_source(self):
        assert kano.categorise(there="like", not_there="neutral") == "A"
        assert kano.categorise(there="must-be", not_there="dislike") == "M"
        assert kano.categorise(there="dislike", not_there="dislike") == "Q"
        assert kano.categorise(there="dislike", not_there="like") == "R"
        with pytest.raises(ValueError, match="no answer"):
            kano.categorise(there="love", not_there="like")
        counted = kano.count_answers([("like", "dislike"), ("neutral", "neutral"), ("like", "like")])
        assert (counted["O"], counted["I"], counted["Q"]) == (1, 1, 1)

    def test_without_answers_it_is_refused(self):
        with pytest.raises(NotEnoughDataError):
            kano.kano(counts={"Q": 4})

    def test_more_answers_are_surer(self):
        chance = np.random.default_rng(1)
        few, _ = kano.draw_coefficients(counts={"A": 2, "I": 3}, runs=4_000, chance=chance)
        many, _ = kano.draw_coefficients(counts={"A": 200, "I": 300}, runs=4_000, chance=chance)
        assert few.std() > 5 * many.std()


class TestMoscow:
    def test_what_takes_no_effort_is_refused(self):
        with pytest.raises(NotEnoughDataError, match="no effort"):
            moscow.shares_of_effort(classes=["must", "won't"], efforts=[0, 5])
        with pytest.raises(ValueError, match="no class"):
            moscow.shares_of_effort(classes=["perhaps"], efforts=[1])


class TestWeights:
    def test_laws_of_the_simplex(self):
        drawn = weights.draw_weights(criteria=4, runs=20_000, seed=2)
        assert np.allclose(drawn.sum(axis=1), 1)
        assert np.allclose(drawn.mean(axis=0), 0.25, atol=0.01)

    def test_rank_order_centroids(self):
        """Barron, Barrett (1996): the mean of three ordered weights is 11/18, 5/18, 2/18."""
        drawn = weights.draw_weights(criteria=3, runs=60_000, seed=2, order=[[2], [0], [1]])
        assert np.allclose(drawn.mean(axis=0), [5 / 18, 2 / 18, 11 / 18], atol=0.005)

    def test_bounds_hold_and_impossible_ones_are_refused(self):
        bounds = [(0.2, 0.5), (0.1, 0.3), (0.3, 0.6)]
        drawn = weights.draw_weights(criteria=3, runs=5_000, seed=3, bounds=bounds)
        assert all(
            (drawn[:, k] >= low - 1e-9).all() and (drawn[:, k] <= high + 1e-9).all()
            for k, (low, high) in enumerate(bounds)
        )
        with pytest.raises(ValueError, match="cannot add up to 1"):
            weights.draw_weights(criteria=2, runs=10, seed=3, bounds=[(0, 0.2), (0, 0.3)])

    def test_an_item_that_another_beats_everywhere_never_leads(self):
        values = np.array([[0.9, 0.8, 0.7], [0.5, 0.5, 0.5], [0.1, 0.9, 0.2]])
        found = weights.study_weights(
            values=values, weights=weights.draw_weights(criteria=3, runs=4_000, seed=4)
        )
        assert found.first[1] == 0
        assert np.isnan(found.central[1]).all()
        assert found.first.sum() == pytest.approx(1)


class TestAgreement:
    def test_kendall_s_own_bounds_and_a_worked_table(self):
        """Siegel (1956), chapter 9: three executives rank six applicants, W = 0.16."""
        ratings = -np.array([[1, 6, 3, 2, 5, 4], [1, 5, 6, 4, 2, 3], [6, 3, 2, 5, 4, 1]], dtype=float)
        found = agreement.concordance(ratings=ratings)
        assert found.w == pytest.approx(0.16, abs=0.005)
        assert found.chance > 0.5
        assert agreement.concordance(ratings=np.tile(np.arange(5.0), (4, 1))).w == 1.0

    def test_ties_are_corrected_and_nothing_told_apart_is_refused(self):
        tied = np.array([[1.0, 1, 2, 3], [1.0, 1, 2, 3]])
        assert agreement.concordance(ratings=tied).w == pytest.approx(1.0)
        with pytest.raises(NotEnoughDataError):
            agreement.concordance(ratings=np.ones((3, 4)))
        with pytest.raises(NotEnoughDataError):
            agreement.concordance(ratings=np.array([[1.0, 2.0]]))

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.integers(0, 10), min_size=2, max_size=12))
    def test_the_level_lies_between_none_and_whole(self, votes):
        found = agreement.agreement(votes=votes, scale=(0, 10))
        assert 0 <= found.level <= 1
        assert (found.level == 1) == (len(set(votes)) == 1)

    def test_camps(self):
        assert agreement.agreement(votes=[1, 2, 1, 9, 9, 10], scale=(0, 10)).in_camps
        assert not agreement.agreement(votes=[4, 5, 5, 6, 6, 7], scale=(0, 10)).in_camps
        assert not agreement.agreement(votes=[5, 5, 5, 5, 5, 10], scale=(0, 10)).in_camps

    def test_disagreement_becomes_a_wider_range(self):
        close = agreement.range_of_votes(votes=[6, 6, 7, 7], scale=(0, 10))
        apart = agreement.range_of_votes(votes=[2, 9, 4, 9], scale=(0, 10))
        assert apart.high - apart.low > 3 * (close.high - close.low)
        assert 0 <= apart.low < apart.high <= 10
        with pytest.raises(NotEnoughDataError):
            agreement.range_of_votes(votes=[1, 2], scale=(0, 10))
        with pytest.raises(ValueError, match="outside the scale"):
            agreement.agreement(votes=[11, 2], scale=(0, 10))


def _items(count: int, spread: float = 1.5) -> list[Item]:
    chance = np.random.default_rng(5)
    found = []
    for _ in range(count):
        middles = chance.lognormal(1, 0.8, 3)
        names = ("reach", "impact", "effort")
        values = {
            name: Range(low=m / spread, high=m * spread) for name, m in zip(names, middles, strict=True)
        }
        found.append(Item({**values, "confidence": exactly(1)}))
    return found


class TestLenses:
    def test_every_method_is_sound_and_scores_its_middles(self):
        for method in METHODS.values():
            methods.check(method)
            values = {}
            for one in method.inputs:
                low, high = sorted((one.worst or 0.0, 4.0 if one.best is None else one.best))
                values[one.name] = exactly((low + high) / 2)
            found = methods.evaluate(method=method, items=[Item(values)], runs=1_000, seed=1)
            assert np.isfinite(found.scores).all()

    def test_what_lacks_an_input_is_left_out_with_a_reason(self):
        items = [*_items(3), Item({"reach": exactly(5)}), Item({**_items(1)[0].values, "effort": exactly(0)})]
        found = methods.evaluate(method=METHODS["rice"], items=items, runs=1_000, seed=1)
        assert found.scored == (0, 1, 2)
        assert found.left_out == {
            3: "no impact, confidence or effort yet",
            4: "effort must lie above 0",
        }
        with pytest.raises(NotEnoughDataError, match="every input"):
            methods.evaluate(method=METHODS["rice"], items=[Item({})], runs=1_000, seed=1)

    def test_draws_keep_to_the_scale(self):
        item = Item({"impact": Range(7, 10), "confidence": Range(0, 3), "ease": exactly(5)})
        found = methods.evaluate(method=METHODS["ice"], items=[item], runs=4_000, seed=1)
        assert found.inputs["impact"].max() == 10
        assert found.inputs["confidence"].min() == 0

    @pytest.mark.parametrize(
        ("method", "said"),
        [
            (Method("x", "X", (Input("a", "A"),), "a * b"), "asks for b, which is no input"),
            (Method("x", "X", (Input("a", "A"), Input("a", "A")), "a"), "two inputs are called a"),
            (Method("x", "X", (Input("a b", "A"),), "1"), "no name for an input"),
            (Method("x", "X", (Input("a", "A", weight=1),), "weighted"), "a weight but no scale"),
            (Method("x", "X", (Input("a", "A"),), "weighted"), "no input has a weight"),
            (Method("x", "X", (), "1"), "at least one input"),
        ],
    )
    def test_unsound_lenses_are_refused(self, method, said):
        with pytest.raises(ValueError, match=said):
            methods.check(method)

    def test_cost_of_delay_follows_profiles_and_is_inherited(self):
        def job(cost, weeks, **more):
            return Item({"cost_of_delay": exactly(cost), "duration": exactly(weeks)}, **more)

        items = [
            job(1, 1),
            job(8, 2, needs=(0,)),
            job(10, 1, profile="intangible"),
            job(3, 1, profile="urgent"),
        ]
        found = methods.evaluate(method=METHODS["wsjf"], items=items, runs=1_000, seed=1, wait=4)
        assert found.scores[0].tolist() == [9, 4, 0, 6]

    def test_under_any_weights_an_item_leads_where_some_weights_make_it(self):
        def rated(value, strategy, risk):
            values = {"value": value, "strategy": strategy, "risk": risk, "effort": 1}
            return Item({name: exactly(figure) for name, figure in values.items()})

        items = [rated(10, 0, 10), rated(0, 10, 10), rated(4, 4, 10)]
        found = methods.evaluate(method=METHODS["drivers"], items=items, runs=8_000, seed=1)
        study = ranks.study_ranks(scores=methods.scores_under_any_weights(found, seed=1), cut=1)
        assert study.first.tolist() == pytest.approx([0.5, 0.5, 0.0], abs=0.02)
        rice = methods.evaluate(method=METHODS["rice"], items=_items(2), runs=1_000, seed=1)
        with pytest.raises(NotEnoughDataError, match="two drivers"):
            methods.scores_under_any_weights(rice, seed=1)

    def test_prerequisites_in_a_circle_are_refused(self):
        values = {"cost_of_delay": exactly(1), "duration": exactly(1)}
        with pytest.raises(delay.CircleError):
            methods.evaluate(
                method=METHODS["wsjf"],
                items=[Item(values, needs=(1,)), Item(values, needs=(0,))],
                runs=1_000,
                seed=1,
            )


class TestQuestions:
    def test_the_unknown_that_matters_is_asked_first_and_a_sure_one_never(self):
        sure = {"confidence": exactly(1), "effort": exactly(2)}
        items = [Item({**sure, "reach": exactly(100 + 10 * n), "impact": exactly(1)}) for n in range(6)]
        items[2] = Item({**sure, "reach": Range(20, 900), "impact": Range(0.9, 1.1)})
        found = methods.evaluate(method=METHODS["rice"], items=items, runs=8_000, seed=1)
        study = questions.Study("Survey", "survey", ("reach",), 0.5, cost=1)
        asked = questions.worth_learning(found, cut=2, studies=[study], seed=1)
        first = asked.found[0]
        assert (first.item, first.name) == (2, "reach")
        assert first.best is not None
        assert 0 < first.best.worth.value < first.worth.value <= asked.everything + 2 * first.worth.error
        assert first.best.net == pytest.approx(first.best.worth.value - 1)
        with pytest.raises(NotEnoughDataError, match="nothing is open"):
            questions.worth_learning(found, cut=6, studies=[], seed=1)

    def test_shares_of_doubt_add_up(self):
        found = methods.evaluate(method=METHODS["rice"], items=_items(8), runs=4_000, seed=1)
        shares = questions.shares_of_doubt(found)
        assert np.allclose(sum(shares.values()), 1)
        assert (shares["confidence"] == 0).all()

    def test_the_tipping_value_really_tips(self):
        evaluation = methods.evaluate(method=METHODS["rice"], items=_items(12), runs=4_000, seed=1)
        order = np.argsort(-np.median(evaluation.scores, axis=0))
        item, cut = int(order[5]), 3
        bar = np.sort(np.median(np.delete(evaluation.scores, item, axis=1), axis=0))[::-1][cut - 1]
        reach = next(
            one for one in questions.what_would_change(evaluation, item=item, cut=cut) if one.name == "reach"
        )
        assert reach.needed is not None
        assert reach.needed > reach.now
        assert np.median(evaluation.scores[:, item]) * reach.needed / reach.now >= bar
        assert 0 <= reach.share < 0.5


class TestRankTables:
    def test_acceptabilities_are_the_study(self):
        scores = np.random.default_rng(1).integers(0, 6, (500, 9)).astype(float)
        study = ranks.study_ranks(scores=scores, cut=3)
        table = ranks.acceptability(scores=scores, limit=9)
        assert np.allclose(table[:, 0], study.first)
        assert np.allclose(table[:, :3].sum(axis=1), study.top)
        assert np.allclose(table @ np.arange(1, 10), study.mean)
        assert math.isclose(table.sum(), 9)
