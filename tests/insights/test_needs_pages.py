"""The pages of needs: the list, one need, rating in place, deeds on many, forms."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from roadbed.core.records import services as records
from roadbed.core.records.models import Activity, Record, SavedView
from roadbed.core.workspaces.models import Product, Workspace
from roadbed.modules.insights.models import Need
from roadbed.modules.insights.selectors import needs as selectors
from roadbed_engines.priority.opportunity import opportunity
from tests import people
from tests.insights import outline_world

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture(autouse=True)
def _forget() -> None:
    cache.clear()


@pytest.fixture
def world(
    workspace: Workspace, product: Product, ada: people.Someone, now: dt.datetime
) -> outline_world.World:
    return outline_world.build(
        workspace=workspace, now=now, actor=ada.actor, product=product, pieces=16, accounts=6, folk=14
    )


@pytest.fixture
def need(workspace: Workspace, ada: people.Someone, now: dt.datetime) -> Need:
    empty = outline_world.World(workspace=workspace, now=now, actor=ada.actor)
    return outline_world.make_need(empty, "Change a run without calling the driver")


class TestList:
    def test_an_empty_workspace_is_told_what_to_do_next(self, ben: people.Someone) -> None:
        page = ben.get("insights/needs/")
        assert page.status_code == 200
        assert "No needs yet" in page.content.decode()

    def test_needs_come_with_what_stands_behind_them(
        self, ben: people.Someone, world: outline_world.World
    ) -> None:
        page = ben.get("insights/needs/").content.decode()
        for need in world.needs:
            assert (need.title in page) == (need != world.needs[5])  # the archived one is away

    def test_every_order_works(self, ben: people.Someone, world: outline_world.World) -> None:
        for sort in ("people", "accounts", "revenue", "strength", "opportunity", "latest", "title"):
            for sign in ("", "-"):
                assert ben.get(f"insights/needs/?sort={sign}{sort}").status_code == 200, f"{sign}{sort}"

    def test_filters_narrow_the_list(self, ben: people.Someone, world: outline_world.World) -> None:
        def keys(query: str) -> set[str]:
            page = ben.get(f"insights/needs/?{query}")
            return {row.label for row in page.context["table"].rows}

        everything = keys("")
        assert keys("rated=yes") | keys("rated=no") == everything
        assert not keys("rated=yes") & keys("rated=no")
        assert keys("answered=no") == everything
        assert keys("product=dispatch") < everything
        assert keys("archived=yes") == {world.needs[5].key}
        assert keys("q=need+3") == {world.needs[3].key}
        assert keys(f"q={world.needs[2].key}") == {world.needs[2].key}
        assert keys("people_from=100") == set()
        assert keys("segment=S-1") <= everything
        assert world.needs[-1].key not in keys("segment=S-1")
        assert keys("heard_from=2020-01-01") == everything - {world.needs[-1].key}

    def test_the_list_is_exported_as_it_is_filtered(
        self, dan: people.Someone, world: outline_world.World
    ) -> None:
        answer = dan.get("insights/needs/export/?format=csv&q=need+3")
        lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
        assert lines[0].startswith("Key,")
        assert [line.split(",")[0] for line in lines[1:]] == [world.needs[3].key]
        assert dan.get("insights/needs/export/?format=docx").status_code == 404

    def test_a_view_is_saved_under_a_name(self, ben: people.Someone, need: Need) -> None:
        page = ben.get("insights/needs/?answered=no")
        ben.post(
            page.context["table"].save_view_url, {"name": "Mine", "query": "answered=no", "shared": "yes"}
        )
        view = SavedView.objects.get()
        assert (view.list_name, view.query, view.is_shared) == ("insights.needs", "answered=no", True)

    def test_a_saved_view_is_offered(self, ben: people.Someone, need: Need, now: dt.datetime) -> None:
        SavedView.objects.create(
            workspace=need.workspace,
            member=ben.member,
            list_name="insights.needs",
            name="Not answered",
            query="answered=no",
            created_at=now,
        )
        assert "Not answered" in ben.get("insights/needs/").content.decode()

    def test_the_number_of_queries_does_not_grow_with_needs(
        self, ben: people.Someone, world: outline_world.World
    ) -> None:
        def count() -> int:
            cache.clear()
            with CaptureQueriesContext(
                connection,
            ) as seen:
                ben.get("insights/needs/")
            return len(seen)

        count()
        few = count()
        for index in range(20):
            made = outline_world.make_need(world, f"Another {index}", importance=Decimal(5))
            world.quote(world.say(person=world.people[index % 14], days_ago=index), made)
        assert count() == few

    def test_strangers_see_nothing(self, eve: people.Someone, need: Need) -> None:
        assert eve.get("/w/northwind/insights/needs/").status_code == 404
        assert eve.get(f"/w/northwind/insights/needs/{need.number}/").status_code == 404
        assert eve.post(f"/w/northwind/insights/needs/{need.number}/rate/").status_code == 404


class TestRate:
    def test_a_figure_is_set_where_it_is_read(self, ben: people.Someone, need: Need) -> None:
        url = f"insights/needs/{need.number}/rate/"
        answer = ben.post(url, {"importance": "8,6"}, headers=PARTIAL)
        assert answer.status_code == 200
        assert ">8.6<" in answer.content.decode()
        ben.post(url, {"satisfaction": "3.1"}, headers=PARTIAL)
        need.refresh_from_db()
        assert (need.importance, need.satisfaction) == (Decimal("8.6"), Decimal("3.1"))
        deed = Activity.objects.filter(record_id=need.pk).order_by("-sequence").first()
        assert deed is not None
        assert (deed.actor_name, list(deed.changes)) == ("Ben", ["satisfaction"])

    def test_nothing_typed_takes_it_away(self, ben: people.Someone, need: Need) -> None:
        ben.post(f"insights/needs/{need.number}/rate/", {"importance": "4"}, headers=PARTIAL)
        ben.post(f"insights/needs/{need.number}/rate/", {"importance": ""}, headers=PARTIAL)
        need.refresh_from_db()
        assert need.importance is None

    @pytest.mark.parametrize("typed", ["11", "-1", "many", "3.14159", "NaN", "1e9"])
    def test_what_is_no_figure_is_refused_in_its_place(
        self, ben: people.Someone, need: Need, typed: str
    ) -> None:
        answer = ben.post(f"insights/needs/{need.number}/rate/", {"importance": typed}, headers=PARTIAL)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.content.decode()

    def test_viewers_read_only(self, dan: people.Someone, need: Need) -> None:
        assert dan.post(f"insights/needs/{need.number}/rate/", {"importance": "4"}).status_code == 403
        assert "/rate/" not in dan.get("insights/needs/").content.decode()

    def test_the_list_and_the_engine_agree_on_the_score(self, world: outline_world.World) -> None:
        for need in selectors.list_needs(workspace_id=world.workspace.pk, filters={}):
            score: Any = need.score  # type: ignore[attr-defined]  # annotated by the selector
            if need.importance is None or need.satisfaction is None:
                assert score is None
                continue
            reference = opportunity(importance=float(need.importance), satisfaction=float(need.satisfaction))
            assert float(score) == pytest.approx(reference.score)
            assert need.opportunity is not None
            assert float(need.opportunity) == pytest.approx(reference.score)


class TestMany:
    def test_archive_and_undo(self, ben: people.Someone, world: outline_world.World) -> None:
        chosen = [world.needs[0].pk, world.needs[1].pk]
        ben.post("insights/needs/archive/", {"ids": chosen})
        assert Need.objects.filter(pk__in=chosen, archived_at__isnull=False).count() == 2
        page = ben.get("insights/needs/").content.decode()
        undo = page.partition("insights/needs/undo/")[2].partition('"')[0].partition("&quot;")[0]
        assert ben.post(f"insights/needs/undo/{undo}").status_code == 302
        assert Need.objects.filter(pk__in=chosen, archived_at__isnull=True).count() == 2

    def test_delete_and_move(self, ben: people.Someone, world: outline_world.World, product: Product) -> None:
        ben.post("insights/needs/delete/", {"ids": [world.needs[0].pk]})
        assert Record.objects.get(pk=world.needs[0].pk).is_deleted
        ben.post("insights/needs/move/", {"ids": [world.needs[2].pk], "product": product.slug})
        assert Need.objects.get(pk=world.needs[2].pk).product == product

    def test_everything_that_the_filters_leave(self, ben: people.Someone, world: outline_world.World) -> None:
        ben.post("insights/needs/archive/", {"everything": "yes", "query": "rated=no"})
        live = Need.objects.filter(archived_at__isnull=True)
        assert not live.filter(importance__isnull=True).exists()
        assert live.exists()

    def test_needs_of_another_workspace_stay_as_they_are(self, eve: people.Someone, need: Need) -> None:
        eve.post("insights/needs/delete/", {"ids": [need.pk]})
        assert not Record.objects.get(pk=need.pk).is_deleted

    def test_contributors_may_not(self, cleo: people.Someone, need: Need) -> None:
        assert cleo.post("insights/needs/delete/", {"ids": [need.pk]}).status_code == 403

    def test_an_undo_that_nobody_made_is_not_found(self, ben: people.Someone) -> None:
        assert ben.post("insights/needs/undo/forged/").status_code == 404


class TestForms:
    def test_a_need_is_written_down(self, ben: people.Someone, product: Product) -> None:
        typed = {
            "title": "Work  without a network",
            "expectation": "It catches up later.",
            "product": product.pk,
            "importance": "7.4",
        }
        answer = ben.post("insights/needs/new/", typed)
        made = Need.objects.get()
        assert answer.url == f"/w/northwind/insights/needs/{made.number}/"
        assert (made.title, made.product, made.importance) == (
            "Work without a network",
            product,
            Decimal("7.4"),
        )

    def test_mistakes_come_back_beside_their_fields(self, ben: people.Someone) -> None:
        answer = ben.post("insights/needs/new/", {"title": "", "importance": "12"})
        assert answer.status_code == 422
        assert "Need.objects" not in answer.content.decode()
        assert not Need.objects.exists()

    def test_a_change_that_comes_too_late_is_refused(self, ben: people.Someone, need: Need) -> None:
        url = f"insights/needs/{need.number}/edit/"
        before = need.version
        ben.post(url, {"title": "Quicker", "version": before})
        answer = ben.post(url, {"title": "Slower", "version": before})
        assert answer.status_code == 422
        assert "Somebody changed this need meanwhile" in answer.content.decode()
        need.refresh_from_db()
        assert need.title == "Quicker"

    def test_a_product_of_another_workspace_is_no_choice(
        self, ben: people.Someone, eve: people.Someone
    ) -> None:
        other = Product.objects.create(workspace=eve.member.workspace, slug="other", name="Other")
        assert ben.post("insights/needs/new/", {"title": "A", "product": other.pk}).status_code == 422


class TestDetail:
    def test_words_are_filtered_and_paged(self, ben: people.Someone, world: outline_world.World) -> None:
        need = world.needs[0]
        for person in world.people[:12]:
            world.quote(world.say(person=person), need, strength=2)
        url = f"insights/needs/{need.number}/"
        page = ben.get(url)
        assert page.status_code == 200
        assert page.context["quotes_page"].total > 10
        assert page.context["quotes_next"]
        following = ben.get(page.context["quotes_next"])
        first = {line["quote"].quote_id for line in page.context["quotes"]}
        assert not first & {line["quote"].quote_id for line in following.context["quotes"]}
        strong = ben.get(f"{url}?strength=3")
        assert {line["quote"].strength for line in strong.context["quotes"]} <= {3}
        part = ben.get(f"{url}?strength=3", headers=PARTIAL).content.decode()
        assert "<html" not in part
        assert 'id="quotes"' in part

    def test_the_chart_downloads_its_numbers(self, ben: people.Someone, world: outline_world.World) -> None:
        answer = ben.get(f"insights/needs/{world.needs[0].number}/?chart=months&as=csv")
        lines = answer.content.decode().splitlines()
        assert lines[0] == "Month,Quotes,People"
        assert len(lines) == 19

    def test_the_opportunity_says_who_set_it_and_from_where(self, ben: people.Someone, need: Need) -> None:
        for name, value in (("importance", "8.6"), ("satisfaction", "3.1")):
            ben.post(f"insights/needs/{need.number}/rate/", {name: value}, headers=PARTIAL)
        ben.post(f"insights/needs/{need.number}/source/", {"rated_from": "Survey"}, headers=PARTIAL)
        page = ben.get(f"insights/needs/{need.number}/").content.decode()
        assert "14.1" in page
        assert "Ben, " in page
        assert "Survey" in page

    def test_a_merged_need_leads_to_the_one_it_lives_on_in(
        self, ben: people.Someone, world: outline_world.World
    ) -> None:
        first, second = world.needs[0], world.needs[1]
        records.merge_records(survivor=first, merged=second, actor=world.actor, at=world.now)
        answer = ben.get(f"insights/needs/{second.number}/")
        assert answer.url.endswith(f"/insights/needs/{first.number}/")

    def test_the_number_of_queries_does_not_grow_with_words(
        self, ben: people.Someone, world: outline_world.World
    ) -> None:
        need = world.needs[0]

        def count() -> int:
            cache.clear()
            with CaptureQueriesContext(connection) as seen:
                assert ben.get(f"insights/needs/{need.number}/").status_code == 200
            return len(seen)

        count()
        few = count()
        for index in range(12):
            world.quote(world.say(person=world.people[index], account=world.accounts[index % 3]), need)
        assert count() == few
