"""Waiting, running, ending: what happens to one job, in this process."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.utils import timezone

from roadbed.core.jobs import leases, registry, running, schedules, tasks, worker
from roadbed.core.jobs import services as jobs
from roadbed.core.jobs.models import Job, JobLog, ScheduleState, State, Worker
from roadbed.core.workspaces.models import Workspace
from tests.core import jobs_tasks
from tests.people import Someone

assert jobs_tasks


def claim(now: datetime | None = None) -> Job:
    job = leases.claim(worker="one", now=now or timezone.now() + timedelta(seconds=1))
    assert job is not None
    return job


def queue_and_fail(workspace: Workspace) -> None:
    jobs.enqueue_on_commit("tests.count", workspace_id=workspace.pk, key="need-1", to=1)
    raise RuntimeError


class TestEnqueue:
    def test_a_job_runs_with_its_arguments_and_keeps_what_it_returned(self, workspace: Workspace) -> None:
        job = jobs.enqueue("tests.count", workspace_id=workspace.pk, to=5)
        jobs.run_waiting()
        job.refresh_from_db()
        assert (job.state, job.result, job.progress_done) == (State.DONE, {"text": "Counted to 5."}, 5)
        assert [line.text for line in job.lines.all()] == ["Counted to 5."]

    def test_an_unknown_task_is_refused_when_it_is_queued(self, db: None) -> None:
        with pytest.raises(jobs.UnknownTaskError):
            jobs.enqueue("tests.nothing")

    def test_a_rolled_back_transaction_takes_its_job_along(self, workspace: Workspace) -> None:
        with pytest.raises(RuntimeError), transaction.atomic():
            queue_and_fail(workspace)
        assert not Job.objects.exists()

    def test_a_job_for_later_waits(self, db: None) -> None:
        jobs.enqueue("tests.count", run_at=timezone.now() + timedelta(hours=1), to=1)
        assert jobs.run_waiting() == []

    def test_the_more_important_job_runs_first(self, db: None) -> None:
        jobs.enqueue("tests.count", to=1)
        urgent = jobs.enqueue("tests.count", priority=5, to=2)
        assert claim() == urgent

    def test_a_worker_takes_only_jobs_of_its_queues(self, db: None) -> None:
        jobs.enqueue("tests.count", to=1)
        assert leases.claim(worker="one", now=timezone.now(), queues=["mail"]) is None


class TestKeys:
    def test_one_transaction_queues_a_key_once(self, workspace: Workspace) -> None:
        with transaction.atomic():
            for _ in range(3):
                jobs.enqueue_on_commit("tests.count", workspace_id=workspace.pk, key="need-1", to=1)
        assert Job.objects.count() == 1

    def test_a_rolled_back_savepoint_does_not_swallow_the_next(self, workspace: Workspace) -> None:
        with transaction.atomic():
            with pytest.raises(RuntimeError), transaction.atomic():
                queue_and_fail(workspace)
            jobs.enqueue("tests.count", workspace_id=workspace.pk, key="need-1", to=1)
        assert Job.objects.count() == 1

    def test_the_first_that_starts_takes_the_others_along(self, workspace: Workspace) -> None:
        now = timezone.now()
        later = jobs.enqueue(
            "tests.count", workspace_id=workspace.pk, key="a", run_at=now + timedelta(hours=1), to=1
        )
        first = jobs.enqueue("tests.count", workspace_id=workspace.pk, key="a", run_at=now, to=1)
        other = jobs.enqueue("tests.count", workspace_id=workspace.pk, key="b", run_at=now, to=1)
        assert claim() == first
        later.refresh_from_db()
        other.refresh_from_db()
        assert (later.state, later.joined) == (State.JOINED, first)
        assert other.state == State.QUEUED

    def test_jobs_of_one_key_never_run_at_the_same_time(self, workspace: Workspace) -> None:
        first = jobs.enqueue("tests.count", workspace_id=workspace.pk, key="a", to=1)
        claim()
        second = jobs.enqueue("tests.count", workspace_id=workspace.pk, key="a", to=1)
        assert second != first
        assert leases.claim(worker="two", now=timezone.now() + timedelta(seconds=1)) is None


class TestErrors:
    def test_an_error_is_tried_again_after_a_growing_pause_and_then_stays_with_its_traceback(
        self, db: None
    ) -> None:
        job = jobs.enqueue("tests.fail")
        pauses = []
        for _ in range(3):
            context = jobs.Context(claim(now=timezone.now() + timedelta(days=1)))
            running.run(context)
            job.refresh_from_db()
            pauses.append((job.run_at - timezone.now()).total_seconds())
        assert 7 < pauses[0] < 13
        assert 15 < pauses[1] < 25
        assert (job.state, job.attempts) == (State.FAILED, 3)
        assert "ValueError: a poisoned row" in job.error
        assert "Attempt 3 of 3" in list(job.lines.all())[-1].text

    def test_giving_up_fails_at_once(self, db: None) -> None:
        job = jobs.enqueue("tests.give_up")
        with pytest.raises(jobs.GiveUpError):
            jobs.run_waiting()
        job.refresh_from_db()
        assert (job.state, job.attempts) == (State.FAILED, 1)

    def test_a_handler_may_ask_to_run_later_without_losing_an_attempt(self, db: None) -> None:
        job = jobs.enqueue("tests.later")
        jobs.run_waiting()
        job.refresh_from_db()
        assert (job.state, job.attempts) == (State.QUEUED, 0)
        assert job.run_at > timezone.now() + timedelta(minutes=4)

    def test_what_was_logged_inside_a_rolled_back_transaction_is_kept(self, db: None) -> None:
        job = jobs.enqueue("tests.roll_back")
        running.run(jobs.Context(claim()))
        job.refresh_from_db()
        assert JobLog.objects.filter(job=job, text__startswith="Written inside").exists()
        assert job.progress_done == 3

    def test_a_task_that_is_gone_fails_with_its_name(self, db: None) -> None:
        job = jobs.enqueue("tests.count", to=1)
        Job.objects.update(name="tests.removed")
        running.run(jobs.Context(claim()))
        job.refresh_from_db()
        assert job.state == State.FAILED
        assert "tests.removed" in job.error


class TestCancelAndRetry:
    def test_a_waiting_job_is_cancelled_at_once(self, ada: Someone, now: datetime) -> None:
        job = jobs.enqueue("tests.count", workspace_id=ada.member.workspace_id, actor=ada.actor, to=1)
        assert jobs.cancel_job(job=job, actor=ada.actor, at=now).state == State.CANCELLED
        assert jobs.run_waiting() == []

    def test_a_running_job_stops_at_its_next_step(self, ada: Someone, now: datetime) -> None:
        job = jobs.enqueue("tests.count", to=10)
        context = jobs.Context(claim())
        jobs.cancel_job(job=job, actor=ada.actor, at=now)
        context.notice((1, State.RUNNING, now))
        running.run(context)
        job.refresh_from_db()
        assert (job.state, job.progress_done) == (State.CANCELLED, 0)

    def test_what_is_over_cannot_be_cancelled(self, ada: Someone, now: datetime) -> None:
        job = jobs.enqueue("tests.count", to=1)
        jobs.run_waiting()
        with pytest.raises(jobs.JobOverError):
            jobs.cancel_job(job=job, actor=ada.actor, at=now)

    def test_a_failed_job_runs_again_with_all_its_attempts(self, ada: Someone) -> None:
        job = jobs.enqueue("tests.give_up")
        running.run(jobs.Context(claim()))
        again = jobs.retry_job(job=job, actor=ada.actor, at=timezone.now())
        assert (again.state, again.attempts, again.cancel_requested_at) == (State.QUEUED, 0, None)
        with pytest.raises(jobs.JobNotOverError):
            jobs.retry_job(job=job, actor=ada.actor, at=timezone.now())


class TestLeases:
    def test_a_lease_that_nobody_renews_is_taken_over(self, db: None) -> None:
        job = jobs.enqueue("tests.count", to=1)
        claim()
        assert leases.reap(now=timezone.now()) == 0
        assert leases.reap(now=timezone.now() + timedelta(hours=1)) == 1
        job.refresh_from_db()
        assert (job.state, job.losses, job.attempts) == (State.QUEUED, 1, 0)

    def test_a_worker_known_to_be_gone_loses_its_job_at_once(self, db: None) -> None:
        jobs.enqueue("tests.count", to=1)
        claim()
        assert leases.reap(now=timezone.now(), vanished=["one"]) == 1

    def test_a_worker_known_to_live_keeps_its_job_a_while_longer(self, db: None) -> None:
        jobs.enqueue("tests.count", to=1)
        claim()
        late = timezone.now() + timedelta(minutes=3)
        assert leases.reap(now=late, spared=["one"]) == 0
        assert leases.reap(now=late + timedelta(hours=1), spared=["one"]) == 1

    def test_the_outcome_of_an_older_holder_does_not_count(self, db: None) -> None:
        job = jobs.enqueue("tests.count", to=1)
        first = claim()
        leases.reap(now=timezone.now(), vanished=["one"])
        claim()
        assert not leases.finish(job=first, now=timezone.now(), state=State.DONE, result={"text": "stale"})
        job.refresh_from_db()
        assert (job.state, job.result) == (State.RUNNING, None)

    def test_a_job_that_always_kills_its_worker_ends_failed(self, db: None) -> None:
        job = jobs.enqueue("tests.count", to=1)
        for _ in range(leases.LOSSES_MAX):
            claim(now=timezone.now() + timedelta(days=1))
            leases.reap(now=timezone.now(), vanished=["one"])
        job.refresh_from_db()
        assert job.state == State.FAILED
        assert "vanished 10 times" in job.error

    def test_the_pause_grows_to_an_hour_at_most(self) -> None:
        assert leases.backoff(first=timedelta(seconds=5), times=40) <= timedelta(hours=1.2)


class TestSchedules:
    def test_a_time_of_day_is_the_servers(self) -> None:
        nightly = registry.Schedule(name="x", every=timedelta(days=1), at=time(3))
        berlin = ZoneInfo("Europe/Berlin")
        assert nightly.slot(now=datetime(2026, 7, 2, 0, 59, tzinfo=UTC), zone=berlin) == datetime(
            2026, 7, 1, 1, tzinfo=UTC
        )
        assert nightly.slot(now=datetime(2026, 7, 2, 1, 0, tzinfo=UTC), zone=berlin) == datetime(
            2026, 7, 2, 1, tzinfo=UTC
        )

    def test_a_slot_is_queued_once_and_missed_slots_are_made_up_for_by_one_run(
        self, db: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hourly = registry.Schedule(name="tests.count", every=timedelta(hours=1), at=None)
        monkeypatch.setattr(registry, "schedules", lambda: (hourly,))
        now = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
        assert [schedules.enqueue_due(now=now) for _ in range(3)] == [1, 0, 0]
        assert schedules.enqueue_due(now=now + timedelta(hours=7)) == 1
        assert ScheduleState.objects.get().slot_at == datetime(2026, 11, 2, 16, tzinfo=UTC)

    def test_a_task_of_the_night_does_not_run_at_the_first_start(
        self, db: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        nightly = registry.Schedule(name="tests.count", every=timedelta(days=1), at=time(3))
        monkeypatch.setattr(registry, "schedules", lambda: (nightly,))
        now = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
        assert schedules.enqueue_due(now=now) == 0
        assert schedules.enqueue_due(now=now + timedelta(days=1)) == 1

    def test_old_jobs_are_cleared_away(self, workspace: Workspace) -> None:
        old, recent = (jobs.enqueue("tests.count", workspace_id=workspace.pk, to=1) for _ in range(2))
        jobs.run_waiting()
        Job.objects.filter(pk=old.pk).update(finished_at=timezone.now() - timedelta(days=31))
        Worker.objects.create(
            name="gone",
            host="h",
            pid=1,
            started_at=timezone.now(),
            seen_at=timezone.now() - timedelta(days=31),
        )
        tasks.prune(jobs.Context(recent))
        assert list(Job.objects.filter(name="tests.count")) == [recent]
        assert not Worker.objects.exists()


class TestSilence:
    def test_the_doctor_knows_how_long_no_worker_was_heard_of(self, db: None, now: datetime) -> None:
        assert worker.silence(now=now) is None
        Worker.objects.create(name="w", host="h", pid=1, started_at=now, seen_at=now - timedelta(minutes=2))
        assert worker.silence(now=now) == timedelta(minutes=2)
