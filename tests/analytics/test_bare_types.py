"""Files as people have them: variants that are numbers, spreadsheets in UTF-16, dates where numbers are asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import stats

from roadbed.analytics import experiment, exposures, files
from roadbed.analytics.asking import BadQuestionError, MetricSpec, Question
from roadbed_engines.stats.readout import Kind

SPEND = MetricSpec("spend", Kind.MEAN, ("spend",))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A table with variants of every type, and what Welch's test says of it by hand."""
    chance = np.random.default_rng(4)
    treated = chance.random(600) < 0.5
    spend = np.round(chance.lognormal(2, 1.5, 600) - 20 * (chance.random(600) < 0.1) + 3 * treated, 2)
    folder = tmp_path_factory.mktemp("bare")
    columns = {
        "whole": pa.array(treated.astype(np.int64)),
        "small": pa.array(treated.astype(np.int8)),
        "real": pa.array(treated.astype(float)),
        "yes": pa.array(treated),
        "word": pa.array(np.where(treated, "B", "A")).dictionary_encode(),
        "spend": pa.array([Decimal(f"{one:.2f}") for one in spend], pa.decimal128(18, 2)),
        "day": pa.array([datetime(2026, 1, 1, tzinfo=UTC)] * 600),
        "tags": pa.array([["a"]] * 600),
    }
    pq.write_table(pa.table(columns), folder / "t.parquet")
    lines = "\r\n".join(
        ["arm;spend", *(f"{'Bé' if one else 'A'};{two}" for one, two in zip(treated, spend, strict=True))]
    )
    (folder / "wide.csv").write_text(lines, encoding="utf-16")
    (folder / "bare.csv").write_bytes(lines.encode("utf-16-be"))
    (folder / "west.csv").write_bytes(lines.replace("Bé", "B€").encode("cp1252"))
    return folder, stats.ttest_ind(spend[treated], spend[~treated], equal_var=False).pvalue


def asked(path, variant, control, *metrics):
    question = Question(variant=variant, control=control, metrics=metrics or (SPEND,))
    return experiment.ask(files.open_file(path), question).analysis.comparisons[0]


class TestVariants:
    def test_of_every_type_are_names(self, data):
        folder, p_value = data
        asks = [
            ("whole", "0"), ("small", "0"), ("real", "0"), ("real", "0.0"), ("yes", "false"), ("yes", "False"),
            ("word", "a"),
        ]  # fmt: skip
        found = {ask: asked(folder / "t.parquet", *ask).fixed.p_value for ask in asks}
        assert found == pytest.approx(dict.fromkeys(asks, p_value), rel=1e-9)

    def test_in_two_bytes_a_letter_or_a_western_code_page_are_read(self, data):
        folder, p_value = data
        for name, treatment in (("wide.csv", "Bé"), ("bare.csv", "Bé"), ("west.csv", "B€")):
            one = asked(folder / name, "arm", "A")
            assert (one.variant, one.fixed.p_value) == (treatment, pytest.approx(p_value, rel=1e-9)), name


class TestCells:
    def test_in_per_cent_are_shares(self, tmp_path):
        path = tmp_path / "rates.csv"
        path.write_text("arm;rate\n" + "A;12,5%\nB;13%\nA;10 %\nB;0,2\n" * 10)
        one = asked(path, "arm", "A", MetricSpec("r", Kind.MEAN, ("rate",)))
        assert (one.pair.control.value, one.pair.treatment.value) == pytest.approx((0.1125, 0.165))


class TestRefusals:
    def test_say_what_is_wrong(self, data):
        path = data[0] / "t.parquet"
        for metric, control, said in (
            (MetricSpec("d", Kind.MEAN, ("day",)), "A", "day holds no numbers: it is of type timestamp"),
            (MetricSpec("t", Kind.MEAN, ("tags",)), "A", "tags holds no numbers"),
            (SPEND, "", "Say which variant is control.* There are: A, B"),
        ):
            with pytest.raises(BadQuestionError, match=said):
                asked(path, "word", control, metric)

    def test_name_the_line_that_breaks_a_table_and_what_is_no_text(self, tmp_path):
        broken, binary = tmp_path / "broken.csv", tmp_path / "binary.csv"
        broken.write_text("arm,spend\nA,1\nB,2,3,4\nA,2\n" + "B,3\nA,1\n" * 40)
        binary.write_bytes(bytes(range(256)) * 40)
        for path, said in ((broken, "CSV Error on Line: 3"), (binary, "is no table of text")):
            with pytest.raises(files.UnreadableFileError, match=said):
                files.open_file(path)

    def test_call_a_denominator_of_nought_what_it_is(self, tmp_path):
        path = tmp_path / "nought.csv"
        path.write_text("arm,above,below\n" + "A,1,0\nB,0,0\n" * 30)
        one = asked(path, "arm", "A", MetricSpec("r", Kind.RATIO, ("above", "below")))
        assert one.refused == "the denominator adds up to nought, and nothing can be divided by it"


class TestUnits:
    def test_that_are_numbers_on_one_side_meet_those_that_are_text_on_the_other(self, tmp_path):
        at = datetime(2026, 1, 1, tzinfo=UTC)
        seen = pa.table({"user": pa.array([1, 2]), "arm": pa.array([0, 1]), "at": pa.array([at, at])})
        paid = pa.table({"who": ["2"], "when": pa.array([at]), "euros": [5.0]})
        pq.write_table(seen, tmp_path / "seen.parquet")
        pq.write_table(paid, tmp_path / "paid.parquet")
        connection = ibis.duckdb.connect()
        tables = [connection.read_parquet(str(tmp_path / f"{name}.parquet")) for name in ("seen", "paid")]
        exposed = exposures.first_exposures(tables[0], exposures.ExposureSource("user", "arm", "at"))
        fact = exposures.Fact("euros", "paid", exposures.How.SUM, "euros")
        facts = {"paid": (tables[1], exposures.FactSource("who", "when"))}
        found = exposures.unit_facts(exposed, [fact], facts)
        rows = found.order_by("variant").to_pyarrow().to_pylist()
        assert [(row["variant"], row["euros"]) for row in rows] == [("0", 0.0), ("1", 5.0)]
