"""Circles: who is in them, what they hold, and who is told."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError

from roadbed.core.evidence.models import EvidenceTally
from roadbed.core.notify.models import Channel, Delivery, Endpoint, Notice
from roadbed.core.notify.services import notices, spreading
from roadbed.core.records import selectors
from roadbed.core.records import services as records
from roadbed.core.records.models import Activity, Record, Relation, Watch
from roadbed.core.search import selectors as search
from roadbed.core.workspaces import services as workspaces
from roadbed.core.workspaces.models import Circle, Workspace
from roadbed.modules.insights.models import Feedback
from tests.insights import factories
from tests.people import NOW, Someone

SECRET = "The merger closes in March, so drop the wombat report."


@pytest.fixture
def counsel(workspace: Workspace, ada: Someone, ben: Someone, cleo: Someone) -> Circle:
    """Ben and Cleo are in it; Ada owns the workspace and is not."""
    return workspaces.make_circle(
        workspace=workspace,
        name="Counsel",
        members=[ben.member.pk, cleo.member.pk],
        actor=ada.actor,
        at=NOW,
    )


@pytest.fixture
def private(workspace: Workspace, counsel: Circle) -> Feedback:
    return factories.feedback(workspace, SECRET, circle=counsel)


def hits(person: Someone, query: str) -> list[str]:
    found = search.find(
        workspace_id=person.member.workspace_id,
        workspace_slug=person.member.workspace.slug,
        query=query,
        circles=person.member.circle_ids,
    )
    return [hit.key for hit in found]


class TestManaging:
    def test_is_a_deed_that_everybody_can_read(self, ada: Someone, dan: Someone, counsel: Circle) -> None:
        workspaces.change_circle(
            circle=counsel, name="Counsel", members=[ada.member.pk], actor=ada.actor, at=NOW
        )
        line = Activity.objects.get(verb="changed circle")
        assert line.changes["members"] == [["Ben", "Cleo"], ["Ada"]]
        assert "changed circle" in dan.get("settings/activity/").content.decode()

    def test_an_owner_is_not_in_a_circle_that_they_make(self, ada: Someone, counsel: Circle) -> None:
        assert ada.member.circle_ids == frozenset()

    def test_members_of_other_workspaces_stay_out(
        self, workspace: Workspace, ada: Someone, eve: Someone
    ) -> None:
        made = workspaces.make_circle(
            workspace=workspace, name="Both", members=[eve.member.pk], actor=ada.actor, at=NOW
        )
        assert made.members.count() == 0

    def test_a_circle_that_holds_something_stays(
        self, ada: Someone, counsel: Circle, private: Feedback
    ) -> None:
        with pytest.raises(ValidationError, match="still private"):
            workspaces.remove_circle(circle=counsel, actor=ada.actor, at=NOW)

    def test_an_empty_one_goes(self, ada: Someone, counsel: Circle) -> None:
        workspaces.remove_circle(circle=counsel, actor=ada.actor, at=NOW)
        assert not Circle.objects.exists()

    def test_whoever_is_removed_comes_back_outside(self, ada: Someone, ben: Someone, counsel: Circle) -> None:
        workspaces.remove_member(member=ben.member, actor=ada.actor, at=NOW)
        workspaces.restore_member(member=ben.member, actor=ada.actor, at=NOW)
        assert not counsel.members.filter(pk=ben.member.pk).exists()

    def test_the_page_lets_owners_change_and_others_read(
        self, ada: Someone, dan: Someone, counsel: Circle
    ) -> None:
        assert "Make a circle" in ada.get("settings/circles/").content.decode()
        page = dan.get("settings/circles/").content.decode()
        assert "Counsel" in page
        assert "Make a circle" not in page
        form = {"name": "Board", "description": "Talks", "members": [ada.member.pk]}
        assert ada.post("settings/circles/add/", form).status_code == 302
        assert ada.member.circles.get().name == "Board"

    def test_two_circles_of_one_name_are_refused(self, ada: Someone, counsel: Circle) -> None:
        answer = ada.post("settings/circles/add/", {"name": "counsel"})
        assert answer.status_code == 422
        assert "already a circle" in answer.content.decode()

    def test_the_api_manages_them_too(self, ada: Someone, ben: Someone) -> None:
        made = ada.api("POST", "circles", {"name": "Deal", "members": [ben.member.pk]})
        assert made.status_code == 201
        number = made.json()["id"]
        assert ben.api("GET", "circles").json()["items"][0]["members"] == [ben.member.pk]
        assert ada.api("PUT", f"circles/{number}", {"name": "Deals"}).json()["members"] == []
        assert ada.api("DELETE", f"circles/{number}").status_code == 204


class TestSeeing:
    def test_is_closed_unless_a_circle_is_named(self, workspace: Workspace, private: Feedback) -> None:
        assert not Record.objects.in_workspace(workspace.pk).filter(pk=private.pk).exists()
        assert not Record.objects.everything_in(workspace.pk).filter(pk=private.pk).exists()
        assert not Feedback.objects.in_workspace(workspace.pk).exists()

    def test_members_of_the_circle_find_it_and_the_owner_does_not(
        self, ada: Someone, ben: Someone, cleo: Someone, dan: Someone, private: Feedback
    ) -> None:
        for insider in (ben, cleo):
            assert hits(insider, "wombat") == [private.key]
            assert hits(insider, private.key) == [private.key]
            assert insider.get(f"{private.key}/", follow=True).status_code == 200
            assert "Counsel" in insider.get(f"insights/feedback/{private.number}/").content.decode()
            assert insider.api("GET", f"feedback/{private.key}").json()["circle"] == private.circle_id
        for outsider in (ada, dan):
            assert hits(outsider, "wombat") == []
            assert hits(outsider, private.key) == []
            assert outsider.get(f"{private.key}/").status_code == 404
            assert outsider.get(f"insights/feedback/{private.number}/").status_code == 404
            assert outsider.api("GET", f"feedback/{private.key}").status_code == 404

    def test_lists_and_the_inbox_name_the_circle(self, ada: Someone, ben: Someone, private: Feedback) -> None:
        for path in ("insights/", "insights/feedback/", f"insights/feedback/?circle={private.circle_id}"):
            page = ben.get(path).content.decode()
            assert "merger" in page
            assert "Counsel" in page
        for path in ("insights/", "insights/feedback/", "insights/feedback/?q=wombat"):
            assert "merger" not in ada.get(path).content.decode()

    def test_whoever_goes_sees_no_more(
        self, ada: Someone, cleo: Someone, counsel: Circle, private: Feedback
    ) -> None:
        workspaces.change_circle(circle=counsel, name="Counsel", members=[], actor=ada.actor, at=NOW)
        assert cleo.get(f"insights/feedback/{private.number}/").status_code == 404

    def test_a_program_sees_what_its_member_sees(
        self, cleo: Someone, dan: Someone, private: Feedback
    ) -> None:
        for person, status in ((cleo, 200), (dan, 404)):
            _, secret = workspaces.create_token(
                member=person.member, name="t", scope="read", actor=person.actor, at=NOW
            )
            answer = person.browser.__class__().get(
                f"/api/v1/northwind/records/{private.key}", headers={"authorization": f"Bearer {secret}"}
            )
            assert answer.status_code == status


class TestMoving:
    def test_takes_a_piece_in_and_out_with_its_figures(
        self, workspace: Workspace, ben: Someone, counsel: Circle
    ) -> None:
        piece, need = factories.feedback(workspace), factories.need(workspace)
        factories.quote(piece, need)
        assert EvidenceTally.objects.get(pk=need.pk).people == 1
        inside = ben.member.circle_ids
        records.move_to_circle(record=piece, circle=counsel, actor=ben.actor, at=NOW, actor_circles=inside)
        assert EvidenceTally.objects.get(pk=need.pk).people == 0
        records.move_to_circle(record=piece, circle=None, actor=ben.actor, at=NOW, actor_circles=inside)
        assert EvidenceTally.objects.get(pk=need.pk).people == 1
        verbs = Activity.objects.filter(record_id=piece.pk).values_list("verb", flat=True)
        assert {"made private", "opened"} <= set(verbs)

    def test_needs_somebody_from_the_circle(
        self, workspace: Workspace, ada: Someone, counsel: Circle
    ) -> None:
        piece = factories.feedback(workspace)
        with pytest.raises(ValidationError, match="Only members"):
            records.move_to_circle(
                record=piece, circle=counsel, actor=ada.actor, at=NOW, actor_circles=frozenset()
            )
        assert ada.post(f"{piece.key}/circle/", {"circle": counsel.pk}).status_code == 404
        assert ada.api("PUT", f"records/{piece.key}/circle", {"circle": counsel.pk}).status_code == 422

    def test_works_on_the_page_and_by_the_api(
        self, workspace: Workspace, ada: Someone, ben: Someone, counsel: Circle
    ) -> None:
        piece = factories.feedback(workspace)
        assert ben.post(f"{piece.key}/circle/", {"circle": counsel.pk}).status_code == 302
        assert ada.get(f"insights/feedback/{piece.number}/").status_code == 404
        answer = ben.api("PUT", f"records/{piece.key}/circle", {"circle": None})
        assert answer.json()["circle"] is None
        assert ada.get(f"insights/feedback/{piece.number}/").status_code == 200

    def test_is_for_feedback_only(self, workspace: Workspace, ben: Someone, counsel: Circle) -> None:
        need = factories.need(workspace)
        with pytest.raises(ValidationError, match="open to the whole workspace"):
            records.move_to_circle(
                record=need, circle=counsel, actor=ben.actor, at=NOW, actor_circles=[counsel.pk]
            )

    def test_other_wordings_go_along(self, workspace: Workspace, ben: Someone, counsel: Circle) -> None:
        piece, twin = factories.feedback(workspace), factories.feedback(workspace, "Roads close.")
        records.merge_records(survivor=piece, merged=twin, actor=ben.actor, at=NOW)
        records.move_to_circle(
            record=piece, circle=counsel, actor=ben.actor, at=NOW, actor_circles=[counsel.pk]
        )
        twin.refresh_from_db()
        assert twin.circle_id == counsel.pk

    def test_followers_outside_stop_following(
        self, workspace: Workspace, ada: Someone, ben: Someone, counsel: Circle
    ) -> None:
        piece = factories.feedback(workspace)
        for person in (ada, ben):
            records.start_watching(record=piece, member=person.member, at=NOW)
        records.move_to_circle(
            record=piece, circle=counsel, actor=ben.actor, at=NOW, actor_circles=[counsel.pk]
        )
        assert [row.member_id for row in Watch.objects.filter(record_id=piece.pk)] == [ben.member.pk]

    def test_walls_are_not_merged_away(self, workspace: Workspace, ben: Someone, private: Feedback) -> None:
        piece = factories.feedback(workspace)
        for survivor, merged in ((piece, private), (private, piece)):
            with pytest.raises(ValidationError, match="same people"):
                records.merge_records(survivor=survivor, merged=merged, actor=ben.actor, at=NOW)


class TestWhatHangsOnIt:
    def test_links_comments_and_history_end_at_the_wall(
        self, workspace: Workspace, ada: Someone, ben: Someone, private: Feedback
    ) -> None:
        need = factories.need(workspace)
        link = records.create_link(
            source=need, target=private, relation=Relation.RELATES_TO, actor=ben.actor, at=NOW
        )
        comment = records.add_comment(record=private, body="A platypus too.", actor=ben.actor, at=NOW)
        assert selectors.links_of(record=need, workspace="northwind") == []
        assert len(selectors.links_of(record=need, workspace="northwind", circles=[private.circle_id])) == 1
        assert hits(ada, "platypus") == []
        assert hits(ben, "platypus") == [private.key]
        assert ada.post(f"comments/{comment.pk}/delete/").status_code == 404
        assert ada.post(f"links/{link.pk}/remove/").status_code == 404
        assert ada.api("DELETE", f"links/{link.pk}").status_code == 404
        for path in (f"{need.key}/activity/", "", "settings/activity/", "settings/activity/export/"):
            answer = ada.get(path)
            page = b"".join(answer).decode()
            assert private.key not in page, path
        assert private.key in ben.get(f"{need.key}/activity/").content.decode()
        assert private.key not in ada.api("GET", "activity").content.decode()

    def test_a_record_says_beside_its_figures_what_the_circle_holds(
        self, workspace: Workspace, ada: Someone, ben: Someone, private: Feedback
    ) -> None:
        need = factories.need(workspace)
        factories.quote(private, need)
        assert EvidenceTally.objects.get(pk=need.pk).quotes == 0
        path = f"insights/needs/{need.number}/"
        assert "And in your circles" in ben.get(path).content.decode()
        page = ada.get(path).content.decode()
        assert "And in your circles" not in page
        assert "Counsel" not in page

    def test_only_insiders_can_be_meant(self, ada: Someone, ben: Someone, private: Feedback) -> None:
        comment = records.add_comment(record=private, body="@ada @ben look", actor=ben.actor, at=NOW)
        assert [member.pk for member in comment.mentions.all()] == [ben.member.pk]


class TestTelling:
    @pytest.fixture
    def doors(self, workspace: Workspace, ada: Someone) -> None:
        department = workspaces.add_department(workspace=workspace, name="Sales", actor=ada.actor, at=NOW)
        Channel.objects.create(
            workspace=workspace,
            department=department,
            name="Sales",
            email="sales@example.com",
            created_at=NOW,
        )
        Endpoint.objects.create(
            workspace=workspace,
            url="https://example.com/hook",
            secret="whsec_eA==",
            events=["*"],
            created_at=NOW,
        )

    def spread(self, workspace: Workspace) -> None:
        while spreading.spread(workspace_id=workspace.pk, first=1, at=NOW):
            pass

    def test_reaches_the_circle_alone(
        self,
        workspace: Workspace,
        ada: Someone,
        ben: Someone,
        cleo: Someone,
        private: Feedback,
        doors: Any,
    ) -> None:
        for person in (ada, ben, cleo):
            Watch.objects.get_or_create(
                record_id=private.pk, member=person.member, defaults={"created_at": NOW}
            )
        records.add_comment(record=private, body="Hush.", actor=ben.actor, at=NOW)
        self.spread(workspace)
        told = Notice.objects.filter(record_id=private.pk).values_list("member_id", flat=True)
        assert set(told) == {ben.member.pk, cleo.member.pk}
        assert not Delivery.objects.filter(body__contains=private.key).exists()
        assert not mail.outbox

    def test_a_deed_that_speaks_of_it_is_told_to_nobody_outside(
        self, workspace: Workspace, ada: Someone, ben: Someone, private: Feedback, doors: Any
    ) -> None:
        need = factories.need(workspace)
        self.spread(workspace)
        records.start_watching(record=need, member=ada.member, at=NOW)
        records.create_link(
            source=need, target=private, relation=Relation.RELATES_TO, actor=ben.actor, at=NOW
        )
        self.spread(workspace)
        assert not Notice.objects.filter(member=ada.member).exists()
        assert not Delivery.objects.filter(body__contains=private.key).exists()

    def test_a_notice_goes_when_its_record_becomes_private(
        self, workspace: Workspace, ada: Someone, ben: Someone, counsel: Circle
    ) -> None:
        piece = factories.feedback(workspace)
        records.start_watching(record=piece, member=ada.member, at=NOW)
        records.add_comment(record=piece, body="A platypus.", actor=ben.actor, at=NOW)
        self.spread(workspace)
        assert notices.notices_of(member=ada.member).exists()
        records.move_to_circle(
            record=piece, circle=counsel, actor=ben.actor, at=NOW, actor_circles=[counsel.pk]
        )
        assert not notices.notices_of(member=ada.member).exists()
        assert "platypus" not in ada.get("inbox/?show=all").content.decode()
