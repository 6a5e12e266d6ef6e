"""`roadbed forecast` on a file, without a workspace."""

from __future__ import annotations

import csv
import json
import random
from datetime import date, timedelta

import pytest


@pytest.fixture
def done(tmp_path):
    """Two years of a team: about two items a working day, each begun three to nine days before."""
    chance = random.Random(5)  # noqa: S311 - the same file each time
    path = tmp_path / "done.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["key", "begun", "resolved"])
        day = date(2024, 1, 1)
        for number in range(1, 1001):
            day += timedelta(days=chance.choice([0, 0, 1, 1]))
            writer.writerow(
                [f"T-{number}", day - timedelta(days=chance.randint(3, 9)), day.strftime("%d/%m/%Y")]
            )
        writer.writerow(["T-1001", day, ""])
    return path


class TestForecast:
    def test_it_says_when_and_how_many(self, empty, done):
        found = json.loads(empty.run("forecast", str(done), "--finished", "resolved", "--json").stdout)
        dates = found["when"]["dates"]
        assert found["as_of"] < dates["p50"] <= dates["p85"] <= dates["p95"]
        items = found["how_many"]["items"]
        assert items["p50"] >= items["p85"] >= items["p95"] >= 0
        assert found["calibration"]["calibrated"] is True

    def test_started_days_tell_how_long_items_take(self, empty, done):
        ran = empty.run(
            "forecast", str(done), "--finished", "Resolved", "--started", "begun", "--items", "9", "--json"
        )
        found = json.loads(ran.stdout)
        assert found["when"]["items"] == 9
        assert found["cycle"]["under_way"] == 1
        assert found["cycle"]["working_days"]["p50"] <= found["cycle"]["working_days"]["p95"]

    def test_the_past_is_scored(self, empty, done):
        ran = empty.run("forecast", str(done), "--finished", "resolved", "--backtest", "--json")
        found = json.loads(ran.stdout)
        assert found["forecasts"] >= 8
        assert set(found["coverage"]) == {"p50", "p85", "p95"}
        assert found["pinball"] > 0

    def test_a_slip_of_the_pen_moves_nothing(self, empty, done):
        """An item that is finished in 2099, days as Jira writes them: neither is today, and both are told or read."""
        text = done.read_text(encoding="utf-8")
        rows = [line.split(",") for line in text.splitlines()[1:]]
        said = [
            date(*map(int, row[2].split("/")[::-1])).strftime("%d/%b/%y 3:04 PM") for row in rows if row[2]
        ]
        done.write_text("\n".join(["Resolved", *said, "01/Feb/99 9:00 AM".replace("/99", "/2099")]))
        ran = empty.run("forecast", str(done), "--finished", "Resolved", "--json")
        assert "1 item is finished on a day that has not come" in ran.stderr
        assert json.loads(ran.stdout)["as_of"] < "2026-01-01"

    def test_people_read_a_table(self, empty, done):
        ran = empty.run("forecast", str(done), "--finished", "resolved")
        assert "items are done by" in ran.stdout
        assert "alibrated on" in ran.stdout

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["--finished", "nope"], "has no column nope"),
            (["--finished", "key"], "holds no days"),
            (["--finished", "resolved", "--today", "soon"], "is no day"),
            (["--finished", "resolved", "--today", "2024-01-03"], "needs 11 finished items"),
            (["--finished", "resolved", "--today", "2020-01-03"], "nothing was finished yet"),
        ],
    )
    def test_what_cannot_be_answered_is_explained(self, empty, done, words, said):
        ran = empty.run("forecast", str(done), *words)
        assert ran.returncode in {1, 2}
        assert said in ran.stderr
