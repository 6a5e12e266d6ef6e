"""What holds for every tracker alike: in, out, conflicts, refusals, deletion, limits, pages, signed calls."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from roadbed.core.jobs import services as jobs
from roadbed.core.records import services as records
from roadbed.modules.roadmap import services as roadmap
from roadbed.modules.roadmap.models import Feature, Status
from roadbed.modules.trackers.models import Binding, Connection
from roadbed.modules.trackers.services import hearing, settling, syncing
from roadbed.modules.trackers.services.connectors.base import TrackerError, UnsignedError, WaitError
from tests.trackers.conftest import Desk, make_desk
from tests.trackers.fakes.gitlab import GitLab
from tests.trackers.fakes.jira import Jira, JiraServer
from tests.trackers.fakes.linear import Linear

pytestmark = pytest.mark.django_db
PEOPLE = {"gitlab": "ben", "jira_cloud": "u-ben", "jira_dc": "u-ben", "linear": "u-ben"}
WORDS = {  # what people there call planned, development, shipped
    "gitlab": ("opened", "doing", "closed"),
    "jira_cloud": ("To Do", "In Progress", "Done"),
    "jira_dc": ("To Do", "In Progress", "Done"),
    "linear": ("Todo", "In Progress", "Done"),
}


@dataclass
class Side:
    """One tracker with its connection, and its people's words for what every tracker has."""

    kind: str
    server: Any
    desk: Desk

    def _facts(self, facts: dict[str, Any]) -> dict[str, Any]:
        found = dict(facts)
        if "description" in found:
            found["description"] = self.server.text(found["description"])
        if self.kind == "gitlab":
            if "status" in found:
                status = found.pop("status")
                if status in {"opened", "closed"}:
                    found["state"] = status
                else:
                    found["labels"] = [*found.get("labels", []), f"workflow::{status}"]
            if "owner" in found:
                name = found.pop("owner")
                found["assignees"] = [{"id": self.server.users[name], "username": name}] if name else []
            if "due" in found:
                found["due_date"] = found.pop("due")
        return found

    def issue(self, id: str = "", **facts: Any) -> str:
        row = self.server.issue(id, **self._facts(facts))
        return str(row["iid"] if self.kind == "gitlab" else row["id"])

    def says(self, id: str) -> dict[str, Any]:
        """What the issue says, in the connector's words."""
        found = self.desk.connector().get(id)
        return {
            name: getattr(found, name)
            for name in ("title", "description", "status", "owner", "due", "labels")
        }

    def word(self, place: int) -> str:
        return WORDS[self.kind][place]


def connect(kind: str, server: Any, workspace: Any, ben: Any) -> Side:
    server.token = "t0k3n"
    settings: dict[str, dict[str, Any]] = {
        "gitlab": {"address": server.url, "project": "octo/hello", "token": "t0k3n", "scope": "workflow",
                   "group": "octo"},
        "jira_cloud": {"address": server.url, "project": "APP", "token": "t0k3n", "email": "bot@example.com"},
        "jira_dc": {"address": server.url, "project": "APP", "token": "t0k3n"},
        "linear": {"api": server.url, "team": "ENG", "token": "t0k3n", "hook": "lin_wh_secret"},
    }  # fmt: skip
    desk = make_desk(
        workspace, ben, kind=kind, settings=settings[kind], people={PEOPLE[kind]: "ben@northwind.example"}
    )
    server.clock = lambda: desk.now
    return Side(kind, server, desk)


@pytest.fixture(params=["gitlab", "jira_cloud", "jira_dc", "linear"])
def side(request, loopback, workspace, ben):
    server = {"gitlab": GitLab, "jira_cloud": Jira, "jira_dc": JiraServer, "linear": Linear}[request.param]()
    server.run()
    yield connect(request.param, server, workspace, ben)
    server.stop()


