"""What the plan is for, what may go wrong, and both lanes side by side."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from roadbed.modules.roadmap import selectors, services
from roadbed.modules.roadmap.models import CheckIn


@pytest.fixture
def objective(workspace, ben, now):
    draft = services.ObjectiveDraft(
        title="Nobody calls", first_date=date(2026, 10, 1), last_date=date(2026, 12, 31)
    )
    return services.create_objective(workspace=workspace, draft=draft, actor=ben.actor, at=now)[0]


class TestObjectives:
    def test_are_as_far_as_their_key_results(self, workspace, objective, feature, ben, cleo, dan, now):
        calls = services.put_key_result(
            objective=objective, title="Calls a day", direction="down", baseline=40.0, target=20.0,
            actor=ben.actor, at=now,
        )  # fmt: skip
        services.put_key_result(
            objective=objective, title="Runs", baseline=0.0, target=10.0, actor=ben.actor, at=now
        )
        for value in (38, 35):
            services.check_in(key_result=calls, value=value, confidence=60, actor=cleo.actor, at=now)
        services.deliver(feature=feature, objective=objective, actor=ben.actor, at=now)
        whole = selectors.access_objective(workspace_id=workspace.pk, number=objective.number)
        assert selectors.progress_of_objective(whole) == pytest.approx(0.125)
        assert selectors.delivering(objective_ids=[objective.pk]) == {objective.pk: [feature]}
        page = dan.get(f"roadmap/objectives/{objective.number}/").content.decode()
        for words in ("Calls a day", "40 → 20", "25%", "12%", "60% sure", feature.title):
            assert words in page
        assert feature.title in dan.get("roadmap/objectives/").content.decode()
        assert objective.title in dan.get(f"roadmap/features/{feature.key.lower()}/").content.decode()

    def test_refuse_a_target_on_the_wrong_side(self, objective, ben, now):
        with pytest.raises(ValidationError, match="must lie below the baseline"):
            services.put_key_result(
                objective=objective, title="Calls", direction="down", baseline=4.0, target=9.0,
                actor=ben.actor, at=now,
            )  # fmt: skip

    def test_are_the_same_for_programs(self, ben, cleo, dan, objective):
        made = ben.api(
            "POST", f"objectives/{objective.key}/results", {"title": "R", "baseline": 0, "target": 4}
        )
        assert made.status_code == 201, made.content
        place = f"objectives/{objective.key}/results/{made.json()['id']}/check-ins"
        assert cleo.api("POST", place, {"value": 3, "note": "Better"}).status_code == 201
        assert dan.api("POST", place, {"value": 4}).status_code == 403
        [found] = dan.api("GET", "objectives").json()["items"]
        assert (found["progress"], found["key_results"][0]["check_ins"][0]["by_name"]) == (0.75, "Cleo")
        assert CheckIn.objects.count() == 1


class TestRisks:
    def test_hit_several_and_are_part_of_the_plan(self, workspace, make_feature, ben, dan, now):
        one, two = make_feature("One"), make_feature("Two")
        body = {
            "title": "Vendor",
            "probability": 25,
            "low": 5,
            "likely": 10,
            "high": 30,
            "hits": [one.key, two.key],
        }
        made = ben.api("POST", "risks", body)
        assert made.status_code == 201, made.content
        plan = selectors.whole_plan(workspace_id=workspace.pk, first=date(2026, 1, 1), last=date(2027, 1, 1))
        assert [(risk.probability, risk.hits) for risk in plan.risks] == [(0.25, (one.pk, two.pk))]
        assert "25% likely" in dan.get(f"roadmap/features/{one.key.lower()}/").content.decode()
        ben.api("PATCH", f"risks/{made.json()['key']}", {"state": "averted"}, If_Match="*")
        plan = selectors.whole_plan(workspace_id=workspace.pk, first=date(2026, 1, 1), last=date(2027, 1, 1))
        assert plan.risks == ()
        assert "Vendor" in dan.get("roadmap/risks/").content.decode()

    def test_are_refused_out_of_order(self, ben):
        body = {"title": "Vendor", "probability": 25, "low": 50, "likely": 10, "high": 30}
        answer = ben.api("POST", "risks", body)
        assert "lies above the high end" in answer.json()["errors"][0]["message"]


class TestLanes:
    def test_show_technical_work_with_what_needs_it(self, make_feature, ben, dan, now):
        work = make_feature("Event bus", lane="technical", work="platform")
        alone = make_feature("Old endpoint", lane="technical", work="deprecation")
        wish = make_feature("Reroute")
        services.add_dependency(feature=wish, on=work, actor=ben.actor, at=now)
        page = dan.get("roadmap/technical/").content.decode()
        assert page.index("Platform work") < page.index("Deprecation")
        assert wish.title in page
        assert "1 of 1 needed by a feature" in page
        assert alone.title in page

    def test_lay_products_beside_each_other(self, workspace, make_feature, ben, dan, now):
        from roadbed.core.workspaces.models import Product

        other = Product.objects.create(workspace=workspace, slug="portal", name="Portal")
        feature = make_feature("Here", horizon="now")
        make_feature("There", product=other, due_date=date(2027, 2, 1), due_kind="hard")
        services.estimate_feature(
            feature=feature, origin="range", said={"low": 4, "high": 4}, actor=ben.actor, at=now
        )
        lines = {one.product.slug: one for one in selectors.portfolio(workspace_id=workspace.pk)}
        assert (lines["dispatch"].now, lines["dispatch"].days) == (1, 4.0)
        assert (lines["portal"].unestimated, lines["portal"].hard) == (1, date(2027, 2, 1))
        assert "Portal" in dan.get("roadmap/portfolio/").content.decode()
