"""A PostgreSQL warehouse that is only ever read: what works, what is refused, and that nothing can be written."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg
import pytest

from roadbed.analytics.experiment import Reading
from roadbed.analytics.sources import measuring, plans, trying
from roadbed.analytics.sources.opening import opened
from roadbed.analytics.sources.places import Exposures, Facts, Postgres, Relation, SourceError

URL = os.environ.get("DATABASE_URL", "")
pytestmark = pytest.mark.skipif(
    not URL.startswith("postgres"), reason="DATABASE_URL names no PostgreSQL to read from"
)
SHOWN = """
CREATE SCHEMA warehouse;
CREATE TABLE warehouse.shown AS
  SELECT 'u' || n AS who, CASE WHEN n % 2 = 0 THEN 'old' ELSE 'new' END AS arm,
         timestamp '2026-03-01' + n * interval '10 minutes' AS at, 'checkout' AS test
  FROM generate_series(1, 400) AS n;
CREATE TABLE warehouse.orders AS
  SELECT who, at + interval '2 hours' AS placed, (substr(who, 2)::int % 7)::numeric AS amount FROM warehouse.shown;
CREATE FUNCTION warehouse.spoil() RETURNS int LANGUAGE sql AS 'DELETE FROM warehouse.orders; SELECT 1';
"""


@pytest.fixture(scope="module")
def place():
    with psycopg.connect(URL, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS warehouse CASCADE")
        connection.execute(SHOWN)
        parts = urlsplit(URL)
        yield Postgres(
            host=parse_qs(parts.query).get("host", [parts.hostname or ""])[0],
            port=parts.port or 5432,
            database=parts.path.strip("/"),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            schema="warehouse",
        )
        connection.execute("DROP SCHEMA warehouse CASCADE")


def test_an_experiment_is_analysed_where_the_data_lie(place):
    judged = plans.Judged("spent", plans.read("mean", {"facts": {"source": "orders", "column": "amount"}}))
    query = Relation(place, sql="SELECT who, placed, amount FROM orders WHERE amount < 100")
    with measuring.exposed_units(
        exposures=Exposures(Relation(place, table="shown"), "who", "arm", "at", experiment="test"),
        experiment="checkout",
        metrics=[judged],
        sources={"orders": Facts(query, "who", "placed", values=("amount",))},
        span=measuring.Span(as_of=datetime(2026, 4, 1, tzinfo=UTC) + timedelta(days=1)),
    ) as made:
        found = measuring.ask(made, control="old", shares={}, reading=Reading())
    assert found.measurement.units == {"new": 200, "old": 200}
    assert found.analysis.comparisons[0].effect is not None


def test_nothing_can_be_written(place):
    for sql in ("SELECT warehouse.spoil() AS who, now() AS at", "SELECT spoil() AS who, now() AS at"):
        with pytest.raises(SourceError, match="read-only transaction"):
            trying.attempt(Relation(place, sql=sql))
    refused = {
        "DELETE FROM orders": "Only a SELECT",
        "WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone": "more than read",
        "SELECT pg_sleep(100)": "pg_sleep is not allowed",
        "SELECT set_config('default_transaction_read_only', 'off', false)": "set_config is not allowed",
        "SELECT * FROM pg_catalog.pg_authid": "table of the database itself",
        "SELECT * INTO copied FROM orders": "more than read",
        "SELECT * FROM orders FOR UPDATE": "more than read",
    }
    for sql, said in refused.items():
        with pytest.raises(SourceError, match=said):
            trying.attempt(Relation(place, sql=sql))
    with opened([Relation(place, table="orders")]) as found:
        assert found[Relation(place, table="orders")].count().to_pyarrow().as_py() == 400


def test_what_is_missing_is_named(place):
    with pytest.raises(SourceError, match=r"There is no table order\. There are: orders, shown"):
        trying.attempt(Relation(place, table="order"))
    tried = trying.attempt(
        Relation(place, table="orders"), Facts(Relation(place, table="orders"), "who", "placd")
    )
    assert tried.problems[0].startswith("There is no column placd for the time. Did you mean placed?")
    wrong = Postgres(
        place.host, place.port, place.database, "nobody_at_all", "x", schema="", reached=place.reached
    )
    with pytest.raises(SourceError, match="does not let us in"):
        trying.attempt(Relation(wrong, table="orders"))
