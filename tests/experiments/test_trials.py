"""Experiments from a hypothesis to a decision, on events whose effect is known."""

from __future__ import annotations

import math
import random
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from roadbed.analytics.events.event import EXPOSURE, Event
from roadbed.analytics.events.store import EventStore
from roadbed.core.evidence import chain
from roadbed.core.records import services as records
from roadbed.core.records.models import Activity, Relation
from roadbed.modules.experiments import facade, selectors, services
from roadbed.modules.experiments.demo.happenings import Effect
from roadbed.modules.experiments.models import (
    Decided,
    ExperimentMetric,
    ExperimentState,
    LookPlan,
    MetricKind,
    MetricRole,
    Readout,
)
from roadbed.modules.experiments.selectors.planning import History, power_plan
from roadbed_engines.stats import planning
from tests.experiments import factories, trial_world
from tests.experiments.trial_world import BEGUN, DAY
from tests.insights import factories as insights
from tests.people import NOW


@pytest.fixture(autouse=True)
def data(settings, tmp_path):
    settings.ROADBED_DATA = tmp_path


def read(experiment, actor, at=NOW):
    return services.read_experiment(experiment=experiment, actor=actor, at=at)


class TestStart:
    def test_what_cannot_be_answered_is_not_started_and_every_reason_is_named(self, workspace, ben):
        fields = services.ExperimentFields(title="Something", settings={"minimum_effect": 0.0})
        empty = services.create_experiment(workspace=workspace, fields=fields, actor=ben.actor, at=NOW)
        with pytest.raises(services.ExperimentRefusedError) as refused:
            services.start_experiment(experiment=empty, actor=ben.actor, at=NOW)
        places = {one.place for one in refused.value.obstacles}
        assert places == {"hypothesis", "variants", "metrics", "plan"}
        empty.refresh_from_db()
        assert empty.state == ExperimentState.DRAFT, "nothing was changed"

    def test_a_missing_column_a_metric_that_never_moves_and_a_silent_flag_stop_it(self, workspace, ben):
        trial_world.happen(workspace, drivers=60)
        lost = trial_world.metric(
            workspace, ben.actor, "Euros", "stop", kind=MetricKind.MEAN, how="sum", facts={"column": "euros"}
        )
        never = trial_world.metric(workspace, ben.actor, "Accidents", "accident")
        flag = factories.make_flag(workspace, ben.actor)
        said = {}
        for name, metric in (("column", lost), ("zero", never)):
            chosen = [services.MetricChoice(metric, MetricRole.PRIMARY)]
            draft = trial_world.draft(workspace, ben.actor, key=name, metrics=chosen)
            said[name] = " ".join(
                one.sentence for one in services.readiness(experiment=draft, at=NOW) if one.stops
            )
        chosen = [services.MetricChoice(never, MetricRole.PRIMARY)]
        off = trial_world.draft(
            workspace, ben.actor, key="off", metrics=chosen, split_flag=flag,
            environment=factories.environment(workspace), shares={"off": 1, "on": 1}, control="off",
        )  # fmt: skip
        said["flag"] = " ".join(one.sentence for one in services.readiness(experiment=off, at=NOW))
        assert "euros" in said["column"]
        assert "never changes cannot be tested" in said["zero"]
        assert "is off in Production, so no unit is dealt out" in said["flag"]

    def test_starting_pins_the_definitions_and_fixes_the_design(self, workspace, ben):
        experiment = trial_world.started(workspace, ben.actor)
        row = ExperimentMetric.objects.select_related("pinned", "metric").get(
            experiment=experiment, role="primary"
        )
        services.define_metric(
            metric=row.metric, changes={"definition": {**row.pinned.definition, "to_hours": 24}},
            actor=ben.actor, at=NOW,
        )  # fmt: skip
        row.refresh_from_db()
        assert (row.pinned.number, row.pinned.definition["to_hours"]) == (1, 72)
        with pytest.raises(services.WrongStateError, match="chosen after the fact"):
            services.change_experiment(experiment=experiment, changes={"alpha": 0.2}, actor=ben.actor, at=NOW)
        experiment.refresh_from_db()
        services.change_experiment(experiment=experiment, changes={"title": "New"}, actor=ben.actor, at=NOW)
        assert selectors.access_experiment(workspace_id=workspace.pk, key=experiment.key).title == "New"

    def test_the_size_is_the_engines_and_the_days_are_the_metrics_own(self, workspace, ben):
        experiment = trial_world.draft(workspace, ben.actor, plan=LookPlan.FIXED)
        history = History(value=0.2, deviation=0.4, units=10_000, units_a_day=500.0, is_share=True)
        found = power_plan(experiment=experiment, history=history)
        size = planning.size_for_share(baseline=0.2, effect=0.02, design=planning.Design())
        assert found.units == size.total
        assert found.days == math.ceil(size.total / 500 / 7) * 7
        lifts = [step.lift for step in found.steps]
        assert lifts == sorted(lifts, reverse=True), "longer finds smaller effects"
        assert power_plan(experiment=experiment, history=None).units is None


