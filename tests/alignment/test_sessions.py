"""The team radar: hidden votes, opened ones, a second round, and inputs of lenses that came of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from django.core.exceptions import ValidationError

from roadbed.core.records.models import Activity, Record
from roadbed.core.workspaces.models import Department
from roadbed.core.workspaces.roles import Role
from roadbed.modules.alignment import facade, services
from roadbed.modules.alignment.models import Session
from roadbed.modules.alignment.selectors import results
from roadbed.modules.priorities.models import Figure
from roadbed.modules.roadmap import services as roadmap
from tests import people
from tests.people import NOW, Someone


@dataclass
class World:
    """Five people of two departments, two features, a session."""

    ada: Someone
    ben: Someone
    cleo: Someone
    dan: Someone
    eve: Someone
    session: Session
    records: list[Record]

    def vote(self, who: Someone, *values: float) -> None:
        """Rate both items by value, then both by effort where that is theirs."""
        items = results.items_of(self.session)
        criteria = results.criteria_for(self.session, who.member)
        keys = [(item.pk, one.pk) for one in criteria for item in items]
        given = dict(zip(keys, values, strict=False))
        services.cast(session=self.session, member=who.member, values=given, actor=who.actor, at=NOW)


@pytest.fixture(scope="module")
def built(module_database) -> World:
    workspace = people.make_workspace()
    engineering = Department.objects.create(workspace=workspace, name="Engineering")
    support = Department.objects.create(workspace=workspace, name="Support")
    everybody = [
        people.join(workspace, name, role)
        for name, role in (
            ("Ada", Role.OWNER),
            ("Ben", Role.MAKER),
            ("Cleo", Role.CONTRIBUTOR),
            ("Dan", Role.VIEWER),
        )
    ]
    for who, department in zip(everybody, (engineering, engineering, support, support), strict=True):
        who.member.department = department
        who.member.save()
    eve = people.join(people.make_workspace("elsewhere", "Elsewhere"), "Eve", Role.OWNER)
    ben = everybody[1]
    records = [
        roadmap.create_feature(
            workspace=workspace, draft=roadmap.Draft(title=title), actor=ben.actor, at=NOW
        )[0]
        for title in ("Offline maps", "Dark print")
    ]
    session = services.create_session(
        workspace=workspace,
        title="What is next",
        items=records,
        criteria=[
            services.CriterionDraft("Value", 1, 5, figure="radar_value"),
            services.CriterionDraft("Effort", 1, 5, departments=(engineering,)),
        ],
        actor=ben.actor,
        at=NOW,
    )
    return World(*everybody, eve, session, records)


@pytest.fixture
def world(db, built) -> World:
    built.session.refresh_from_db()
    return built


def page_of(who: Someone, query: str = "") -> str:
    return " ".join(who.get(f"alignment/sessions/1/{query}").content.decode().split())


class TestHidden:
    def test_nobody_sees_what_others_said_before_it_is_opened(self, world):
        world.vote(world.ben, 4.0625, 1.5)
        for who in (world.ada, world.cleo, world.dan):
            page = page_of(who)
            assert "Ben has voted" in page
            assert "4.0625" not in page
            assert "What everybody said" not in page
            assert who.api("GET", "sessions/TR-1/results").status_code == 422
            assert who.api("GET", "sessions/TR-1/votes").json()["votes"] == []
            assert "4.0625" not in who.api("GET", "sessions/TR-1").content.decode()
            history = who.api("GET", "records/TR-1/activity")
            assert "4.0625" not in history.content.decode()
        assert "4.0625" not in str(list(Activity.objects.filter(verb="voted").values_list("changes")))
        own = world.ben.api("GET", "sessions/TR-1/votes").json()["votes"]
        assert {"item": world.records[0].key, "criterion": "Value", "value": 4.0625} in own
        with pytest.raises(results.HiddenError):
            results.results(world.session)
        card = world.dan.get(f"roadmap/features/{world.records[0].key}/").content.decode()
        assert "No session of the team radar has rated it." in card
        assert (
            facade.alignment_of(
                workspace_id=world.session.workspace_id,
                workspace="northwind",
                record_ids=[world.records[0].pk],
            )
            == {}
        )

    def test_who_is_not_asked_cannot_rate(self, world):
        effort = world.session.criteria.get(label="Effort")
        item = results.items_of(world.session)[0]
        assert "Effort" not in page_of(world.cleo)
        with pytest.raises(ValidationError, match="not yours"):
            services.cast(
                session=world.session,
                member=world.cleo.member,
                values={(item.pk, effort.pk): 3.0},
                actor=world.cleo.actor,
                at=NOW,
            )
        with pytest.raises(ValidationError, match="from 1 to 5"):
            world.vote(world.ben, 9)
        assert world.dan.post("alignment/sessions/1/vote/", {}).status_code == 403
        assert world.eve.get("/w/northwind/alignment/sessions/1/").status_code == 404


class TestOpened:
    @pytest.fixture
    def opened(self, world):
        world.vote(world.ada, 5, 2, 2, 2)
        world.vote(world.ben, 5, 2, 2, 3)
        world.vote(world.cleo, 1, 2)
        services.open_votes(session=world.session, actor=world.ben.actor, at=NOW)
        world.session.refresh_from_db()
        return world

    def test_everybody_sees_everything_at_once(self, opened):
        found = results.results(opened.session)
        value = found.rows[0][1][0]
        assert (value.votes, value.bars) == (3, (1, 0, 0, 0, 2))
        assert {name: mean for name, mean, _ in value.by_department} == {"Engineering": 5, "Support": 1}
        assert value.level < 0.1
        assert found.rows[1][1][0].level == 1
        assert found.differing[0].voter == "Cleo"
        assert dict(found.summaries[0].by_department)["Engineering"] == 1
        page = page_of(opened.dan)
        assert "How far you agree" in page
        assert "within Engineering" in page
        assert "Cleo" in page
        told = opened.dan.api("GET", "sessions/TR-1/results").json()
        assert told["cells"][0]["histogram"] == [1, 0, 0, 0, 2]
        assert opened.cleo.post("alignment/sessions/1/vote/", {}).status_code == 302
        with pytest.raises(services.NotVotingError):
            opened.vote(opened.cleo, 5)

    def test_a_second_round_hides_again_and_keeps_the_first(self, opened):
        services.vote_again(session=opened.session, actor=opened.ben.actor, at=NOW)
        opened.session.refresh_from_db()
        opened.vote(opened.cleo, 4.25)
        page = page_of(opened.dan)
        assert "4.25" not in page
        assert "What everybody said, round 1" in page
        assert opened.dan.get("alignment/sessions/1/?round=2").status_code == 404
        services.open_votes(session=opened.session, actor=opened.ben.actor, at=NOW)
        opened.session.refresh_from_db()
        assert results.results(opened.session).rows[0][1][0].mean == pytest.approx((5 + 5 + 4.25) / 3)
        assert results.results(opened.session, round=1).rows[0][1][0].mean == pytest.approx(11 / 3)

    def test_the_feature_says_how_far_people_agree_about_it(self, opened):
        told = opened.dan.api("GET", f"records/{opened.records[0].key}/standings").json()
        said = next(one for one in told if one["label"] == opened.session.title)
        assert re.fullmatch(r"people agree \d+%", said["words"])
        assert said["note"].startswith("Least about ")
        assert said["url"].endswith(f"alignment/sessions/{opened.session.number}/")

    def test_disagreement_becomes_a_wider_input(self, opened):
        assert services.keep_as_figures(session=opened.session, actor=opened.ben.actor, at=NOW) == 2
        apart, agreed = (
            Figure.objects.get(record=record, name="radar_value", is_current=True)
            for record in opened.records
        )
        assert (apart.source, apart.low, apart.high) == ("votes", 1, 5)
        assert agreed.low == agreed.high == 2
        level = facade.alignment_of(
            workspace_id=opened.session.workspace_id, workspace="northwind", record_ids=[opened.records[1].pk]
        )
        assert level[opened.records[1].pk].level > 0.8


class TestPages:
    def test_one_is_begun_and_held_from_the_pages(self, world):
        keys = ", ".join(record.key for record in world.records)
        sent = {"title": "Again", "items": keys, "criteria": "Value | 0 to 100 | value\nRisk"}
        assert world.ben.post("alignment/sessions/new/", {**sent, "items": "F-999"}).status_code == 422
        assert (
            world.ben.post("alignment/sessions/new/", {**sent, "criteria": "A | 5 to 1"}).status_code == 422
        )
        assert world.ben.post("alignment/sessions/new/", sent).status_code == 302
        session = Session.objects.get(title="Again")
        assert "Again" in world.dan.get("alignment/").content.decode()
        path = f"alignment/sessions/{session.number}/"
        item, criterion = session.items.first(), session.criteria.first()
        assert world.cleo.post(f"{path}vote/", {f"vote-{item.pk}-{criterion.pk}": "62.5"}).status_code == 302
        assert "62.5" in world.cleo.get(path).content.decode()
        for deed in ("open", "again", "open", "close"):
            assert world.ben.post(f"{path}{deed}/").status_code == 302
        session.refresh_from_db()
        assert (session.state, session.round) == ("closed", 2)
        made = world.ben.api(
            "POST", "sessions", {"title": "By program", "items": [keys[:3]], "criteria": [{"label": "Value"}]}
        )
        assert made.status_code == 201
        key = made.json()["key"]
        cast = [{"item": keys[:3], "criterion": "Value", "value": 3}]
        assert world.cleo.api("PUT", f"sessions/{key}/votes", {"votes": cast}).status_code == 200
        assert world.ben.api("POST", f"sessions/{key}/deeds", {"deed": "open"}).json()["state"] == "open"
