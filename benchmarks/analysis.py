"""Claim: reading a whole experiment costs at most 1.3 times the bare sums, 1.8 times when broken down by country.

    python benchmarks/analysis.py                     10 million users
    python benchmarks/analysis.py --users 1000000
    python benchmarks/analysis.py --growth            1, 10 and 100 million beside each other

Four metrics (revenue, orders and sessions a user, orders a session), each with CUPED, and the sample ratio, over a
DuckDB file. The measure is a raw `GROUP BY` of the same sums, squares and cross products, run in turn with ours, round
by round: the median of the rounds' ratios counts, so that whoever else uses the machine slows both alike. Beside it:
tea-tasting on the same table, and ours over rows that may repeat a unit, which must be checked first. Prints a table,
writes benchmarks/results/analysis.json, and ends with 1 where a claim does not hold.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import ibis
import tea_tasting as tt

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "engines" / "src")]

from roadbed.analytics import experiment  # noqa: E402 - the path comes first
from roadbed.analytics.asking import MetricSpec, Question  # noqa: E402
from roadbed.analytics.units import unit_table  # noqa: E402
from roadbed_engines.stats.readout import Kind, Options  # noqa: E402

CLAIMED = 10_000_000
MOST, MOST_BY_COUNTRY, MOST_MEMORY = 1.3, 1.8, 1_536
COLUMNS = ("revenue", "orders", "sessions", "revenue_before", "orders_before", "sessions_before")
PRODUCTS = (
    ("revenue", "revenue_before"),
    ("orders", "orders_before"),
    ("sessions", "sessions_before"),
    ("orders", "sessions"),
    ("orders", "sessions_before"),
    ("sessions", "orders_before"),
    ("orders_before", "sessions_before"),
)
METRICS = (
    MetricSpec("revenue", Kind.MEAN, ("revenue",), covariates=(("revenue_before",),)),
    MetricSpec("orders", Kind.MEAN, ("orders",), covariates=(("orders_before",),)),
    MetricSpec("sessions", Kind.MEAN, ("sessions",), covariates=(("sessions_before",),)),
    MetricSpec(
        "rate", Kind.RATIO, ("orders", "sessions"), covariates=(("orders_before", "sessions_before"),)
    ),
)


def make(path: Path, users: int) -> None:
    """Write users with visits, orders and revenue before and during the experiment."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("SELECT setseed(0.5)")
        connection.execute(
            """
            CREATE TABLE users AS
            WITH drawn AS (
                SELECT range AS id, random() < 0.5 AS treated, random() AS taste, random() AS a, random() AS b,
                       random() AS c, random() AS d, random() AS e
                FROM range(?)
            ), visits AS (
                SELECT *, 1 + floor(-4 * taste * ln(a + 1e-9))::INTEGER AS sessions,
                       1 + floor(-4 * taste * ln(b + 1e-9))::INTEGER AS sessions_before
                FROM drawn
            ), bought AS (
                SELECT *, floor(
                           sessions * taste * c * 0.6 + (CASE WHEN treated THEN 0.02 ELSE 0 END) + 0.3 * d
                       )::INTEGER AS orders,
                       floor(sessions_before * taste * d * 0.6 + 0.3 * c)::INTEGER AS orders_before
                FROM visits
            )
            SELECT id, CASE WHEN treated THEN 'treatment' ELSE 'control' END AS variant,
                   ['DE', 'FR', 'GB', 'NL', 'US'][1 + floor(e * 5)::INTEGER] AS country, sessions, orders,
                   orders * (20 + 30 * a) AS revenue, sessions_before, orders_before,
                   orders_before * (20 + 30 * b) AS revenue_before
            FROM bought
            """,
            [users],
        )


def raw(connection: duckdb.DuckDBPyConnection, by: str) -> None:
    """Group by with the sums that the metrics need, and nothing else."""
    sums = [f"sum({name})" for name in COLUMNS] + [f"sum({name} * {name})" for name in COLUMNS]
    sums += [f"sum({one} * {two})" for one, two in PRODUCTS]
    connection.execute(f"SELECT {by}, count(*), {', '.join(sums)} FROM users GROUP BY {by}").fetchall()  # noqa: S608


def ours(table: ibis.Table, *, dimensions: tuple[str, ...] = (), checked: bool = False) -> experiment.Answer:
    """Analyse from the table to the recommendation."""
    question = Question(
        variant="variant",
        control="control",
        metrics=METRICS,
        unit="id" if checked else "",
        dimensions=dimensions,
    )
    units = unit_table(table, question, one_row_each=not checked)
    return experiment.answer(units, question, ("control", "treatment"), experiment.Reading(options=Options()))


