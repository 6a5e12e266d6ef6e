"""`roadbed ask` and `roadbed duplicates` on files, without a workspace."""

from __future__ import annotations

import csv
import json

import pytest

NOTES = [
    ("Map", "Drivers lose the map in tunnels. They want to see it offline."),
    ("", ""),
    ("Invoice", "Invoices are sent on Mondays. Two customers asked for a second address."),
    ("Map again", "The map is gone whenever a driver is in a tunnel; show it offline please."),
    ("map", "drivers lose the map in tunnels! they want to see it offline"),
]


@pytest.fixture
def notes(tmp_path):
    path = tmp_path / "notes.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("Title", "Body"), *NOTES])
    return path


@pytest.fixture
def asks(empty, tmp_path):
    def run(*words):
        return empty.run(*words, XDG_CACHE_HOME=str(tmp_path / "cache"))

    return run


class TestAsk:
    def test_the_sentence_that_says_it_is_quoted_with_its_row(self, asks, notes):
        done = asks("ask", str(notes), "--text", "body", "When do customers get their invoices?", "--json")
        found = json.loads(done.stdout)
        assert found["found"] is True
        assert found["answers"][0]["row"] == 3
        assert found["answers"][0]["sentence"] == "Invoices are sent on Mondays."
        assert found["rows"][0]["row"] == 3

    def test_what_no_row_says_is_not_found(self, asks, notes):
        done = asks("ask", str(notes), "--text", "Body", "Who won the football match in 1966?", "--json")
        found = json.loads(done.stdout)
        assert found["found"] is False
        assert found["confidence"] < 0.3

    def test_many_questions_are_asked_at_once(self, asks, notes, tmp_path):
        questions = tmp_path / "questions.txt"
        questions.write_text("Where do drivers lose the map?\n\nWho is the queen?\n", encoding="utf-8")
        done = asks("ask", str(notes), "-t", "Title", "-t", "Body", "--questions", str(questions), "--json")
        assert [each["found"] for each in json.loads(done.stdout)] == [True, False]

    def test_a_missing_column_is_named_beside_those_there_are(self, asks, notes):
        done = asks("ask", str(notes), "--text", "note", "Why?")
        assert done.returncode == 1
        assert "no column note" in done.stderr
        assert "Title, Body" in done.stderr

    def test_a_missing_file_is_named(self, asks, tmp_path):
        done = asks("ask", str(tmp_path / "none.csv"), "--text", "a", "Why?")
        assert done.returncode == 1
        assert "Traceback" not in done.stderr


class TestDuplicates:
    def test_copies_come_first_and_likeness_says_why(self, asks, notes):
        done = asks("duplicates", str(notes), "--text", "Body", "--json")
        pairs = json.loads(done.stdout)["pairs"]
        assert (pairs[0]["a"], pairs[0]["b"], pairs[0]["score"]) == (1, 5, 1.0)
        assert {(pair["a"], pair["b"]) for pair in pairs} >= {(1, 4)}
        assert all(pair["why"] for pair in pairs)
        assert not any(2 in (pair["a"], pair["b"]) for pair in pairs), "an empty row is nobody's duplicate"

    def test_hostile_cells_are_read(self, asks, tmp_path):
        path = tmp_path / "odd.csv"
        rows = ["text", '"<b>x</b>"', "🙂", "a" * 300_000, "بالعربية", "nul\x00byte", "配達が遅い"]
        path.write_text("\n".join(rows), encoding="utf-8")
        done = asks("duplicates", str(path), "--text", "text", "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["rows"] == 6
