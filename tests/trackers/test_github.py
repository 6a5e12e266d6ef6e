"""GitHub kept in step both ways: what comes in, what goes out, what clashes, and what interrupts."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import date

import pytest
from django.core.exceptions import ValidationError

from roadbed.core.jobs import services as jobs
from roadbed.core.records import services as records
from roadbed.modules.roadmap.models import Feature, Release, Status
from roadbed.modules.trackers.models import Binding, Connection
from roadbed.modules.trackers.services import connecting, hearing, settling
from roadbed.modules.trackers.services.connectors.base import TrackerError, UnsignedError, WaitError

pytestmark = pytest.mark.django_db


def fields_written(forge):
    return [name for _, _, body in forge.written for name in body or {}]


class TestComesIn:
    def test_issues_become_features_with_everything_they_say(self, github, forge):
        forge.issue(
            1, title="  Offline   maps ", body="Line one\r\nline two  ", labels=["Drivers"], assignees=["ben"]
        )
        forge.issue(2, milestone=forge.milestone("5.0"), state="closed", state_reason="completed")
        forge.issue(3, pull_request={})
        github.map(people={"ben": "ben@northwind.example"}, incoming={"which": "all", "open_only": False})
        run = github.sync()
        assert run.counts == {"made_here": 2}
        first, second = github.the_feature("1"), github.the_feature("2")
        assert (first.title, first.description, first.status) == (
            "Offline maps",
            "Line one\nline two",
            "planned",
        )
        assert first.owner.user.email == "ben@northwind.example"
        assert [row.tag.name for row in first.record_tags.all()] == ["Drivers"]
        assert (second.status, second.release.title) == ("shipped", "5.0")
        assert forge.written == []

    def test_only_what_was_asked_for_comes_in(self, github, forge):
        forge.issue(1, labels=["roadmap"])
        forge.issue(2)
        forge.issue(3, labels=["roadmap"], state="closed", state_reason="not_planned")
        github.map(incoming={"which": "labelled", "labels": ["Roadmap"]})
        assert github.sync().counts == {"made_here": 1}

    def test_looking_again_does_nothing_and_costs_one_question(self, github, forge):
        forge.issue(1)
        github.sync()
        github.sync()
        forge.asked.clear()
        run = github.sync()
        assert run.counts == {}
        assert len(forge.asked) == 1
        assert Feature.objects.count() == 1

    def test_changes_there_come_in_field_by_field(self, github, forge):
        forge.issue(1)
        github.sync()
        forge.issue(1, title="Maps without a network", state="closed", state_reason="not_planned")
        run = github.sync()
        assert run.counts == {"taken": 2}
        feature = github.the_feature("1")
        assert (feature.title, feature.status) == ("Maps without a network", "dropped")
        assert feature.status_reason == "#1 is “not_planned” at github desk."

    def test_children_come_before_their_parents(self, github, forge):
        forge.issue(1, parent_issue_url=f"{forge.url}/repos/octo/hello/issues/2")
        forge.issue(2)
        github.sync()
        assert github.the_feature("1").parent_id == github.the_feature("2").pk
        assert github.sync().counts == {}

    def test_a_word_that_is_not_in_the_map_holds_one_field_back_and_says_so(self, github, forge):
        forge.issue(1)
        github.sync()
        forge.issue(1, title="New", assignees=["stranger"])
        github.sync()
        binding = Binding.objects.get()
        assert github.the_feature("1").title == "New"
        assert binding.held == {"owner": "Nobody here is mapped to “stranger”."}


class TestGoesOut:
    def test_features_that_fit_become_issues_once(self, github, forge):
        github.feature("Offline maps", description="For *tunnels*.", status=Status.PLANNED)
        github.feature("An idea")
        github.map(outgoing={"which": "filter", "statuses": ["planned"]}, incoming={"which": "none"})
        assert github.sync().counts == {"made_there": 1}
        assert forge.issues[1]["title"] == "Offline maps"
        assert forge.issues[1]["body"].startswith("For *tunnels*.\n\n<!-- roadbed:")
        assert github.sync().counts == {}
        assert len(forge.issues) == 1

    def test_changes_here_go_out_and_come_back_as_nothing(self, github, forge):
        forge.issue(1, body="Why.")
        github.sync()
        feature = github.the_feature("1")
        release = Release.objects.create(
            workspace=feature.workspace, title="5.0", kind="release", prefix="R", number=1,
            created_at=github.now, updated_at=github.now,
        )  # fmt: skip
        github.edit(feature, title="Maps", status=Status.SHIPPED, release=release)
        assert github.sync().counts == {"given": 3}
        issue = forge.issues[1]
        assert (issue["title"], issue["state"], issue["state_reason"]) == ("Maps", "closed", "completed")
        assert issue["milestone"]["title"] == "5.0"
        forge.written.clear()
        assert github.sync().counts == {}
        assert github.sync().counts == {}
        assert forge.written == []
        assert github.the_feature("1").version == Binding.objects.get().seen_version

    def test_a_status_that_the_tracker_cannot_tell_apart_stays_what_it_is(self, github, forge):
        forge.issue(1)
        github.sync()
        github.edit(github.the_feature("1"), status=Status.BETA)  # for GitHub that is still open
        github.sync()
        forge.issue(1, title="Touched")
        github.sync()
        assert github.the_feature("1").status == "beta"
        assert "state" not in fields_written(forge)

    def test_a_change_here_leaves_at_once_with_a_job(self, github, forge):
        forge.issue(1)
        github.sync()
        github.edit(github.the_feature("1"), title="At once")
        ran = [job.name for job in jobs.run_waiting(now=github.now)]
        assert ran.count("trackers.push") == 1
        assert forge.issues[1]["title"] == "At once"

    def test_tags_are_merged_member_by_member(self, github, forge):
        forge.issue(1, labels=["a", "b"])
        github.sync()
        feature = github.the_feature("1")
        records.set_tags(record=feature, names=["b", "ours"], actor=github.someone.actor, at=github.now)
        forge.issue(1, labels=["a", "b", "theirs"])
        github.sync()
        assert sorted(row.tag.name for row in feature.record_tags.all()) == ["b", "ours", "theirs"]
        assert [each["name"] for each in forge.issues[1]["labels"]] == ["b", "ours", "theirs"]
        assert github.sync().counts == {}

    def test_a_parent_made_here_is_laid_there(self, github, forge):
        above = github.feature("Maps")
        github.feature("Offline maps", parent=above)
        github.map(outgoing={"which": "filter"})
        github.sync()
        github.sync()
        assert forge.issues[2]["parent_issue_url"].endswith("/issues/1")
        assert github.sync().counts == {}

    def test_fields_travel_only_the_way_they_are_told(self, github, forge):
        forge.issue(1)
        github.sync()
        github.map(directions={"title": "in", "description": "off", "status": "out"})
        github.edit(github.the_feature("1"), title="Ours", description="Ours", status=Status.SHIPPED)
        forge.issue(1, body="Theirs")
        github.sync()
        assert (forge.issues[1]["title"], forge.issues[1]["state"]) == ("Issue 1", "closed")
        assert github.the_feature("1").description == "Ours"

    def test_permission_denied_says_so_and_loses_nothing(self, github, forge):
        forge.issue(1)
        github.sync()
        forge.read_only = True
        github.edit(github.the_feature("1"), title="Ours")
        run = github.sync()
        assert run.counts == {"refused": 1}
        assert "403" in Binding.objects.get().held["title"]
        assert github.sync().counts == {}
        forge.read_only = False
        github.edit(github.the_feature("1"), description="More")
        github.sync()
        assert forge.issues[1]["title"] == "Ours"


class TestConflicts:
    @pytest.fixture
    def clash(self, github, forge):
        forge.issue(1)
        github.sync()
        github.edit(github.the_feature("1"), title="Ours")
        forge.issue(1, title="Theirs", by="dana")
        github.sync()
        return github

    def test_neither_is_overwritten_and_both_are_shown_with_who_and_when(self, clash, forge):
        (conflict,) = clash.conflicts()
        assert (conflict.field, conflict.ours, conflict.theirs) == ("title", "Ours", "Theirs")
        assert (conflict.ours_by, conflict.theirs_by) == ("Ben", "dana")
        assert conflict.ours_at
        assert conflict.theirs_at
        assert (clash.the_feature("1").title, forge.issues[1]["title"]) == ("Ours", "Theirs")
        clash.sync()
        assert len(clash.conflicts()) == 1

    @pytest.mark.parametrize("keep", ["ours", "theirs"])
    def test_a_person_chooses(self, clash, forge, keep):
        settling.settle_conflicts(
            conflicts=clash.conflicts(), keep=keep, actor=clash.someone.actor, at=clash.now
        )
        clash.sync()
        assert clash.the_feature("1").title == forge.issues[1]["title"] == keep.capitalize()
        assert clash.conflicts() == []
        assert clash.sync().counts == {}

    def test_the_same_on_both_sides_is_none(self, github, forge):
        forge.issue(1)
        github.sync()
        github.edit(github.the_feature("1"), title="Same")
        forge.issue(1, title="Same")
        assert github.sync().counts == {}
        assert github.conflicts() == []

    def test_it_goes_of_itself_where_people_agree_after_all(self, clash, forge):
        forge.issue(1, title="Ours")
        clash.sync()
        assert clash.conflicts() == []

    def test_other_fields_go_on_travelling(self, clash, forge):
        forge.issue(1, body="News.")
        clash.sync()
        assert clash.the_feature("1").description == "News."
        assert len(clash.conflicts()) == 1

    def test_a_field_edited_between_reading_and_writing_is_not_lost(self, github, forge):
        """They edit the very issue while we write to another field of it."""
        forge.issue(1)
        github.sync()
        github.edit(github.the_feature("1"), title="Ours")

        def meddle(verb, path):
            if verb == "PATCH":
                forge.before = None
                forge.issue(1, body="Meanwhile.")

        forge.before = meddle
        github.sync()
        github.sync()
        assert github.the_feature("1").description == "Meanwhile."
        assert forge.issues[1]["title"] == "Ours"


class TestProject:
    def test_status_and_dates_of_the_project_travel_both_ways(self, board, forge):
        forge.issue(1)
        forge.put_on_project(
            1, **{"Status": "In progress", "Start date": "2026-11-02", "Target date": "2026-12-01"}
        )
        forge.issue(2)
        board.sync()
        feature = board.the_feature("1")
        assert Feature.objects.count() == 1
        assert (feature.status, feature.target_start, feature.target_end) == (
            "development", date(2026, 11, 2), date(2026, 12, 1))  # fmt: skip
        board.edit(feature, status=Status.SHIPPED, target_end=date(2026, 12, 24))
        board.sync()
        values = forge.items["PVTI_0"]["values"]
        assert (values["Status"], values["Target date"]) == ("Done", "2026-12-24")
        assert board.sync().counts == {}

    def test_a_change_on_the_board_alone_is_seen(self, board, forge):
        forge.issue(1)
        forge.put_on_project(1, Status="Backlog")
        board.sync()
        forge.items["PVTI_0"]["values"]["Status"] = "Done"  # the issue itself does not say that it changed
        assert board.sync().counts == {"taken": 1}
        assert board.the_feature("1").status == "shipped"

    def test_a_new_issue_is_put_on_the_board(self, board, forge):
        board.feature("Offline maps", status=Status.DEVELOPMENT, target_end=date(2026, 12, 1))
        board.map(outgoing={"which": "filter"})
        board.sync()
        assert forge.items["PVTI_0"]["values"] == {"Status": "In progress", "Target date": "2026-12-01"}
        assert board.sync().counts == {}

    def test_the_cost_of_graphql_is_watched(self, board, forge):
        forge.points_left = 0
        with pytest.raises(WaitError):
            board.sync()


class TestWebhook:
    def call(self, client, connection, event, content, *, secret=None):
        body = json.dumps(content).encode()
        secret = secret if secret is not None else connection.secrets["hook"]
        mark = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return {"x-hub-signature-256": mark, "x-github-event": event}, body

    def content(self, forge, number, action="edited"):
        return {"action": action, "issue": forge.issues[number], "repository": {"full_name": "octo/hello"},
                "sender": {"login": "dana"}}  # fmt: skip

    def test_a_signed_call_brings_the_issue_in_as_it_is_now(self, github, forge, client):
        forge.issue(1)
        headers, body = self.call(client, github.connection, "issues", self.content(forge, 1))
        forge.issue(1, title="Newer than the call")
        hearing.hear(connection=github.connection, headers=headers, body=body, at=github.now)
        jobs.run_waiting(now=github.now)
        assert github.the_feature("1").title == "Newer than the call"
        assert Connection.objects.get().last_heard_at == github.now

    def test_an_unsigned_call_does_nothing(self, github, forge, client):
        forge.issue(1)
        headers, body = self.call(client, github.connection, "issues", self.content(forge, 1), secret="wrong")
        with pytest.raises(UnsignedError):
            hearing.hear(connection=github.connection, headers=headers, body=body, at=github.now)
        assert [
            job.name for job in jobs.run_waiting(now=github.now) if job.name.startswith("trackers.")
        ] == []

    def test_our_own_echo_does_nothing(self, github, forge, client):
        forge.issue(1)
        github.sync()
        github.edit(github.the_feature("1"), title="Ours")
        github.push()
        jobs.run_waiting(now=github.now)
        forge.written.clear()
        version = github.the_feature("1").version
        headers, body = self.call(client, github.connection, "issues", self.content(forge, 1))
        hearing.hear(connection=github.connection, headers=headers, body=body, at=github.now)
        ran = [job.name for job in jobs.run_waiting(now=github.now)]
        assert [name for name in ran if name.startswith("trackers.")] == ["trackers.follow"]
        assert forge.written == []
        assert github.the_feature("1").version == version

    def test_a_deletion_is_heard(self, github, forge, client):
        forge.issue(1)
        github.sync()
        content = self.content(forge, 1, action="transferred")
        content["changes"] = {"new_issue": {"html_url": "https://github.com/octo/other/issues/4"}}
        headers, body = self.call(client, github.connection, "issues", content)
        hearing.hear(connection=github.connection, headers=headers, body=body, at=github.now)
        jobs.run_waiting(now=github.now)
        binding = Binding.objects.get()
        assert (binding.state, binding.moved_to) == ("moved", "https://github.com/octo/other/issues/4")


class TestConnecting:
    def test_it_says_who_we_are_and_what_there_is(self, github):
        offered = github.connection.offered
        assert (offered["who"], offered["project"], offered["can_write"]) == (
            "roadbed-bot",
            "octo/hello",
            True,
        )
        assert github.connection.statuses_out["shipped"] == "completed"
        assert github.connection.statuses_out["beta"] == "open"

    def test_a_wrong_token_is_named(self, workspace, ben, forge):
        forge.token = "right"
        connection = connecting.create_connection(
            workspace=workspace, kind="github", name="x", actor=ben.actor, at=ben.member.joined_at,
            settings={"repository": "octo/hello", "token": "wrong", "api": forge.url},
        )  # fmt: skip
        with pytest.raises(TrackerError, match="does not know the token"):
            connecting.ask(connection=connection, now=lambda: ben.member.joined_at)

    def test_addresses_within_are_refused(self, workspace, ben):
        with pytest.raises(ValidationError, match="public address"):
            connecting.create_connection(
                workspace=workspace, kind="github", name="x", actor=ben.actor, at=ben.member.joined_at,
                settings={"repository": "octo/hello", "token": "t", "api": "http://169.254.169.254/"},
            )  # fmt: skip

    def test_secrets_are_sealed(self, github):
        kept = Connection.objects.get()
        assert "t0k3n" not in kept.sealed + json.dumps(kept.settings)
        assert kept.secrets["token"] == "t0k3n"
