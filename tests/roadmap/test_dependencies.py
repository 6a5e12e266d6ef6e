"""What waits for what: circles are named, also over the tree, and ten thousand stay quick."""

from __future__ import annotations

import time
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError

from roadbed.core.records import services as records
from roadbed.core.tables import services as tables
from roadbed.modules.roadmap import selectors, services
from roadbed.modules.roadmap.models import Dependency, graphs


@pytest.fixture
def wait(ben, now):
    def add(feature, on, **more):
        return services.add_dependency(feature=feature, on=on, actor=ben.actor, at=now, **more)

    return add


class TestCircles:
    def test_name_their_members_in_order(self, make_feature, wait):
        one, two, three = make_feature("One"), make_feature("Two"), make_feature("Three", lane="technical")
        wait(two, one)
        wait(three, two)
        with pytest.raises(services.CircleError) as refused:
            wait(one, three)
        assert f"{one.key} → {two.key} → {three.key} → {one.key}" in refused.value.messages[0]
        assert Dependency.objects.count() == 2, "nothing was lost, nothing added"

    def test_are_found_over_the_tree(self, make_feature, wait):
        area = make_feature("Area", level="area")
        inside, outside = make_feature("Inside", parent=area), make_feature("Outside")
        wait(outside, area)
        with pytest.raises(services.CircleError):
            wait(inside, outside)
        with pytest.raises(services.CircleError):
            wait(inside, area)

    def test_are_none_where_one_may_start_first_and_finish_last(self, make_feature, wait):
        one, two = make_feature("One"), make_feature("Two")
        wait(two, one, tie="ss")
        wait(one, two, tie="ff")
        with pytest.raises(services.CircleError):
            wait(one, two, tie="fs")

    def test_are_not_closed_by_moving_a_feature(self, make_feature, wait, ben, now):
        area, one, two = make_feature("Area", level="area"), make_feature("One"), make_feature("Two")
        wait(two, area)
        wait(one, two)
        with pytest.raises(ValidationError, match="circle"):
            services.move_feature(feature=one, parent=area, actor=ben.actor, at=now)


class TestGraph:
    def test_finds_what_is_knotted_and_nothing_else(self):
        waits = [graphs.Wait(b, a) for a, b in ((1, 2), (2, 3), (3, 1), (3, 4), (4, 5))]
        assert graphs.Graph.of(waits=waits, parents={}).knotted() == {1, 2, 3}

    def test_stays_quick_with_ten_thousand(self):
        waits = [graphs.Wait(n + step, n) for n in range(1, 5001) for step in (1, 7)]
        begun = time.process_time()
        graph = graphs.Graph.of(waits=waits, parents={n: n - n % 50 or None for n in range(1, 5008)})
        assert graph.circle_with(graphs.Wait(1, 5000))
        # A chain told from its end: each new link is in front of all that is known.
        backwards = graphs.Graph.of(waits=[], parents={})
        for number in range(10_000, 0, -1):
            assert backwards.circle_with(graphs.Wait(number + 1, number)) == []
            backwards.add(graphs.Wait(number + 1, number))
        assert len(backwards.circle_with(graphs.Wait(1, 10_001))) == 10_001
        assert time.process_time() - begun < 1.5


class TestUndoing:
    def test_brings_a_dependency_back(self, make_feature, wait, ben, now):
        one, two = make_feature("One"), make_feature("Two")
        dependency, _ = wait(two, one, lag=3)
        deed = services.remove_dependency(dependency=dependency, actor=ben.actor, at=now)
        services.undo_deed(deed=deed, actor=ben.actor, at=now)
        assert [(d.on_id, d.lag) for d in selectors.dependencies_of(two)[0]] == [(one.pk, 3)]


class TestExternals:
    def test_have_who_owes_them_and_a_promised_range(self, workspace, feature, wait, ben, now):
        draft = services.ExternalDraft(
            title="Tile licence",
            promised_by="Carto GmbH",
            earliest=date(2026, 12, 1),
            latest=date(2027, 1, 15),
        )
        external, _ = services.create_external(workspace=workspace, draft=draft, actor=ben.actor, at=now)
        wait(feature, external)
        assert selectors.waiting_for(external) == [feature]
        assert selectors.blocked(feature_ids=[feature.pk]) == {feature.pk: 1}
        deed = services.change_external(
            external=external, changes={"state": "delivered"}, actor=ben.actor, at=now
        )
        assert external.delivered_date == now.date()
        assert selectors.blocked(feature_ids=[feature.pk]) == {}
        services.undo_deed(deed=deed, actor=ben.actor, at=now)
        external.refresh_from_db()
        assert (external.state, external.delivered_date) == ("waiting", None)

    def test_promised_for_the_past_are_refused(self, workspace, ben, now):
        draft = services.ExternalDraft(
            title="Old", promised_by="Carto", earliest=date(2026, 1, 1), latest=date(2026, 2, 1)
        )
        with pytest.raises(ValidationError, match="1 February 2026 is past"):
            services.create_external(workspace=workspace, draft=draft, actor=ben.actor, at=now)


class TestHardDates:
    def test_in_the_past_are_refused_and_soft_ones_are_not(self, make_feature, ben, now):
        feature = make_feature(due_date=date(2026, 10, 1))
        with pytest.raises(ValidationError, match="1 October 2026 is past"):
            services.change_feature(feature=feature, changes={"due_kind": "hard"}, actor=ben.actor, at=now)
        services.change_feature(
            feature=feature,
            changes={"due_kind": "hard", "due_date": date(2026, 12, 1), "due_to": "Halden"},
            actor=ben.actor,
            at=now,
        )
        feature.refresh_from_db()
        assert (feature.due_kind, feature.due_to) == ("hard", "Halden")


class TestMerging:
    def test_lets_the_survivor_wait_in_its_place_and_gives_it_back(self, make_feature, wait, ben, now):
        one, two, three = make_feature("One"), make_feature("Two"), make_feature("Three")
        wait(two, one)
        wait(three, two)
        merge = records.merge_records(survivor=three, merged=two, actor=ben.actor, at=now)
        assert [(d.feature_id, d.on_id) for d in selectors.dependencies_of(three)[0]] == [(three.pk, one.pk)]
        records.undo_merge(merge=merge, actor=ben.actor, at=now)
        pairs = Dependency.objects.order_by("pk").values_list("feature_id", "on_id")
        assert list(pairs) == [(two.pk, one.pk), (three.pk, two.pk)]


class TestImports:
    def test_name_the_circle_of_a_row_and_can_be_undone(self, workspace, make_feature, ben, now):
        one, two = make_feature("One"), make_feature("Two")
        later = now + timedelta(hours=1)
        rows = (f"{two.key},One,Finish to start,2", f"{one.key},{two.key},fs,0", "Gone,One,,")
        run = tables.create_import(
            workspace=workspace,
            target="dependencies",
            name="waits.csv",
            chunks=["\n".join(("Feature,Waits for,How,Lag", *rows)).encode()],
            actor=ben.actor,
            at=later,
        )
        tables.start_import(run=run, actor=ben.actor, at=later)
        run = tables.run_import(run=run, actor=ben.actor, now=lambda: later)
        assert run.rejected_count == 2
        assert list(Dependency.objects.values_list("feature_id", "on_id", "lag")) == [(two.pk, one.pk, 2)]
        tables.start_undo(run=run, actor=ben.actor)
        run.refresh_from_db()
        tables.undo_import(run=run, actor=ben.actor, now=lambda: later)
        assert not Dependency.objects.exists()
