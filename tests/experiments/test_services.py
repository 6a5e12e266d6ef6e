"""Flags from draft to published and back: services, and the API that does the same."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from roadbed.core.records.models import Activity, Record, Relation
from roadbed.modules.experiments import facade, selectors, services
from roadbed.modules.experiments.models import FlagDraft, FlagRevision, Purpose
from tests.experiments import factories
from tests.people import NOW

DAY = timedelta(days=1)
PATH = "flags/new-map/environments/production"


@pytest.fixture
def flag(workspace, ben):
    return factories.make_flag(workspace, ben.actor)


@pytest.fixture
def production(workspace, flag):
    return factories.environment(workspace)


class TestPublishing:
    def test_a_flag_begins_switched_off_everywhere(self, flag):
        assert [(state.environment.key, state.is_on, state.gives) for state in selectors.states_of(flag)] == [
            ("development", False, "off"),
            ("production", False, "off"),
        ]

    def test_what_is_published_is_what_servers_get(self, flag, production, ben):
        before = facade.revisions()[production.pk]
        revision = factories.publish(flag, production, ben.actor)
        assert (revision.number, "switched on" in revision.summary) == (2, True)
        found = facade.published(production.pk)
        assert found.revision > before
        assert found.document["flags"]["new-map"]["rules"][0]["id"] == "ca"
        assert not FlagDraft.objects.exists()
        assert Activity.objects.filter(record_id=flag.pk, verb="published").exists()

    def test_a_wrong_definition_is_refused_with_every_place(self, flag, production, ben):
        wrong = {
            "default": "purple",
            "needs": [{"flag": "gone", "variants": ["on"]}],
            "rules": [{"id": "r", "variant": "on", "condition": {"x": {"$regex": "(a+)+$"}}}],
        }
        with pytest.raises(services.FlagRefusedError) as caught:
            services.save_draft(flag=flag, environment=production, definition=wrong, actor=ben.actor, at=NOW)
        assert "no variant purple" in str(caught.value)
        with pytest.raises(services.FlagRefusedError) as caught:
            services.save_draft(
                flag=flag,
                environment=production,
                definition={**wrong, "default": "on"},
                actor=ben.actor,
                at=NOW,
            )
        said = str(caught.value)
        assert "there is no flag gone" in said
        assert "A repetition stands inside a repetition" in said

    def test_flags_that_would_wait_for_each_other_are_refused(self, workspace, flag, production, ben):
        other = factories.make_flag(workspace, ben.actor, "other")
        factories.publish(other, production, ben.actor, needs=[{"flag": "new-map", "variants": ["on"]}])
        with pytest.raises(services.FlagRefusedError, match="new-map → other → new-map"):
            services.save_draft(
                flag=flag, environment=production, definition={"needs": [{"flag": "other", "variants": ["on"]}]},
                actor=ben.actor, at=NOW,
            )  # fmt: skip

    def test_two_who_change_at_once_do_not_overwrite_each_other(self, flag, production, ada, ben):
        mine = services.save_draft(
            flag=flag, environment=production, definition=factories.RULES, actor=ben.actor, at=NOW
        )
        services.save_draft(
            flag=flag, environment=production, definition={"default": "on"}, actor=ada.actor, at=NOW
        )
        with pytest.raises(services.DraftConflictError):
            services.publish_draft(draft=mine, version=mine.version, actor=ben.actor, at=NOW)
        services.switch(flag=flag, environment=production, on=True, actor=ada.actor, at=NOW)
        with pytest.raises(services.DraftConflictError, match="was published since"):
            services.publish_draft(draft=mine, actor=ben.actor, at=NOW)

    def test_others_must_approve_where_the_environment_asks_for_it(self, flag, production, ada, ben):
        services.change_environment(environment=production, approvals=1, actor=ada.actor, at=NOW)
        draft = services.save_draft(
            flag=flag, environment=production, definition=factories.RULES, actor=ben.actor, at=NOW
        )
        with pytest.raises(services.NotApprovedError, match="one more person"):
            services.publish_draft(draft=draft, actor=ben.actor, at=NOW)
        with pytest.raises(services.DraftConflictError, match="You wrote"):
            services.review_draft(draft=draft, member=ben.member, verdict="approve", actor=ben.actor, at=NOW)
        services.review_draft(draft=draft, member=ada.member, verdict="approve", actor=ada.actor, at=NOW)
        # Whoever changes what was approved asks anew.
        draft = services.save_draft(
            flag=flag, environment=production, definition={"default": "on"}, actor=ben.actor, at=NOW
        )
        with pytest.raises(services.NotApprovedError):
            services.publish_draft(draft=draft, actor=ben.actor, at=NOW)
        services.review_draft(draft=draft, member=ada.member, verdict="approve", actor=ada.actor, at=NOW)
        assert services.publish_draft(draft=draft, actor=ben.actor, at=NOW).approved_by == ["Ada"]
        # The kill switch asks nobody; switching on again does.
        assert services.switch(flag=flag, environment=production, on=False, actor=ben.actor, at=NOW)
        with pytest.raises(services.NotApprovedError):
            services.switch(flag=flag, environment=production, on=True, actor=ben.actor, at=NOW)

    def test_going_back_is_a_revision_of_its_own(self, flag, production, ben):
        factories.publish(flag, production, ben.actor)
        factories.publish(flag, production, ben.actor, at=NOW + DAY, default="on")
        services.revert_to(flag=flag, environment=production, number=2, actor=ben.actor, at=NOW + 2 * DAY)
        newest = FlagRevision.objects.filter(flag=flag, environment=production).first()
        assert (newest.number, newest.verb, "back to revision 2" in newest.summary) == (4, "reverted", True)

    def test_a_ramp_is_walked(self, flag, production, ben):
        factories.publish(flag, production, ben.actor)

        def share(at):
            compiled = selectors.compiled_for(production, at=at)
            return compiled.definitions.flags["new-map"].rules[1].share

        assert share(NOW + DAY) == 0
        target = {"flag": flag, "environment": production, "rule": "ramp", "actor": ben.actor}
        assert services.start_ramp(**target, at=NOW + DAY)
        assert services.start_ramp(**target, at=NOW + DAY) is None
        assert share(NOW + 5 * DAY) == 0.1
        assert services.approve_step(**target, at=NOW + 6 * DAY)
        assert (share(NOW + 5 * DAY), share(NOW + 7 * DAY)) == (0.1, 1.0)
        assert facade.report_guardrail(
            workspace_id=flag.workspace_id, flag_key="new-map", environment="production", rule="ramp",
            why="crashes rise", at=NOW + 8 * DAY,
        )  # fmt: skip
        assert share(NOW + 9 * DAY) == 0
        with pytest.raises(ValidationError, match="no ramp on a rule"):
            services.approve_step(**{**target, "rule": "nope"}, at=NOW + 9 * DAY)

    def test_an_archived_flag_is_no_longer_served(self, flag, production, ben):
        from roadbed.core.records import services as records

        before = facade.revisions()[production.pk]
        records.archive_record(record=flag, actor=ben.actor, at=NOW)
        found = facade.published(production.pk)
        assert (found.document["flags"], found.revision > before) == ({}, True)


class TestGroups:
    def test_new_flags_join_holdouts_and_lasting_ones_do_not(self, workspace, ada):
        services.put_holdout(workspace=workspace, key="h", changes={"share": 0.5}, actor=ada.actor, at=NOW)
        release = factories.make_flag(workspace, ada.actor, "release")
        switch = factories.make_flag(workspace, ada.actor, "switch", purpose=Purpose.OPERATION)
        held = [selectors.states_of(each)[0].definition.get("holdouts") for each in (release, switch)]
        assert held == [["h"], None]

    def test_what_is_used_cannot_be_deleted(self, workspace, flag, production, ada):
        segment = services.put_segment(
            workspace=workspace, key="staff", name="Staff", condition={"staff": True}, actor=ada.actor, at=NOW
        )
        factories.publish(
            flag, production, ada.actor, rules=[{"id": "r", "segments": ["staff"], "variant": "on"}]
        )
        with pytest.raises(ValidationError, match="used by new-map"):
            services.delete_segment(segment=segment, actor=ada.actor, at=NOW)
        with pytest.raises(services.FlagRefusedError, match="no operator"):
            services.put_segment(
                workspace=workspace,
                key="x",
                name="",
                condition={"a": {"$sounds": 1}},
                actor=ada.actor,
                at=NOW,
            )


class TestStale:
    def test_what_gives_everybody_the_same_for_a_month_is_stale(self, workspace, flag, production, ben):
        development = factories.environment(workspace, "development")
        for place in (development, production):
            factories.publish(flag, place, ben.actor, default="on", off="off")
        assert selectors.stale_flags(workspace_id=workspace.pk, at=NOW + 20 * DAY) == []
        (found,) = selectors.stale_flags(workspace_id=workspace.pk, at=NOW + 31 * DAY)
        assert found.reasons == ("Everybody gets on everywhere since 2 November 2026.",)
        assert (found.keep, "the branch for off" in found.remove) == ("on", True)
        factories.make_flag(workspace, ben.actor, "unused")
        with CaptureQueriesContext(connection) as queries:
            names = {
                each.flag.flag_key
                for each in selectors.stale_flags(workspace_id=workspace.pk, at=NOW + 61 * DAY)
            }
        assert names == {"new-map", "unused"}
        assert len(queries) == 3


class TestMoving:
    def test_growthbooks_definitions_come_in(self, workspace, production, ben):
        payload = {
            "features": {
                "checkout": {
                    "defaultValue": False,
                    "rules": [{"condition": {"country": "NL"}, "force": True}],
                },
                "new-map": {"defaultValue": True},
                "mixed": {"defaultValue": 1, "rules": [{"force": "one"}]},
            }
        }
        moved = services.import_flags(environment=production, payload=payload, actor=ben.actor, at=NOW)
        assert (moved.made, moved.drafted) == (("checkout",), ("new-map",))
        assert any("several types" in note for note in moved.notes)
        compiled = selectors.compiled_for(production, at=NOW)
        assert compiled.ask("checkout", {"country": "NL"}).value is True
        with pytest.raises(ValidationError):
            services.import_flags(environment=production, payload={"features": 3}, actor=ben.actor, at=NOW)


class TestApi:
    def test_a_flag_from_end_to_end(self, workspace, ada, ben, dan):
        made = ben.api("POST", "flags", {"flag_key": "new-map", "title": "The new map"})
        assert made.status_code == 201, made.content
        assert ben.api("POST", "flags", {"flag_key": "new-map"}).status_code == 422
        key = made.json()["key"]
        saved = ben.api(
            "PUT", f"{PATH}/draft", {"definition": factories.RULES, "note": "Canada first"}
        ).json()
        assert any("rule ca added" in line for line in saved["draft"]["changes"])
        assert ben.api("POST", f"{PATH}/review-request").status_code == 200
        reviewed = ada.api("POST", f"{PATH}/reviews", {"verdict": "approve"}).json()
        assert reviewed["draft"]["reviews"][0]["by"] == "Ada"
        assert ben.api("POST", f"{PATH}/publish", {"version": 1}).json()["revision"] == 2
        assert ben.api("POST", f"{PATH}/publish", {}).status_code == 404
        asked = ben.api("POST", f"{PATH}/test", {"context": {"country": "CA"}}).json()
        assert (asked["value"], asked["rule"], asked["verdicts"][0]["findings"][0]["holds"]) == (
            True,
            "ca",
            True,
        )
        assert dan.api("PUT", f"{PATH}/state", {"on": False}).status_code == 403
        wrong = ben.api("PUT", f"{PATH}/draft", {"definition": {"default": "red"}})
        assert (wrong.status_code, "no variant red" in wrong.content.decode()) == (422, True)
        exported = dan.api("GET", "flag-exports?environment=production&form=growthbook").json()
        assert exported["definitions"]["features"]["new-map"]["defaultValue"] is False
        assert dan.api("GET", f"flags/{key}").json()["flag_key"] == "new-map"
        assert [each["key"] for each in dan.api("GET", "flags?q=map").json()["items"]] == [key]

    def test_a_secret_is_shown_once(self, workspace, flag, ben):
        made = ben.api("POST", "flag-environments/production/keys", {"name": "api", "kind": "browser"}).json()
        assert made["secret"].startswith("rbb_")
        (listed,) = ben.api("GET", "flag-environments/production/keys").json()
        assert "secret" not in listed
        production = factories.environment(workspace)
        assert [key.kind for key in facade.published(production.pk).keys] == ["browser"]
        assert ben.api("DELETE", f"flag-environments/production/keys/{made['id']}").status_code == 204
        assert facade.published(production.pk).keys == ()


def test_a_feature_that_a_flag_lets_out_says_so(workspace, ben):
    from roadbed.modules.roadmap import services as roadmap

    feature, _ = roadmap.create_feature(
        workspace=workspace, draft=roadmap.Draft(title="New map"), actor=ben.actor, at=NOW
    )
    flag = factories.make_flag(workspace, ben.actor, tests=Record.objects.get(pk=feature.pk))
    assert flag.links_out.get().relation == Relation.DELIVERS
    assert facade.evidence_for(workspace.pk, "northwind", [feature.pk]) == {}
    factories.publish(flag, factories.environment(workspace), ben.actor)
    (item,) = facade.evidence_for(workspace.pk, "northwind", [feature.pk])[feature.pk]
    assert (item.strength, "Production (some)" in item.detail) == ("partial", True)
