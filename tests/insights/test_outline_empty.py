"""The outline where there is nothing to outline."""

from __future__ import annotations

import datetime as dt

from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights.selectors import outline
from roadbed.modules.insights.selectors.outline_scope import Scope
from tests import people
from tests.insights.briefing import run


class TestPage:
    def test_an_empty_workspace_is_told_what_to_do_next(self, dan: people.Someone) -> None:
        page = dan.get("insights/outline/").content.decode()
        assert "Nothing to outline yet" in page
        assert "There is no feedback in this scope yet." in page


class TestBrief:
    def test_no_workspace_at_all(self, db: None) -> None:
        code, _, told = run()
        assert code == 1
        assert "no workspace yet" in told

    def test_an_empty_workspace_is_said_to_be_empty(self, workspace: Workspace) -> None:
        code, out, _ = run()
        assert code == 0
        assert "No need has feedback behind it in this scope yet." in out


def test_the_selector_bears_a_scope_without_anything(workspace: Workspace, now: dt.datetime) -> None:
    question = outline.Question(scope=Scope(workspace_id=workspace.pk), rank="trend")
    found = outline.read_outline(workspace=workspace, question=question, now=now)
    assert (found.total, found.entries, found.coverage.pieces) == (0, (), 0)