def theirs(table: ibis.Table) -> None:
    """Analyse with tea-tasting."""
    tt.Experiment(
        revenue=tt.Mean("revenue", "revenue_before"),
        orders=tt.Mean("orders", "orders_before"),
        sessions=tt.Mean("sessions", "sessions_before"),
        rate=tt.RatioOfMeans("orders", "sessions", "orders_before", "sessions_before"),
        split=tt.SampleRatio(),
    ).analyze(table, control="control")


def measure(path: Path, rounds: int) -> dict[str, float]:
    """Run every case in turn, round by round, and return the medians: seconds of the base, ratios of the others."""
    backend = ibis.duckdb.connect(str(path), read_only=True, threads=2)
    table = backend.table("users")
    cases: dict[str, Callable[[], object]] = {
        "raw": lambda: raw(backend.con, "variant"),
        "raw by country": lambda: raw(backend.con, "variant, country"),
        "ours": lambda: ours(table),
        "ours by country": lambda: ours(table, dimensions=("country",)),
        "ours, units checked": lambda: ours(table, checked=True),
        "tea-tasting": lambda: theirs(table),
    }
    taken: dict[str, list[float]] = {name: [] for name in cases}
    for at in range(rounds + 1):
        for name, case in cases.items():
            began = time.perf_counter()
            case()
            if at:  # the first round warms the file and the imports
                taken[name].append(time.perf_counter() - began)
    found = {"seconds": statistics.median(taken["raw"])}
    for name in list(cases)[1:]:
        pairs = zip(taken[name], taken["raw"], strict=True)
        found[name] = statistics.median(one / base for one, base in pairs)
    return found


def peak(path: Path) -> float:
    """Return the most memory, in MiB, of a process that does nothing but analyse."""
    code = (
        "import resource, sys; from pathlib import Path; sys.path.insert(0, str(Path(sys.argv[1]).parent));"
        "import analysis, ibis;"
        "table = ibis.duckdb.connect(sys.argv[2], read_only=True, threads=2).table('users');"
        "analysis.ours(table, dimensions=('country',));"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code, __file__, str(path)], capture_output=True, text=True, check=True
    )
    return int(done.stdout.split()[-1]) / 1024  # DuckDB draws its progress before it


def agrees(path: Path) -> bool:
    """Whether ours and tea-tasting say the same, to nine digits."""
    table = ibis.duckdb.connect(str(path), read_only=True).table("users")
    own = {one.metric.name: one for one in ours(table).analysis.comparisons}
    known = tt.Experiment(
        rate=tt.RatioOfMeans("orders", "sessions", "orders_before", "sessions_before"),
        revenue=tt.Mean("revenue", "revenue_before"),
    ).analyze(table, control="control")
    for name in ("rate", "revenue"):
        mine, other = own[name].fixed, known[name]
        assert mine is not None
        pairs = ((mine.difference, other.effect_size), (mine.low, other.effect_size_ci_lower))
        if any(abs(one - two) > 1e-9 * max(abs(one), abs(two)) for one, two in pairs):
            return False
    return True


def main() -> int:
    """Measure, print and judge."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--users", type=int, default=CLAIMED)
    words.add_argument("--rounds", type=int, default=5)
    words.add_argument("--growth", action="store_true")
    said = words.parse_args()
    sizes = [1_000_000, 10_000_000, 100_000_000] if said.growth else [said.users]
    results: dict[str, dict[str, float]] = {}
    holds = True
    for size in sizes:
        with tempfile.TemporaryDirectory() as room:
            path = Path(room) / "users.duckdb"
            make(path, size)
            found = measure(path, said.rounds if size <= 10_000_000 else 2)
            print(f"{size:,} users: {json.dumps(found)}", flush=True)
            found["memory"] = peak(path)
            found["agrees"] = float(agrees(path))
        results[str(size)] = found
        print(f"\n{size:,} users; the raw GROUP BY takes {found['seconds']:.2f} s")
        for name, value in found.items():
            if name not in {"seconds", "memory", "agrees"}:
                print(f"  {name:<22}{value:6.2f} ×")
        print(f"  {'most memory':<22}{found['memory']:6.0f} MiB")
        print(f"  tea-tasting says the same to nine digits: {'yes' if found['agrees'] else 'NO'}")
        holds &= bool(found["agrees"])
        if size == CLAIMED or not said.growth:  # the growth around it is shown, and nothing is claimed of it
            holds &= found["ours"] <= MOST and found["ours by country"] <= MOST_BY_COUNTRY
            holds &= found["memory"] < MOST_MEMORY
    print(
        f"\n{'holds' if holds else 'DOES NOT HOLD'}: {MOST} ×, by country {MOST_BY_COUNTRY} ×, {MOST_MEMORY} MiB"
    )
    print(
        f"({resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB for this benchmark with everything)"
    )
    target = ROOT / "benchmarks" / "results"
    target.mkdir(exist_ok=True)
    (target / "analysis.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
