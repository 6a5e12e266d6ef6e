"""The page of a customer says what they said, want and were told; a persona is read off from a segment's words."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from roadbed.core.jobs import services as jobs
from roadbed.core.records import services as records
from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Circle, Workspace
from roadbed.modules.insights import services
from roadbed.modules.insights.models import Segment
from roadbed.modules.insights.selectors import personas
from roadbed.modules.portal.models import Letter, Telling
from roadbed.modules.portal.services import telling_mails, tellings
from roadbed.modules.roadmap import services as roadmap
from roadbed.modules.roadmap.models import Status
from tests import people
from tests.insights import factories as make

NOW = people.NOW


def segment(workspace: Workspace, title: str, plan: str) -> Segment:
    rule = {"match": "all", "conditions": [{"field": "plan", "operator": "is", "value": plan}]}
    return services.create_segment(workspace=workspace, name=title, rule=rule, actor=make.ACTOR, at=NOW)


def feature(workspace: Workspace, title: str) -> Any:
    made, _ = roadmap.create_feature(
        workspace=workspace, draft=roadmap.Draft(title=title), actor=make.ACTOR, at=NOW
    )
    return made


@pytest.mark.django_db
class TestCustomerPage:
    def test_it_tells_what_they_said_want_and_were_told(
        self, dan: people.Someone, workspace: Workspace
    ) -> None:
        halden = make.account(workspace)
        mira = make.person(workspace, account=halden, email="mira@halden.example")
        need, one = make.need(workspace), feature(workspace, "Reroute during a run")
        source, target = Record.objects.get(pk=one.pk), Record.objects.get(pk=need.pk)
        records.create_link(source=source, target=target, relation="answers", actor=make.ACTOR, at=NOW)
        make.quote(make.feedback(workspace, person=mira, account=halden), need, strength=3)
        services.vote(person=mira, target=source, actor=make.ACTOR, at=NOW)
        roadmap.change_status(feature=one, status=Status.SHIPPED, actor=make.ACTOR, at=NOW)
        jobs.run_waiting()
        tellings.approve(telling=Telling.objects.get(), actor=make.ACTOR, at=NOW)
        telling_mails.send_letter(letter_id=Letter.objects.get().pk, now=lambda: NOW)
        for path in (f"insights/accounts/{halden.number}/", f"insights/people/{mira.number}/"):
            page = dan.get(path).content.decode()
            assert "When a road closes" in page
            assert "Deal-breaker" in page
            assert "(shipped)" in page, "the need says where the feature that answers it stands"
            assert "It is here: Reroute during a run" in page

    def test_what_is_private_is_wanted_by_nobody_here(
        self, dan: people.Someone, workspace: Workspace
    ) -> None:
        circle = Circle.objects.create(workspace=workspace, name="Board", created_at=NOW)
        mira, need = make.person(workspace), make.need(workspace, "A secret need")
        services.vote(person=mira, target=need, actor=make.ACTOR, at=NOW)
        Record.objects.filter(pk=need.pk).update(circle=circle)
        assert b"A secret need" not in dan.get(f"insights/people/{mira.number}/").content

    def test_queries_do_not_grow_with_wishes(self, dan: people.Someone, workspace: Workspace) -> None:
        halden = make.account(workspace)
        mira = make.person(workspace, account=halden)

        def count() -> int:
            dan.get(f"insights/accounts/{halden.number}/")
            with CaptureQueriesContext(connection) as queries:
                dan.get(f"insights/accounts/{halden.number}/")
            return len(queries)

        def wish(place: int) -> None:
            services.vote(person=mira, target=make.need(workspace, f"Need {place}"), actor=make.ACTOR, at=NOW)
            target = Record.objects.get(pk=feature(workspace, f"Feature {place}").pk)
            services.vote(person=mira, target=target, actor=make.ACTOR, at=NOW)

        wish(0)
        few = count()
        for place in range(1, 5):
            wish(place)
        assert count() == few


@pytest.mark.django_db
class TestPersona:
    def fill(self, workspace: Workspace) -> tuple[Segment, Any, Any]:
        fleet = segment(workspace, "Fleets", "Fleet")
        need, other = make.need(workspace), make.need(workspace, "Hear of a delay")
        for place in range(8):
            for plan, wanted in (("Fleet", need), ("Solo", other)):
                account = make.account(workspace, f"{plan} {place}", plan=plan)
                person = make.person(
                    workspace, f"{plan} person {place}", account=account, job_title="Dispatcher"
                )
                piece = make.feedback(workspace, f"{plan} words {place} about it", person=person)
                make.quote(piece, wanted, end=10)
        return fleet, need, other

    def test_it_says_what_they_need_more_than_the_rest(
        self, dan: people.Someone, workspace: Workspace
    ) -> None:
        fleet, need, _ = self.fill(workspace)
        found = personas.persona_of(segment=fleet, workspace="northwind")
        assert (found.heard, found.rest_heard, found.size) == (8, 8, 8)
        assert [one.record.pk for one in found.distinct] == [need.pk]
        assert found.roles == [personas.Counted("Dispatcher", 8)]
        page = dan.get(f"insights/segments/{fleet.number}/persona/").content.decode()
        assert "8 of 8 customers heard" in page
        assert "more than the rest: 0% there" in page
        text = dan.get(f"insights/segments/{fleet.number}/persona/?as=markdown").content.decode()
        assert f"insights/demand/{need.key}/?segment={fleet.key}#customers" in text
        assert dan.api("get", f"segments/{fleet.key}/persona").json()["distinct"][0]["key"] == need.key

    def test_two_customers_make_no_persona(self, dan: people.Someone, workspace: Workspace) -> None:
        fleet = segment(workspace, "Fleets", "Fleet")
        make.feedback(workspace, person_name="Mira", account=make.account(workspace, plan="Fleet"))
        assert b"No persona yet" in dan.get(f"insights/segments/{fleet.number}/persona/").content

    def test_customers_cannot_write_markup_into_it(self, dan: people.Someone, workspace: Workspace) -> None:
        fleet, need, _ = self.fill(workspace)
        account = make.account(workspace, "Evil", plan="Fleet")
        piece = make.feedback(
            workspace, "# [click](http://evil.example) <script>", person_name="E", account=account
        )
        make.quote(piece, need, end=39, strength=3)
        text = dan.get(f"insights/segments/{fleet.number}/persona/?as=markdown").content.decode()
        assert "<script>" not in text
        assert "[click](" not in text
