"""The roadmap's pages: whole, fragments, query counts, strangers, roles."""

from __future__ import annotations

import pytest

from roadbed.modules.roadmap import services
from roadbed.modules.roadmap.models import Deed, Feature, Horizon, Level, Status

FRAGMENT = {"HX-Request": "true", "HX-Request-Type": "partial"}
PAGES = ("roadmap/", "roadmap/list/", "roadmap/tree/", "roadmap/releases/")


class TestReading:
    @pytest.mark.parametrize("path", PAGES)
    def test_everybody_in_the_workspace_may(self, dan, feature, path):
        assert dan.get(path).status_code == 200

    @pytest.mark.parametrize("path", [*PAGES, "roadmap/features/f-1/"])
    def test_strangers_see_nothing(self, eve, feature, path):
        assert eve.get(f"/w/northwind/{path}").status_code == 404

    def test_an_empty_plan_teaches_the_next_step(self, ben):
        assert "Nothing is placed yet" in ben.get("roadmap/").content.decode()
        assert "Add the first area" in ben.get("roadmap/tree/").content.decode()

    def test_the_list_filters_by_its_address(self, dan, make_feature):
        make_feature("Seen", status=Status.PLANNED)
        make_feature("Unseen")
        shown = dan.get("roadmap/list/?status=planned").content.decode()
        assert "Seen" in shown
        assert "Unseen" not in shown

    def test_words_in_titles_are_escaped(self, dan, make_feature):
        make_feature("<script>alert(1)</script>", horizon=Horizon.NOW)
        for path in PAGES:
            assert "<script>alert" not in dan.get(path).content.decode()

    @pytest.mark.parametrize("path", PAGES)
    def test_costs_the_same_whatever_the_number(self, dan, make_feature, path, django_assert_max_num_queries):
        def queries() -> int:
            with django_assert_max_num_queries(80) as captured:
                dan.get(path)
            return len(captured)

        area = make_feature("Area", level=Level.AREA)
        make_feature("One", parent=area, horizon=Horizon.NOW)
        dan.get(path)
        few = queries()
        for number in range(25):
            parent = make_feature(f"More {number}", parent=area, horizon=Horizon.NEXT)
            make_feature(f"Below {number}", parent=parent)
        assert queries() <= few + 1


class TestChanging:
    @pytest.mark.parametrize("path", ["roadmap/new/", "roadmap/features/f-1/edit/", "roadmap/releases/new/"])
    def test_is_for_makers(self, dan, ben, feature, path):
        assert dan.get(path).status_code == 403
        assert ben.get(path).status_code == 200

    def test_a_new_feature_leads_to_its_page(self, ben, product):
        answer = ben.post(
            "roadmap/new/",
            {
                "title": "Tell the customer",
                "lane": "technical",
                "level": "feature",
                "status": "idea",
                "horizon": "now",
            },
        )
        assert (answer.status_code, answer.url) == (302, "/w/northwind/roadmap/features/t-1/")

    def test_a_refused_form_says_why(self, ben):
        answer = ben.post("roadmap/new/", {"title": "", "lane": "product", "parent": "F-77"})
        assert answer.status_code == 422
        assert "There is no feature F-77 here." in answer.content.decode()

    def test_a_stale_form_is_not_saved(self, ben, feature, now):
        services.change_feature(feature=feature, changes={"title": "Newer"}, actor=ben.actor, at=now)
        answer = ben.post(
            "roadmap/features/f-1/edit/",
            {"title": "Older", "level": "feature", "status": "idea", "horizon": "none", "version": 1},
        )
        assert answer.status_code == 422
        assert Feature.objects.get(pk=feature.pk).title == "Newer"

    def test_a_card_moves_and_back(self, ben, feature):
        answer = ben.post("roadmap/place/", {"card": feature.pk, "column": "now"}, headers=FRAGMENT)
        assert answer.status_code == 204
        assert Feature.objects.get(pk=feature.pk).horizon == "now"
        ben.post(f"roadmap/deeds/{Deed.objects.latest('id').pk}/undo/")
        assert Feature.objects.get(pk=feature.pk).horizon == "none"

    def test_a_status_changes_where_it_is_read(self, ben, feature):
        answer = ben.post("roadmap/features/f-1/set/", {"status": "planned", "version": 1}, headers=FRAGMENT)
        assert answer.status_code == 200
        assert "Planned" in answer.content.decode()
        refused = ben.post("roadmap/features/f-1/set/", {"status": "dropped"}, headers=FRAGMENT)
        assert refused.status_code == 422

    def test_many_change_as_one_deed(self, ben, make_feature):
        ids = [make_feature(f"Feature {number}").pk for number in range(3)]
        ben.post("roadmap/bulk/horizon/", {"ids": ids, "value": "next"})
        assert Feature.objects.filter(horizon="next").count() == 3

    def test_a_move_into_itself_is_refused_in_words(self, ben, feature):
        answer = ben.post("roadmap/features/f-1/move/", {"target": "F-1"}, follow=True)
        assert answer.status_code == 200
        assert Feature.objects.get(pk=feature.pk).parent_id is None

    def test_somebody_elses_card_cannot_be_moved(self, eve, feature):
        assert eve.post("roadmap/place/", {"card": feature.pk, "column": "now"}).status_code == 404


class TestSavedViews:
    def test_keep_the_filters_of_the_list_under_a_name(self, ben, feature):
        page = ben.get("roadmap/list/?status=planned").content.decode()
        assert "views/?list=roadmap.features" in page
        ben.post("views/?list=roadmap.features", {"name": "Planned", "query": "status=planned", "next": "/"})
        assert "Planned" in ben.get("roadmap/list/?status=planned").content.decode()
        assert "status=planned" in ben.get("roadmap/list/").content.decode()
