from __future__ import annotations

import pytest

from roadbed.core.workspaces.models import Product
from roadbed.modules.roadmap import facade
from roadbed.modules.roadmap.models import Feature


@pytest.fixture
def branch(make_feature) -> list[Feature]:
    found = [make_feature("Routing", level="area")]
    for title in ("Live tracking", "Reroute", "Drag a stop", "By keyboard"):
        found.append(make_feature(title, parent=found[-1], level="story" if len(found) > 2 else "feature"))
    return found


class TestTree:
    def test_shows_three_levels_and_fetches_the_rest(self, dan, branch):
        page = dan.get("roadmap/tree/").content.decode()
        assert "Reroute" in page
        assert "Drag a stop" not in page
        assert f"tree/rows/?under={branch[2].key}&amp;depth=3" in page
        rows = dan.get(f"roadmap/tree/rows/?under={branch[2].key}&depth=3").content.decode()
        assert "Drag a stop" in rows
        assert 'data-depth="3"' in rows
        assert "<html" not in rows

    def test_lays_roots_under_their_products(self, dan, workspace, make_feature):
        other = Product.objects.create(workspace=workspace, slug="billing", name="Billing")
        make_feature("Routing", level="area")
        make_feature("Invoices", level="area", product=other)
        page = dan.get("roadmap/tree/").content.decode()
        assert page.index("<b>Billing</b>") < page.index("Invoices") < page.index("<b>Dispatch</b>")

    def test_strangers_cannot_open_a_branch(self, eve, branch):
        slug = branch[0].workspace.slug
        assert eve.get(f"/w/{slug}/roadmap/tree/rows/?under={branch[0].key}").status_code == 404

    def test_viewers_see_no_fields(self, dan, ben, branch):
        assert "<inline-edit" not in dan.get("roadmap/tree/").content.decode()
        assert "<inline-edit" in ben.get("roadmap/tree/").content.decode()

    def test_costs_the_same_whatever_hangs_on_it(self, ben, make_feature, django_assert_max_num_queries):
        area = make_feature("Routing", level="area")
        for number in range(3):
            make_feature(f"Small {number}", parent=area)
        with django_assert_max_num_queries(60) as few:
            ben.get("roadmap/tree/")
        for number in range(40):
            make_feature(f"Large {number}", parent=area)
        with django_assert_max_num_queries(60) as many:
            ben.get("roadmap/tree/")
        assert len(many.captured_queries) == len(few.captured_queries)


class TestCells:
    def test_a_press_fetches_the_field_and_saving_gives_the_cell_back(self, ben, feature):
        place = f"roadmap/features/{feature.key.lower()}/set/?cell=yes"
        form = ben.get(f"{place}&field=horizon").content.decode()
        assert "<select" in form
        answer = ben.post(
            place,
            {"horizon": "later", "version": feature.version},
            headers={"HX-Request": "true", "HX-Request-Type": "partial"},
        )
        assert "Later" in answer.content.decode()
        assert "undo" in answer.headers["HX-Trigger"]
        feature.refresh_from_db()
        assert feature.horizon == "later"

    def test_somebody_elses_change_is_not_overwritten(self, ben, feature):
        place = f"roadmap/features/{feature.key.lower()}/set/?cell=yes"
        sent = {"title": "Mine", "version": feature.version}
        headers = {"HX-Request": "true", "HX-Request-Type": "partial"}
        ben.post(place, {**sent, "title": "Theirs"}, headers=headers)
        refused = ben.post(place, sent, headers=headers)
        assert refused.status_code == 422
        assert "somebody changed it meanwhile" in refused.content.decode()

    def test_an_owner_of_another_workspace_is_refused(self, ben, eve, feature):
        place = f"roadmap/features/{feature.key.lower()}/set/?cell=yes"
        answer = ben.post(place, {"owner": str(eve.member.pk)}, headers={"HX-Request": "true"})
        assert answer.status_code == 422


