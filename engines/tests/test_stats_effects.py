"""Effects: agreement with tea-tasting and statsmodels, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
import tea_tasting as tt
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportions_ztest
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats.effects import Direction, Method, Pair, Plan, Standing, compare, share, stand
from roadbed_engines.stats.estimates import Quantity, estimate, estimate_pair, post_stratify
from roadbed_engines.stats.moments import Moments, merge

NINE = 1e-9


@pytest.fixture(scope="module")
def users():
    return tt.make_users_data(rng=42, covariates=True, n_users=5_000)


@pytest.fixture(scope="module")
def arms(users):
    columns = {name: users[name].to_numpy().astype(float) for name in users.column_names if name != "user"}
    variant = columns.pop("variant")
    return [
        Moments.of_rows({name: column[variant == at] for name, column in columns.items()}) for at in (0, 1)
    ]


ORDERS, REVENUE = Quantity("orders"), Quantity("revenue")
PER_SESSION = Quantity("orders", "sessions")
BEFORE = Quantity("orders_covariate", "sessions_covariate")


class TestAgreement:
    @pytest.mark.parametrize(
        ("quantity", "covariates", "theirs"),
        [
            (REVENUE, (), tt.Mean("revenue")),
            (PER_SESSION, (), tt.RatioOfMeans("orders", "sessions")),
            (REVENUE, (Quantity("revenue_covariate"),), tt.Mean("revenue", "revenue_covariate")),
            (
                PER_SESSION,
                (BEFORE,),
                tt.RatioOfMeans("orders", "sessions", "orders_covariate", "sessions_covariate"),
            ),
        ],
        ids=["mean", "ratio", "mean adjusted", "ratio adjusted"],
    )
    def test_with_tea_tasting_to_nine_digits(self, users, arms, quantity, covariates, theirs):
        pair = estimate_pair(control=arms[0], treatment=arms[1], quantity=quantity, covariates=covariates)
        ours = compare(pair=pair, plan=Plan.FIXED)
        known = tt.Experiment(metric=theirs).analyze(users)["metric"]
        assert ours.lift is not None
        told = {
            "control": pair.control.value,
            "treatment": pair.treatment.value,
            "effect_size": ours.difference,
            "effect_size_ci_lower": ours.low,
            "effect_size_ci_upper": ours.high,
            "rel_effect_size": ours.lift.lift,
            "rel_effect_size_ci_lower": ours.lift.low,
            "rel_effect_size_ci_upper": ours.lift.high,
            "pvalue": ours.p_value,
            "statistic": ours.statistic,
        }
        for name, value in told.items():
            assert value == pytest.approx(getattr(known, name), rel=NINE), name

    def test_with_statsmodels_welch(self, users, arms):
        rows = [users["revenue"].to_numpy()[users["variant"].to_numpy() == at] for at in (1, 0)]
        theirs = CompareMeans(DescrStatsW(rows[0]), DescrStatsW(rows[1]))
        ours = compare(
            pair=Pair(*(estimate(moments=one, quantity=REVENUE) for one in arms)), plan=Plan.FIXED, alpha=0.1
        )
        statistic, p_value, freedom = theirs.ttest_ind(usevar="unequal")
        low, high = theirs.tconfint_diff(alpha=0.1, usevar="unequal")
        assert (ours.statistic, ours.p_value, ours.freedom) == pytest.approx(
            (statistic, p_value, freedom), rel=NINE
        )
        assert (ours.low, ours.high) == pytest.approx((low, high), rel=NINE)

    def test_shares_with_statsmodels(self):
        found = compare(
            pair=Pair(share(successes=20034, units=44700), share(successes=20119, units=45489)),
            plan=Plan.FIXED,
        )
        z, p_value = proportions_ztest([20119, 20034], [45489, 44700])
        assert (found.statistic, found.p_value) == pytest.approx((z, p_value), rel=NINE)
        assert found.method is Method.PROPORTIONS
        # The figures published with the data (PrernaShinde/cookiecats-ab-test), to all digits that they have.
        assert found.statistic == pytest.approx(-1.7840862247974725, abs=1e-12)
        assert found.p_value == pytest.approx(0.07440965529691913, abs=1e-12)

    def test_several_covariates_are_the_regression(self, users, arms):
        quantity, names = REVENUE, ("revenue_covariate", "orders_covariate", "sessions_covariate")
        found = estimate_pair(
            control=arms[0],
            treatment=arms[1],
            quantity=quantity,
            covariates=[Quantity(name) for name in names],
        )
        rows = np.column_stack([users[name].to_numpy() for name in ("variant", *names)]).astype(float)
        theirs = sm.OLS(users["revenue"].to_numpy(), sm.add_constant(rows)).fit(cov_type="HC1")
        ours = compare(pair=found, plan=Plan.FIXED)
        # The regression takes its slopes inside the variants, we over both together: alike, not the same.
        assert ours.difference == pytest.approx(theirs.params[1], rel=0.01)
        assert ours.error == pytest.approx(theirs.bse[1], rel=0.01)
        assert 0.3 < found.treatment.explained < 1

    def test_tiny_p_values_do_not_vanish(self):
        found = compare(
            pair=Pair(share(successes=20_000, units=100_000), share(successes=24_000, units=100_000)),
            plan=Plan.FIXED,
        )
        assert 0 < found.p_value < 1e-90


class TestMoments:
    def test_a_large_mean_keeps_its_variance(self):
        rows = 1e9 + np.random.default_rng(7).normal(size=200_000)
        expected = np.var(rows - 1e9, ddof=1)
        pivoted = Moments.of_sums(
            names=["x"],
            count=len(rows),
            pivots=[1e9],
            sums=[(rows - 1e9).sum()],
            products=[[((rows - 1e9) ** 2).sum()]],
        )
        halves = merge([Moments.of_rows({"x": part}) for part in np.array_split(rows, 7)])
        for found in (pivoted, halves, Moments.of_rows({"x": rows})):
            assert float(found.covariance()[0, 0]) == pytest.approx(expected, rel=1e-9)
            assert found.mean("x") == pytest.approx(rows.mean(), rel=1e-15)

    @settings(max_examples=40, deadline=None)
    @given(
        st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=4, max_size=40),
        st.integers(1, 3),
    )
    def test_parts_add_up_to_the_whole(self, rows, cut):
        table = np.array(rows)
        whole = Moments.of_rows({"x": table[:, 0], "y": table[:, 1]})
        parts = [Moments.of_rows({"x": part[:, 0], "y": part[:, 1]}) for part in (table[:cut], table[cut:])]
        found = merge(parts)
        assert found.count == whole.count
        scale = np.abs(table).max() + 1
        assert found.means == pytest.approx(whole.means, abs=1e-12 * scale * len(rows))
        assert found.products == pytest.approx(whole.products, rel=1e-9, abs=1e-10 * scale**2 * len(rows))


class TestPostStratify:
    def test_strata_that_matter_narrow_the_interval_and_cover(self):
        chance = np.random.default_rng(3)
        hits, widths, plain_widths = 0, [], []
        for _ in range(300):
            sizes = chance.multinomial(400, [0.5, 0.3, 0.2], size=2)
            arms = [
                {
                    str(at): Moments.of_rows({"x": chance.normal(10.0 * at + 1.0 * side, 1.0, size)})
                    for at, size in enumerate(sizes[side])
                }
                for side in (0, 1)
            ]
            found = compare(
                pair=post_stratify(control=arms[0], treatment=arms[1], quantity=Quantity("x")),
                plan=Plan.FIXED,
            )
            plain = compare(
                pair=estimate_pair(
                    control=merge(arms[0].values()), treatment=merge(arms[1].values()), quantity=Quantity("x")
                ),
                plan=Plan.FIXED,
            )
            hits += found.low < 1.0 < found.high
            widths.append(found.high - found.low)
            plain_widths.append(plain.high - plain.low)
        assert 0.92 <= hits / 300 <= 0.98
        assert np.mean(widths) < 0.2 * np.mean(plain_widths)

    def test_a_stratum_that_one_variant_lacks_is_refused(self):
        one = Moments.of_rows({"x": [1.0, 2.0, 3.0]})
        with pytest.raises(NotEnoughDataError, match="every stratum"):
            post_stratify(control={"a": one}, treatment={"a": one, "b": one}, quantity=Quantity("x"))


class TestRefusals:
    def test_one_unit_has_no_interval(self):
        with pytest.raises(NotEnoughDataError, match="one unit"):
            estimate(moments=Moments.of_rows({"x": [1.0]}), quantity=Quantity("x"))

    @pytest.mark.parametrize("plan", list(Plan))
    def test_no_interval_without_width(self, plan):
        nobody = share(successes=0, units=100)
        with pytest.raises(NotEnoughDataError, match="nothing varies"):
            compare(pair=Pair(nobody, nobody), plan=plan)
        flat = estimate(moments=Moments.of_rows({"x": [0.1] * 9}), quantity=Quantity("x"))
        with pytest.raises(NotEnoughDataError, match="nothing varies"):
            compare(pair=Pair(flat, flat), plan=plan)

    def test_infinite_values_are_refused(self):
        with np.errstate(invalid="ignore"):
            moments = Moments.of_rows({"x": [1.0, math.inf, 2.0]})
        with pytest.raises(NotEnoughDataError, match="infinite"):
            compare(pair=Pair(*[estimate(moments=moments, quantity=Quantity("x"))] * 2), plan=Plan.FIXED)

    def test_nothing_is_divided_by_nought(self):
        with pytest.raises(NotEnoughDataError, match="nought"):
            estimate(moments=Moments.of_rows({"x": [1.0, 2.0], "n": [0.0, 0.0]}), quantity=Quantity("x", "n"))

    def test_few_successes_get_an_interval_that_holds(self):
        found = compare(
            pair=Pair(share(successes=0, units=50), share(successes=3, units=50)), plan=Plan.FIXED
        )
        assert found.method is Method.FEW_PROPORTIONS
        assert found.lift is None
        assert found.low < 0 < 0.06 < found.high


class TestMargins:
    @pytest.mark.parametrize(
        ("ends", "wanted", "standing"),
        [
            ((0.01, 0.05), Direction.UP, Standing.BETTER),
            ((0.01, 0.05), Direction.DOWN, Standing.UNCLEAR),
            ((0.03, 0.05), Direction.DOWN, Standing.WORSE),
            ((-0.01, 0.05), Direction.UP, Standing.NOT_WORSE),
            ((-0.03, 0.05), Direction.UP, Standing.UNCLEAR),
            ((-0.05, -0.03), Direction.UP, Standing.WORSE),
        ],
    )
    def test_an_interval_against_two_per_cent(self, ends, wanted, standing):
        assert stand(low=ends[0], high=ends[1], wanted=wanted, margin=0.02) is standing
