"""Records: keys, versions, history, links, comments, merging, restoring."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction

from roadbed.core.records import markdown, selectors
from roadbed.core.records import services as records
from roadbed.core.records.models import Activity, ActivityHead, Comment, Link, Record, Relation, Watch
from roadbed.core.search import selectors as search
from roadbed.core.workspaces.models import Member
from roadbed.modules.insights.models import Need
from tests.people import Someone, make_workspace


@pytest.fixture
def make_need(workspace, ben, now):
    def make(title: str = "Change a run without calling", **fields: object) -> Need:
        return records.create_record(
            record=Need(workspace=workspace, title=title, **fields), actor=ben.actor, at=now
        )

    return make


class TestKeys:
    def test_count_from_one_in_each_workspace(self, make_need, eve, now):
        assert [make_need().key, make_need().key] == ["N-1", "N-2"]
        other = records.create_record(
            record=Need(workspace=eve.member.workspace, title="Theirs"), actor=eve.actor, at=now
        )
        assert other.key == "N-1"

    def test_are_not_given_twice_after_a_deletion(self, make_need, ben, now):
        records.delete_record(record=make_need(), actor=ben.actor, at=now)
        assert make_need().key == "N-2"

    @pytest.mark.parametrize("key", ["", "N", "N-", "N-x", "-1", "N-99999999999999", "n--1", "N-1\x00"])
    def test_nonsense_finds_nothing(self, workspace, key):
        assert not Record.objects.in_workspace(workspace.pk).by_key(key).exists()


class TestChange:
    def test_counts_the_version_and_keeps_before_and_after(self, make_need, ben, now):
        need = make_need()
        records.change_record(record=need, changes={"title": "New words"}, actor=ben.actor, at=now)
        assert need.version == 2
        last = Activity.objects.filter(record_id=need.pk).order_by("-sequence").first()
        assert last.verb == "changed"
        assert last.changes == {"title": ["Change a run without calling", "New words"]}

    def test_of_nothing_writes_nothing(self, make_need, ben, now):
        need = make_need()
        before = Activity.objects.count()
        records.change_record(record=need, changes={"title": need.title}, actor=ben.actor, at=now)
        assert (need.version, Activity.objects.count()) == (1, before)

    def test_is_refused_when_somebody_was_quicker(self, make_need, ben, now):
        need = make_need()
        records.change_record(record=need, changes={"title": "First"}, actor=ben.actor, at=now)
        with pytest.raises(records.StaleRecordError):
            records.change_record(
                record=need, changes={"title": "Second"}, actor=ben.actor, at=now, expected_version=1
            )
        assert Need.objects.get(pk=need.pk).title == "First"

    def test_that_a_rule_refuses_leaves_nothing_behind(self, make_need, ben, now):
        need = make_need()
        with pytest.raises(ValidationError):
            records.change_record(record=need, changes={"importance": 11}, actor=ben.actor, at=now)
        assert Need.objects.get(pk=need.pk).importance is None

    def test_is_found_by_its_new_words_only(self, make_need, workspace, ben, now):
        need = make_need("Zebra crossing")
        records.change_record(record=need, changes={"title": "Giraffe"}, actor=ben.actor, at=now)

        def found(query: str) -> list[str]:
            hits = search.find(workspace_id=workspace.pk, workspace_slug=workspace.slug, query=query)
            return [hit.key for hit in hits]

        assert found("zebra") == []
        assert found("gira") == [need.key]


class TestDelete:
    def test_and_restore_bring_everything_back(self, make_need, workspace, ben, now):
        need = make_need("Wombat")
        records.add_comment(record=need, body="about the wombat", actor=ben.actor, at=now)
        records.delete_record(record=need, actor=ben.actor, at=now)
        assert not Need.objects.in_workspace(workspace.pk).exists()
        assert search.find(workspace_id=workspace.pk, workspace_slug="northwind", query="wombat") == []
        records.restore_record(record=need, actor=ben.actor, at=now)
        assert Need.objects.in_workspace(workspace.pk).get().comments.count() == 1
        assert len(search.find(workspace_id=workspace.pk, workspace_slug="northwind", query="wombat")) == 1

    def test_twice_is_refused(self, make_need, ben, now):
        need = make_need()
        records.delete_record(record=need, actor=ben.actor, at=now)
        with pytest.raises(records.NotUndoableError):
            records.delete_record(record=need, actor=ben.actor, at=now)


class TestLinks:
    def test_the_same_link_twice_is_one(self, make_need, ben, now):
        one, two = make_need(), make_need()
        link = {"source": one, "target": two, "relation": Relation.RELATES_TO, "actor": ben.actor, "at": now}
        assert records.create_link(**link).pk == records.create_link(**link).pk

    def test_do_not_cross_the_wall(self, make_need, eve, ben, now):
        theirs = records.create_record(
            record=Need(workspace=eve.member.workspace, title="Theirs"), actor=eve.actor, at=now
        )
        with pytest.raises(ValidationError, match="two workspaces"):
            records.create_link(
                source=make_need(), target=theirs, relation=Relation.RELATES_TO, actor=ben.actor, at=now
            )

    def test_to_itself_are_refused(self, make_need, ben, now):
        need = make_need()
        with pytest.raises(ValidationError):
            records.create_link(
                source=need, target=need, relation=Relation.RELATES_TO, actor=ben.actor, at=now
            )

    def test_are_read_from_both_ends(self, make_need, ben, now):
        one, two = make_need("One"), make_need("Two")
        records.create_link(source=one, target=two, relation=Relation.DEPENDS_ON, actor=ben.actor, at=now)
        assert selectors.links_of(record=one, workspace="northwind")[0].phrase == "depends on"
        assert selectors.links_of(record=two, workspace="northwind")[0].phrase == "is needed by"


class TestComments:
    @pytest.mark.parametrize("name", ["@cleo", "@cleo@northwind.example", "(@Cleo)", "@cleo."])
    def test_mention_members_by_name_or_address(self, make_need, ben, cleo, now, name):
        need = make_need()
        comment = records.add_comment(record=need, body=f"What do you say, {name}", actor=ben.actor, at=now)
        assert list(comment.mentions.all()) == [cleo.member]
        assert Watch.objects.filter(record_id=need.pk, member=cleo.member).exists()

    def test_do_not_mention_people_elsewhere(self, make_need, ben, eve, now):
        comment = records.add_comment(record=make_need(), body="@eve", actor=ben.actor, at=now)
        assert not comment.mentions.exists()

    def test_keep_the_words_before_a_change(self, make_need, ben, now):
        comment = records.add_comment(record=make_need(), body="first", actor=ben.actor, at=now)
        records.edit_comment(comment=comment, body="second", actor=ben.actor, at=now + timedelta(minutes=1))
        last = Activity.objects.order_by("-sequence").first()
        assert last.changes["body"] == ["first", "second"]

    def test_of_nothing_are_refused(self, make_need, ben, now):
        with pytest.raises(ValidationError):
            records.add_comment(record=make_need(), body="  \n ", actor=ben.actor, at=now)


class TestMarkdown:
    @pytest.mark.parametrize(
        "evil",
        [
            "<script>alert(1)</script>",
            "[x](javascript:alert(1))",
            "![x](https://tracker.example/p.png)",
            '<img src=x onerror="alert(1)">',
            '<p style="position:fixed">x</p>',
        ],
    )
    def test_cannot_script_style_or_track(self, evil):
        shown = markdown.render(evil, workspace="northwind").lower()
        assert "<script" not in shown
        assert "<img" not in shown
        assert 'href="javascript' not in shown
        assert "<p style" not in shown

    def test_links_keys_but_not_inside_code(self):
        shown = markdown.render("See F-12, not `F-13`.", workspace="northwind")
        assert 'href="/w/northwind/F-12/"' in shown
        assert "/F-13/" not in shown


class TestMerge:
    def test_moves_what_hangs_on_it_and_undo_gives_it_back(self, make_need, ben, cleo, now):
        kept, gone, other = make_need("Kept"), make_need("Gone"), make_need("Other")
        for end in (kept, gone):
            records.create_link(
                source=end, target=other, relation=Relation.RELATES_TO, actor=ben.actor, at=now
            )
        records.create_link(source=gone, target=kept, relation=Relation.DUPLICATES, actor=ben.actor, at=now)
        records.add_comment(record=gone, body="said on the one", actor=cleo.actor, at=now)
        records.set_tags(record=gone, names=["urgent"], actor=ben.actor, at=now)
        before = sorted(Link.objects.values_list("source_id", "target_id", "relation"))

        merge = records.merge_records(survivor=kept, merged=gone, actor=ben.actor, at=now)
        assert Comment.objects.get().record_id == kept.pk
        assert [tag.name for tag in selectors.tags_of(record_id=kept.pk)] == ["urgent"]
        assert Link.objects.count() == 1

        records.undo_merge(merge=merge, actor=ben.actor, at=now)
        assert sorted(Link.objects.values_list("source_id", "target_id", "relation")) == before
        assert Comment.objects.get().record_id == gone.pk
        assert not selectors.tags_of(record_id=kept.pk).exists()
        with pytest.raises(records.NotUndoableError):
            records.undo_merge(merge=merge, actor=ben.actor, at=now)

    def test_leads_the_old_key_to_the_survivor(self, make_need, ben, dan, now):
        kept, gone = make_need("Kept"), make_need("Gone")
        records.merge_records(survivor=kept, merged=gone, actor=ben.actor, at=now)
        answer = dan.get(f"{gone.key}/")
        assert (answer.status_code, answer.url) == (302, f"/w/northwind/insights/needs/{kept.number}/")


class TestHistory:
    def test_holds_together_and_tells_a_changed_row(self, make_need, workspace, ben, now):
        make_need()
        make_need()
        assert list(records.verify_chain(workspace_id=workspace.pk)) == []
        row = Activity.objects.order_by("sequence").first()
        with pytest.raises(DatabaseError), transaction.atomic():
            Activity.objects.filter(pk=row.pk).update(actor_name="Mallory")

    def test_tells_a_cut_off_tail(self, make_need, workspace, now):
        make_need()
        make_need()
        last = Activity.objects.order_by("-sequence").first()
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM records_activity WHERE id = %s", [last.pk])
        faults = list(records.verify_chain(workspace_id=workspace.pk))
        assert [fault.reason for fault in faults] == ["the history ends at 1 instead"]

    def test_tells_a_forged_row(self, make_need, workspace, now):
        make_need()
        head = ActivityHead.objects.get(workspace=workspace)
        Activity.objects.create(
            workspace=workspace,
            sequence=head.sequence + 1,
            at=now,
            actor_name="Mallory",
            via="page",
            verb="created",
            previous_hash=head.hash,
            hash="f" * 64,
        )
        reasons = {fault.reason for fault in records.verify_chain(workspace_id=workspace.pk)}
        assert "was changed after it was written" in reasons


class TestPages:
    def test_strangers_see_nothing(self, make_need, eve):
        need = make_need()
        for path in ("", "chain/", "activity/", "links/", "merge/"):
            assert eve.get(f"/w/northwind/{need.key}/{path}").status_code == 404

    def test_viewers_may_read_and_follow_but_not_change(self, make_need, dan: Someone):
        need = make_need()
        assert dan.get(f"{need.key}/chain/").status_code == 200
        assert dan.post(f"{need.key}/watch/").status_code == 302
        for path in ("delete/", "tags/", "comments/", "links/", "archive/"):
            assert dan.post(f"{need.key}/{path}").status_code == 403

    def test_delete_offers_undo(self, make_need, ben, workspace):
        need = make_need()
        ben.post(f"{need.key}/delete/")
        assert ben.get(f"{need.key}/").status_code == 404
        assert ben.post(f"{need.key}/restore/").status_code == 302
        assert Need.objects.in_workspace(workspace.pk).count() == 1

    def test_a_comment_answers_with_the_discussion(self, make_need, cleo):
        need = make_need()
        answer = cleo.post(
            f"{need.key}/comments/",
            {"body": "**Yes**"},
            headers={"HX-Request": "true", "HX-Request-Type": "partial"},
        )
        assert "<strong>Yes</strong>" in answer.content.decode()

    def test_the_palette_offers_records_places_and_deeds(self, make_need, ben):
        need = make_need()
        assert need.key in ben.get("palette/?q=run+with").content.decode()
        assert "Roadmap" in ben.get("palette/?q=road").content.decode()

    def test_today_tells_what_others_changed(self, make_need, dan, ben, now):
        need = make_need()
        Member.objects.filter(pk__in=[dan.member.pk, ben.member.pk]).update(seen_at=now - timedelta(hours=1))
        link = f'href="/w/northwind/insights/needs/{need.number}/"'
        assert link in dan.get("").content.decode()
        assert link not in ben.get("").content.decode()

    def test_reading_today_writes_nothing_but_the_page_reports_the_visit(self, dan):
        dan.get("")
        assert Member.objects.get(pk=dan.member.pk).visit_at is None
        assert dan.post("today/visit/").status_code == 204
        assert Member.objects.get(pk=dan.member.pk).visit_at is not None

    def test_today_costs_the_same_whatever_happened(self, make_need, dan, now, django_assert_max_num_queries):
        Member.objects.filter(pk=dan.member.pk).update(seen_at=now - timedelta(hours=1))
        for number in range(30):
            make_need(f"Need {number}")
        with django_assert_max_num_queries(40):
            dan.get("")


class TestApi:
    def test_a_stale_delete_answers_412_with_the_version(self, make_need, ben, now):
        need = make_need()
        records.change_record(record=need, changes={"title": "Newer"}, actor=ben.actor, at=now)
        answer = ben.api("DELETE", f"records/{need.key}", If_Match='"1"')
        assert (answer.status_code, answer["ETag"]) == (412, '"2"')
        assert answer["Content-Type"] == "application/problem+json"

    def test_a_delete_without_a_version_answers_428(self, make_need, ben):
        assert ben.api("DELETE", f"records/{make_need().key}").status_code == 428

    def test_pages_walk_through_everything_once(self, make_need, ben):
        keys = {make_need(f"Need {number}").key for number in range(7)}
        seen, cursor = [], ""
        while cursor is not None:
            answer = ben.api("GET", f"records?limit=3&cursor={cursor}").json()
            seen += [item["key"] for item in answer["items"]]
            cursor = answer["next"]
        assert (len(seen), set(seen)) == (7, keys)

    def test_strangers_see_nothing(self, make_need, eve):
        answer = eve.api("GET", f"/api/v1/northwind/records/{make_need().key}")
        assert answer.status_code == 404

    def test_the_chain_names_what_is_missing(self, make_need, dan):
        assert "planned" in dan.api("GET", f"records/{make_need().key}/chain").json()["missing"]


class TestSearch:
    @pytest.mark.parametrize(
        "query", ['"', "*", "a OR b", "NEAR(", "title:x", "'; --", "-", "()", "ünï", "\x00", "a" * 500]
    )
    def test_takes_any_words(self, make_need, workspace, query):
        make_need("Ünïcode run")
        search.find(workspace_id=workspace.pk, workspace_slug="northwind", query=query)

    def test_stays_within_the_workspace(self, make_need, workspace, db):
        make_need("Only here")
        other = make_workspace("other", "Other")
        assert search.find(workspace_id=other.pk, workspace_slug="other", query="only") == []
