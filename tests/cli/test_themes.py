"""`roadbed themes` on a file, without a workspace."""

from __future__ import annotations

import csv
import json

import pytest

MAP = [
    "The map is slow",
    "Map takes ages to load",
    "Loading the map takes forever",
    "The map is so slow to open",
]
BILL = [
    "My invoice is wrong",
    "There is an error on the invoice",
    "The invoice shows a wrong amount",
    "Wrong invoice",
]
DARK = [
    "Please add dark mode",
    "A dark theme would be nice",
    "Dark mode for the night, please",
    "I want dark mode",
]


@pytest.fixture
def themes(empty, tmp_path):
    def run(rows, *words, header=("id", "text")):
        path = tmp_path / "notes.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header, *rows])
        return empty.run("themes", str(path), *words, XDG_CACHE_HOME=str(tmp_path / "cache"))

    return run


def rows_of(*texts):
    return [(number, text) for number, text in enumerate(texts, start=1)]


class TestThemes:
    def test_rows_that_mean_the_same_share_a_theme(self, themes):
        done = themes(rows_of(*MAP, *BILL, *DARK), "--text", "text", "--json")
        found = json.loads(done.stdout)
        by_row = [row["theme"] for row in found["rows"]]
        assert [row["row"] for row in found["rows"]] == list(range(1, 13))
        assert [len(set(by_row[at : at + 4])) for at in (0, 4, 8)] == [1, 1, 1]
        assert len(set(by_row)) == 3
        assert found["model"] == "all-MiniLM-L6-v2-int8-words"

    def test_a_theme_says_what_it_is_and_quotes_its_rows(self, themes):
        done = themes(rows_of(*MAP, *BILL, *DARK), "--text", "text", "--json")
        found = json.loads(done.stdout)
        theme = next(each for each in found["themes"] if "invoice" in each["label"])
        assert (theme["size"], theme["parent"]) == (4, None)
        assert {quote["text"] for quote in theme["quotes"]} <= set(BILL)
        assert all(quote["row"] in range(5, 9) for quote in theme["quotes"])

    def test_several_columns_are_read_together(self, themes):
        rows = [("Map", text) for text in MAP] + [("Bill", text) for text in BILL]
        done = themes(rows, "--text", "TITLE", "--text", "body", "--json", header=("title", "body"))
        assert len({row["theme"] for row in json.loads(done.stdout)["rows"]}) == 2

    def test_every_row_has_an_answer_even_an_empty_one(self, themes):
        done = themes(rows_of(*MAP, "", " ", *BILL), "--text", "text", "--json")
        rows = json.loads(done.stdout)["rows"]
        assert (len(rows), rows[4]["theme"], rows[5]["theme"]) == (10, None, None)

    def test_a_person_reads_names_and_quotes(self, themes):
        done = themes(rows_of(*MAP, *BILL, *DARK), "--text", "text")
        assert done.stdout.startswith("3 themes in 12 rows; 0 rows belong to none.")
        assert "invoice" in done.stdout

    def test_ten_thousand_times_the_same_is_one_theme(self, themes):
        done = themes(rows_of(*["Same again"] * 10_000), "--text", "text", "--json")
        found = json.loads(done.stdout)
        assert {row["theme"] for row in found["rows"]} == {0}
        assert found["themes"][0]["size"] == 10_000

    def test_hostile_cells_are_read(self, themes):
        hostile = ["<script>x</script>", "a\x00b", "‮مرحبا", "😀😀", "x" * 200_000, "=1+1", "[red]no[/red]"]
        done = themes(rows_of(*MAP, *hostile), "--text", "text", "--json")
        assert len(json.loads(done.stdout)["rows"]) == 11
        assert themes(rows_of(*["[/red] map"] * 4), "--text", "text").returncode == 0


class TestRefusals:
    def test_a_column_that_is_not_there_is_named_with_those_that_are(self, themes):
        done = themes(rows_of("A"), "--text", "body")
        assert done.returncode == 1
        assert "id, text" in done.stderr

    def test_nothing_but_empty_rows_has_no_themes(self, themes):
        done = themes(rows_of("", " "), "--text", "text")
        assert done.returncode == 1
        assert "no text" in done.stderr

    def test_it_asks_for_a_column(self, themes):
        assert themes(rows_of("A")).returncode == 2
