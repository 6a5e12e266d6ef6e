"""`roadbed experiment` on bare files: real experiments with known answers, and files that are not as they should be."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from roadbed.cli.app import app

DATA = Path(__file__).parents[3] / "shared" / "data" / "experiments"
real = pytest.mark.skipif(not DATA.is_dir(), reason="the folder shared/data is not beside this clone")


def run(*words):
    return CliRunner().invoke(app, ["experiment", *map(str, words)])


def analyse(*words):
    done = run("analyse", *words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def result(found, metric, variant):
    rows = next(one for one in found["metrics"] if one["metric"] == metric)["results"]
    return next(one for one in rows if one["variant"] == variant)


@pytest.fixture
def write(tmp_path):
    def write(text, name="test.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return write


@pytest.fixture(scope="module")
def found():
    return analyse(
        DATA / "cookie_cats.csv", "--unit", "userid", "--variant", "version", "--control", "gate_30",
        "--metric", "d1=proportion:retention_1", "--metric", "d7=retention:retention_7",
        "--metric", "rounds=mean:sum_gamerounds", "--plan", "fixed",
    )  # fmt: skip


@real
class TestCookieCats:
    def test_the_published_effects_come_out(self, found):
        week = result(found, "d7", "gate_40")
        assert (week["mean_control"], week["mean"]) == pytest.approx((0.1902, 0.1820), abs=5e-5)
        assert week["difference"] == pytest.approx(-0.0082013, abs=5e-8)
        assert (week["ci_low"], week["ci_high"]) == pytest.approx((-0.01328, -0.00312), abs=5e-6)
        assert week["p_value"] == pytest.approx(0.001554, abs=5e-7)
        assert week["relative_lift"] == pytest.approx(-0.0431, abs=5e-5)
        day = result(found, "d1", "gate_40")
        assert day["statistic"] == pytest.approx(-1.7840862247974725, abs=1e-12)
        assert day["p_value"] == pytest.approx(0.07440965529691913, abs=1e-12)
        assert (day["successes_control"], day["successes"]) == (20034, 20119)

    def test_the_split_is_flagged_and_not_failed(self, found):
        assert found["srm"]["statistic"] == pytest.approx(6.902, abs=5e-4)
        assert found["srm"]["p_value"] == pytest.approx(0.0086, abs=5e-5)
        assert (found["srm"]["status"], found["srm"]["flagged"], found["srm"]["failed"]) == (
            "suspect",
            True,
            False,
        )
        assert found["health"]["status"] == "warning"
        assert found["trusted"] is True

    def test_one_player_does_not_carry_the_mean(self, found):
        assert result(found, "rounds", "gate_40")["mean_control"] == pytest.approx(52.4563, abs=5e-5)
        cut = analyse(
            DATA / "cookie_cats.csv", "--unit", "userid", "--variant", "version", "--control", "gate_30",
            "--metric", "rounds=mean:sum_gamerounds", "--winsorise", "0,0.9999", "--plan", "fixed",
        )  # fmt: skip
        rounds = result(cut, "rounds", "gate_40")
        assert rounds["mean_control"] < 51.5
        assert rounds["standard_error"] < 0.85 * result(found, "rounds", "gate_40")["standard_error"]
        assert cut["metrics"][0]["winsorised"]["sum_gamerounds"]["high"] < 49_854


@real
class TestHillstrom:
    def test_the_published_effects_come_out(self):
        found = analyse(
            DATA / "hillstrom.csv", "--variant", "segment", "--control", "no e-mail", "--plan", "fixed",
            "--metric", "spend=mean:spend", "--metric", "visit=proportion:visit",
            "--metric", "conversion=proportion:conversion", "--by", "channel",
        )  # fmt: skip
        assert [one["units"] for one in found["variants"]] == [21306, 21307, 21387]
        mens, womens = (result(found, "spend", f"{who} E-Mail") for who in ("Mens", "Womens"))
        assert (mens["difference"], mens["standard_error"]) == pytest.approx((0.769827, 0.145247), abs=5e-7)
        # The source takes Student's t with 63,997 degrees of freedom for all pairs; Welch's are those of the pair.
        assert (mens["ci_low"], mens["ci_high"]) == pytest.approx((0.485144, 1.054510), abs=5e-6)
        assert (womens["difference"], womens["ci_low"], womens["ci_high"]) == pytest.approx(
            (0.424412, 0.168960, 0.679865), abs=5e-6
        )
        (between,) = found["metrics"][0]["between_variants"]
        assert (between["variant"], between["control"]) == ("Womens E-Mail", "Mens E-Mail")
        assert -between["difference"] == pytest.approx(0.345415, abs=1e-6)
        assert (-between["ci_high"], -between["ci_low"]) == pytest.approx((0.032565, 0.658265), abs=5e-6)
        visit = result(found, "visit", "Mens E-Mail")
        assert (visit["mean_control"], visit["mean"]) == pytest.approx((0.10617, 0.18276), abs=5e-6)
        assert found["recommendation"]["verdict"] == "ship"
        assert found["recommendation"]["variant"] == "Mens E-Mail"
        rows = found["metrics"][0]["by"]["channel"]["rows"]
        assert {row["value"] for row in rows} == {"Web", "Phone", "Multichannel"}
        assert sum(row["n"] for row in rows if row["variant"] == "Mens E-Mail") == 21307

    def test_a_covariate_that_explains_nothing_changes_nothing(self):
        words = [DATA / "hillstrom.csv", "--variant", "segment", "--control", "No E-Mail"]
        found = analyse(*words, "--metric", "spend=mean:spend", "--covariate", "history", "--plan", "fixed")
        cuped = result(found, "spend", "Mens E-Mail")
        assert cuped["cuped"]["used"] is True
        assert 0 <= cuped["cuped"]["variance_reduction"] < 0.001
        assert cuped["unadjusted"]["difference"] == pytest.approx(0.769827, abs=5e-7)


@real
class TestUdacity:
    def test_counted_trials_are_a_proportion(self, write):
        lines = []
        for arm in ("control", "experiment"):
            text = (DATA / f"udacity_free_trial_{arm}.csv").read_text(encoding="utf-8-sig").splitlines()
            lines += [f"arm,{text[0]}"] * (arm == "control") + [f"{arm},{line}" for line in text[1:24]]
        found = analyse(
            write("﻿" + "\r\n".join(lines)), "--variant", "arm", "--control", "control", "--plan", "fixed",
            "--metric", "gross=proportion:Enrollments/Clicks", "--metric", "net=proportion:Payments/Clicks",
        )  # fmt: skip
        gross, net = result(found, "gross", "experiment"), result(found, "net", "experiment")
        assert (gross["difference"], gross["ci_low"], gross["ci_high"]) == pytest.approx(
            (-0.02055, -0.02912, -0.01199), abs=1e-5
        )
        assert (net["difference"], net["ci_low"], net["ci_high"]) == pytest.approx(
            (-0.00487, -0.01160, 0.00186), abs=1e-5
        )


HEAD = "user,arm,paid,spend,country\n"


def table(rows=400, spend=lambda at: at % 7 + 0.5):
    lines = []
    for at in range(rows):
        arm = "AB"[at % 2]
        paid = "TRUE" if (at * 7) % 10 < 3 + (arm == "B") else "FALSE"
        lines.append(f"u{at},{arm},{paid},{spend(at)},{'NL' if at % 3 else 'DE'}")
    return HEAD + "\n".join(lines) + "\n"


WORDS = ("--unit", "user", "--variant", "arm", "--control", "A")
BOTH = (*WORDS, "--metric", "paid=proportion:paid", "--metric", "spend=mean:spend")


def told(found, metric):
    row = result(found, metric, "B")
    return [row[name] for name in ("n", "mean", "difference", "standard_error", "ci_low", "p_value")]


class TestFiles:
    def test_the_same_table_reads_the_same_in_every_dress(self, write, tmp_path):
        text = table()
        plain = analyse(write(text), *BOTH, "--by", "country")
        dressed = {
            "bom.csv": ("﻿" + text.replace("\n", "\r\n"), "utf-8"),
            "tabs.tsv": (text.replace(",", "\t"), "utf-8"),
            "comma.csv": (text.replace(",", ";").replace(".5", ",5"), "utf-8"),
            "latin.csv": (text.replace("NL", "Curaçao"), "latin-1"),
        }
        for name, (words, encoding) in dressed.items():
            found = analyse(write(words, name, encoding), *BOTH, "--by", "country")
            for metric in ("paid", "spend"):
                assert told(found, metric) == pytest.approx(told(plain, metric), rel=1e-12), name
        rows = [line.split(",") for line in text.splitlines()]
        columns = dict(zip(rows[0], zip(*rows[1:], strict=True), strict=True))
        path = tmp_path / "test.parquet"
        pq.write_table(
            pa.table(
                {
                    **{name: list(columns[name]) for name in ("user", "arm", "country")},
                    "paid": [cell == "TRUE" for cell in columns["paid"]],
                    "spend": [float(cell) for cell in columns["spend"]],
                }
            ),
            path,
        )
        assert told(analyse(path, *BOTH), "spend") == pytest.approx(told(plain, "spend"), rel=1e-12)

    def test_missing_values_leave_a_unit_out_of_that_metric_alone(self, write):
        found = analyse(write(table(spend=lambda at: "NA" if at % 5 == 0 else at % 7)), *BOTH)
        assert (result(found, "spend", "B")["n"], result(found, "paid", "B")["n"]) == (160, 200)
        assert found["metrics"][1]["missing"] == {"A": 40, "B": 40}

    def test_text_among_numbers_is_counted_and_shown(self, write):
        found = analyse(write(table(spend=lambda at: "oops" if at == 9 else f'"€{1000 + at:,}.50"')), *BOTH)
        assert result(found, "spend", "B")["n"] == 199
        assert result(found, "spend", "B")["mean"] == pytest.approx(1000.5 + (40_000 - 9) / 199)
        assert any("oops" in one["message"] for one in found["health"]["checks"])

    def test_rows_of_one_unit_are_put_together(self, write):
        text = table() + "u0,A,TRUE,10,DE\nu1,A,TRUE,10,DE\n"
        found = analyse(write(text), *BOTH)
        assert found["jumpers"] == 1
        assert [one["units"] for one in found["variants"]] == [200, 199]
        assert any("two variants" in one["message"] for one in found["health"]["checks"])


class TestWhatCannotBeTold:
    def test_infinite_values(self, write):
        found = analyse(write(table(spend=lambda at: "inf" if at == 3 else 1 + at % 3)), *BOTH)
        assert "infinite" in result(found, "spend", "B")["refused"]
        assert result(found, "paid", "B")["n"] == 200

    def test_an_all_zero_metric(self, write):
        found = analyse(write(table(spend=lambda at: 0)), *BOTH)
        assert "nothing varies" in result(found, "spend", "B")["refused"]
        assert found["refused"][0]["metric"] == "spend"

    def test_a_proportion_of_amounts(self, write):
        found = analyse(write(table()), *WORDS, "--metric", "spend=proportion:spend")
        assert "call it a mean" in result(found, "spend", "B")["refused"]

    def test_a_variant_without_values(self, write):
        found = analyse(write(table(spend=lambda at: at if at % 2 == 0 else "")), *BOTH)
        assert result(found, "spend", "B")["refused"] == "B has no units with a value"

    def test_a_failed_split_marks_every_result(self, write):
        lines = table(2_000).splitlines()
        kept = [line for at, line in enumerate(lines) if at % 10 or ",B," not in line]
        found = analyse(write("\n".join(kept)), *BOTH, "--plan", "fixed")
        assert found["srm"]["failed"] is True
        assert found["trusted"] is False
        assert all(one["trusted"] is False for metric in found["metrics"] for one in metric["results"])
        assert found["recommendation"]["verdict"] == "unhealthy"
        expected = analyse(write("\n".join(kept)), *BOTH, "--expected", "A=1000,B=800")
        assert expected["srm"]["failed"] is False

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            ((*WORDS, "--metric", "x=mean:nope"), "There is no column nope"),
            ((*WORDS[:4], "--control", "C", "--metric", "x=mean:spend"), "There are: A, B"),
            ((*WORDS, "--metric", "x=mode:spend"), "no type of metric"),
            ((*WORDS, "--metric", "x=ratio:spend"), "two columns"),
            ((*WORDS, "--metric", "x=mean:spend", "--expected", "A=1"), "no expected share for B"),
            (("--variant", "user", "--control", "A", "--metric", "x=mean:spend"), "it is no variant"),
            ((*WORDS, "--metric", "x=mean:spend", "--covariate", "y=spend"), "no metric y"),
        ],
    )
    def test_a_question_that_makes_no_sense(self, write, words, said):
        done = run("analyse", write(table()), *words)
        assert done.exit_code in {1, 2}
        assert said in done.stderr

    def test_no_file_and_an_empty_one(self, write, tmp_path):
        assert "There is no file" in run("analyse", tmp_path / "no.csv", *BOTH).stderr
        assert "is empty" in run("analyse", write(""), *BOTH).stderr


class TestReading:
    def test_both_plans_are_told_and_one_leads(self, write):
        found = result(analyse(write(table()), *BOTH), "spend", "B")
        assert found["plan"] == "sequential"
        assert (found["ci_low"], found["p_value"]) == (
            found["always_valid"]["ci_low"], found["always_valid"]["p_value"],
        )  # fmt: skip
        assert found["always_valid"]["ci_low"] < found["fixed_horizon"]["ci_low"]
        assert found["always_valid"]["p_value"] >= found["fixed_horizon"]["p_value"]

    def test_cuped_takes_out_what_was_known_before(self, tmp_path):
        chance = np.random.default_rng(1)
        before = chance.gamma(2, 5, 4_000)
        arm = np.arange(4_000) % 2
        path = tmp_path / "test.parquet"
        spend = before + chance.normal(0, 2, 4_000) + 0.5 * arm
        pq.write_table(pa.table({"arm": arm.astype(float), "spend": spend, "before": before}), path)
        found = analyse(
            path, "--variant", "arm", "--control", "0", "--metric", "spend=mean:spend", "--covariate", "before",
            "--plan", "fixed",
        )  # fmt: skip
        told = result(found, "spend", "1")
        assert told["cuped"]["variance_reduction"] > 0.8
        assert told["ci_low"] < 0.5 < told["ci_high"]
        assert told["standard_error"] < 0.5 * told["unadjusted"]["standard_error"]

    def test_quantiles_funnels_ratios_and_people_who_read_tables(self, write):
        text = table(4_000, spend=lambda at: 1 + math.sqrt(at * 7919 % 4001))
        words = (
            *WORDS, "--metric", "p90=p90:spend", "--metric", "aov=ratio:spend/paid",
            "--metric", "funnel=funnel:paid/paid", "--guardrail", "p90=0.05", "--lower-is-better", "p90",
        )  # fmt: skip
        found = analyse(write(text), *words)
        p90 = result(found, "p90", "B")
        assert p90["mean"] == pytest.approx(1 + math.sqrt(3600), rel=0.05)
        assert p90["ci_low"] < 0 < p90["ci_high"]
        assert found["metrics"][1]["role"] == "primary"
        steps = found["metrics"][2]["steps"]
        assert steps[0]["units"] == steps[1]["units"]
        shown = run("analyse", write(text), *words)
        assert "Units are split as planned" in shown.stdout


class TestPlan:
    def test_the_published_size_comes_out(self):
        done = run("plan", "--baseline", "0.20625", "--effect", "0.01", "--per-day", "5000", "--json")
        found = json.loads(done.stdout)
        assert found["units_control"] == 25_835
        assert found["days"] == 14
        assert "units" in run("plan", "--baseline", "52", "--deviation", "195", "--lift", "0.03").stdout
        assert run("plan", "--baseline", "0.2").exit_code == 2


class TestBeside:
    """Strata, time, past experiments and days left, on numbers whose truth is known."""

    @pytest.fixture
    def table(self, write):
        chance = np.random.default_rng(5)
        lines = ["user,arm,spend,country,day"]
        level = {"NL": 10.0, "DE": 20.0, "BE": 40.0}
        for user in range(3_000):
            arm, country = "AB"[int(chance.integers(2))], ("NL", "DE", "BE")[int(chance.integers(3))]
            day = int(chance.integers(1, 6))
            spend = chance.normal(level[country] + (6 - day if arm == "B" else 0.0), 3.0)
            lines.append(f"{user},{arm},{spend:.4f},{country},{day}")
        return write("\n".join(lines))

    def test_strata_take_out_what_they_explain_and_time_shows_what_fades(self, table):
        words = ["--unit", "user", "--variant", "arm", "--control", "A", "--metric", "spend=mean:spend"]
        found = analyse(
            table, *words, "--strata", "country", "--over", "day", "--days", "5", "--matters", "0.05"
        )
        one = found["post_stratified"][0]
        assert one["ci_low"] < 3.0 < one["ci_high"]
        assert one["variance_reduction"] > 0.8
        plain = result(found, "spend", "B")
        assert one["standard_error"] < 0.5 * plain["standard_error"]
        over = found["over_time"][0]
        assert (over["course"], over["p_value"] < 0.05) == ("fades", True)
        assert found["progress"] == {"complete": False, "days_left": found["progress"]["days_left"]}
        assert found["progress"]["days_left"] > 0
        assert "no number" in run("analyse", table, *words, "--over", "country").output

    def test_past_experiments_teach_the_prior_or_are_too_few(self, table, write):
        words = ["--variant", "arm", "--control", "A", "--metric", "spend=mean:spend"]
        past = write(
            "lift,error\n0.02,0.01\n-0.01,0.01\n0.03,0.02\n0.0,0.01\n-0.02,0.02\n0.01,0.01", "past.csv"
        )
        belief = result(analyse(table, *words, "--past", past), "spend", "B")["bayesian"]
        assert belief["prior"]["mean"] == 0.0
        assert abs(belief["mean"]) < abs(result(analyse(table, *words), "spend", "B")["relative_lift"])
        few = run("analyse", table, *words, "--past", write("lift,error\n0.02,0.01", "few.csv"))
        assert few.exit_code != 0
        assert "takes 5 past experiments" in few.output

    def test_a_switchback_is_told_by_its_blocks(self, write):
        chance = np.random.default_rng(9)
        lines = ["city,day,hour,arm,wait"]
        for city, day, hour in ((c, d, h) for c in "XYZ" for d in range(6) for h in range(6)):
            arm = ("off", "on")[int(chance.integers(2))]
            wait = 10 + hour - (1.5 if arm == "on" else 0.0) + chance.normal(0, 0.8)
            lines.append(f"{city},{day},{hour},{arm},{wait:.4f}")
        words = [
            "--variant",
            "arm",
            "--control",
            "off",
            "--value",
            "wait",
            "--block",
            "city",
            "--block",
            "day",
        ]
        done = run("switchback", write("\n".join(lines)), *words, "--fixed", "hour", "--json")
        found = json.loads(done.stdout)
        assert (found["blocks"], found["periods"]) == (18, 108)
        assert found["ci_low"] < -1.5 < found["ci_high"] < 0
        few = run("switchback", write("\n".join(lines[:8]), "few.csv"), *words)
        assert few.exit_code != 0
        assert "takes 6 clusters" in few.output