class TestSteps:
    def test_move_a_feature_among_its_siblings(self, ben, make_feature):
        area = make_feature("Routing", level="area")
        first, second = make_feature("One", parent=area), make_feature("Two", parent=area)
        ben.post(f"roadmap/features/{second.key.lower()}/step/up/")
        titles = Feature.objects.filter(parent=area).order_by("position").values_list("title", flat=True)
        assert list(titles) == ["Two", "One"]
        ben.post(f"roadmap/features/{second.key.lower()}/step/down/")
        assert list(titles.all()) == ["One", "Two"]
        assert first.parent_id == area.pk


class TestDragging:
    def test_puts_a_row_beside_or_under_another_and_draws_the_tree_anew(self, ben, dan, make_feature):
        area, other = make_feature("Routing", level="area"), make_feature("Driving", level="area")
        first, second = make_feature("One", parent=area), make_feature("Two", parent=area)
        third = make_feature("Three", parent=other)
        headers = {"HX-Request": "true", "HX-Request-Type": "partial"}

        def drop(feature, beside, place, who=ben):
            url = f"roadmap/features/{feature.key.lower()}/move/"
            return who.post(url, {"beside": str(beside), "place": place}, headers=headers)

        def under(parent):
            rows = Feature.objects.filter(parent=parent).order_by("position", "pk")
            return list(rows.values_list("title", flat=True))

        answer = drop(third, first.pk, "after")
        assert answer.status_code == 204
        assert "page:refresh" in answer.headers["HX-Trigger"]
        assert "undo" in answer.headers["HX-Trigger"]
        assert under(area) == ["One", "Three", "Two"]
        drop(second, first.pk, "before")
        assert under(area) == ["Two", "One", "Three"]
        drop(second, third.pk, "under")
        assert (under(area), under(third)) == (["One", "Three"], ["Two"])
        drop(second, f"product-{first.product_id}", "under")
        second.refresh_from_db()
        assert second.parent_id is None
        refused = drop(area, third.pk, "under")
        assert (refused.status_code, under(None)) == (409, ["Routing", "Driving", "Two"])
        assert "cannot" in refused.content.decode()
        for beside in ("", "product-999999", "999999999", "x" * 40):
            assert drop(second, beside, "before").status_code == 404
        assert drop(second, first.pk, "after", dan).status_code == 403

    def test_a_root_beside_another_products_root_goes_into_that_product(self, ben, workspace, make_feature):
        there = Product.objects.create(workspace=workspace, slug="other", name="Other")
        mine, theirs = make_feature("Mine", level="area"), make_feature("Theirs", level="area")
        Feature.objects.filter(pk=theirs.pk).update(product=there)
        ben.post(f"roadmap/features/{mine.key.lower()}/move/", {"target": theirs.key, "place": "after"})
        mine.refresh_from_db()
        assert mine.product_id == there.pk


class TestReceipt:
    def test_opens_a_figure_to_its_parts(self, dan, feature):
        dialog = dan.get(f"roadmap/features/{feature.key.lower()}/evidence/").content.decode()
        assert "Evidence none" in dialog
        assert "at least 12 people at 5 customers" in dialog


class TestDoctor:
    def test_sees_a_trail_that_leads_astray(self, branch, now):
        assert facade.check_tree(now).health == "good"
        Feature.objects.filter(pk=branch[2].pk).update(trail=branch[0].children_trail)
        assert facade.check_tree(now).health == "bad"


class TestFacade:
    def test_tells_siblings_what_they_may_know(self, workspace, feature):
        found = facade.summaries(workspace.pk, workspace.slug, [feature.pk, 0])
        assert found[feature.pk].status_label == "Idea"
        assert found[feature.pk].url.endswith(f"/roadmap/features/{feature.key.lower()}/")

    def test_an_area_says_how_far_what_lies_under_it_is(self, workspace, make_feature):
        area = make_feature("Routing", level="area")
        for status in ("shipped", "development", "idea"):
            make_feature(status, parent=area, status=status)
        make_feature("dropped", parent=area, status="dropped", status_reason="Nobody wants it")
        item = facade.evidence_for(workspace.pk, workspace.slug, [area.pk])[area.pk][0]
        assert item.headline == "1 of 3 under it shipped, 1 under way"