class TestInStep:
    def test_an_issue_comes_in_goes_out_and_comes_back_as_nothing(self, side):
        desk = side.desk
        id = side.issue(title="Offline maps", description="For tunnels.", status=side.word(1), owner=PEOPLE[side.kind],
                        due="2026-12-01", labels=["drivers"])  # fmt: skip
        assert desk.sync().counts == {"made_here": 1}
        feature = desk.the_feature(id)
        assert (feature.title, feature.description, feature.status) == (
            "Offline maps",
            "For tunnels.",
            "development",
        )
        assert (feature.owner.user.email, feature.target_end) == ("ben@northwind.example", date(2026, 12, 1))
        assert [row.tag.name for row in feature.record_tags.all()] == ["drivers"]
        desk.edit(feature, title="Maps", description="For *tunnels*:\n\n- long\n- deep", status=Status.SHIPPED,
                  target_end=date(2026, 12, 24), owner=None)  # fmt: skip
        records.set_tags(record=feature, names=["drivers", "maps"], actor=desk.someone.actor, at=desk.now)
        assert desk.sync().counts == {"given": 6}
        assert side.says(id) == {
            "title": "Maps", "description": "For *tunnels*:\n\n- long\n- deep", "status": side.word(2), "owner": "",
            "due": "2026-12-24", "labels": ("drivers", "maps"),
        }  # fmt: skip
        side.server.written.clear()
        assert desk.sync().counts == {}
        assert desk.sync().counts == {}
        assert side.server.written == []

    def test_a_feature_becomes_an_issue_once_even_if_we_die_right_after(self, side):
        desk = side.desk
        feature = desk.feature("Offline maps", description="For tunnels.", status=Status.DEVELOPMENT,
                               target_end=date(2026, 12, 1))  # fmt: skip
        desk.map(outgoing={"which": "filter"})
        connector = desk.connector()
        make = connector.make

        class DiedError(BaseException):
            pass

        def die(values, *, nonce):
            make(values, nonce=nonce)
            raise DiedError

        connector.make = die
        with pytest.raises(DiedError):
            syncing.sync(connection=desk.connection, now=lambda: desk.now, told=lambda *a: None, who="dies",
                         connector=connector)  # fmt: skip
        desk.edit(feature, title="Edited since")
        desk.sync()
        binding = Binding.objects.get()
        assert (binding.state, len(side.server.rows), Feature.objects.count()) == ("live", 1, 1)
        said = side.says(binding.external_id)
        assert (said["title"], said["status"], said["due"]) == ("Edited since", side.word(1), "2026-12-01")
        assert said["labels"] == ()

    def test_a_conflict_names_who_and_when_and_a_person_chooses(self, side):
        desk = side.desk
        id = side.issue(title="Maps")
        desk.sync()
        desk.edit(desk.the_feature(id), title="Ours")
        side.issue(id, title="Theirs")
        desk.sync()
        (conflict,) = desk.conflicts()
        assert (conflict.ours, conflict.theirs, conflict.ours_by, conflict.theirs_by) == (
            "Ours",
            "Theirs",
            "Ben",
            "Dana",
        )
        settling.settle_conflicts(conflicts=[conflict], keep="ours", actor=desk.someone.actor, at=desk.now)
        desk.sync()
        assert side.says(id)["title"] == "Ours"
        assert desk.sync().counts == {}

    def test_a_refused_field_does_not_stop_the_others(self, side):
        desk = side.desk
        id = side.issue(title="Maps")
        desk.sync()
        desk.map(statuses_out={"shipped": "Nowhere"})
        desk.edit(desk.the_feature(id), title="Ours", status=Status.SHIPPED)
        desk.sync()
        if side.kind == "gitlab":  # a label is made of any word
            return
        assert side.says(id)["title"] == "Ours"
        assert "status" in Binding.objects.get().held

    def test_permission_denied_keeps_what_is_to_be_said(self, side):
        desk = side.desk
        id = side.issue(title="Maps")
        desk.sync()
        side.server.read_only = True
        desk.edit(desk.the_feature(id), title="Ours")
        assert desk.sync().counts == {"refused": 1}
        side.server.read_only = False
        desk.edit(desk.the_feature(id), description="And more.")
        desk.sync()
        assert side.says(id)["title"] == "Ours"

    def test_a_parent_is_laid_on_both_sides(self, side):
        desk = side.desk
        if side.kind == "gitlab":
            side.server.epic("7", title="The epic")
            id = side.issue(epic={"iid": 7, "id": 707})
            above = "epic-7"
        else:
            above = side.issue(title="The epic")
            id = side.issue(parent=above)
        desk.sync()
        assert desk.the_feature(id).parent_id == desk.the_feature(above).pk
        roadmap.move_feature(feature=desk.the_feature(id), parent=None, actor=desk.someone.actor, at=desk.now)
        desk.sync()
        assert desk.connector().get(id).parent == ""
        assert desk.sync().counts == {}


class TestInTheWay:
    def test_a_deleted_issue_is_seen_by_the_daily_reading(self, side):
        desk = side.desk
        id = side.issue()
        desk.sync()
        side.server.delete(id)
        desk.later(days=1)
        desk.sync()
        assert Binding.objects.get().state == "gone"

    def test_an_issue_that_moved_away_is_told_from_a_deleted_one(self, side):
        desk = side.desk
        id = side.issue()
        desk.sync()
        moved = {"gitlab": {"moved_to_id": 5}, "linear": {"team": "OPS"}}.get(side.kind, {"project": "OPS"})
        side.server.issue(id, **moved)
        if side.kind == "linear":
            side.server.rows[id]["updatedAt"] = "2026-10-01T00:00:00.000Z"
        desk.edit(desk.the_feature(id), title="Ours")
        desk.push()
        binding = Binding.objects.get()
        assert binding.state == "moved"
        assert binding.moved_to.startswith("http")

    def test_pages_and_a_kill_between_them(self, side):
        desk = side.desk
        side.server.page_size = 4
        for _ in range(10):
            side.issue()
        connector = desk.connector()
        pages = connector.pages

        class KilledError(BaseException):
            pass

        def two(cursor):
            for count, page in enumerate(pages(cursor)):
                if count == 2:
                    raise KilledError
                yield page

        connector.pages = two
        with pytest.raises(KilledError):
            syncing.sync(connection=desk.connection, now=lambda: desk.now, told=lambda *a: None, who="killed",
                         connector=connector)  # fmt: skip
        assert 0 < Feature.objects.count() < 10
        desk.sync()
        assert Feature.objects.count() == 10
        assert desk.sync().counts == {}

    def test_only_what_changed_is_asked_for(self, side):
        desk = side.desk
        side.issue()
        desk.sync()
        desk.later(days=0.5)
        desk.sync()
        side.server.asked.clear()
        desk.sync()
        assert len(side.server.asked) <= 4
        if side.kind.startswith("jira"):
            assert "updated >=" in side.server.searches[-1]

    @pytest.mark.parametrize("status", [429, 503])
    def test_limits_and_breakdowns(self, side, status):
        desk = side.desk
        side.issue()
        side.server.limit = (status, {"Retry-After": "120"}, {"message": "later"})
        side.server.limit_after = 0
        expected = WaitError if status == 429 else TrackerError
        with pytest.raises(expected):
            desk.sync()
        connection = Connection.objects.get()
        if status == 429:
            assert connection.waits_until == desk.now + timedelta(seconds=120)
            assert connection.failures == 0
        else:
            assert connection.failures == 1
        side.server.limit = None
        desk.sync()
        assert Feature.objects.count() == 1

    def test_a_wrong_token_is_named(self, side):
        side.server.token = "another"
        with pytest.raises(TrackerError):
            side.desk.sync()
        assert Connection.objects.get().failures == 1


