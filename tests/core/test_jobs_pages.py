"""What people and programs see of jobs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from roadbed.core.jobs import leases, running
from roadbed.core.jobs import services as jobs
from roadbed.core.jobs.models import Job, State
from tests.core import jobs_tasks
from tests.people import Someone

assert jobs_tasks


@pytest.fixture
def job(ben: Someone) -> Job:
    return jobs.enqueue(
        "tests.count",
        workspace_id=ben.member.workspace_id,
        actor=ben.actor,
        label="Import of feedback.csv",
        to=4,
    )


def failed(someone: Someone) -> Job:
    job = jobs.enqueue("tests.give_up", workspace_id=someone.member.workspace_id, actor=someone.actor)
    claimed = leases.claim(worker="one", now=timezone.now() + timedelta(seconds=1))
    assert claimed == job
    running.run(jobs.Context(claimed))
    return job


class TestList:
    def test_makers_see_every_job_of_the_workspace(self, ada: Someone, job: Job) -> None:
        assert "Import of feedback.csv" in ada.get("jobs/").content.decode()

    def test_others_see_what_they_asked_for(self, cleo: Someone, job: Job) -> None:
        assert "Import of feedback.csv" not in cleo.get("jobs/").content.decode()
        jobs.enqueue(
            "tests.count",
            workspace_id=cleo.member.workspace_id,
            actor=cleo.actor,
            label="Cleo's export",
            to=1,
        )
        assert "Cleo&#x27;s export" in cleo.get("jobs/").content.decode()

    def test_the_state_filter_lives_in_the_address(self, ben: Someone, job: Job) -> None:
        assert "Import of feedback.csv" not in ben.get("jobs/?state=failed").content.decode()

    def test_queries_do_not_grow_with_rows(self, ben: Someone, job: Job) -> None:
        ben.get("jobs/")
        with CaptureQueriesContext(connection) as few:
            ben.get("jobs/")
        for _ in range(20):
            jobs.enqueue("tests.count", workspace_id=ben.member.workspace_id, actor=ben.actor, to=1)
        with CaptureQueriesContext(connection) as many:
            ben.get("jobs/")
        assert len(many) == len(few)

    def test_strangers_see_nothing(self, eve: Someone, job: Job) -> None:
        assert eve.get(f"/w/northwind/jobs/{job.pk}/").status_code == 404


class TestPage:
    def test_it_shows_progress_log_and_result(self, ben: Someone, job: Job) -> None:
        jobs.run_waiting()
        text = ben.get(f"jobs/{job.pk}/").content.decode()
        assert "Counted to 4." in text
        assert "4 of 4" in text

    def test_the_fragment_asks_again_until_the_job_is_over(self, ben: Someone, job: Job) -> None:
        assert "every 1s" in ben.get(f"jobs/{job.pk}/progress/").content.decode()
        jobs.run_waiting()
        assert "every 1s" not in ben.get(f"jobs/{job.pk}/progress/").content.decode()

    def test_makers_read_the_traceback_and_others_do_not(self, ben: Someone, cleo: Someone) -> None:
        job = failed(cleo)
        assert "GiveUpError" in ben.get(f"jobs/{job.pk}/").content.decode()
        assert "Traceback" not in cleo.get(f"jobs/{job.pk}/").content.decode()

    def test_a_job_that_joined_another_shows_that_one(self, ben: Someone, job: Job) -> None:
        twin = jobs.enqueue("tests.count", workspace_id=job.workspace_id, to=1)
        Job.objects.filter(pk=twin.pk).update(state=State.JOINED, joined=job, finished_at=timezone.now())
        assert "Import of feedback.csv" in ben.get(f"jobs/{twin.pk}/").content.decode()

    def test_a_number_beyond_all_counting_is_missing(self, ben: Someone) -> None:
        assert ben.get(f"jobs/{10**30}/").status_code == 404


class TestCancelAndRetry:
    def test_ben_cancels_and_queues_it_again(self, ben: Someone, job: Job) -> None:
        assert ben.post(f"jobs/{job.pk}/cancel/").status_code == 302
        job.refresh_from_db()
        assert job.state == State.CANCELLED
        ben.post(f"jobs/{job.pk}/retry/")
        job.refresh_from_db()
        assert job.state == State.QUEUED

    def test_viewers_may_not(self, dan: Someone, job: Job) -> None:
        assert dan.post(f"jobs/{job.pk}/cancel/").status_code == 403

    def test_what_is_over_stays_over(self, ben: Someone, job: Job) -> None:
        jobs.run_waiting()
        ben.post(f"jobs/{job.pk}/cancel/")
        job.refresh_from_db()
        assert job.state == State.DONE


class TestApi:
    def test_it_lists_reads_cancels_and_retries(self, ben: Someone, job: Job) -> None:
        assert [item["id"] for item in ben.api("get", "jobs").json()["items"]] == [job.pk]
        assert ben.api("get", f"jobs/{job.pk}").json()["log"] == []
        assert ben.api("post", f"jobs/{job.pk}/cancel", {}).json()["state"] == "cancelled"
        assert ben.api("post", f"jobs/{job.pk}/cancel", {}).status_code == 409
        assert ben.api("post", f"jobs/{job.pk}/retry", {}).json()["state"] == "queued"
        assert ben.api("post", f"jobs/{job.pk}/retry", {}).status_code == 409

    def test_strangers_and_viewers_are_refused(self, eve: Someone, dan: Someone, job: Job) -> None:
        assert eve.api("get", f"/api/v1/northwind/jobs/{job.pk}").status_code == 404
        assert dan.api("post", f"jobs/{job.pk}/cancel", {}).status_code == 403
        assert dan.api("get", f"jobs/{job.pk}").status_code == 404