class TestReadout:
    def test_a_true_effect_is_found_with_every_part_of_the_answer(self, workspace, ben):
        trial_world.happen(workspace, drivers=1_500, effects=trial_world.better())
        experiment = trial_world.started(workspace, ben.actor)
        readout = read(experiment, ben.actor)
        assert (readout.problem, readout.verdict, readout.variant) == ("", "ship", "new")
        line = selectors.lines_of(readout.document)[0]
        assert line.low < -0.28 < line.high < 0
        assert line.reached is not None
        assert line.smallest is not None
        assert readout.document["novelty"][0]["course"] == "no change found"
        assert set(readout.document["metrics"][0]["by"]) == {"platform"}
        assert readout.inputs["data"]
        assert readout.inputs["metrics"][0]["version"] == 1
        again = read(experiment, ben.actor)
        assert (again.number, again.digest) == (2, readout.digest), "the same data, the same digest"
        verbs = Activity.objects.filter(record=experiment).values_list("verb", flat=True)
        assert list(verbs).count("recommended") == 1, "what is recommended again is no news"

    def test_a_broken_split_bears_its_mark_everywhere_and_says_where(self, workspace, ben):
        trial_world.happen(workspace, effects=trial_world.better(), lost={("new", "iOS"): 0.7})
        experiment = trial_world.started(workspace, ben.actor)
        readout = read(experiment, ben.actor)
        assert (readout.verdict, readout.is_trusted) == ("unhealthy", False)
        assert all(not result["trusted"] for one in readout.metrics for result in one["results"])
        leak = readout.document["srm"]["by"]["platform"]["leaks"][0]
        assert leak["value"] == "iOS"
        assert leak["missing"]["new"] > 50 > leak["missing"]["old"]
        page = ben.get(f"experiments/{experiment.key.lower()}/").content.decode()
        assert page.count("not to be trusted") >= 2
        assert "Units are not split as planned" in page
        assert selectors.past_results(workspace_id=workspace.pk) == []

    def test_an_effect_that_fades_and_jumpers_are_seen(self, workspace, ben):
        found = trial_world.happen(workspace, drivers=3_000, effects={"new": Effect(missed=0.2, fades=True)})
        seen = next(one for one in found if one.name == EXPOSURE and one.variant == "new")
        again = type(seen)(
            "again", EXPOSURE, seen.time + timedelta(hours=1), seen.unit, flag=seen.flag, variant="old"
        )
        store_of(workspace).append([again], key="again", received_at=NOW)
        experiment = trial_world.started(workspace, ben.actor)
        readout = read(experiment, ben.actor)
        assert readout.document["novelty"][0]["course"] == "fades"
        assert readout.document["jumpers"] == 1
        assert any("two variants" in one["message"] for one in readout.document["health"]["checks"])

    def test_bad_input_is_answered_in_words_and_nothing_is_lost(self, workspace, ben):
        experiment = trial_world.started(workspace, ben.actor)
        nobody = read(experiment, ben.actor)
        assert "Nobody was shown any of its variants" in nobody.problem
        trial_world.happen(workspace, shares={"old": 1.0}, drivers=300)
        empty = read(experiment, ben.actor)
        assert (empty.problem, empty.verdict) == ("", "unhealthy"), "one variant is empty: the split failed"
        assert all("new has no units" in one["reason"] for one in empty.document["refused"])
        experiment.source.sql = "SELECT * FROM nowhere"
        experiment.source.save()
        gone = read(experiment, ben.actor)
        assert "nowhere" in gone.problem
        assert selectors.latest_readout(experiment).number == empty.number, "the last answer stays in sight"
        page = ben.get(f"experiments/{experiment.key.lower()}/").content.decode()
        assert "The last reading failed" in page
        assert "new has no units" in page

    def test_zeros_and_infinite_values_are_refused_and_the_others_told(self, workspace, ben):
        found = trial_world.happen(workspace, drivers=200)
        units = [one for one in found if one.name == EXPOSURE]
        events = [
            type(one)(f"i{at}", "paid", one.time + timedelta(hours=1), one.unit, value=math.inf)
            for at, one in enumerate(units[:5])
        ]
        store_of(workspace).append(events, key="infinite", received_at=NOW)
        chosen = [
            *trial_world.metrics(workspace, ben.actor),
            services.MetricChoice(trial_world.metric(workspace, ben.actor, "Accidents", "accident")),
            services.MetricChoice(
                trial_world.metric(
                    workspace, ben.actor, "Paid", "paid", kind=MetricKind.MEAN, how="sum",
                    facts={"column": "value"},
                )
            ),
        ]  # fmt: skip
        experiment = trial_world.started(workspace, ben.actor, metrics=chosen)
        readout = read(experiment, ben.actor)
        refused = {one["metric"]: one["reason"] for one in readout.document["refused"]}
        assert set(refused) == {"Accidents", "Paid"}
        assert "nothing varies" in refused["Accidents"]
        assert "infinite" in refused["Paid"]
        assert next(one for one in readout.summary if one["role"] == "primary")["text"]

    def test_a_fixed_plan_is_read_once_and_a_belief_decides_by_its_own_interval(self, workspace, ben):
        trial_world.happen(workspace, effects=trial_world.better())
        metrics = trial_world.metrics(workspace, ben.actor)
        early = trial_world.started(
            workspace, ben.actor, plan=LookPlan.FIXED, planned_units=50_000, metrics=metrics
        )
        assert read(early, ben.actor).verdict == "too early"
        belief = trial_world.started(
            workspace,
            ben.actor,
            plan=LookPlan.BAYESIAN,
            prior="written",
            prior_deviation=0.01,
            metrics=metrics,
        )
        readout = read(belief, ben.actor)
        assert readout.verdict != "ship", "whoever believes that lifts are a hundredth wants more than this"
        assert readout.document["prior"]["standard_deviation"] == 0.01


