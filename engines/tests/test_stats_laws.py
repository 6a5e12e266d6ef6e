"""Laws that hold whatever the numbers: false alarms, coverage, and corrections; simulations in one sweep of arrays."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestIndPower

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats import planning, sequences
from roadbed_engines.stats.bayes import Prior, believe, cumulative_impact, learn_prior
from roadbed_engines.stats.effects import Direction, Effect, Plan, compare, share
from roadbed_engines.stats.estimates import Estimate, Pair, Quantity, estimate_pair
from roadbed_engines.stats.moments import Moments
from roadbed_engines.stats.multiplicity import benjamini_hochberg, holm, preferential
from roadbed_engines.stats.quantiles import quantile_of_rows

TESTS, LOOKS, EACH = 2_000, 60, 50


def binomial_band(share, runs):
    """Four standard errors around a share: a fair simulation leaves it once in 15,000."""
    return 4 * math.sqrt(share * (1 - share) / runs)


@pytest.fixture(scope="module")
def looks():
    """A/A tests on skewed values: running difference and its error at every look, shape (tests, looks)."""
    chance = np.random.default_rng(20_261_130)
    count = EACH * np.arange(1, LOOKS + 1)
    means, variances = [], []
    for _ in range(2):
        rows = chance.exponential(1.0, (TESTS, LOOKS * EACH)).astype(np.float64)
        parts = rows.reshape(TESTS, LOOKS, EACH)
        first, second = np.cumsum(parts.sum(axis=2), axis=1), np.cumsum((parts**2).sum(axis=2), axis=1)
        means.append(first / count)
        variances.append((second - first**2 / count) / (count - 1) / count)
    return means[1] - means[0], np.sqrt(variances[0] + variances[1]), count


class TestFalseAlarms:
    def test_always_valid_over_sixty_looks(self, looks):
        difference, error, count = looks
        reach = np.array([sequences.radius(units=2 * each, alpha=0.05) for each in count])
        # Without Student's tail, which only widens: the law holds for the bare sequence already.
        alarmed = (np.abs(difference) > reach * error).any(axis=1).mean()
        assert alarmed <= 0.05
        # The intervals that `compare` gives are these, or wider.
        for at in (0, LOOKS - 1):
            arms = [
                Estimate(
                    value=1.0 + shift,
                    variance=float(error[0, at] ** 2 / 2),
                    units=int(count[at]),
                    observed=1.0,
                )
                for shift in (0.0, float(difference[0, at]))
            ]
            found = compare(pair=Pair(*arms), plan=Plan.SEQUENTIAL)
            assert found.high - found.difference >= reach[at] * error[0, at] * (1 - 1e-9)

    def test_a_fixed_horizon_read_once_and_read_often(self, looks):
        difference, error, _ = looks
        crossed = np.abs(difference / error) > 1.959964
        assert abs(crossed[:, -1].mean() - 0.05) < binomial_band(0.05, TESTS)
        assert crossed.any(axis=1).mean() > 0.25  # why the sequence is the default

    def test_a_real_effect_is_found_while_running(self, looks):
        difference, error, count = looks
        reach = np.array([sequences.radius(units=2 * each, alpha=0.05, tuned_for=4_000) for each in count])
        assert (np.abs(difference + 0.15) > reach * error).any(axis=1).mean() > 0.9


class TestCoverage:
    def test_means_and_ratios_of_skewed_values(self):
        chance = np.random.default_rng(5)
        runs, units = 1_000, 400
        hits = {"mean": 0, "ratio": 0, "adjusted": 0}
        for _ in range(runs):
            arms = []
            for lift in (1.0, 1.2):
                before = chance.gamma(1.0, 2.0, units)
                visits = 1.0 + chance.poisson(before)
                orders = lift * visits * chance.exponential(0.5, units)
                arms.append(Moments.of_rows({"orders": orders, "visits": visits, "before": before}))
            ratio = Quantity("orders", "visits")
            for name, quantity, covariates, truth in (
                ("mean", Quantity("orders"), (), 0.2 * 0.5 * 3.0),
                ("ratio", ratio, (), 0.1),
                ("adjusted", Quantity("orders"), (Quantity("before"),), 0.2 * 0.5 * 3.0),
            ):
                found = compare(
                    pair=estimate_pair(
                        control=arms[0], treatment=arms[1], quantity=quantity, covariates=covariates
                    ),
                    plan=Plan.FIXED,
                )
                hits[name] += found.low < truth < found.high
        for name, count in hits.items():
            assert abs(count / runs - 0.95) < binomial_band(0.95, runs), name

    def test_quantiles_where_units_bring_several_values(self):
        chance = np.random.default_rng(8)
        runs, units, each = 400, 400, 5
        truth = _normal_quantile(0.9) * math.sqrt(1.0 + 0.5)
        clustered, naive = 0, 0
        owner = np.repeat(np.arange(units), each)
        for _ in range(runs):
            values = np.repeat(chance.normal(0, 1, units), each) + chance.normal(
                0, math.sqrt(0.5), units * each
            )
            for is_clustered in (True, False):
                found = quantile_of_rows(values=values, level=0.9, units=owner if is_clustered else None)
                inside = abs(found.value - truth) < 1.96 * found.error
                clustered += inside and is_clustered
                naive += inside and not is_clustered
        assert abs(clustered / runs - 0.95) < binomial_band(0.95, runs)
        assert naive / runs < 0.85


def _normal_quantile(level):
    return float(special.ndtri(level))


class TestMultiplicity:
    def test_holm_and_benjamini_hochberg_as_statsmodels_have_them(self, monkeypatch):
        monkeypatch.setattr(
            "gc.collect", lambda: 0
        )  # statsmodels asks for it at each call, and it takes long here
        chance = np.random.default_rng(4)
        for size in (1, 2, 3, 12, 12, 50):
            p_values = np.round(chance.beta(0.3, 1.0, size), 3)  # rounded, so that some are equal
            for ours, method in ((holm, "holm"), (benjamini_hochberg, "fdr_bh")):
                assert ours(list(p_values)) == pytest.approx(
                    multipletests(p_values, method=method)[1], rel=1e-9
                )

    @given(st.integers(1, 30), st.floats(0.0001, 0.04))
    def test_the_primary_keeps_its_power_however_many_are_added(self, more, p_value):
        found = preferential([p_value, *[0.9] * more], primary=[True, *[False] * more])
        assert found[0] == pytest.approx(min(1.0, p_value / 0.8))
        assert holm([p_value, *[0.9] * more])[0] == pytest.approx(min(1.0, p_value * (more + 1)))

    def test_the_chance_of_any_false_alarm_stays_below_alpha(self):
        chance = np.random.default_rng(2)
        rows = chance.uniform(size=(4_000, 6))
        primary = [True, *[False] * 5]
        alarmed = np.mean([min(preferential(row, primary=primary)) < 0.05 for row in rows])
        assert alarmed < 0.05 + binomial_band(0.05, 4_000)


class TestPlanning:
    @pytest.mark.parametrize("effect", [0.02, 0.1, 0.5])
    @pytest.mark.parametrize("ratio", [1.0, 0.5])
    def test_sizes_are_those_of_statsmodels(self, effect, ratio):
        design = planning.Design(ratio=ratio)
        ours = planning.size_for_mean(effect=effect, deviation=1.0, design=design).control
        theirs = TTestIndPower().solve_power(effect_size=effect, alpha=0.05, power=0.8, ratio=ratio)
        assert ours == math.ceil(theirs)

    def test_power_is_that_of_statsmodels_to_nine_digits(self):
        ours = planning.power_for_mean(effect=0.3, deviation=1.0, control=100)
        assert ours == pytest.approx(TTestIndPower().power(0.3, 100, 0.05), rel=1e-9)

    def test_looking_often_costs_units_and_covariates_save_them(self):
        plain = planning.size_for_mean(effect=0.1, deviation=1.0).total
        often = planning.size_for_mean(
            effect=0.1, deviation=1.0, design=planning.Design(plan=Plan.SEQUENTIAL)
        ).total
        saved = planning.size_for_mean(effect=0.1, deviation=1.0, design=planning.Design(explained=0.5)).total
        assert 1.5 < often / plain < 2.5
        assert saved / plain == pytest.approx(0.5, abs=0.01)

    def test_the_smallest_effect_and_the_size_are_inverse(self):
        size = planning.size_for_mean(effect=0.1, deviation=1.0).control
        assert planning.smallest_effect(deviation=1.0, control=size) == pytest.approx(0.1, abs=1e-4)

    def test_days_left_shrink_and_end(self):
        early = planning.progress(effect=0.01, error=0.01, units=1_000, days=2)
        late = planning.progress(effect=0.01, error=0.0035, units=8_000, days=16, minimum_days=14)
        assert early.days_left is not None
        assert early.days_left > 0
        assert late.is_complete
        assert late.days_left == 0

    def test_nonsense_is_refused(self):
        with pytest.raises(NotEnoughDataError):
            planning.size_for_mean(effect=1e-9, deviation=1e3)
        with pytest.raises(ValueError, match="differ"):
            planning.size_for_share(baseline=0.5, effect=0.0)


class TestBelief:
    def test_a_flat_prior_leaves_the_data_alone(self):
        found = believe(effect=0.03, error=0.01)
        assert (found.mean, found.deviation) == (0.03, 0.01)
        assert found.chance_to_win == pytest.approx(0.99865, abs=1e-5)
        down = believe(effect=0.03, error=0.01, wanted=Direction.DOWN)
        assert down.chance_to_win == pytest.approx(1 - found.chance_to_win)
        assert found.loss_if_kept - found.loss_if_shipped == pytest.approx(0.03)

    def test_the_learned_prior_finds_the_spread_and_calms_the_winners(self):
        chance = np.random.default_rng(11)
        truth = chance.normal(0, 0.02, 400)
        noise = chance.uniform(0.01, 0.04, 400)
        seen = truth + chance.normal(0, noise)
        prior = learn_prior(effects=seen, errors=noise)
        assert prior.deviation == pytest.approx(0.02, rel=0.2)
        shipped = seen > 1.96 * noise
        found = cumulative_impact(effects=seen, errors=noise, shipped=list(shipped))
        real = truth[shipped].sum()
        assert found.observed > 1.3 * real
        assert found.low < real < found.high
        assert found.win_rate == pytest.approx(shipped.mean())
        beliefs = [
            believe(effect=one, error=error, prior=prior) for one, error in zip(seen, noise, strict=True)
        ]
        inside = np.mean([one.low < real < one.high for one, real in zip(beliefs, truth, strict=True)])
        assert abs(inside - 0.95) < binomial_band(0.95, 400)

    def test_noise_alone_still_leaves_room_for_doubt(self):
        dull = learn_prior(effects=[0.001, -0.001, 0.0005, -0.0005, 0.0], errors=[0.02] * 5)
        assert 0 < dull.deviation < 0.02

    def test_few_past_experiments_teach_nothing(self):
        with pytest.raises(NotEnoughDataError, match="5 past experiments"):
            learn_prior(effects=[0.1] * 4, errors=[0.1] * 4)
        with pytest.raises(ValueError, match="above 0"):
            believe(effect=1.0, error=1.0, prior=Prior(0.0, 0.0))


class TestSequence:
    @given(st.floats(0.001, 0.2), st.integers(10, 10**7), st.integers(100, 10**6))
    def test_the_p_value_and_the_interval_say_the_same(self, alpha, units, tuned):
        bound = sequences.radius(units=units, alpha=alpha, tuned_for=tuned)
        assert sequences.p_value(score=bound, units=units, alpha=alpha, tuned_for=tuned) == pytest.approx(
            alpha
        )

    def test_it_is_narrowest_where_it_was_tuned(self):
        widths = {
            tuned: sequences.radius(units=10_000, alpha=0.05, tuned_for=tuned)
            for tuned in (1_000, 5_000, 10_000, 20_000, 100_000)
        }
        assert min(widths, key=widths.__getitem__) == 10_000

    def test_few_units_widen_it(self):
        few = [share(successes=3, units=10), share(successes=6, units=10)]
        found: Effect = compare(pair=Pair(*few), plan=Plan.SEQUENTIAL)
        bare = sequences.radius(units=20, alpha=0.05)
        assert sequences.stretched(radius=bare, freedom=found.freedom) > 1.2 * bare
        assert (found.low, found.high) == (-1.0, 1.0)
        assert found.p_value > 0.9
