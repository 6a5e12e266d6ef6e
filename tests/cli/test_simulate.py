"""`roadbed simulate` on bare files."""

from __future__ import annotations

import json

import pytest

from roadbed_engines.schedule import doubting
from roadbed_engines.schedule.plan import PlanError

PLAN = {
    "start": "2027-03-01",
    "pools": [
        {
            "key": "shop",
            "capacity": 1,
            "week": [1, 1, 1, 1, 1, 0, 0],
            "absences": [{"from": "2027-03-04", "until": "2027-03-06"}],
        }
    ],
    "activities": [
        {"key": "F-1", "name": "Search", "estimate": {"p10": 2, "p90": 8}, "needs": {"shop": 1}},
        {"key": "F-2", "duration": 2, "needs": {"shop": 1}, "after": ["F-1"], "due": "2027-02-01"},
    ],
    "risks": [{"key": "R-1", "probability": 0.5, "days": 20, "activities": ["F-2"]}],
    "targets": [{"key": "1.0", "of": ["F-1", "F-2"], "due": "2027-03-31"}],
}


@pytest.fixture
def write(tmp_path):
    def keep(content):
        path = tmp_path / "plan.json"
        path.write_text(json.dumps(content))
        return str(path)

    return keep


class TestSimulate:
    def test_items_targets_promises_and_what_moves_them(self, empty, write):
        done = empty.run("simulate", write(PLAN), "--runs", "2000", "--json")
        found = json.loads(done.stdout)
        first, second = found["activities"]
        assert first["p50"] < first["p85"] < first["p95"]
        assert second["dates"]["p50"] > first["dates"]["p50"] > "2027-03-01"
        # Promised before the plan begins: a chance of nothing, and still an answer.
        assert (second["due"], second["chance"]) == ("2027-02-01", 0.0)
        release, whole = found["targets"]
        assert (release["key"], whole["key"]) == ("1.0", "the whole plan")
        assert 0.2 < release["chance"] < 0.6
        assert release["drivers"][0] == whole["drivers"][0]
        assert (release["drivers"][0]["key"], release["drivers"][0]["kind"]) == ("R-1", "risk")
        assert (found["promises"], found["all_promises_kept"]) == (2, 0.0)

    def test_what_is_wrong_is_said_with_its_place(self):
        """One reader, all slips: no start of a process for each."""
        wrong = {
            "P10 is 9, above P90": {"activities": [{"key": "F-1", "estimate": {"p10": 9, "p90": 2}}]},
            "no “start” to count from": {**PLAN, "start": None},
            "risks[0].activities names F-9": {
                **PLAN,
                "risks": [{"key": "R-1", "probability": 1, "days": 1, "activities": ["F-9"]}],
            },
            "R-1 has a probability of 3": {
                **PLAN,
                "risks": [{"key": "R-1", "probability": 3, "days": 1, "activities": ["F-1"]}],
            },
            "targets[0].of names no activity": {**PLAN, "targets": [{"key": "1.0"}]},
            "targets[0] is called F-1, as something else is": {
                **PLAN,
                "targets": [{"key": "F-1", "of": ["F-1"]}],
            },
            "pools[0].absences[0].from is soon": {
                **PLAN,
                "pools": [{"key": "shop", "capacity": 1, "absences": [{"from": "soon", "until": 4}]}],
            },
            "whose capacity is zero": {**PLAN, "pools": [{"key": "shop", "capacity": 0}]},
            "growth must be above 0": {**PLAN, "growth": {"all": [0, 1]}},
            # What no machine can count, and once ended the process.
            "1,000,000 is the most": {**PLAN, "pools": [{"key": "shop", "capacity": 1e308}]},
            "plans reach 200,000": {**PLAN, "activities": [{"key": "F-1", "duration": 10**12}]},
            "pools[0].sickness.days must be a number": {
                **PLAN,
                "pools": [{"key": "shop", "capacity": 1, "sickness": {"spells": 1, "days": []}}],
            },
        }
        for said, document in wrong.items():
            with pytest.raises(PlanError) as refused:
                doubting.read(document)
            assert said in str(refused.value)