def store_of(workspace):
    return EventStore(services.events_folder(workspace.pk))


@pytest.fixture
def shown(workspace, ben):
    """A test that found a clear winner, behind a flag."""
    flag = factories.make_flag(workspace, ben.actor)
    place = factories.environment(workspace)
    factories.publish(
        flag, place, ben.actor, default="off", off="off",
        rules=[
            {"id": "staff", "condition": {"staff": True}, "variant": "on"},
            {"id": "split", "split": {"off": 1, "on": 1}},
        ],
    )  # fmt: skip
    services.switch(flag=flag, environment=place, on=True, actor=ben.actor, at=NOW)
    trial_world.happen(
        workspace, "new-map", shares={"off": 1.0, "on": 1.0}, effects={"on": Effect(missed=0.7)}
    )
    experiment = trial_world.started(
        workspace, ben.actor, key="", split_flag=flag, environment=place, shares={"off": 1.0, "on": 1.0},
        control="off",
    )  # fmt: skip
    assert read(experiment, ben.actor).verdict == "ship"
    return experiment


class TestAccounts:
    def test_whole_accounts_are_the_units_and_their_likeness_widens_the_interval(self, workspace, ben):
        chance = random.Random(3)  # noqa: S311 - made-up events
        events = []
        for account in range(60):
            variant, level = ("old", "new")[account % 2], chance.gauss(0.0, 1.0)
            for user in range(12):
                unit = f"a{account}-{user}"
                at = BEGUN + timedelta(hours=chance.random() * 120)
                said = f'{{"platform": "iOS", "account": "a{account}"}}'
                events.append(
                    Event(f"x{unit}", EXPOSURE, at, unit, flag="why", variant=variant, attributes=said)
                )
                value = 10.0 + 3.0 * level + chance.gauss(0.0, 1.0)
                events.append(Event(f"p{unit}", "paid", at + timedelta(hours=1), unit, value=value))
        store_of(workspace).append(events, key="accounts", received_at=NOW)
        paid = trial_world.metric(
            workspace, ben.actor, "Paid", "paid", kind=MetricKind.MEAN, how="sum", facts={"column": "value"}
        )
        chosen = [services.MetricChoice(paid, MetricRole.PRIMARY)]
        errors, units = {}, {}
        for randomised in ("unit", "cluster"):
            experiment = trial_world.draft(
                workspace, ben.actor, metrics=chosen, randomised=randomised, cluster="account", dimensions=[]
            )
            experiment.source.sql = trial_world.SQL.replace(
                "FROM", ", json_extract_string(attributes, '$.account') AS account FROM"
            )
            experiment.source.dimensions = ["platform", "account"]
            experiment.source.save()
            services.start_experiment(experiment=experiment, actor=ben.actor, at=BEGUN)
            readout = read(experiment, ben.actor)
            assert readout.problem == ""
            found = readout.document["metrics"][0]["results"][0]
            errors[randomised], units[randomised] = found["standard_error"], readout.units
        assert units == {"unit": 720, "cluster": 60}
        assert errors["cluster"] > 2.5 * errors["unit"]


