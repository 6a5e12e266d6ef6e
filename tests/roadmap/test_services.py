"""The plan: a tree without cycles, statuses with a history, deeds that can be taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadbed.core.evidence.models import EvidenceTally
from roadbed.core.records import services as records
from roadbed.core.records.models import Relation
from roadbed.modules.insights import services as insights
from roadbed.modules.roadmap import services
from roadbed.modules.roadmap.models import Feature, Horizon, Lane, Level, Status, StatusSpell


class TestTree:
    def test_keys_tell_the_lane(self, make_feature):
        assert make_feature().key == "F-1"
        assert make_feature(lane=Lane.TECHNICAL).key == "T-1"

    def test_a_node_never_lies_under_a_smaller_one(self, make_feature):
        story = make_feature("Story", level=Level.STORY)
        with pytest.raises(ValidationError):
            make_feature("Area", level=Level.AREA, parent=story)

    def test_moving_under_itself_is_refused(self, make_feature, ben, now):
        top = make_feature("Top")
        child = make_feature("Child", parent=top, level=Level.FEATURE)
        with pytest.raises(services.CycleError):
            services.move_feature(feature=top, parent=child, actor=ben.actor, at=now)

    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(moves=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 6)), max_size=12))
    def test_any_moves_leave_a_tree_whose_trails_are_true(self, make_feature, ben, now, moves):
        nodes = [make_feature(f"Node {number}", level=Level.AREA) for number in range(6)]
        for moved, under in moves:
            parent = nodes[under] if under < 6 else None
            try:
                services.move_feature(
                    feature=Feature.objects.get(pk=nodes[moved].pk), parent=parent, actor=ben.actor, at=now
                )
            except services.CycleError:
                continue
        for node in Feature.objects.filter(pk__in=[one.pk for one in nodes]):
            trail, above = [], node.parent
            while above is not None:
                trail.insert(0, above.pk)
                assert len(trail) <= len(nodes), "a cycle"
                above = above.parent
            assert node.ancestor_ids == trail

    def test_a_move_carries_the_branch_and_undo_brings_it_back(self, make_feature, workspace, ben, now):
        one, two = make_feature("One", level=Level.AREA), make_feature("Two", level=Level.AREA)
        child = make_feature("Child", parent=one)
        grandchild = make_feature("Grandchild", parent=child)
        deed = services.move_feature(feature=child, parent=two, actor=ben.actor, at=now)
        assert Feature.objects.get(pk=grandchild.pk).ancestor_ids == [two.pk, child.pk]
        services.undo_deed(deed=deed, actor=ben.actor, at=now)
        assert Feature.objects.get(pk=grandchild.pk).ancestor_ids == [one.pk, child.pk]


class TestStatus:
    def test_keeps_how_long_it_stood_where(self, feature, ben, now):
        later = now + timedelta(days=3)
        services.change_status(feature=feature, status=Status.PLANNED, actor=ben.actor, at=later)
        spells = list(
            StatusSpell.objects.filter(feature=feature).values_list("status", "entered_at", "left_at")
        )
        assert spells == [("idea", now, later), ("planned", later, None)]

    def test_dropping_needs_a_reason(self, feature, ben, now):
        with pytest.raises(ValidationError):
            services.change_status(feature=feature, status=Status.DROPPED, actor=ben.actor, at=now)

    def test_shipping_is_undone_with_its_date(self, feature, ben, now):
        deed = services.ship_feature(feature=feature, shipped_at=now, actor=ben.actor, at=now)
        assert Feature.objects.get(pk=feature.pk).shipped_at == now
        services.undo_deed(deed=deed, actor=ben.actor, at=now)
        assert Feature.objects.get(pk=feature.pk).status == Status.IDEA

    def test_undo_leaves_what_somebody_changed_since(self, feature, ben, now):
        deed = services.place_feature(feature=feature, horizon=Horizon.NOW, actor=ben.actor, at=now)
        services.place_feature(
            feature=Feature.objects.get(pk=feature.pk), horizon=Horizon.LATER, actor=ben.actor, at=now
        )
        with pytest.raises(services.NotUndoableError):
            services.undo_deed(deed=deed, actor=ben.actor, at=now)


class TestEvidence:
    def test_climbs_from_quotes_over_needs_to_features_and_areas(self, make_feature, workspace, ben, now):
        area = make_feature("Tracking", level=Level.AREA)
        feature = make_feature("Reroute", parent=area)
        need = insights.create_need(workspace=workspace, title="Change a run", actor=ben.actor, at=now)
        services.answer_need(feature=feature, need=need, actor=ben.actor, at=now)
        for name, account in (("Mira", "Halden"), ("Jonas", "Halden"), ("Ines", "Copperline")):
            said = insights.add_feedback(
                workspace=workspace,
                text="We phone every driver.",
                person_name=name,
                account_name=account,
                said_at=now,
                actor=ben.actor,
                at=now,
            )
            insights.quote_words(feedback=said, target=need, start=0, end=8, actor=ben.actor, at=now)
        for record in (need, feature, area):
            tally = EvidenceTally.objects.get(record_id=record.pk)
            assert (tally.people, tally.accounts) == (3, 2)

    def test_leaves_the_old_parent_with_a_moved_branch(self, make_feature, workspace, ben, now):
        old, new = make_feature("Old", level=Level.AREA), make_feature("New", level=Level.AREA)
        feature = make_feature("Reroute", parent=old)
        said = insights.add_feedback(
            workspace=workspace,
            text="Please reroute.",
            person_name="Mira",
            said_at=now,
            actor=ben.actor,
            at=now,
        )
        insights.quote_words(feedback=said, target=feature, start=0, end=6, actor=ben.actor, at=now)
        services.move_feature(feature=Feature.objects.get(pk=feature.pk), parent=new, actor=ben.actor, at=now)
        people = dict(EvidenceTally.objects.values_list("record_id", "people"))
        assert (people.get(old.pk, 0), people[new.pk]) == (0, 1)


class TestRelease:
    def test_ships_with_its_features_and_back(self, workspace, make_feature, ben, now):
        draft = services.ReleaseDraft(title="4.2")
        release, _ = services.create_release(workspace=workspace, draft=draft, actor=ben.actor, at=now)
        feature = make_feature(release=release)
        deed = services.ship_release(
            release=release, shipped_at=now, unfinished="ship", actor=ben.actor, at=now
        )
        assert Feature.objects.get(pk=feature.pk).status == Status.SHIPPED
        services.undo_deed(deed=deed, actor=ben.actor, at=now)
        assert Feature.objects.get(pk=feature.pk).status == Status.IDEA

    def test_an_answer_to_a_need_is_a_link(self, feature, workspace, ben, now):
        need = insights.create_need(workspace=workspace, title="Change a run", actor=ben.actor, at=now)
        services.answer_need(feature=feature, need=need, actor=ben.actor, at=now)
        assert feature.links_out.filter(target_id=need.pk, relation=Relation.ANSWERS).exists()
        assert list(records.verify_chain(workspace_id=workspace.pk)) == []
