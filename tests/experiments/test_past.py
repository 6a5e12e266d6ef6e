"""Experiments that ran elsewhere: brought in from a table or by the API, and counted with the rest."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from roadbed.core.records import services as records
from roadbed.core.records.models import Relation
from roadbed.core.tables import services as tables
from roadbed.modules.experiments import facade, selectors, services
from roadbed.modules.experiments.models import Decided, Experiment, ExperimentState
from roadbed_engines.stats.bayes import cumulative_impact, learn_prior
from tests.insights import factories as insights
from tests.people import NOW

FILE = """Name;Start;End;KPI;Desired;Effect;CI low;CI high;Confidence;SE;Outcome;Variant;Lessons
Larger map;2026-01-05;2026-01-26;Orders;up;12%;6,12%;17,88%;;;shipped;large;Drivers look twice.
Night mode;2026-02-01;2026-02-15;Orders;up;-0.01;;;;0.03;not shipped;;
Fewer taps;2026-02-20;2026-03-10;Orders;up;;-0.0193;0.0793;90%;;shipped;short;
Late drops;2026-03-12;2026-03-30;Missed drops;down;-8%;;;;3%;won;new;Said in time.
New signs;2026-04-02;2026-04-20;Orders;up;6%;;;;0.03;shipped;signs;
Bare number;2026-04-22;2026-05-01;Orders;up;9%;;;;;shipped;;
Not over;2026-04-22;2036-05-01;Orders;up;9%;;;;1%;shipped;;
Odd;2026-04-22;2026-05-01;Orders;up;9%;10%;11%;;;shipped;;
"""


@pytest.fixture
def bring(workspace, ben, tmp_path, settings):
    """Read a table through the ordinary door."""
    settings.ROADBED_DATA = tmp_path

    def run(text=FILE, name="past.csv"):
        made = tables.create_import(
            workspace=workspace, target="past-experiments", name=name, chunks=[text.encode()], actor=ben.actor, at=NOW
        )  # fmt: skip
        tables.start_import(run=made, actor=ben.actor, at=NOW)
        return tables.run_import(run=made, actor=ben.actor, now=lambda: NOW)

    return run


class TestBringingIn:
    def test_a_table_is_counted_in_the_library_and_teaches_the_prior(self, workspace, ben, eve, bring):
        run = bring()
        assert (run.created_count, run.rejected_count) == (5, 3)
        said = " ".join(reject.reason for reject in run.rejects.all())
        for part in ("a bare number teaches nothing", "not over yet", "outside of its interval"):
            assert part in said
        experiment = Experiment.objects.get(title="Larger map")
        assert (experiment.state, experiment.treatments) == (ExperimentState.DECIDED, ["large"])
        assert experiment.past_result.error == pytest.approx(0.03, abs=1e-5), "from the interval"
        fewer = Experiment.objects.get(title="Fewer taps").past_result
        assert (fewer.lift, fewer.error) == pytest.approx((0.03, 0.0986 / 2 / 1.6449), abs=1e-4)
        lifts = {
            "Larger map": 0.12,
            "Night mode": -0.01,
            "Fewer taps": 0.03,
            "Late drops": 0.08,
            "New signs": 0.06,
        }
        past = {one.title: one for one in selectors.past_results(workspace_id=workspace.pk)}
        assert {name: round(one.lift, 6) for name, one in past.items()} == lifts, "positive where wanted"
        by_hand = learn_prior(
            effects=[one.lift for one in past.values()], errors=[one.error for one in past.values()]
        )
        prior = selectors.learned_prior(workspace_id=workspace.pk)
        assert prior is not None
        assert prior.deviation == pytest.approx(by_hand.deviation)
        found = selectors.library(workspace_id=workspace.pk)
        assert (found.experiments, found.imported, found.shipped, found.wins) == (5, 5, 4, 3)
        orders = [one for one in past.values() if one.metric == "Orders"]
        impact = cumulative_impact(
            effects=[one.lift for one in orders], errors=[one.error for one in orders],
            shipped=[one.shipped for one in orders], prior=by_hand,
        )  # fmt: skip
        assert next(one for one in found.impacts if one.metric == "Orders").impact == impact
        page = ben.get("experiments/library/?q=look twice").content.decode()
        assert "Imported" in page
        assert "5 brought in" in page
        own = f"experiments/{experiment.key.lower()}/"
        page = ben.get(own).content.decode()
        assert "+12.0%" in page
        assert "it is not read again" in page
        assert "Imported" in ben.get("experiments/").content.decode()
        assert (
            "Brought in from elsewhere: Orders +12.0%"
            in ben.get(f"{own}report/?as=markdown").content.decode()
        )
        assert eve.get(f"/w/{workspace.slug}/{own}").status_code == 404
        with pytest.raises(services.WrongStateError, match="brought in with its decision"):
            services.withdraw_decision(experiment=experiment, actor=ben.actor, at=NOW)
        again = bring()
        assert (again.created_count, again.unchanged_count) == (0, 5), "the same file again changes nothing"

    def test_json_and_the_api_bring_them_in_too_and_the_chain_shows_them(self, workspace, ben, dan, bring):
        run = bring(
            '[{"title": "Tips", "metric": "Tips", "ended_on": "2026-03-01", "lift": 0.05, "error": 0.02}]',
            "p.json",
        )
        assert run.created_count == 1
        path = f"/api/v1/{workspace.slug}/experiment-library"
        sent = {"title": "Rates", "metric": "Orders", "ended_on": "2026-03-01", "low": -0.02, "high": 0.04}
        made = ben.browser.post(path, sent, content_type="application/json")
        assert made.status_code == 201, made.content
        assert made.json()["past_result"]["lift"] == pytest.approx(0.01)
        assert made.json()["decision"]["decided"] == Decided.NOTHING
        bare = ben.browser.post(
            path, {**sent, "low": None, "high": None, "lift": 0.1}, content_type="application/json"
        )
        assert bare.status_code == 422
        assert "teaches nothing" in bare.content.decode()
        assert dan.browser.post(path, sent, content_type="application/json").status_code == 403
        assert ben.browser.get(path).json()["imported"] == 2
        experiment = Experiment.objects.get(title="Rates")
        need = insights.need(workspace)
        records.create_link(source=experiment, target=need, relation=Relation.TESTS, actor=ben.actor, at=NOW)
        found = facade.works_for(workspace.pk, workspace.slug, [need.pk])[need.pk][0]
        assert found.headline == "Orders +1.0% (−2.0 to +4.0%)"
        assert "brought in from elsewhere" in found.detail

    @pytest.mark.parametrize(
        ("said", "why"),
        [
            ({"low": "1%"}, "two ends"),
            ({"low": "3%", "high": "1%"}, "ends before it begins"),
            ({"low": "1%", "high": "3%", "confidence": "5"}, "between 50% and 100%"),
            ({"lift": "many", "error": 1}, "is no share"),
            ({"lift": "inf", "error": 1}, "is no share of control"),
            ({"lift": 0.1, "error": 0}, "teaches nothing"),
        ],
    )
    def test_what_means_nothing_is_refused_in_words(self, said, why):
        with pytest.raises(ValidationError, match=why):
            services.past_fields({"title": "x", "metric": "m", "ended_on": NOW.date(), **said})