class TestInteractions:
    def test_two_experiments_on_the_same_units_that_clash_say_so(self, workspace, ben):
        chance = random.Random(4)  # noqa: S311 - made-up events
        events = []
        for number in range(2_400):
            unit, at = f"u{number}", BEGUN + timedelta(hours=chance.random() * 100)
            first, second = chance.choice(("old", "new")), chance.choice(("x", "y"))
            for flag, variant in (("why", first), ("other", second)):
                events.append(
                    Event(f"{flag}{unit}", EXPOSURE, at, unit, flag=flag, variant=variant, attributes="{}")
                )
            helps = 2.0 if first == "new" and second == "x" else 0.0
            events.append(
                Event(
                    f"p{unit}",
                    "paid",
                    at + timedelta(hours=1),
                    unit,
                    value=10.0 + helps + chance.gauss(0.0, 2.0),
                )
            )
        store_of(workspace).append(events, key="two", received_at=NOW)
        paid = trial_world.metric(
            workspace, ben.actor, "Paid", "paid", kind=MetricKind.MEAN, how="sum", facts={"column": "value"}
        )
        chosen = [services.MetricChoice(paid, MetricRole.PRIMARY)]
        one = trial_world.started(workspace, ben.actor, metrics=chosen, dimensions=[])
        other = trial_world.started(
            workspace,
            ben.actor,
            key="other",
            metrics=chosen,
            shares={"x": 1, "y": 1},
            control="x",
            dimensions=[],
        )
        readout = read(one, ben.actor)
        found = readout.document["interactions"][0]
        assert (found["experiment"], found["p_value"] < 1e-6) == (other.key, True)
        assert {each["with"]: round(each["effect"]) for each in found["effects"]} == {"x": 2, "y": 0}
        assert readout.document["metrics"][0]["by"] == {}, "it is no breakdown of the experiment's own"
        assert "changes the effect" in ben.get(f"experiments/{one.key.lower()}/").content.decode()


class TestRamps:
    def test_a_broken_guardrail_rolls_the_ramp_back_and_a_sound_sample_lets_it_go_on(self, workspace, ben):
        place = None
        for name, finished, steps in (("harm", 0.5, "rolled back"), ("fine", 1.0, "step 1 has seen")):
            flag = factories.make_flag(workspace, ben.actor, name)
            place = factories.environment(workspace)
            ramp = {"steps": [{"share": 0.5, "sample": 100}, {"share": 1.0}]}
            factories.publish(
                flag,
                place,
                ben.actor,
                default="off",
                off="off",
                rules=[{"id": "r", "variant": "on", "ramp": ramp}],
            )
            services.switch(flag=flag, environment=place, on=True, actor=ben.actor, at=NOW)
            services.start_ramp(flag=flag, environment=place, rule="r", actor=ben.actor, at=NOW)
            shares = {"off": 1.0, "on": 1.0}
            trial_world.happen(workspace, name, shares=shares, effects={"on": Effect(finished=finished)})
            experiment = trial_world.started(
                workspace, ben.actor, key="", split_flag=flag, environment=place, shares=shares, control="off",
                title=name,
            )  # fmt: skip
            readout = read(experiment, ben.actor)
            done = services.watch_ramps(experiment=experiment, readout=readout, actor=ben.actor, at=NOW)
            assert len(done) == 1
            assert steps in done[0]
            again = services.watch_ramps(experiment=experiment, readout=readout, actor=ben.actor, at=NOW)
            assert again == [], "what was done is not done twice"


