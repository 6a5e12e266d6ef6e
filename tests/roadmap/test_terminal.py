"""`roadbed plan`: the newest forecast of a workspace, told at the terminal of its server."""

from __future__ import annotations

import json

import pytest
import typer

from roadbed.cli import plan as terminal
from roadbed.core.workspaces.models import Circle
from tests.roadmap.test_forecasts import UNSURE, World


class TestPlan:
    def test_dates_refusals_and_nothing_from_behind_a_wall(
        self, workspace, ben, make_feature, now, monkeypatch, capsys
    ):
        monkeypatch.setattr(terminal, "workspace_of", lambda slug: workspace)
        with pytest.raises(typer.Exit):
            terminal.plan(workspace=workspace.slug)
        assert "has no forecast yet" in capsys.readouterr().err
        world = World(workspace=workspace, ben=ben, make_feature=make_feature, now=now)
        work = world.add("Search", UNSURE)
        vague = world.add("Vague")
        hidden = world.add("Hidden", UNSURE)
        type(hidden).objects.filter(pk=hidden.pk).update(
            circle=Circle.objects.create(workspace=workspace, name="Merger", created_at=now)
        )
        terminal.plan(workspace=workspace.slug, fresh=True, runs=300, as_json=True)
        found = json.loads(capsys.readouterr().out)
        assert [row["key"] for row in found["rows"]] == [work.key]
        assert found["rows"][0]["p50"] <= found["rows"][0]["p85"] <= found["rows"][0]["p95"]
        assert (found["runs"], found["refused"][0]["key"]) == (300, vague.key)
        terminal.plan(workspace=workspace.slug, kind="work")
        told = capsys.readouterr().out
        assert "Search" in told
        assert f"{vague.key} has no date: it has no estimate" in told
        with pytest.raises(typer.Exit):
            terminal.plan(workspace=workspace.slug, kind="nonsense")
