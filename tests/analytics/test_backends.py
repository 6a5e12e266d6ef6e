"""Events to a recommendation, where the data are: DuckDB; PostgreSQL where that is the database; Spark if asked.

`bin/test spark` asks with ROADBED_SPARK, and puts PySpark on the path.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from roadbed.analytics import experiment, exposures, measuring
from roadbed.analytics.asking import BadQuestionError, MetricSpec, Question, Winsorise
from roadbed.analytics.exposures import ExposureSource, Fact, FactSource, Filter, Funnel, How, Is
from roadbed.analytics.units import unit_table
from roadbed_engines.stats.effects import Plan
from roadbed_engines.stats.readout import Kind, Options, Role

BEGAN = datetime(2026, 3, 1)  # noqa: DTZ001 - columns hold moments without a zone, in UTC
USERS = 600


def _events():
    """Exposures (some twice, two users in both variants) and what users did before and after."""
    chance = np.random.default_rng(7)
    seen, facts = [], []
    for user in range(USERS):
        variant = "AB"[user % 2]
        at = BEGAN + timedelta(hours=int(chance.integers(0, 240)))
        country = ["NL", "DE", "FR"][user % 3]
        seen.append((f"u{user}", variant, at, country))
        if user % 5 == 0:
            seen.append((f"u{user}", variant, at + timedelta(hours=5), "XX"))
        if user < 2:
            seen.append((f"u{user}", "BA"[user % 2], at + timedelta(hours=1), country))
        taste = float(chance.gamma(2.0, 5.0))
        for offset in (-3, 1, 2, 9):  # days: one before, two inside a week, one after it
            paid = taste * float(chance.uniform(0.5, 1.5)) * (1.2 if variant == "B" and offset > 0 else 1.0)
            facts.append((f"u{user}", at + timedelta(days=offset), "order", round(paid, 2)))
        if chance.uniform() < (0.5 if variant == "A" else 0.7):
            facts.append((f"u{user}", at + timedelta(hours=2), "cart", None))
        facts.append((f"u{user}", at - timedelta(hours=1), "cart", None))  # before exposure: does not count
    exposed = {name: [row[at] for row in seen] for at, name in enumerate(("who", "arm", "at", "country"))}
    facts = [facts[at] for at in chance.permutation(len(facts))]
    happened = {name: [row[at] for row in facts] for at, name in enumerate(("who", "at", "event", "paid"))}
    return pa.table(exposed), pa.table(happened)


def _postgres(url):
    parts = urlsplit(url)
    return ibis.postgres.connect(
        host=parse_qs(parts.query).get("host", [parts.hostname])[0],
        port=parts.port or 5432,
        user=parts.username,
        password=parts.password,
        database=parts.path.strip("/"),
    )


def _spark(room):
    from pyspark.sql import SparkSession

    told = {
        "spark.driver.memory": "1g",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": str(room / "warehouse"),
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
    }
    return ibis.pyspark.connect(SparkSession.builder.master("local[2]").config(map=told).getOrCreate())


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    """Put a table into the database that the suite runs on."""
    url, room = os.environ.get("DATABASE_URL", ""), tmp_path_factory.mktemp("tables")
    is_postgres, is_spark = url.startswith("postgres"), bool(os.environ.get("ROADBED_SPARK"))
    backend = _spark(room) if is_spark else _postgres(url) if is_postgres else ibis.duckdb.connect()

    def load(name, table):
        if is_postgres:
            return backend.create_table(name, table, temp=True)
        path = str(room / f"{name}.parquet")
        pq.write_table(table, path, coerce_timestamps="us")
        return backend.read_parquet(path, table_name=name)

    yield load
    backend.disconnect()
    if is_spark:
        backend._session.stop()


@pytest.fixture(scope="module")
def units(load):
    seen, happened = (load(name, table) for name, table in zip(("seen", "facts"), _events(), strict=True))
    exposed = exposures.first_exposures(seen, ExposureSource("who", "arm", "at", dimensions=("country",)))
    week = timedelta(days=7)
    order = (Filter("event", Is.EQUAL, "order"),)
    facts = [
        Fact("revenue", "facts", How.SUM, "paid", end=week, filters=order),
        Fact("orders", "facts", How.COUNT, end=week, filters=order),
        Fact("carted", "facts", How.ANY, end=week, filters=(Filter("event", Is.ONE_OF, ("cart",)),)),
        Fact("largest", "facts", How.MAX, "paid", end=week, filters=order),
        Fact("before", "facts", How.SUM, "paid", start=-week, end=timedelta(0), filters=order),
        Fact("came back", "facts", How.ANY, start=timedelta(days=8), end=timedelta(days=10)),
        Funnel("buys", "facts", ((Filter("event", Is.EQUAL, "cart"),), order), end=week),
    ]
    table = exposures.unit_facts(exposed, facts, {"facts": (happened, FactSource("who", "at"))})
    return exposed, table, facts, happened


METRICS = (
    MetricSpec("revenue", Kind.MEAN, ("revenue",), covariates=(("before",),), role=Role.PRIMARY),
    MetricSpec("carted", Kind.PROPORTION, ("carted",)),
    MetricSpec("basket", Kind.RATIO, ("revenue", "orders")),
    MetricSpec("back", Kind.RETENTION, ("came back",)),
    MetricSpec("buys", Kind.FUNNEL, ("buys 1", "buys 2")),
    MetricSpec("p80", Kind.QUANTILE, ("revenue",), level=0.8),
    MetricSpec("cut", Kind.MEAN, ("revenue",), winsorise=Winsorise(0.05, 0.95)),
)


@pytest.fixture(scope="module")
def answer(units):
    question = Question("variant", "A", METRICS, dimensions=("country",))
    made = unit_table(units[1], question, one_row_each=True)
    reading = experiment.Reading(options=Options(plan=Plan.FIXED))
    return experiment.answer(made, question, ("A", "B"), reading)


def _effect(answer, metric):
    return next(one for one in answer.analysis.comparisons if one.metric.name == metric)


class TestExposures:
    def test_the_first_exposure_counts_and_jumpers_do_not(self, units):
        exposed = units[0]
        assert exposed.jumpers == 2
        rows = exposed.table.to_pyarrow().to_pylist()
        assert len(rows) == USERS - 2
        assert {row["country"] for row in rows} == {"NL", "DE", "FR"}

    def test_windows_are_each_units_own(self, units):
        rows = units[1].to_pyarrow().to_pylist()
        assert all(row["orders"] == 2.0 and row["came back"] == 1.0 for row in rows)
        assert all(row["largest"] <= row["revenue"] and row["before"] > 0 for row in rows)
        carted = [row for row in rows if row["carted"]]
        assert 0.5 < len(carted) / len(rows) < 0.7
        assert all((row["buys 1"], row["buys 2"]) == (row["carted"], row["carted"]) for row in rows)

    def test_a_window_that_is_not_over_has_no_value(self, units):
        exposed, _, facts, happened = units
        source = {"facts": (happened, FactSource("who", "at"))}
        early = exposures.unit_facts(
            exposed, facts[:1], source, as_of=(BEGAN + timedelta(days=12)).replace(tzinfo=UTC)
        )
        rows = early.to_pyarrow().to_pylist()
        known = [row for row in rows if row["revenue"] is not None]
        assert 0.4 < len(known) / len(rows) < 0.6
        assert all(row["exposed_at"] <= BEGAN + timedelta(days=5) for row in known)

    def test_questions_that_make_no_sense(self, units):
        exposed, _, _, happened = units
        with pytest.raises(BadQuestionError, match="no column nope"):
            exposures.unit_facts(
                exposed, [Fact("x", "facts", How.SUM, "nope")], {"facts": (happened, FactSource("who", "at"))}
            )
        with pytest.raises(BadQuestionError, match="ends before"):
            Fact("x", "facts", How.COUNT, start=timedelta(3), end=timedelta(2))


class TestAnswer:
    def test_the_effects_that_were_put_in_are_found(self, answer):
        revenue = _effect(answer, "revenue")
        assert revenue.fixed.lift.low < 0.2 < revenue.fixed.lift.high
        assert revenue.reduction > 0.5
        assert _effect(answer, "carted").fixed.low < 0.2 < _effect(answer, "carted").fixed.high
        assert _effect(answer, "basket").fixed.difference > 0
        assert "nothing varies" in _effect(answer, "back").refused
        assert answer.analysis.recommendation.verdict.value == "ship"

    def test_every_database_says_what_numpy_says(self, answer, units):
        rows = units[1].to_pyarrow().to_pylist()
        arms = {name: np.array([row["revenue"] for row in rows if row["variant"] == name]) for name in "AB"}
        plain = _effect(answer, "revenue").plain
        assert plain.difference == pytest.approx(arms["B"].mean() - arms["A"].mean(), rel=1e-9)
        variances = [arms[name].var(ddof=1) / len(arms[name]) for name in "AB"]
        assert plain.error == pytest.approx(np.sqrt(sum(variances)), rel=1e-9)
        p80 = _effect(answer, "p80").pair
        assert p80.control.value == pytest.approx(np.quantile(arms["A"], 0.8), rel=1e-9)
        low, high = np.quantile(np.concatenate(list(arms.values())), [0.05, 0.95])
        cut = _effect(answer, "cut").pair.treatment
        assert cut.value == pytest.approx(np.clip(arms["B"], low, high).mean(), rel=1e-9)

    def test_countries_add_up_to_the_whole(self, answer):
        found = answer.measurement
        assert set(found.segments["country"]["revenue"]) == {"NL", "DE", "FR"}
        for name in "AB":
            assert sum(row[name] for row in found.segment_units["country"].values()) == found.units[name]

    def test_clusters_widen_what_hangs_together(self, load):
        chance = np.random.default_rng(9)
        shops = np.repeat(np.arange(60), 30)
        level = chance.normal(100, 10, 60)[shops]
        table = load(
            "shops",
            pa.table(
                {
                    "shop": [f"s{one}" for one in shops],
                    "arm": ["AB"[one % 2] for one in shops],
                    "spend": level + chance.normal(0, 1, len(shops)),
                }
            ),
        )
        metric = MetricSpec("spend", Kind.MEAN, ("spend",))
        loose = experiment.ask(table, Question("arm", "A", (metric,)))
        tied = experiment.ask(table, Question("arm", "A", (metric,), cluster="shop"))
        one, other = (_effect(found, "spend") for found in (loose, tied))
        assert other.fixed.difference == pytest.approx(one.fixed.difference, rel=1e-9)
        assert other.fixed.error > 4 * one.fixed.error
        assert (other.pair.control.units, other.pair.treatment.units) == (30, 30)

    def test_a_large_mean_keeps_its_variance(self, load):
        rows = 1e9 + np.random.default_rng(1).normal(size=20_000)
        table = load("large", pa.table({"arm": ["A", "B"] * 10_000, "x": rows}))
        question = Question("arm", "A", (MetricSpec("x", Kind.MEAN, ("x",)),))
        found = measuring.sums(unit_table(table, question, one_row_each=True))
        variance = float(found.moments["x"]["A",].covariance()[0, 0])
        assert variance == pytest.approx((rows[::2] - 1e9).var(ddof=1), rel=1e-7)