class TestDecision:
    def test_following_the_recommendation_needs_no_reason_and_the_flag_gets_a_draft(
        self, workspace, ben, shown
    ):
        decision = services.decide_experiment(
            experiment=shown, choice=services.Choice(Decided.SHIP, "on"), actor=ben.actor, at=NOW
        )
        assert (decision.differs, decision.recommended, shown.state) == (
            False,
            "ship",
            ExperimentState.DECIDED,
        )
        assert shown.stopped_at == NOW, "what still ran was stopped with it"
        draft = services.propose_on_flag(experiment=shown, actor=ben.actor, at=NOW)
        assert draft.definition["default"] == "on"
        assert [rule["id"] for rule in draft.definition["rules"]] == ["staff"]
        state = selectors.state_of(flag=shown.split_flag, environment=shown.environment)
        assert state.definition["default"] == "off", "nothing is live until somebody publishes it"

    def test_deciding_otherwise_takes_a_reason_and_keeps_what_was_recommended(self, ben, shown):
        keep = services.Choice(Decided.KEEP)
        with pytest.raises(ValidationError, match="Say why"):
            services.decide_experiment(experiment=shown, choice=keep, actor=ben.actor, at=NOW)
        shown.refresh_from_db()
        assert shown.state == ExperimentState.RUNNING, "what is refused changes nothing"
        why = services.Choice(Decided.KEEP, "", "The works council says no.", "Ask first.")
        decision = services.decide_experiment(experiment=shown, choice=why, actor=ben.actor, at=NOW)
        assert (decision.differs, decision.recommended, decision.recommended_variant) == (True, "ship", "on")
        last = Activity.objects.filter(record=shown, verb="decided").get()
        assert last.changes["against the recommendation"] is True
        services.withdraw_decision(experiment=shown, actor=ben.actor, at=NOW)
        assert shown.state == ExperimentState.STOPPED

    def test_the_result_is_on_the_chain_of_what_it_tests(self, workspace, ben, shown):
        need = insights.need(workspace)
        records.create_link(source=shown, target=need, relation=Relation.TESTS, actor=ben.actor, at=NOW)
        found = facade.works_for(workspace.pk, workspace.slug, [need.pk])[need.pk][0]
        assert found.headline.startswith("Missed drops −")
        assert found.strength == "partial"
        assert "recommended: ship on" in found.detail
        services.decide_experiment(
            experiment=shown, choice=services.Choice(Decided.SHIP, "on"), actor=ben.actor, at=NOW
        )
        found = facade.works_for(workspace.pk, workspace.slug, [need.pk])[need.pk][0]
        assert found.strength == "full"
        assert "decided: ship on" in found.detail
        assert chain.chain_of(record=need, workspace=workspace.slug) is not None


class TestLibrary:
    def test_five_results_teach_a_prior_and_the_sum_is_shrunk(self, workspace, ben):
        lifts = [0.12, -0.01, 0.03, -0.08, 0.06]
        for at, lift in enumerate(lifts):
            fields = services.ExperimentFields(title=f"Try {at}", settings={"shares": {"old": 1, "new": 1}})
            one = services.create_experiment(workspace=workspace, fields=fields, actor=ben.actor, at=BEGUN)
            factories.run(one)
            summary = {
                "metric": "Orders", "variant": "new", "role": "primary", "wanted": "up", "text": f"{lift:+.0%}",
                "refused": "", "tone": "", "shown": None, "lift": lift, "error": 0.03,
            }  # fmt: skip
            Readout.objects.create(
                experiment=one, number=1, at=NOW, as_of=NOW, digest="0" * 64, verdict="ship", variant="new",
                summary=[summary], units=10,
            )  # fmt: skip
            if at < 4:
                assert selectors.library(workspace_id=workspace.pk).prior is None
            decided = Decided.SHIP if lift > 0.02 else Decided.KEEP
            choice = services.Choice(
                decided, "new" if decided == Decided.SHIP else "", "So be it.", f"Lesson {at}"
            )
            services.decide_experiment(experiment=one, choice=choice, actor=ben.actor, at=NOW + DAY)
        found = selectors.library(workspace_id=workspace.pk)
        assert (found.experiments, found.shipped, found.wins, found.against) == (5, 3, 2, 2)
        impact = found.impacts[0].impact
        assert impact.observed == pytest.approx(0.21)
        assert 0 < impact.shrunk < impact.observed
        page = ben.get("experiments/library/?q=Lesson 3").content.decode()
        assert "Lesson 3" in page
        assert "Lesson 1" not in page
        exported = ben.get("experiments/library/export/").content.decode().splitlines()
        assert len(exported) == 6
        assert "Lesson 0" in exported[1]
