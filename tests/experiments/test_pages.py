"""Flags on pages: the list, the rules, trying, drafting, reviewing, publishing, going back."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from roadbed.modules.experiments import demo, selectors, services
from roadbed.modules.experiments.forms import rules
from roadbed.modules.experiments.models import Flag, FlagDraft
from tests.experiments import factories
from tests.people import NOW

PLACE = "experiments/flags/fl-1/in/production/"
SENT = {
    "on": "yes",
    "default": "off",
    "off": "off",
    "variants": '{"on": true, "off": false}',
    "rules-0-id": "",
    "rules-0-on": "yes",
    "rules-0-name": "Canada",
    "rules-0-attribute-0": "country",
    "rules-0-operator-0": "$in",
    "rules-0-value-0": "CA, NL",
    "rules-0-gives": "on",
    "rules-0-share": "12.5",
    "rules-0-unit": "account",
}


@pytest.fixture
def flag(workspace, ben):
    return factories.make_flag(workspace, ben.actor, title="The new map")


@pytest.fixture
def production(workspace, flag):
    return factories.environment(workspace)


class TestBuilder:
    def test_what_is_shown_and_sent_back_is_the_same_definition(self, workspace):
        whole = {
            "type": "boolean",
            "variants": {"on": True, "off": False},
            "default": "off",
            "off": "off",
            "needs": [{"flag": "other", "variants": ["on"]}],
            "rules": [
                {"id": "a", "condition": {"country": "CA", "vans": {"$numGte": 5}}, "segments": ["s"], "variant": "on"},
                {"id": "b", "condition": {"$or": [{"a": "1"}, {"b": "2"}]}, "split": {"on": 1, "off": 3},
                 "share": 0.0025},
                {"id": "c", "on": False, "condition": {"email": {"$exists": False}}, "variant": "on", "unit": "account",
                 "ramp": {"steps": [{"share": 1.0}]}, "slices": [{"namespace": "n", "ranges": [[0, 0.5]]}]},
            ],
        }  # fmt: skip
        editor = rules.editor_of(whole, flag_type="boolean")
        sent = {
            "on": "yes",
            "default": editor["default"],
            "off": editor["off"],
            "variants": editor["variants_text"],
            "more": editor["more"],
        }
        for rule in editor["rules"]:
            prefix = rule["prefix"]
            for name in ("id", "name", "segment", "gives", "split", "share", "unit", "more", "position"):
                sent[f"{prefix}{name}"] = str(rule[name])
            sent[f"{prefix}on"] = "yes" if rule["on"] else ""
            for row in rule["rows"]:
                for name in ("attribute", "operator", "value"):
                    sent[f"{prefix}{name}-{row['i']}"] = row[name]
        assert rules.read(sent, flag_type="boolean") == (whole, [])

    def test_what_cannot_be_read_is_said(self):
        wrong = {**SENT, "variants": "{", "rules-0-share": "half", "rules-0-operator-0": "$numGt"}
        _, problems = rules.read(wrong, flag_type="boolean")
        assert len(problems) == 3
        assert "Rule 1: half is no percentage." in problems


class TestRules:
    def test_trying_keeps_nothing_and_says_who_gets_what(self, flag, production, dan):
        sent = {**SENT, "context": '{"account": "a-7", "country": "DE"}'}
        answer = dan.post(f"{PLACE}try/", sent, headers={"HX-Request": "true", "HX-Request-Type": "partial"})
        page = answer.content.decode()
        assert answer.status_code == 200
        assert "<html" not in page
        assert re.search(r"1[0-5](\.\d)?%", page), "an eighth of those in Canada and the Netherlands"
        assert "country is one of CA, NL (here: DE)" in page
        assert not FlagDraft.objects.exists()
        assert "This is no JSON" in dan.post(f"{PLACE}try/", {**SENT, "context": "{"}).content.decode()

    def test_a_draft_is_kept_reviewed_and_published(self, flag, production, ada, ben, dan):
        services.change_environment(environment=production, approvals=1, actor=ada.actor, at=NOW)
        assert dan.post(f"{PLACE}draft/", SENT).status_code == 403
        wrong = ben.post(f"{PLACE}draft/", {**SENT, "default": "red"})
        assert (wrong.status_code, "no variant red" in wrong.content.decode()) == (422, True)
        assert ben.post(f"{PLACE}draft/", SENT).status_code == 302
        page = ben.get(PLACE).content.decode()
        assert "Rule r1 added: If country is one of CA, NL, 12.5% by account get on" in page
        assert "Ask for a review" in page
        ben.post(f"{PLACE}review/ask/")
        assert "The new map" in ada.get("experiments/flags/reviews/").content.decode()
        ben.post(f"{PLACE}publish/")
        assert selectors.state_of(flag=flag, environment=production).revision == 1, "nobody has approved"
        ada.post(f"{PLACE}review/say/", {"verdict": "approve", "note": "Fine"})
        assert "Fine" in ben.get(f"{PLACE}review/").content.decode()
        ben.post(f"{PLACE}publish/")
        assert selectors.state_of(flag=flag, environment=production).revision == 2
        assert "approved by Ada" in ben.get(f"{PLACE}revisions/").content.decode()
        ben.post(f"{PLACE}revert/", {"revision": "1"})
        assert FlagDraft.objects.get().note == "back to revision 1"

    def test_a_ramp_is_begun_and_rolled_back(self, flag, production, ben):
        factories.publish(flag, production, ben.actor)
        assert "Not begun" in ben.get(PLACE).content.decode()
        ben.post(f"{PLACE}ramp/", {"rule": "ramp", "deed": "start"})
        assert "Approve this step" in ben.get(PLACE).content.decode()
        ben.post(f"{PLACE}ramp/", {"rule": "ramp", "deed": "roll_back", "why": "crashes"})
        assert "Rolled back: crashes" in ben.get(PLACE).content.decode()

    def test_strangers_see_nothing(self, flag, eve):
        assert eve.get("/w/northwind/experiments/flags/fl-1/").status_code == 404
        assert eve.post(f"/w/northwind/{PLACE}draft/", SENT).status_code == 404


class TestList:
    def test_the_cost_does_not_grow_with_rows(self, workspace, flag, ben):
        def cost():
            with CaptureQueriesContext(connection) as queries:
                assert ben.get("experiments/flags/").status_code == 200
            return len(queries)

        cost()
        before = cost()
        for number in range(5):
            factories.make_flag(workspace, ben.actor, f"more-{number}")
        assert cost() == before

    def test_filters_live_in_the_address(self, workspace, flag, production, ben):
        factories.make_flag(workspace, ben.actor, "other", title="Another one")
        services.switch(flag=flag, environment=production, on=True, actor=ben.actor, at=NOW)
        page = ben.get("experiments/flags/?on=production").content.decode()
        assert ("The new map" in page, "Another one" in page) == (True, False)

    def test_a_flag_is_made_on_a_form(self, workspace, ben):
        sent = {
            "flag_key": "limit",
            "type": "integer",
            "values": "small = 5\nlarge = 50",
            "purpose": "operation",
        }
        assert ben.post("experiments/flags/new/", sent).status_code == 302
        made = Flag.objects.get(flag_key="limit")
        assert selectors.states_of(made)[0].definition["variants"] == {"small": 5, "large": 50}
        wrong = ben.post("experiments/flags/new/", {**sent, "flag_key": "a/b", "values": "small = five"})
        assert wrong.status_code == 422
        assert "is not of the type" in wrong.content.decode()

    def test_definitions_move_in_from_a_file(self, workspace, flag, production, ben):
        payload = {"features": {"checkout": {"defaultValue": False}}}
        file = SimpleUploadedFile("flags.json", json.dumps(payload).encode())
        answer = ben.post("experiments/flags/import/", {"environment": "production", "file": file})
        assert "1 flag came in" in answer.content.decode()
        assert (
            ben.post("experiments/flags/import/", {"environment": "production", "text": "["}).status_code
            == 422
        )

    def test_a_key_is_shown_once(self, workspace, flag, ben):
        answer = ben.post(
            "settings/flags/production/keys/", {"name": "api", "kind": "server"}
        ).content.decode()
        secret = re.search(r"rbs_[A-Za-z0-9]{40}", answer).group(0)
        assert secret not in ben.get("settings/flags/").content.decode()


def test_the_demo_tells_its_story(workspace, ada, ben):
    from roadbed.core.workspaces.roles import Role
    from tests import people

    for name in ("Ruth", "Kofi"):
        people.join(workspace, name, Role.MAKER)
    demo.load(workspace=workspace, seed=1, at=NOW)
    stale = selectors.stale_flags(workspace_id=workspace.pk, at=NOW)
    assert {each.flag.flag_key for each in stale} == {"recipient-link", "voice-planning"}
    production = factories.environment(workspace)
    assert len(selectors.waiting_for_review(workspace_id=workspace.pk)) == 1
    compiled = selectors.compiled_for(production, at=NOW + timedelta(days=1))
    assert compiled.definitions.flags["live-reroute"].rules[1].share == 0.5
    assert ada.get("experiments/flags/").status_code == 200