class TestWebhook:
    def signed(self, side, id: str, secret: str) -> tuple[dict[str, str], bytes]:
        sent_at = int(side.desk.now.timestamp() * 1000)
        content: dict[str, Any] = {
            "gitlab": {"object_kind": "issue", "object_attributes": {"iid": int(id) if side.kind == "gitlab" else 0},
                       "project": {"path_with_namespace": "octo/hello"}, "user": {"name": "Dana"}},
            "linear": {"type": "Issue", "action": "update", "data": {"id": id}, "webhookTimestamp": sent_at},
        }.get(side.kind, {"webhookEvent": "jira:issue_updated", "issue": {"id": id},
                          "user": {"displayName": "Dana"}})  # fmt: skip
        body = json.dumps(content).encode()
        mark = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"gitlab": {"x-gitlab-token": secret}, "linear": {"linear-signature": mark}}.get(
            side.kind, {"x-hub-signature": f"sha256={mark}"}
        )
        return headers, body

    def test_a_signed_call_is_followed_and_a_forged_one_is_not(self, side, monkeypatch):
        desk = side.desk
        monkeypatch.setattr(hearing.timezone, "now", lambda: desk.now)
        id = side.issue(title="Heard of")
        headers, body = self.signed(side, id, "forged")
        with pytest.raises(UnsignedError):
            hearing.hear(connection=desk.connection, headers=headers, body=body, at=desk.now)
        headers, body = self.signed(side, id, desk.connection.secrets["hook"])
        heard = hearing.hear(connection=desk.connection, headers=headers, body=body, at=desk.now)
        assert heard.changed == (id,)
        jobs.run_waiting(now=desk.now)
        assert desk.the_feature(id).title == "Heard of"


class TestTheirOwnWays:
    def test_a_description_with_a_picture_is_never_written_over(self, loopback, workspace, ben):
        server = Jira()
        server.run()
        side = connect("jira_cloud", server, workspace, ben)
        document = {"type": "doc", "version": 1, "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": "See"}]},
            {"type": "mediaSingle", "content": [{"type": "media", "attrs": {"id": "1"}}]}]}  # fmt: skip
        id = str(server.issue(description=document)["id"])
        side.desk.sync()
        side.desk.edit(side.desk.the_feature(id), description="Ours", title="Also ours")
        side.desk.sync()
        assert server.rows[id]["description"] == document
        assert server.rows[id]["title"] == "Also ours"
        assert "mediaSingle" in Binding.objects.get().held["description"]
        server.stop()

    def test_a_workflow_without_the_transition_says_so(self, loopback, workspace, ben):
        server = Jira()
        server.run()
        side = connect("jira_cloud", server, workspace, ben)
        id = side.issue(title="Maps")
        side.desk.sync()
        side.desk.edit(side.desk.the_feature(id), status=Status.SHIPPED)
        side.desk.sync()
        assert (
            Binding.objects.get().held["status"]
            == "No transition leads from “To Do” to “Done” for this token."
        )
        server.stop()

    def test_linear_counts_requests_and_complexity(self, loopback, workspace, ben):
        server = Linear()
        server.run()
        side = connect("linear", server, workspace, ben)
        server.limited = True
        with pytest.raises(WaitError):
            side.desk.sync()
        assert Connection.objects.get().failures == 0
        server.stop()

    def test_a_group_without_epics_is_no_obstacle(self, loopback, workspace, ben):
        server = GitLab()
        server.has_epics = False
        server.run()
        side = connect("gitlab", server, workspace, ben)
        assert "has no epics" in side.desk.connection.offered["notes"][0]
        side.issue(title="Maps")
        side.desk.sync()
        assert Feature.objects.count() == 1
        server.stop()
