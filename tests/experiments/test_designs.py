"""Designs beside plain units: whole periods switched back and forth, and strata that narrow the intervals."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from roadbed.analytics.events.event import EXPOSURE, Event
from roadbed.analytics.events.store import EventStore
from roadbed.modules.experiments import selectors, services
from roadbed.modules.experiments.models import MetricKind, MetricRole
from roadbed_engines.stats.switchback import switchback
from tests.experiments import trial_world
from tests.experiments.trial_world import BEGUN
from tests.people import NOW

HOURS, WASHOUT = 2, timedelta(minutes=20)
SQL = trial_world.SQL.replace("FROM", ", json_extract_string(attributes, '$.city') AS city FROM")


@pytest.fixture(autouse=True)
def data(settings, tmp_path):
    settings.ROADBED_DATA = tmp_path


def prepared(workspace, actor, **settings):
    """A draft judged by what was paid, whose source offers platform and city."""
    paid = trial_world.metric(
        workspace, actor, "Paid", "paid", kind=MetricKind.MEAN, how="sum", facts={"column": "value"}
    )
    chosen = [services.MetricChoice(paid, MetricRole.PRIMARY)]
    experiment = trial_world.draft(workspace, actor, metrics=chosen, **{"dimensions": [], **settings})
    experiment.source.sql, experiment.source.dimensions = SQL, ["platform", "city"]
    experiment.source.save()
    return experiment


def exposure(unit: str, at: datetime, variant: str, **said: str) -> Event:
    attributes = "{" + ", ".join(f'"{name}": "{value}"' for name, value in said.items()) + "}"
    return Event(f"x{unit}", EXPOSURE, at, unit, flag="why", variant=variant, attributes=attributes)


def switched(workspace) -> dict[tuple[str, int], tuple[str, list[float]]]:
    """Two cities, switched every two hours for eight days; what each period's orders brought, without its beginning."""
    chance = random.Random(5)  # noqa: S311 - made-up events
    events, periods = [], defaultdict(lambda: ("", []))
    midnight = BEGUN.replace(hour=0, minute=0) + timedelta(days=1)
    for city, level in (("Aalborg", 0.0), ("Bruges", 6.0)):
        for number in range(8 * 24 // HOURS):
            began = midnight + timedelta(hours=HOURS * number)
            variant = chance.choice(("old", "new"))
            rush = 4.0 if began.hour in {8, 16, 18} else 0.0
            for order in range(chance.randint(3, 9)):
                at = began + timedelta(minutes=119 * chance.random())
                value = 10.0 + level + rush + (1.0 if variant == "new" else 0.0) + chance.gauss(0.0, 1.0)
                unit = f"{city}-{number}-{order}"
                events.append(exposure(unit, at, variant, city=city))
                events.append(Event(f"p{unit}", "paid", at + timedelta(minutes=5), unit, value=value))
                if at - began >= WASHOUT:
                    periods[city, number] = (variant, [*periods[city, number][1], value])
    across = midnight + timedelta(hours=HOURS)
    events += [exposure("both", across - timedelta(minutes=1), "old", city="Aalborg")]
    again = exposure("both", across + timedelta(minutes=1), "new", city="Aalborg")
    events += [
        Event("again", EXPOSURE, again.time, "both", flag="why", variant="new", attributes=again.attributes)
    ]
    EventStore(services.events_folder(workspace.pk)).append(events, key="periods", received_at=NOW)
    return periods


class TestSwitchback:
    def test_periods_are_the_units_and_the_readout_is_what_their_means_say_by_hand(self, workspace, ben):
        periods = switched(workspace)
        settings = {"randomised": "periods", "cluster": "city", "period_hours": HOURS, "washout_minutes": 20}
        experiment = prepared(workspace, ben.actor, **settings)
        assert any("switchback" in one.sentence for one in services.readiness(experiment=experiment, at=NOW))
        services.start_experiment(experiment=experiment, actor=ben.actor, at=BEGUN)
        readout = services.read_experiment(experiment=experiment, actor=ben.actor, at=NOW)
        assert readout.problem == ""
        assert readout.units == len(periods), "what was dealt out is what is counted"
        found = readout.document["metrics"][0]["results"][0]
        keys = list(periods)
        hand = switchback(
            values=[sum(periods[key][1]) / len(periods[key][1]) for key in keys],
            weights=[len(periods[key][1]) for key in keys],
            treated=[periods[key][0] == "new" for key in keys],
            clusters=[(city, number * HOURS // 24) for city, number in keys],
            fixed=[[city for city, _ in keys], [number % (24 // HOURS) for _, number in keys]],
        )
        fixed = found["fixed_horizon"]
        assert fixed["method"] == "switchback"
        assert fixed["difference"] == pytest.approx(hand.effect, rel=1e-9)
        assert fixed["standard_error"] == pytest.approx(hand.error, rel=1e-9)
        assert (fixed["ci_low"], fixed["ci_high"]) == pytest.approx((hand.low, hand.high))
        assert hand.low < 1.0 < hand.high
        assert hand.error < 0.2, "the rush hour and the city are held fixed"
        assert found["always_valid"]["ci_high"] - found["always_valid"]["ci_low"] > hand.high - hand.low
        said = [one["message"] for one in readout.document["health"]["checks"]]
        assert any("lie across a change, and left out: 1." in one for one in said)
        page = ben.get(f"experiments/{experiment.key.lower()}/").content.decode()
        assert "2 h of a city, less the first 20 min" in page
        assert readout.inputs["period_hours"] == HOURS
        path = f"/api/v1/{workspace.slug}/experiments/{experiment.key}"
        told = ben.browser.get(path).json()
        assert (told["randomised"], told["period_hours"], told["washout_minutes"]) == ("periods", 2, 20)

    def test_a_design_that_means_nothing_is_refused_in_words(self, workspace, ben):
        for settings, said in (
            ({"randomised": "periods"}, "How many hours"),
            ({"randomised": "periods", "period_hours": 1, "washout_minutes": 60}, "nothing of a period"),
            ({"randomised": "periods", "period_hours": 1, "strata": "city"}, "takes no strata"),
        ):
            fields = services.ExperimentFields(title="Odd", settings=settings)
            with pytest.raises(ValidationError, match=said):
                services.create_experiment(workspace=workspace, fields=fields, actor=ben.actor, at=NOW)
        sent = {
            "title": "Odd", "randomised": "periods", "plan": "sequential", "alpha": "5", "power": "80",
            "minimum_days": "7", "correction": "holm", "prior": "flat", "variants": "old = 1\nnew = 1",
        }  # fmt: skip
        answer = ben.post("experiments/new/", sent)
        assert answer.status_code == 422
        assert "How many hours is a period?" in answer.content.decode()


class TestStrata:
    def test_strata_narrow_the_interval_and_what_leads_is_the_stratified_effect(self, workspace, ben):
        chance = random.Random(6)  # noqa: S311 - made-up events
        events, values = [], defaultdict(list)
        for number in range(900):
            variant, platform = chance.choice(("old", "new")), chance.choice(("iOS", "Android", "web"))
            unit, at = f"u{number}", BEGUN + timedelta(hours=chance.random() * 100)
            level = {"iOS": 20.0, "Android": 8.0, "web": 2.0}[platform]
            value = level + (1.0 if variant == "new" else 0.0) + chance.gauss(0.0, 2.0)
            values[variant, platform].append(value)
            events.append(exposure(unit, at, variant, platform=platform))
            events.append(Event(f"p{unit}", "paid", at + timedelta(hours=1), unit, value=value))
        EventStore(services.events_folder(workspace.pk)).append(events, key="strata", received_at=NOW)
        found = {}
        for strata in ("", "platform"):
            experiment = prepared(workspace, ben.actor, strata=strata)
            services.start_experiment(experiment=experiment, actor=ben.actor, at=BEGUN)
            readout = services.read_experiment(experiment=experiment, actor=ben.actor, at=NOW)
            assert readout.problem == ""
            found[strata] = readout.document["metrics"][0]["results"][0]
        whole = {
            name: sum(len(values[arm, name]) for arm in ("old", "new")) for name in ("iOS", "Android", "web")
        }
        by_hand = sum(
            whole[name] / 900 * (mean(values["new", name]) - mean(values["old", name])) for name in whole
        )
        assert found["platform"]["difference"] == pytest.approx(by_hand, rel=1e-9)
        assert found["platform"]["standard_error"] < 0.5 * found[""]["standard_error"]
        assert found["platform"]["post_stratified"]["by"] == "platform"
        assert found["platform"]["unadjusted"]["difference"] == pytest.approx(
            found[""]["fixed_horizon"]["difference"]
        )
        line = selectors.lines_of(readout.document)[0]
        assert line.narrowed == "strata"
        page = ben.get(f"experiments/{experiment.key.lower()}/").content.decode()
        assert "Post-stratified by" in page
        assert "strata −" in page


def mean(found: list[float]) -> float:
    return sum(found) / len(found)
