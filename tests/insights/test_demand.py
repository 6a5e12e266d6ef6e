"""Impact is the sum of what voices count, and every figure of it opens to its rows."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadbed.core.evidence.models import EvidenceTally
from roadbed.core.records.models import Activity
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights import services
from roadbed.modules.insights.models import Segment
from roadbed.modules.insights.models.demand import Weights, parse_weights
from roadbed.modules.insights.selectors import demand, weighting
from tests import people
from tests.insights import factories as make

NOW = people.NOW


def tally(record: Any) -> EvidenceTally:
    return EvidenceTally.objects.get(record_id=record.pk)


def segment(workspace: Workspace, title: str, field: str, value: str) -> Segment:
    rule = {"match": "all", "conditions": [{"field": field, "operator": "is", "value": value}]}
    return services.create_segment(workspace=workspace, name=title, rule=rule, actor=make.ACTOR, at=NOW)


def weigh(workspace: Workspace, **weights: Any) -> Weights:
    found = services.set_weights(workspace=workspace, weights=weights, actor=make.ACTOR, at=NOW)
    list(services.recount_everything(workspace_id=workspace.pk, at=NOW))
    return found


@pytest.mark.django_db
class TestImpact:
    def test_each_person_counts_by_the_strongest_thing_they_said(self, workspace: Workspace) -> None:
        need = make.need(workspace)
        mira, tom = make.person(workspace), make.person(workspace, "Tom")
        piece = make.feedback(workspace, person=mira)
        make.quote(piece, need, strength=1)
        make.quote(piece, need, start=5, end=9, strength=3)
        services.vote(person=tom, target=need, actor=make.ACTOR, at=NOW)
        assert tally(need).impact == Decimal(6), "5 for a deal-breaker and 1 for a vote"

    def test_the_formula_adds_up_to_the_kept_score(self, workspace: Workspace) -> None:
        fleet = segment(workspace, "Fleet", "plan", "Fleet")
        weigh(workspace, segments={fleet.key: "2"}, money_per_point="10000", elsewhere="0.5")
        need = make.need(workspace)
        big = make.account(workspace, plan="Fleet", revenue=Decimal(84_000))
        small = make.account(workspace, "Copperline", plan="Solo")
        make.quote(make.feedback(workspace, person_name="Mira", account=big), need, strength=2)
        make.quote(make.feedback(workspace, person_name="Jo", account=small), need, strength=2)
        services.vote(person=make.person(workspace, "Tom"), target=need, actor=make.ACTOR, at=NOW)
        score = demand.score_of(record=need, weights=weighting.weights_of(workspace_id=workspace.pk))
        assert [(line.label, line.weight, line.people, line.points) for line in score.lines] == [
            ("Important", Decimal(2), 1, Decimal(6)),
            ("Important", Decimal("0.5"), 1, Decimal("1.5")),
            ("Vote", Decimal("0.5"), 1, Decimal("0.5")),
        ]
        assert score.revenue_points == Decimal("8.4")
        assert score.total == tally(need).impact == Decimal("16.4")
        assert score.unpriced == 1, "Copperline's revenue is unknown, not nought"

    @settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.booleans()), max_size=6))
    def test_whatever_is_said_the_rows_add_up(
        self, workspace: Workspace, said: list[tuple[int, bool, bool]]
    ) -> None:
        need = make.need(workspace, f"Need {len(said)}")
        for place, (strength, votes, named) in enumerate(said):
            person = make.person(workspace, f"Somebody {place}") if named or votes else None
            make.quote(make.feedback(workspace, person=person), need, strength=strength)
            if votes and person:
                services.vote(person=person, target=need, actor=make.ACTOR, at=NOW)
        weights = Weights()
        kept = tally(need)
        askers = demand.people_asking(record=need, weights=weights, most=100)
        assert sum(asker.points for asker in askers) == kept.impact
        assert len(askers) == kept.people
        assert demand.score_of(record=need, weights=weights).total == kept.impact


@pytest.mark.django_db
class TestWeights:
    def test_editions_are_kept_and_told_in_the_history(self, workspace: Workspace) -> None:
        first = weigh(workspace, vote="0.5")
        same = weigh(workspace, vote="0.5")
        assert first.edition == same.edition == 1
        assert weigh(workspace, vote="2").edition == 2
        deed = Activity.objects.filter(verb="changed weights of demand").latest("sequence")
        assert deed.changes["vote"] == ["0.50", "2.00"]
        assert [one.edition for one in weighting.editions_of(workspace_id=workspace.pk)] == [2, 1]

    def test_two_who_change_them_at_once_are_told(self, workspace: Workspace) -> None:
        weigh(workspace, vote="0.5")
        with pytest.raises(ValidationError, match="meanwhile"):
            services.set_weights(
                workspace=workspace, weights={"vote": 3}, expected_edition=0, actor=make.ACTOR, at=NOW
            )

    @pytest.mark.parametrize(
        "weights",
        [
            {"vote": "-1"},
            {"vote": "many"},
            {"vote": "NaN"},
            {"strengths": {"7": 1}},
            {"strengths": []},
            {"segments": {"N-1": 1}},
            {"segments": {"S-99": 1}},
            {"money_per_point": 0},
            {"money_per_point": "1e99"},
        ],
    )
    def test_what_is_no_weight_is_refused(self, workspace: Workspace, weights: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            services.set_weights(workspace=workspace, weights=weights, actor=make.ACTOR, at=NOW)

    def test_weights_read_back_as_they_were_written(self) -> None:
        written = parse_weights({"segments": {"S-2": "1.5"}, "money_per_point": 5000}, edition=4)
        assert parse_weights(written.as_json(), edition=4) == written


@pytest.mark.django_db
class TestRows:
    def test_customers_open_to_their_rows_with_unknown_revenue_last(self, workspace: Workspace) -> None:
        need = make.need(workspace)
        for name, revenue in (("Solo", None), ("Halden", Decimal(84_000)), ("Copperline", Decimal(12_000))):
            account = make.account(workspace, name, revenue=revenue)
            make.quote(make.feedback(workspace, person_name=f"One of {name}", account=account), need)
        found = demand.accounts_asking(record=need, weights=Weights())
        assert [(row.name, row.revenue) for row in found] == [
            ("Halden", Decimal(84_000)),
            ("Copperline", Decimal(12_000)),
            ("Solo", None),
        ]

    def test_somebody_unnamed_leads_to_their_words(self, workspace: Workspace) -> None:
        need, piece = make.need(workspace), make.feedback(workspace)
        make.quote(piece, need)
        (asker,) = demand.people_asking(record=need, weights=Weights())
        assert (asker.name, asker.url_path) == ("Somebody unnamed", f"feedback/{piece.number}/")

    def test_segments_stand_side_by_side_with_what_was_heard_of_each(self, workspace: Workspace) -> None:
        fleet, solo = segment(workspace, "Fleet", "plan", "Fleet"), segment(workspace, "Solo", "plan", "Solo")
        need = make.need(workspace)
        for place in range(3):
            account = make.account(workspace, f"Fleet {place}", plan="Fleet", revenue=Decimal(1000))
            piece = make.feedback(workspace, person_name=f"F {place}", account=account)
            if place < 2:
                make.quote(piece, need)
        silent = make.account(workspace, "Solo", plan="Solo")
        make.feedback(workspace, person_name="S", account=silent)
        found = demand.by_segment(workspace_id=workspace.pk, record_ids=[need.pk], segments=[fleet, solo])
        assert set(found[need.pk]) == {fleet.pk}
        share = found[need.pk][fleet.pk]
        assert (share.people, share.accounts, share.heard, share.revenue) == (2, 2, 3, Decimal(2000))
        assert demand.heard_accounts(workspace_id=workspace.pk, segments=[fleet, solo]) == {
            fleet.pk: 3,
            solo.pk: 1,
        }

    def test_a_segment_narrows_the_rows(self, workspace: Workspace) -> None:
        fleet = segment(workspace, "Fleet", "plan", "Fleet")
        need = make.need(workspace)
        for name, plan in (("Halden", "Fleet"), ("Copperline", "Solo")):
            account = make.account(workspace, name, plan=plan)
            make.quote(
                make.feedback(workspace, person_name=name, account=account, said_at=NOW - timedelta(days=1)),
                need,
            )
        assert [
            one.name for one in demand.accounts_asking(record=need, weights=Weights(), segment=fleet)
        ] == ["Halden"]
        assert len(demand.people_asking(record=need, weights=Weights(), segment=fleet)) == 1
