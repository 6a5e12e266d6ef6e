"""Dates that keep what they say: laws of the stretch, coverage in simulation, a refusal."""

from __future__ import annotations

import numpy as np
import pytest

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.forecast import recalibration as re


def team(*, count: int, bias: float, said: float, true: float, seed: int) -> re.Past:
    """A team whose work takes `bias` times what it says, with spread `true` where it says `said`."""
    chance = np.random.default_rng(seed)
    median = chance.uniform(4, 60, count)
    made = np.arange(count) * 5.0
    actual = median * bias * np.exp(true * chance.standard_normal(count))
    quantiles = re.lognormal(median=median, sigma=np.full(count, said))
    return re.Past(quantiles, actual, made, made + np.minimum(actual, 40))


class TestCoverage:
    @pytest.mark.parametrize(("bias", "said", "true"), [(1.4, 0.2, 0.6), (1.0, 0.5, 0.5), (0.7, 0.6, 0.3)])
    def test_a_stretched_date_holds_as_often_as_it_says(self, bias, said, true):
        found = [
            re.track(own=team(count=90, bias=bias, said=said, true=true, seed=seed)) for seed in range(8)
        ]
        p50, p85, p95 = np.mean([one.given for one in found], axis=0)
        assert 0.42 <= p50 <= 0.60
        assert 0.80 <= p85 <= 0.91
        assert p95 >= 0.90
        if bias > 1:
            assert np.mean([one.raw[1] for one in found]) < 0.55

    def test_other_teams_help_one_that_is_young(self):
        others = team(count=120, bias=1.6, said=0.3, true=0.5, seed=1)
        young = team(count=3, bias=1.6, said=0.3, true=0.5, seed=2)
        alone, helped = re.stretches(own=young)[16], re.stretches(own=young, others=others)[16]
        # What it really takes: 1.6 times as long, and wider.
        truth = 1.6 * np.exp((0.5 - 0.3) * 1.036)
        assert abs(np.log(helped / truth)) < abs(np.log(alone / truth)) + 1e-9


class TestStretch:
    def test_nothing_known_changes_nothing(self):
        assert re.stretches(own=re.NOTHING) == pytest.approx(np.ones(19))

    def test_futures_keep_their_order(self):
        days = np.random.default_rng(3).lognormal(3, 0.4, 500)
        factors = np.linspace(0.8, 2.0, 19)
        moved = re.stretch_days(days, factors)
        assert (np.argsort(moved, kind="stable") == np.argsort(days, kind="stable")).all()
        assert np.quantile(moved, 0.85) / np.quantile(days, 0.85) == pytest.approx(factors[16], rel=0.02)

    def test_too_short_a_past_is_refused(self):
        with pytest.raises(NotEnoughDataError, match="there are 7"):
            re.track(own=team(count=7, bias=1, said=0.5, true=0.5, seed=0))
