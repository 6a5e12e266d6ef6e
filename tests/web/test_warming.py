"""Warming a server process up."""

from __future__ import annotations

import pytest

from roadbed.web import charts, warming


@pytest.fixture(autouse=True)
def steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warming, "_steps", {})


class TestWarming:
    def test_every_step_is_done_whatever_became_of_the_one_before(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        done: list[str] = []
        warming.register("first", lambda: done.append("first"))
        warming.register("broken", lambda: 1 / 0)
        warming.register("last", lambda: done.append("last"))
        warming.start().join(10)
        assert done == ["first", "last"]
        assert "warming up broken failed" in caplog.text

    def test_a_chart_can_be_warmed_up(self) -> None:
        charts.warm()
