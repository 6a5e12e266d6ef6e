"""Pages and API of demand: figures open to their rows, contributors vote for others, owners set the weights."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from roadbed.core.evidence.models import EvidenceTally
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights import services
from roadbed.modules.insights.models import Segment, Vote
from roadbed.modules.roadmap import services as roadmap
from tests import people
from tests.insights import factories as make

NOW = people.NOW
FRAGMENT = {"HX-Request": "true", "HX-Request-Type": "partial"}


def segment(workspace: Workspace, title: str, plan: str) -> Segment:
    rule = {"match": "all", "conditions": [{"field": "plan", "operator": "is", "value": plan}]}
    return services.create_segment(workspace=workspace, name=title, rule=rule, actor=make.ACTOR, at=NOW)


def voices(workspace: Workspace, target: Any, count: int, *, plan: str = "Fleet", start: int = 0) -> None:
    for place in range(start, start + count):
        account = make.account(workspace, f"{plan} {place}", plan=plan, revenue=Decimal(1000 * (place + 1)))
        person = make.person(workspace, f"Person {plan} {place}", account=account)
        piece = make.feedback(workspace, f"Words number {place} about it", person=person)
        make.quote(piece, target, strength=place % 4)
        services.vote(
            person=make.person(workspace, f"Voter {plan} {place}"), target=target, actor=make.ACTOR, at=NOW
        )


@pytest.mark.django_db
class TestDemandPage:
    def test_every_figure_opens_to_its_rows(self, dan: people.Someone, workspace: Workspace) -> None:
        need = make.need(workspace)
        voices(workspace, need, 3)
        shown = dan.get(f"insights/needs/{need.number}/").content.decode()
        for name in ("impact", "people", "customers", "revenue", "strength"):
            assert f"insights/demand/{need.key}/{name}/" in shown
            parts = dan.get(f"insights/demand/{need.key}/{name}/", headers=FRAGMENT)
            assert parts.status_code == 200
            assert b"<table>" in parts.content
        page = dan.get(f"insights/demand/{need.key}/").content.decode()
        assert "Fleet 2" in page
        assert "Person Fleet 1" in page

    def test_the_feature_page_opens_to_its_customers(self, dan: people.Someone, workspace: Workspace) -> None:
        feature, _ = roadmap.create_feature(
            workspace=workspace, draft=roadmap.Draft(title="Reroute"), actor=make.ACTOR, at=NOW
        )
        voices(workspace, feature, 2)
        shown = dan.get(f"roadmap/features/{feature.key.lower()}/").content.decode()
        assert f"insights/demand/{feature.key}/customers/" in shown

    def test_unknown_revenue_is_called_unknown(self, dan: people.Someone, workspace: Workspace) -> None:
        need, account = make.need(workspace), make.account(workspace)
        make.quote(make.feedback(workspace, person_name="Mira", account=account), need)
        page = dan.get(f"insights/demand/{need.key}/").content.decode()
        assert "unknown" in page
        assert "€0" not in page

    def test_queries_do_not_grow_with_voices(self, dan: people.Someone, workspace: Workspace) -> None:
        need = make.need(workspace)
        segment(workspace, "Fleet", "Fleet")

        def count() -> int:
            dan.get(f"insights/demand/{need.key}/")
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert dan.get(f"insights/demand/{need.key}/").status_code == 200
            return len(queries)

        voices(workspace, need, 2)
        few = count()
        voices(workspace, need, 10, start=2)
        assert count() == few

    def test_strangers_and_other_figures_see_nothing(
        self, eve: people.Someone, dan: people.Someone, workspace: Workspace
    ) -> None:
        need = make.need(workspace)
        assert eve.get(f"/w/northwind/insights/demand/{need.key}/").status_code == 404
        assert dan.get(f"insights/demand/{need.key}/salary/").status_code == 404
        assert dan.get("insights/demand/A-1/").status_code == 404


@pytest.mark.django_db
class TestVoting:
    def test_cleo_votes_for_somebody_she_spoke_to(self, cleo: people.Someone, workspace: Workspace) -> None:
        need = make.need(workspace)
        typed = {"name": "Jo Park", "email": "jo@halden.example", "account": "Halden", "note": "on the phone"}
        answer = cleo.post(f"insights/votes/{need.key}/new/", typed)
        assert answer.status_code == 302
        vote = Vote.objects.get()
        assert (vote.person.email, vote.voted_by, vote.note) == (
            "jo@halden.example",
            cleo.user,
            "on the phone",
        )
        assert EvidenceTally.objects.get(record_id=need.pk).accounts == 1
        assert cleo.get(f"insights/votes/{need.key}/new/").status_code == 200
        assert b"Jo Park" in cleo.get("insights/votes/find/?q=jo+park").content

    def test_in_the_dialog_it_closes(self, cleo: people.Someone, workspace: Workspace) -> None:
        need, mira = make.need(workspace), make.person(workspace)
        answer = cleo.post(f"insights/votes/{need.key}/new/", {"person": mira.key}, headers=FRAGMENT)
        assert answer.status_code == 204
        assert "dialog:close" in answer.headers["HX-Trigger"]

    def test_nobody_named_is_refused_in_words(self, cleo: people.Someone, workspace: Workspace) -> None:
        need = make.need(workspace)
        answer = cleo.post(f"insights/votes/{need.key}/new/", {})
        assert answer.status_code == 422
        assert b"Say who wants it" in answer.content

    def test_a_vote_taken_back_can_be_put_back(self, cleo: people.Someone, workspace: Workspace) -> None:
        need, mira = make.need(workspace), make.person(workspace)
        vote = services.vote(person=mira, target=need, note="at the fair", actor=cleo.actor, at=NOW)
        answer = cleo.post(f"insights/votes/{vote.pk}/remove/", follow=True)
        assert not Vote.objects.exists()
        undo = re.search(r"/w/northwind/insights/votes/restore/[^\"]+/", answer.content.decode())
        assert undo is not None
        cleo.post(undo.group())
        assert Vote.objects.get().note == "at the fair"

    def test_dan_may_look_but_not_vote(self, dan: people.Someone, workspace: Workspace) -> None:
        need = make.need(workspace)
        assert dan.get(f"insights/votes/{need.key}/new/").status_code == 403
        assert b"Vote for somebody" not in dan.get(f"insights/demand/{need.key}/").content

    def test_feedback_shows_who_wants_it_too(self, cleo: people.Someone, workspace: Workspace) -> None:
        piece, mira = make.feedback(workspace), make.person(workspace)
        services.vote(person=mira, target=piece, actor=cleo.actor, at=NOW)
        assert b"Mira Oduya" in cleo.get(f"insights/feedback/{piece.number}/").content


@pytest.mark.django_db
class TestWeights:
    def test_ada_changes_them_and_everybody_sees_them(
        self, ada: people.Someone, dan: people.Someone, workspace: Workspace
    ) -> None:
        fleet = segment(workspace, "Fleet", "Fleet")
        typed = {"strength_0": "1", "strength_1": "2", "strength_2": "3", "strength_3": "8", "vote": "0,5",
                 "elsewhere": "1", f"segment_{fleet.number}": "2", "money_per_point": "", "edition": "0"}  # fmt: skip
        assert ada.post("settings/demand/save/", typed).status_code == 302
        page = dan.get("settings/demand/").content.decode()
        assert 'value="8"' in page
        assert "Edition" in page
        assert dan.post("settings/demand/save/", typed).status_code == 403
        assert ada.post("settings/demand/save/", {**typed, "vote": "lots"}).status_code == 422


@pytest.mark.django_db
class TestCompare:
    def test_two_segments_stand_side_by_side(self, dan: people.Someone, workspace: Workspace) -> None:
        fleet, solo = segment(workspace, "Fleet", "Fleet"), segment(workspace, "Solo", "Solo")
        need, other = make.need(workspace), make.need(workspace, "Hear of a delay")
        voices(workspace, need, 12)
        voices(workspace, other, 12, plan="Solo")
        page = dan.get(f"insights/compare/?segment={fleet.key}&segment={solo.key}&by=difference")
        text = page.content.decode()
        assert "12 heard" in text
        assert "−100 points" in text
        table = dan.get(f"insights/compare/?segment={fleet.key}&segment={solo.key}&as=csv").content.decode()
        assert "Fleet: customers" in table
        found = dan.api("get", f"segment-comparison?segment={fleet.key}&segment={solo.key}").json()
        first = next(line for line in found["lines"] if line["key"] == need.key)
        assert first["cells"][0]["share"] == 1.0
        assert first["cells"][1]["difference_high"] < 0

    def test_one_segment_is_asked_for_another(self, dan: people.Someone, workspace: Workspace) -> None:
        assert b"Choose two segments" in dan.get("insights/compare/?segment=S-1&segment=S-9&kind=x").content
        assert dan.api("get", "segment-comparison?segment=S-1&segment=S-2").status_code == 422


@pytest.mark.django_db
class TestApi:
    def test_programs_read_demand_and_vote(self, cleo: people.Someone, workspace: Workspace) -> None:
        need = make.need(workspace)
        voices(workspace, need, 2)
        found = cleo.api("get", f"demand/{need.key}").json()
        assert (found["people"], found["voters"], found["accounts"]) == (4, 2, 2)
        assert sum(Decimal(line["points"]) for line in found["score"]) == Decimal(found["impact"])
        made = cleo.api("post", "votes", {"target": need.key, "person_name": "Jo", "note": "call"})
        assert made.status_code == 201
        assert cleo.api("get", f"votes?target={need.key}").json()["items"][0]["note"] == "call"
        assert len(cleo.api("get", f"demand/{need.key}/people").json()) == 5
        assert len(cleo.api("get", f"demand/{need.key}/accounts?limit=1").json()) == 1
        assert cleo.api("delete", f"votes/{made.json()['id']}").status_code == 204
        assert cleo.api("put", "demand-weights", {"vote": "2"}).status_code == 403

    def test_owners_set_weights_once_each(self, ada: people.Someone) -> None:
        assert ada.api("put", "demand-weights", {"vote": "2", "edition": 0}).json()["edition"] == 1
        assert ada.api("put", "demand-weights", {"vote": "3", "edition": 0}).status_code == 422
        assert ada.api("get", "demand-weights").json()["vote"] == "2.00"
