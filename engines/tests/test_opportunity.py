"""Ulwick's opportunity score."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadbed_engines.priority import opportunity as engine

tens = st.floats(0, 10)


class TestPublishedExample:
    def test_recurrence_of_a_blockage(self) -> None:
        """Ulwick (2002): importance 9.5, satisfaction 3.2, opportunity 15.8."""
        found = engine.opportunity(importance=9.5, satisfaction=3.2)
        assert found.score == 15.8
        assert found.served is engine.Served.UNDERSERVED

    def test_satisfaction_above_importance_takes_nothing_away(self) -> None:
        found = engine.opportunity(importance=4.0, satisfaction=9.0)
        assert (found.score, found.gap, found.served) == (4.0, 0.0, engine.Served.OVERSERVED)

    def test_a_met_need_is_served(self) -> None:
        assert engine.opportunity(importance=10, satisfaction=10).served is engine.Served.SERVED


class TestLaws:
    @given(importance=tens, satisfaction=tens)
    def test_the_score_is_the_sum_of_its_terms_and_stays_in_range(
        self, importance: float, satisfaction: float
    ) -> None:
        found = engine.opportunity(importance=importance, satisfaction=satisfaction)
        assert 0 <= found.score <= 20
        assert found.score == pytest.approx(importance + found.gap, abs=1e-9)

    @given(importance=tens, satisfaction=tens, better=tens)
    def test_serving_better_never_makes_a_need_more_urgent(
        self, importance: float, satisfaction: float, better: float
    ) -> None:
        low, high = sorted((satisfaction, better))
        before = engine.opportunity(importance=importance, satisfaction=low)
        after = engine.opportunity(importance=importance, satisfaction=high)
        assert after.score <= before.score


class TestRefusals:
    @pytest.mark.parametrize(("importance", "satisfaction"), [(10.1, 1), (5, -0.1)])
    def test_figures_out_of_range(self, importance: float, satisfaction: float) -> None:
        with pytest.raises(ValueError, match="between 0 and 10"):
            engine.opportunity(importance=importance, satisfaction=satisfaction)
