"""`roadbed schedule` on bare files."""

from __future__ import annotations

import json

import pytest

SM = """PRECEDENCE RELATIONS:
jobnr.    #modes  #successors   successors
   1        1          2           2   3
   2        1          1           4
   3        1          1           4
   4        1          0
****
REQUESTS/DURATIONS:
jobnr. mode duration  R 1
-------------------------
  1      1     0       0
  2      1     4       2
  3      1     3       2
  4      1     0       0
****
RESOURCEAVAILABILITIES:
  R 1
    3
****
"""


@pytest.fixture
def write(tmp_path):
    def keep(content, name="plan.json"):
        path = tmp_path / name
        path.write_bytes((content if isinstance(content, str) else json.dumps(content)).encode())
        return str(path)

    return keep


PLAN = {
    "pools": [{"key": "web", "capacity": 1, "week": [1, 1, 1, 1, 1, 0, 0]}],
    "activities": [
        {"key": "F-1", "name": "Search", "duration": 5, "needs": {"web": 1}, "value": 1},
        {"key": "F-2", "duration": 1, "needs": {"web": 1}, "value": 4},
    ],
}


class TestSchedule:
    def test_a_psplib_file_with_windows_line_ends(self, empty, write):
        done = empty.run("schedule", write(SM.replace("\n", "\r\n"), "j.sm"), "--seconds", "2", "--json")
        found = json.loads(done.stdout)
        assert (found["makespan"], found["bound"], found["optimal"]) == (7, 7, True)
        assert sorted(found["starts"]) == ["1", "2", "3", "4"]

    def test_value_comes_early(self, empty, write):
        done = empty.run("schedule", write(PLAN), "--seconds", "0.5", "--json")
        found = json.loads(done.stdout)
        assert found["starts"] == {"F-1": 1, "F-2": 0}
        assert found["cost"] < found["cost_in_own_order"]
        told = empty.run("schedule", write(PLAN), "--seconds", "0.5").stdout
        assert "F-1 Search" in told
        assert "less" in told

    @pytest.mark.parametrize(
        ("said", "content"),
        [
            (
                "F-1 waits for itself: F-1 → F-2 → F-1",
                {
                    **PLAN,
                    "dependencies": [{"before": "F-1", "after": "F-2"}, {"before": "F-2", "after": "F-1"}],
                },
            ),
            ("whose capacity is zero", {**PLAN, "pools": [{"key": "web", "capacity": 0}]}),
            ("it has no section PRECEDENCE RELATIONS", "hello"),
            ("this is no JSON", "{"),
        ],
    )
    def test_what_is_wrong_is_said(self, empty, write, said, content):
        done = empty.run("schedule", write(content))
        assert done.returncode == 1
        assert said in done.stderr
        assert "Traceback" not in done.stderr

    def test_a_missing_file_is_said(self, empty):
        done = empty.run("schedule", "nowhere.sm")
        assert "nowhere.sm cannot be read" in done.stderr
