"""The beta distribution against published tables, laws and refusals."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats import beta

shapes = st.floats(0.05, 5_000)
shares = st.floats(1e-9, 1 - 1e-9)


class TestPublishedTables:
    @pytest.mark.parametrize(
        ("successes", "trials", "low", "high"),
        [
            (81, 263, 0.2527, 0.3676),
            (15, 148, 0.0578, 0.1617),
            (0, 20, 0.0000, 0.1684),
            (1, 29, 0.0009, 0.1776),
        ],
    )
    def test_exact_interval_of_newcombe_1998_table_i_method_5(
        self, successes: int, trials: int, low: float, high: float
    ) -> None:
        """R. G. Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 5 (Clopper-Pearson)."""
        found = beta.proportion_interval(successes=successes, trials=trials)
        assert [round(end, 4) for end in found] == [low, high]

    @pytest.mark.parametrize(
        ("between", "within", "upper", "quantile"),
        [
            (1, 1, 0.05, 161.45),
            (5, 10, 0.05, 3.33),
            (10, 20, 0.05, 2.35),
            (4, 6, 0.01, 9.15),
            (120, 120, 0.05, 1.35),
        ],
    )
    def test_percentage_points_of_the_f_distribution(
        self, between: int, within: int, upper: float, quantile: float
    ) -> None:
        """Any table of F, for example Pearson & Hartley, Biometrika Tables for Statisticians I, table 18."""
        share = beta.beta_quantile(probability=1 - upper, a=between / 2, b=within / 2)
        assert within * share / (between * (1 - share)) == pytest.approx(quantile, rel=0.003)

    def test_binomial_tail_by_hand(self) -> None:
        """P(X >= 3) for X ~ Binomial(5, 1/2) is 16/32, and equals I_0.5(3, 3)."""
        assert beta.beta_cdf(x=0.5, a=3, b=3) == pytest.approx(0.5, abs=1e-14)
        assert beta.beta_cdf(x=0.5, a=2, b=4) == pytest.approx(26 / 32, abs=1e-14)


class TestLaws:
    @given(a=shapes, b=shapes, share=shares)
    def test_mirroring_the_distribution_mirrors_the_share(self, a: float, b: float, share: float) -> None:
        mirrored = 1.0 - beta.beta_cdf(x=1.0 - share, a=b, b=a)
        assert beta.beta_cdf(x=share, a=a, b=b) == pytest.approx(mirrored, abs=1e-7)

    @given(a=st.floats(0.5, 2_000), b=st.floats(0.5, 2_000), probability=st.floats(0.001, 0.999))
    def test_the_quantile_undoes_the_share(self, a: float, b: float, probability: float) -> None:
        x = beta.beta_quantile(probability=probability, a=a, b=b)
        assert beta.beta_cdf(x=x, a=a, b=b) == pytest.approx(probability, abs=1e-9)

    @given(x=shares)
    def test_shapes_of_one_are_the_uniform_distribution(self, x: float) -> None:
        assert beta.beta_cdf(x=x, a=1, b=1) == pytest.approx(x, rel=1e-9)

    @given(trials=st.integers(1, 400), data=st.data())
    @settings(max_examples=60)
    def test_the_interval_holds_what_was_seen_and_its_ends_have_the_right_tails(
        self, trials: int, data: st.DataObject
    ) -> None:
        successes = data.draw(st.integers(0, trials))
        low, high = beta.proportion_interval(successes=successes, trials=trials)
        assert 0.0 <= low <= successes / trials <= high <= 1.0
        if successes:
            tail = sum(_binomial(k, trials, low) for k in range(successes, trials + 1))
            assert tail == pytest.approx(0.025, rel=1e-6)
        if successes < trials:
            tail = sum(_binomial(k, trials, high) for k in range(successes + 1))
            assert tail == pytest.approx(0.025, rel=1e-6)


class TestRefusals:
    def test_no_trials_is_no_proportion(self) -> None:
        with pytest.raises(NotEnoughDataError, match="no trials"):
            beta.proportion_interval(successes=0, trials=0)

    @pytest.mark.parametrize(("x", "a", "b"), [(-0.1, 1, 1), (1.1, 1, 1), (0.5, 0, 1), (0.5, 1, math.inf)])
    def test_parameters_out_of_range(self, x: float, a: float, b: float) -> None:
        with pytest.raises(ValueError, match="must"):
            beta.beta_cdf(x=x, a=a, b=b)

    def test_counts_that_contradict_each_other(self) -> None:
        with pytest.raises(ValueError, match="between 0 and the number of trials"):
            beta.proportion_interval(successes=3, trials=2)

    def test_certainty_has_no_interval(self) -> None:
        with pytest.raises(ValueError, match="confidence"):
            beta.proportion_interval(successes=1, trials=2, confidence=1.0)


def _binomial(k: int, n: int, p: float) -> float:
    log = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(log + k * math.log(p) + (n - k) * math.log1p(-p))
