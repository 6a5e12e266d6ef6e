"""Sources, metrics and their history: from mapped columns to what planning rests on."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from roadbed.analytics.experiment import Reading
from roadbed.analytics.sources import measuring
from roadbed.analytics.sources.places import SourceError
from roadbed.modules.experiments import selectors, services
from roadbed.modules.experiments.models import FactSource
from roadbed_engines.stats.readout import Role
from tests.experiments import happenings
from tests.people import NOW

ORDERS = [{"column": "name", "value": "order"}]
SPENT = {"facts": {"source": "events", "how": "sum", "column": "value", "filters": ORDERS}, "before_days": 0}


@pytest.fixture
def data(workspace, settings, tmp_path):
    settings.ROADBED_DATA = tmp_path
    services.ensure_sources(workspace=workspace, at=NOW)
    return happenings.fill(workspace.pk)


def metric(workspace, actor, kind="mean", definition=SPENT, **more):
    fields = services.MetricFields(title=more.pop("title", "Spent"), kind=kind, definition=definition, **more)
    return services.create_metric(workspace=workspace, fields=fields, actor=actor, at=NOW)


class TestHistory:
    def test_planning_gets_what_an_experiment_would_have_seen(self, workspace, ben, data):
        found = services.metric_history(metric(workspace, ben.actor), weeks=8, at=happenings.END)
        assert found.arrived == happenings.USERS == sum(week.arrived for week in found.weeks)
        assert found.units_a_week == happenings.USERS / 8
        by_hand = _spent_in_a_week(happenings.events())
        assert found.known == len(by_hand)
        assert found.value == pytest.approx(sum(by_hand) / len(by_hand), rel=1e-12)
        spread = math.sqrt(sum((one - found.value) ** 2 for one in by_hand) / (len(by_hand) - 1))
        assert found.deviation == pytest.approx(spread, rel=1e-9)
        assert [week.known for week in found.weeks][-1] == 0, "nobody's week is over in the last week"

    def test_what_was_told_is_told_again_until_the_next_day(self, workspace, ben, data):
        spent = metric(workspace, ben.actor)
        first = services.metric_history(spent, weeks=4, at=happenings.END)
        seen = max(
            each.time for each in happenings.events() if each.time < happenings.END - timedelta(days=9)
        )
        unit = next(each.unit for each in happenings.events() if each.time == seen)
        data.append(
            [happenings.Event("late", "order", seen, unit, value=1e6)],
            key="late", received_at=happenings.END,
        )  # fmt: skip
        assert services.metric_history(spent, weeks=4, at=happenings.END + timedelta(hours=1)) == first
        assert services.metric_history(spent, weeks=4, at=happenings.END, fresh=True).value > first.value

    def test_every_kind_has_a_history(self, workspace, ben, data):
        order = {"source": "events", "filters": ORDERS}
        kinds = {
            "proportion": {"facts": order},
            "count": {"facts": {**order, "how": "count"}},
            "ratio": {
                "facts": {**order, "how": "sum", "column": "value"},
                "per": {**order, "how": "count"},
                "winsorise": {"lower": 0.0, "upper": 0.95, "ignore_zeros": True},
            },
            "quantile": {"facts": {**order, "how": "sum", "column": "value"}, "level": 0.75},
            "retention": {"facts": order, "from_hours": 48, "to_hours": 168},
            "funnel": {
                "facts": {"source": "events"},
                "steps": [[{"column": "name", "value": "visit"}], ORDERS],
            },
        }
        told = {}
        for kind, definition in kinds.items():
            made = metric(workspace, ben.actor, kind=kind, definition=definition, title=kind)
            told[kind] = services.metric_history(made, weeks=8, at=happenings.END)
        assert {kind: (one.deviation > 0, one.value > 0) for kind, one in told.items()} == dict.fromkeys(
            kinds, (True, True)
        )
        assert told["proportion"].value == pytest.approx(told["funnel"].value, rel=1e-9)
        assert 0.3 < told["retention"].value < told["proportion"].value
        assert told["ratio"].value * told["count"].value == pytest.approx(
            services.metric_history(metric(workspace, ben.actor), at=happenings.END).value, rel=0.05
        )

    def test_days_are_measured_once_their_windows_are_over(self, workspace, ben, data):
        version = selectors.current_version(metric(workspace, ben.actor))
        assert services.measure_days(version=version, at=happenings.END, days=10) == 10
        days = selectors.days_of(version)
        assert [day.is_final for day in days] == [True] * 2 + [False] * 8
        assert all(day.units > 0 for day in days)
        assert services.measure_days(version=version, at=happenings.END, days=10) == 8

    def test_too_few_units_are_refused_with_a_reason(self, workspace, ben, settings, tmp_path):
        settings.ROADBED_DATA = tmp_path
        services.ensure_sources(workspace=workspace, at=NOW)
        with pytest.raises(Exception, match="Nobody was seen in these weeks"):
            services.metric_history(metric(workspace, ben.actor), at=happenings.END)


class TestExperiment:
    def test_units_are_made_from_mapped_sources(self, workspace, ben, data):
        version = selectors.current_version(metric(workspace, ben.actor))
        services.use_metric_version(version=version, at=NOW)
        exposures = services.exposures_of(
            selectors.access_exposure_source(workspace_id=workspace.pk, key="exposures")
        )
        with measuring.exposed_units(
            exposures=exposures,
            experiment="checkout",
            metrics=[selectors.judged(version, name="M-1", role=Role.PRIMARY)],
            sources=services.facts_by_key(workspace_id=workspace.pk, keys={"events"}),
            span=measuring.Span(as_of=happenings.END),
        ) as made:
            answer = measuring.ask(
                made,
                control="old",
                shares={"old": 1, "new": 1},
                dimensions=["environment"],
                reading=Reading(),
            )
        assert answer.measurement.units == {"old": 120, "new": 120}
        assert answer.analysis.comparisons[0].effect is not None
        assert answer.analysis.segments


class TestDefinitions:
    def test_one_that_was_used_stays_and_the_next_stands_beside_it(self, workspace, ben, settings, tmp_path):
        settings.ROADBED_DATA = tmp_path
        services.ensure_sources(workspace=workspace, at=NOW)
        spent = metric(workspace, ben.actor)
        first = services.define_metric(metric=spent, changes={"desired": "down"}, actor=ben.actor, at=NOW)
        assert (first.number, first.desired) == (1, "down"), "nobody used it: it is changed in place"
        services.use_metric_version(version=first, at=NOW)
        wider = {**SPENT, "to_hours": 336}
        second = services.define_metric(
            metric=spent, changes={"definition": wider}, actor=ben.actor, at=NOW, note="Two weeks"
        )
        assert [each.number for each in selectors.versions_of(spent)] == [2, 1]
        assert (second.desired, spent.latest) == ("down", 2)
        first.refresh_from_db()
        assert first.definition == SPENT

    def test_what_cannot_be_used_is_refused_by_its_place(self, workspace, ben, settings, tmp_path):
        settings.ROADBED_DATA = tmp_path
        services.ensure_sources(workspace=workspace, at=NOW)
        part = {"source": "events"}
        wrong = {
            "facts.column": ("mean", {"facts": part}),
            "no fact source orders": ("proportion", {"facts": {"source": "orders"}}),
            "before it begins": ("proportion", {"facts": part, "from_hours": 24, "to_hours": 24}),
            "came back later": ("retention", {"facts": part}),
            "2 to 10 steps": ("funnel", {"facts": part, "steps": [[]]}),
            "nothing called “colour”": ("proportion", {"facts": part, "colour": 1}),
            "two levels in order": (
                "mean", {**SPENT, "winsorise": {"lower": 0.9, "upper": 0.1}},
            ),
            "level between 0 and 1": ("quantile", {**SPENT, "level": 7}),
            "is no number": ("mean", {**SPENT, "to_hours": float("nan")}),
            "compared with a text": (
                "proportion", {"facts": {**part, "filters": [{"column": "name", "value": float("inf")}]}},
            ),
            "per": ("mean", {**SPENT, "per": part}),
            "no kind of metric": ("vibes", {}),
        }  # fmt: skip
        missed = []
        for said, (kind, definition) in wrong.items():
            try:
                metric(workspace, ben.actor, kind=kind, definition=definition)
            except ValidationError as error:
                if said not in str(error):
                    missed.append((said, str(error)))
            else:
                missed.append((said, "taken"))
        assert not missed

    def test_a_column_that_is_not_there_is_named_with_the_nearest(self, workspace, ben, data):
        lost = metric(
            workspace, ben.actor, definition={"facts": {"source": "events", "how": "sum", "column": "price"}}
        )
        with pytest.raises(SourceError, match=r"no column price\. It has: id, name, time"):
            services.metric_history(lost, at=happenings.END)
        source = FactSource.objects.get(workspace=workspace, key="events")
        source.unit = "unti"
        tried = services.attempt_mapped(source)
        assert tried.problems[0].startswith("There is no column unti for the unit. Did you mean unit?")
        assert len(tried.rows) == 8


def _spent_in_a_week(events):
    first, paid = {}, {}
    for each in events:
        first[each.unit] = min(first.get(each.unit, each.time), each.time)
    for each in events:
        if each.name == "order" and each.time < first[each.unit] + timedelta(days=7):
            paid[each.unit] = paid.get(each.unit, 0.0) + each.value
    known = [unit for unit, at in first.items() if at + timedelta(days=7) <= happenings.END]
    return [paid.get(unit, 0.0) for unit in known]
