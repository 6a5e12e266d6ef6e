"""What is near is found, and only by those who may see it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from roadbed.core.records import services as records
from roadbed.core.records.models import Record
from roadbed.core.search import services as search
from roadbed.core.vectors import held, looking, selectors
from roadbed.core.vectors import services as vectors
from roadbed.core.vectors.models import digest_of
from roadbed.core.vectors.shelf import Shelf
from roadbed.core.workspaces.models import Circle
from roadbed_engines.text import signs
from tests.core.vectors.test_reading import write


def near(workspace, text, **options):
    return [one.record_id for one in selectors.nearest(workspace_id=workspace.pk, text=text, **options)]


@pytest.fixture
def notes(workspace, ben, now):
    texts = ["the map is slow", "the map is wrong", "invoices are late", "please add dark mode"]
    made = [write(workspace, ben, now, text, "Said") for text in texts]
    vectors.catch_up(workspace_id=workspace.pk)
    return made


class TestNearest:
    def test_the_nearest_comes_first(self, workspace, notes):
        assert near(workspace, "Said the map is slow", limit=2) == [notes[0].pk, notes[1].pk]

    def test_a_few_are_scored_as_they_are_among_all(self, workspace, notes, monkeypatch):
        def scored():
            within = [note.pk for note in notes[1:3]]
            near = selectors.nearest(workspace_id=workspace.pk, text="map", within=within, least=-1)
            return {one.record_id: pytest.approx(one.similarity, abs=1e-5) for one in near}

        among_all = scored()
        assert set(among_all) == {notes[1].pk, notes[2].pk}
        monkeypatch.setattr(looking, "FEW", 0)
        assert scored() == {pk: one.expected for pk, one in among_all.items()}

    def test_among_many_only_the_likeliest_are_compared(self, workspace, notes, monkeypatch):
        monkeypatch.setattr(looking, "SIEVED", 2)
        monkeypatch.setattr(looking, "KEPT", 1)
        monkeypatch.setattr(looking, "FEW", 0)
        compared = []
        scores = looking._scores
        monkeypatch.setattr(
            looking, "_scores", lambda *given: compared.append(len(given[2])) or scores(*given)
        )
        assert near(workspace, "Said the map is slow", limit=1) == [notes[0].pk]
        assert compared[0] < len(notes)

    def test_walls_around_the_likeliest_do_not_hide_the_others(self, workspace, notes, now, monkeypatch):
        circle = Circle.objects.create(workspace=workspace, name="Board", created_at=now)
        Record.objects.filter(pk=notes[0].pk).update(circle=circle)
        monkeypatch.setattr(looking, "SIEVED", 2)
        monkeypatch.setattr(looking, "KEPT", 1)
        assert near(workspace, "Said the map is slow", limit=1, least=-1.0) == [notes[1].pk]
        assert near(workspace, "Said the map is slow", limit=1, circles=[circle.pk]) == [notes[0].pk]

    def test_what_was_named_comes_after_the_nearest_unless_it_is_private(self, workspace, notes, now):
        circle = Circle.objects.create(workspace=workspace, name="Board", created_at=now)
        Record.objects.filter(pk=notes[2].pk).update(circle=circle)
        named = [notes[0].pk, notes[2].pk, notes[3].pk]
        assert near(workspace, "Said the map is slow", limit=1, beside=named) == [notes[0].pk, notes[3].pk]

    def test_of_what_was_named_only_the_best_come(self, workspace, notes):
        named = [note.pk for note in notes]
        found = near(workspace, "Said the map is slow", limit=1, beside=named)
        assert found == [notes[0].pk, notes[1].pk]

    def test_a_server_has_its_tables_before_anybody_asks(self, workspace, notes, monkeypatch):
        selectors.forget()
        selectors.warm()
        monkeypatch.setattr(held.View, "_load", lambda self, *, after: pytest.fail("read once more"))
        assert selectors._view(workspace_id=workspace.pk)[1].passage.size

    def test_an_empty_workspace_has_nothing_near(self, workspace):
        assert near(workspace, "anything") == []

    def test_words_that_say_nothing_are_near_nothing(self, workspace, notes):
        assert near(workspace, "", least=0.1) == []

    def test_stays_within_what_is_asked_for(self, workspace, notes):
        assert near(workspace, "map", within=[notes[2].pk]) == [notes[2].pk]
        assert notes[0].pk not in near(workspace, "map is slow", without=[notes[0].pk])
        assert near(workspace, "map", kinds=["need"]) == []

    def test_a_deleted_record_is_gone_at_once(self, workspace, notes, ben, now):
        near(workspace, "map")
        records.delete_record(record=notes[0], actor=ben.actor, at=now + timedelta(hours=1))
        assert near(workspace, "Said the map is slow", limit=4)[0] == notes[1].pk

    def test_another_workspace_is_never_looked_at(self, workspace, notes, eve):
        assert near(eve.member.workspace, "the map is slow") == []

    def test_a_wall_holds_from_the_moment_it_goes_up(self, workspace, notes, now):
        near(workspace, "map")
        circle = Circle.objects.create(workspace=workspace, name="Board", created_at=now)
        Record.objects.filter(pk=notes[0].pk).update(circle=circle)
        assert notes[0].pk not in near(workspace, "Said the map is slow", limit=10)
        assert near(workspace, "Said the map is slow", limit=1, circles=[circle.pk]) == [notes[0].pk]

    def test_what_may_not_be_seen_takes_no_place(self, workspace, ben, now):
        circle = Circle.objects.create(workspace=workspace, name="Board", created_at=now)
        hidden = [write(workspace, ben, now, f"the map is slow {number}") for number in range(60)]
        shown = write(workspace, ben, now, "a map of sorts")
        Record.objects.filter(pk__in=[one.pk for one in hidden]).update(circle=circle)
        vectors.catch_up(workspace_id=workspace.pk)
        assert near(workspace, "the map is slow", limit=5) == [shown.pk]

    def test_an_edit_is_seen_after_it_was_read(self, workspace, notes, now):
        near(workspace, "map")
        notes[2].updated_at = now + timedelta(hours=1)
        search.put_record(record=notes[2], body="tariffs per zone")
        vectors.catch_up(workspace_id=workspace.pk)
        assert near(workspace, "Said tariffs per zone", limit=1) == [notes[2].pk]
        assert near(workspace, "invoices are late", least=0.6) == []

    def test_the_shelf_can_be_lost(self, workspace, notes, settings, tmp_path):
        assert near(workspace, "map", limit=1)
        settings.ROADBED_DATA = tmp_path
        assert near(workspace, "Said the map is slow", limit=1) == [notes[0].pk]


class TestVectorsOf:
    def test_gives_one_row_a_record_in_order(self, workspace, notes):
        found = selectors.vectors_of(workspace_id=workspace.pk, record_ids=[notes[2].pk, notes[0].pk])
        assert found.ids == [notes[0].pk, notes[2].pk]
        assert np.allclose(np.linalg.norm(found.matrix, axis=1), 1.0, atol=1e-3)

    def test_gives_all_of_a_kind(self, workspace, notes):
        assert len(selectors.vectors_of(workspace_id=workspace.pk, kinds=["feedback"]).ids) == 4
        assert selectors.vectors_of(workspace_id=workspace.pk, kinds=["need"]).ids == []

    def test_a_workspace_that_was_never_read_has_none(self, workspace):
        assert selectors.vectors_of(workspace_id=workspace.pk).matrix.shape == (0, 64)


class TestShelf:
    def shelf(self, folder: Path) -> Shelf:
        return Shelf(folder=folder, dimensions=2)

    def test_two_processes_share_rows(self, tmp_path):
        first, second = self.shelf(tmp_path), self.shelf(tmp_path)
        first.add([digest_of("a")], np.array([[1, 0]], dtype=np.float32))
        assert second.missing([digest_of("a"), digest_of("b")]) == [digest_of("b")]
        second.add([digest_of("b"), digest_of("a")], np.array([[0, 1], [9, 9]], dtype=np.float32))
        first.refresh()
        assert first.matrix.tolist() == [[1, 0], [0, 1]]
        assert first.signs.tolist() == second.signs.tolist() == signs.signs(first.matrix).tolist()

    def test_half_a_write_is_mended(self, tmp_path):
        first = self.shelf(tmp_path)
        first.add([digest_of("a")], np.array([[1, 0]], dtype=np.float32))
        with (tmp_path / "rows").open("ab") as file:
            file.write(b"12345")
        second = self.shelf(tmp_path)
        second.add([digest_of("b")], np.array([[0, 1]], dtype=np.float32))
        assert second.matrix.tolist() == [[1, 0], [0, 1]]

    def test_others_notice_that_it_began_anew(self, tmp_path):
        first, second = self.shelf(tmp_path), self.shelf(tmp_path)
        first.add([digest_of("a")], np.array([[1, 0]], dtype=np.float32))
        second.refresh()
        first.empty()
        first.add([digest_of("b")], np.array([[0, 1]], dtype=np.float32))
        second.refresh()
        assert (second.row_of(digest_of("a")), second.matrix.tolist()) == (-1, [[0, 1]])
        assert second.signs.tolist() == signs.signs(second.matrix).tolist()
