"""`roadbed flag eval` on exported definitions, without a workspace."""

from __future__ import annotations

import json

import pytest

GROWTHBOOK = {
    "features": {
        "new-map": {
            "defaultValue": False,
            "rules": [{"id": "r1", "condition": {"country": "NL"}, "force": True}],
        },
        "limit": {"defaultValue": 10},
    }
}
UNLEASH = {
    "version": 2,
    "features": [
        {
            "name": "beta",
            "enabled": True,
            "strategies": [{"name": "userWithId", "parameters": {"userIds": "7, 8"}}],
            "variants": [{"name": "blue", "weight": 1}],
        }
    ],
}


OWN = {
    "format": "roadbed-flags/1",
    "flags": {
        "new-map": {
            "type": "boolean",
            "default": "off",
            "rules": [{"id": "r1", "condition": {"country": "NL"}, "variant": "on"}],
        }
    },
}


@pytest.fixture
def write(tmp_path):
    def keep(content):
        path = tmp_path / "flags.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return str(path)

    return keep


class TestEvaluation:
    def test_growthbook_definitions(self, empty, write):
        words = ["flag", "eval", write(GROWTHBOOK), "--flag", "new-map", "--json", "--context"]
        found = json.loads(empty.run(*words, '{"id": "1", "country": "NL"}').stdout)
        assert (found["value"], found["reason"], found["rule"]) == (True, "force", "r1")
        found = json.loads(empty.run(*words, '{"id": "1"}').stdout)
        assert (found["value"], found["reason"]) == (False, "defaultValue")

    def test_unleash_definitions(self, empty, write):
        words = ["flag", "eval", write(UNLEASH), "--flag", "beta", "--json", "--context"]
        found = json.loads(empty.run(*words, '{"userId": "8"}').stdout)
        assert (found["on"], found["variant"]) == (True, "blue")
        assert json.loads(empty.run(*words, '{"userId": "9"}').stdout)["on"] is False

    def test_our_own_definitions(self, empty, write):
        words = ["flag", "eval", write(OWN), "--flag", "new-map", "--json", "--explain"]
        found = json.loads(empty.run(*words, "--context", '{"country": "NL"}').stdout)
        assert (found["value"], found["reason"], found["rule"]) == (True, "TARGETING_MATCH", "r1")
        assert any("✓ country is NL" in line for line in found["explanation"])
        assert json.loads(empty.run(*words, "--type", "string").stdout)["reason"] == "TYPE_MISMATCH"

    def test_definitions_move_between_the_three_forms(self, empty, write):
        own = json.loads(empty.run("flag", "convert", write(GROWTHBOOK)).stdout)
        assert own["flags"]["new-map"]["rules"][0]["condition"] == {"country": "NL"}
        there = json.loads(empty.run("flag", "convert", write(own), "--to", "unleash").stdout)
        names = {each["name"]: each["strategies"][0].get("constraints") for each in there["features"]}
        assert names["new-map"] == [{"contextName": "country", "operator": "IN", "values": ["NL"]}]

    def test_every_flag_at_once(self, empty, write):
        found = json.loads(empty.run("flag", "eval", write(GROWTHBOOK), "--json").stdout)
        assert sorted(found) == ["limit", "new-map"]

    @pytest.mark.parametrize(
        ("content", "words", "said"),
        [
            (GROWTHBOOK, ["--flag", "nope"], "has no flag nope"),
            (GROWTHBOOK, ["--context", "[1]"], "is no JSON object"),
            ("{", [], "is no JSON"),
            ({"features": {"a": 3}}, [], "cannot be read"),
            (
                {"format": "roadbed-flags/1", "flags": {"a": {"default": "red"}}},
                [],
                "there is no variant red",
            ),
        ],
    )
    def test_what_cannot_be_asked_is_explained(self, empty, write, content, words, said):
        ran = empty.run("flag", "eval", write(content), *words)
        assert ran.returncode in {1, 2}
        assert said in ran.stderr
