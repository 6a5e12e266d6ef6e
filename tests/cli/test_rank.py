"""`roadbed rank` on a file, without a workspace."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def ideas(tmp_path):
    path = tmp_path / "ideas.csv"
    path.write_text(
        "idea,users,impact,low,likely,high\n"
        "Offline search,900,2,2,3,8\n"
        "Dark print,400,1,1,1,2\n"
        "Bulk undo,450,1,1,1,2\n"
        "New icons,50,0.25,3,4,9\n"
        "No estimate,800,3,,,\n",
        encoding="utf-8",
    )
    return path


class TestRank:
    def test_a_program_reads_chances(self, empty, ideas):
        asked = ("--reach", "users", "--impact", "impact", "--effort", "low:high", "--top", "2", "--json")
        found = json.loads(empty.run("rank", str(ideas), *asked).stdout)
        ranking = {row["name"]: row for row in found["ranking"]}
        assert found["items"] == 4
        assert sum(row["top"] for row in ranking.values()) == pytest.approx(2)
        assert ranking["Offline search"]["doubt"]["effort"] == 1
        assert ranking["New icons"]["rank"]["low"] == 4
        assert found["left_out"] == [{"name": "No estimate", "line": 6, "why": "no effort yet"}]

    def test_people_read_a_table(self, empty, ideas):
        asked = ("-m", "value-effort", "-i", "value=users", "-i", "effort=low:likely:high", "--top", "2")
        said = empty.run("rank", str(ideas), *asked).stdout
        assert "Offline search" in said
        assert "coin flips" in said

    def test_what_is_wrong_is_named(self, empty, ideas):
        for asked, said in (
            (("--reach", "users"), "RICE asks for impact, effort"),
            (("-m", "best"), "There is no method best"),
            (("--formula", "users / "), "ends where a figure"),
            (("--formula", "u / v", "-i", "u=users", "-i", "v=idea"), "is no figure"),
            (("--formula", "u", "-i", "u=high:low"), "lies above the high end"),
            (("--formula", "u", "-i", "u=nowhere"), "has no column nowhere"),
        ):
            assert said in empty.run("rank", str(ideas), *asked).stderr
