"""Figures, lenses, rankings and portfolios."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from roadbed.core.evidence.models import EvidenceTally
from roadbed.core.jobs import services as jobs
from roadbed.core.records import services as records
from roadbed.core.records.models import Activity, Relation
from roadbed.modules.priorities import facade, services
from roadbed.modules.priorities.models import Figure, Place, Question, Ranking, Subject
from roadbed.modules.priorities.selectors import definitions, proposals, reading
from roadbed.modules.priorities.services import portfolios
from roadbed.modules.roadmap import services as roadmap
from roadbed.modules.roadmap.models import Feature
from roadbed_engines.priority.ranges import Range, exactly
from tests.people import NOW

LATER = NOW + timedelta(days=1)


class TestRanking:
    def test_everything_that_has_its_figures_is_ranked_and_the_rest_says_why(self, world):
        jobs.run_waiting()
        ranking = Ranking.objects.get(lens=world.lens)
        places = list(Place.objects.filter(ranking=ranking).order_by("position"))
        assert (ranking.scored, ranking.left_out, ranking.cut, ranking.runs) == (11, 1, 4, 10_000)
        assert sum(place.top for place in places) == pytest.approx(4)
        assert sum(place.first for place in places) == pytest.approx(1)
        assert all(place.rank_low <= place.rank_middle <= place.rank_high for place in places[:11])
        assert places[11].record_id == world.features[11].pk
        assert places[11].left_out == "No reach, impact, confidence or effort yet."
        assert places[0].doubt["effort"] + places[0].doubt["reach"] == pytest.approx(1, abs=0.02)
        assert 0 < ranking.stability < 1

    def test_nothing_is_computed_twice_and_a_new_figure_computes_anew(self, world):
        first = services.rank(lens=world.lens, at=NOW)
        assert services.rank(lens=world.lens, at=LATER).computed_at == NOW
        world.say(11, reach=exactly(9_000), impact=exactly(3), confidence=exactly(1), effort=exactly(1))
        fresh = services.rank(lens=world.lens, at=LATER)
        assert fresh.computed_at == LATER
        assert fresh.input_hash != first.input_hash
        leader = Place.objects.get(ranking=fresh, position=1)
        assert leader.record_id == world.features[11].pk
        assert leader.rank_high == 1
        assert Place.objects.get(ranking=fresh, record_id=world.features[10].pk).before is not None

    def test_closing_a_feature_takes_it_out(self, world):
        services.rank(lens=world.lens, at=NOW)
        roadmap.drop_feature(feature=world.features[3], reason="Nobody asks", actor=world.ben.actor, at=LATER)
        jobs.run_waiting()
        assert not Place.objects.filter(record_id=world.features[3].pk).exists()

    def test_what_was_heard_answers_where_nobody_has(self, world):
        feature = world.features[11]
        world.say(11, impact=exactly(1), confidence=exactly(1))
        EvidenceTally.objects.filter(record_id=feature.pk).delete()
        EvidenceTally.objects.create(record_id=feature.pk, people=9, counted_at=NOW)
        roadmap_estimate(feature, world)
        services.rank(lens=world.lens, at=NOW)
        place = Place.objects.get(record_id=feature.pk)
        assert place.cost == pytest.approx(10**0.5, rel=0.05)
        assert 2.5 < place.worth / 3.3 < 3.2

    def test_a_circle_is_named_by_keys(self, world):
        lens = services.create_lens(
            workspace=world.workspace, title="Delay", method="wsjf", actor=world.ben.actor, at=NOW
        )
        for number in (0, 1):
            world.say(number, cost_of_delay=Range(1, 3), duration=exactly(2))
        one, other = world.features[:2]
        for source, target in ((one, other), (other, one)):
            records.create_link(
                source=source, target=target, relation=Relation.DEPENDS_ON, actor=world.ben.actor, at=NOW
            )
        found = services.rank(lens=lens, at=NOW)
        assert "wait for each other in a circle" in found.refusal
        assert one.key in found.refusal

    def test_needs_are_ranked_by_their_ratings(self, world):
        lens = services.create_lens(
            workspace=world.workspace,
            title="Needs",
            method="opportunity",
            subject=Subject.NEEDS,
            actor=world.ben.actor,
            at=NOW,
        )
        assert services.rank(lens=lens, at=NOW).refusal == "No item has every input of this lens yet."

    def test_questions_say_what_would_answer_them(self, world):
        services.rank(lens=world.lens, at=NOW)
        asked = list(Question.objects.filter(ranking__lens=world.lens))
        assert {one.name for one in asked} <= {"reach", "effort"}
        assert asked
        effort = next(one for one in asked if one.name == "effort")
        assert effort.offers[0]["kind"] == "spike"
        assert effort.offers[0]["net"] == pytest.approx(effort.offers[0]["worth"])
        assert all(one.worth > 2 * one.error for one in asked)


def roadmap_estimate(feature, world):
    from roadbed.modules.roadmap.models import Estimate

    Estimate.objects.create(
        feature=feature, origin="range", p10=5, p50=15.8, p90=50, mean=20, at=NOW, by_name="Ben"
    )


class TestFigures:
    def test_history_is_kept_and_the_record_s_history_says_it(self, world):
        feature = world.features[0]
        world.say(0, effort=Range(1, 2))
        world.say(0, effort=Range(1, 2))
        rows = Figure.objects.filter(record=feature, name="effort")
        assert [row.is_current for row in rows.order_by("pk")] == [False, True]
        said = Activity.objects.filter(record_id=feature.pk, verb="rated").latest("pk")
        assert said.changes == {"effort": ["2 to 8", "1 to 2"]}

    def test_what_takes_no_figures_is_refused(self, world):
        with pytest.raises(ValidationError, match="takes no figures"):
            services.say_figures(
                said=[services.Said(world.lens, "effort", exactly(1))], actor=world.ben.actor, at=NOW
            )
        with pytest.raises(ValidationError, match="out of all proportion"):
            world.say(0, effort=exactly(1e15))

    def test_votes_become_figures_through_the_facade(self, world):
        feature = world.features[0]
        kept = facade.take_votes(
            figures={(feature.pk, "impact"): Range(1, 3, 2)},
            note="Round 2 of TR-1",
            workspace_id=world.workspace.pk,
            actor=world.ben.actor,
            at=NOW,
        )
        assert kept == 1
        assert Figure.objects.get(record=feature, name="impact", is_current=True).source == "votes"
        services.rank(lens=world.lens, at=NOW)
        found = facade.standings(
            workspace_id=world.workspace.pk, workspace="northwind", record_ids=[feature.pk]
        )
        assert found[feature.pk][0].words.endswith("of 11")


class TestLenses:
    def test_a_new_definition_is_a_new_version(self, world):
        definition = {**world.lens.definition, "formula": "reach * impact / effort ^ 2"}
        services.change_lens(
            lens=world.lens, changes={"definition": definition}, actor=world.ben.actor, at=LATER
        )
        assert [one.number for one in world.lens.versions.all()] == [2, 1]
        assert services.rank(lens=world.lens, at=LATER).version == 2

    @pytest.mark.parametrize(
        ("formula", "said"),
        [
            ("reach / nothing", "asks for nothing, which is no input"),
            ("reach *", "ends where a figure"),
            ("weighted", "no input has a weight"),
        ],
    )
    def test_what_cannot_be_computed_is_refused(self, world, formula, said):
        with pytest.raises(ValidationError, match=said):
            definitions.clean({**world.lens.definition, "formula": formula})

    def test_every_method_begins_sound(self):
        for name in definitions.methods.METHODS:
            assert definitions.clean(definitions.initial(name))["inputs"]
            definitions.clean_studies(definitions.initial_studies(name))

    def test_drivers_are_ranked_under_any_weights_too_and_musts_count_their_effort(self, world):
        drivers = services.create_lens(
            workspace=world.workspace, title="Ours", method="drivers", actor=world.ben.actor, at=NOW, cut=1
        )
        for number, (value, risk) in enumerate(((10, 10), (0, 0), (4, 6))):
            world.say(
                number,
                drivers_value=exactly(value),
                drivers_strategy=exactly(5),
                drivers_risk=exactly(risk),
            )
        services.rank(lens=drivers, at=NOW)
        shares = Place.objects.filter(ranking=drivers.pk).values_list("top_any_weights", flat=True)
        assert sum(share for share in shares if share is not None) == pytest.approx(1)
        classes = services.create_lens(
            workspace=world.workspace, title="Classes", method="moscow", actor=world.ben.actor, at=NOW
        )
        for number, one in enumerate((4, 4, 3)):
            world.say(number, **{"class": exactly(one)})
        services.rank(lens=classes, at=NOW)
        found = reading.classes_of(classes)
        assert found is not None
        assert [(one.name, one.items) for one in found.shares[:2]] == [("must", 2), ("should", 1)]
        assert not found.leaves_room


class TestPortfolios:
    @pytest.fixture
    def portfolio(self, world, in_process):
        services.rank(lens=world.lens, at=NOW)
        made = portfolios.create_portfolio(
            workspace=world.workspace,
            title="Next",
            lens=world.lens,
            periods=["Q1", "Q2"],
            capacity={"Mobile": [9, 9], "No team": [9, 0]},
            actor=world.ben.actor,
            at=NOW,
        )
        return portfolios.solve(portfolio=made, at=NOW, seconds=20)

    def test_it_keeps_within_the_room_and_says_why(self, portfolio):
        assert portfolio.problem == ""
        assert portfolio.status == "optimal"
        rows = list(portfolio.choices.all())
        assert len(rows) == 11
        for team, rooms in portfolio.capacity.items():
            for period, room in enumerate(rooms):
                assert sum(row.effort for row in rows if (row.team, row.period) == (team, period)) <= room
        assert all(row.reason for row in rows)
        assert portfolio.shares[0]["objective"] == "Offline"

    def test_a_pin_is_kept_and_accepting_moves_the_roadmap_and_back(self, world, portfolio):
        out = next(row for row in portfolio.choices.all() if row.period is None)
        portfolios.pin(portfolio=portfolio, record=out.record, word="must", actor=world.ben.actor, at=NOW)
        portfolios.solve(portfolio=portfolio, at=NOW, seconds=20)
        assert portfolio.choices.get(record_id=out.record_id).reason == "It is a must."
        moves = proposals.moves(portfolio)
        moved, undo = portfolios.accept(
            portfolio=portfolio, record_ids={moves[0].choice.record_id}, actor=world.ben.actor, at=LATER
        )
        assert moved == 1
        assert Feature.objects.get(pk=moves[0].choice.record_id).horizon == moves[0].to
        assert world.ben.post(undo).status_code == 302
        assert Feature.objects.get(pk=moves[0].choice.record_id).horizon == "none"

    def test_what_cannot_be_chosen_says_so(self, world, portfolio):
        portfolios.change_portfolio(
            portfolio=portfolio, changes={"capacity": {"Web": [1, 1]}}, actor=world.ben.actor, at=NOW
        )
        record = portfolio.choices.all()[0].record
        portfolios.pin(portfolio=portfolio, record=record, word="must", actor=world.ben.actor, at=NOW)
        portfolios.solve(portfolio=portfolio, at=NOW)
        assert "the musts ask" in portfolio.problem.lower()
        with pytest.raises(ValidationError, match="2 periods"):
            portfolios.change_portfolio(
                portfolio=portfolio, changes={"capacity": {"Web": [1]}}, actor=world.ben.actor, at=NOW
            )


class TestReading:
    def test_a_score_opens_to_its_draws(self, world):
        services.rank(lens=world.lens, at=NOW)
        ranking = Ranking.objects.get(lens=world.lens)
        feature = world.features[5]
        place = Place.objects.get(ranking=ranking, record=feature)
        worked = reading.work_out(world.lens, feature, place=place, bar=ranking.bar, today=NOW.date())
        assert worked.middle == pytest.approx(place.score, rel=1e-9)
        assert sum(count for _, _, count in worked.draws) == pytest.approx(9_900, abs=100)
        reach = next(line for line in worked.lines if line.name == "reach")
        assert reach.tipping is not None
        assert reach.tipping.needed is not None
