"""What comes apart, what interrupts, and what a dry run says, against GitHub."""

from __future__ import annotations

import gc
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from roadbed.core.jobs import services as jobs
from roadbed.core.records import services as records
from roadbed.modules.roadmap.models import Feature, Status
from roadbed.modules.trackers.models import Binding, Connection, Entry, Run
from roadbed.modules.trackers.services import runs, settling, syncing
from roadbed.modules.trackers.services.connectors.base import Issue, TrackerError, WaitError

pytestmark = pytest.mark.django_db


class TestApart:
    def test_a_deleted_issue_is_seen_by_the_daily_reading(self, github, forge):
        forge.issue(1)
        forge.issue(2)
        github.sync()
        del forge.issues[1]
        github.sync()
        assert Binding.objects.get(external_id="1").state == "live"
        github.later(days=1)
        assert github.sync().counts == {"gone": 1}
        assert Binding.objects.get(external_id="1").state == "gone"
        assert github.the_feature("1").deleted_at is None

    def test_a_transferred_issue_has_moved(self, github, forge):
        forge.issue(1)
        github.sync()
        forge.moved[1] = f"{forge.url}/repositories/2/issues/9"
        forge.issues.pop(1)
        github.edit(github.the_feature("1"), title="Ours")
        github.sync()
        binding = Binding.objects.get()
        assert (binding.state, binding.moved_to) == ("moved", f"{forge.url}/repositories/2/issues/9")

    def test_a_renamed_repository_is_followed(self, github, forge):
        forge.issue(1)
        github.sync()
        forge.moved[1] = f"{forge.url}/repositories/1/issues/1"
        hits = []

        def settle(verb, path):
            if path.startswith("/repositories/1/issues/1"):
                hits.append(path)
                forge.moved.clear()

        forge.before = settle
        github.edit(github.the_feature("1"), title="Ours")
        github.sync()
        assert hits
        assert forge.issues[1]["title"] == "Ours"

    def test_a_deleted_feature_leaves_its_issue_and_comes_back_with_it(self, github, forge):
        forge.issue(1)
        github.sync()
        feature = github.the_feature("1")
        records.delete_record(record=feature, actor=github.someone.actor, at=github.now)
        github.sync()
        assert (Binding.objects.get().state, forge.issues[1]["state"]) == ("orphan", "open")
        forge.issue(1, title="Still here")
        github.sync()
        records.restore_record(record=feature, actor=github.someone.actor, at=github.now)
        github.sync()
        assert Binding.objects.get().state == "live"
        assert github.the_feature("1").title == "Still here"

    def test_people_decide_what_becomes_of_a_pair(self, github, forge):
        for number in (1, 2, 3):
            forge.issue(number)
        github.sync()
        forge.issues.clear()
        github.later(days=1)
        github.sync()
        cut, drop, again = Binding.objects.order_by("external_id")
        say = {"actor": github.someone.actor, "at": github.now}
        settling.decide_apart(binding=cut, choice="cut", **say)
        settling.decide_apart(binding=drop, choice="drop", **say)
        kept = again.record_id
        settling.decide_apart(binding=again, choice="again", **say)
        jobs.run_waiting(now=github.now)
        assert Feature.objects.get(pk=drop.record_id).status == "dropped"
        assert Binding.objects.get(record_id=kept).external_id == "4"
        assert forge.issues[4]["title"] == "Issue 3"
        with pytest.raises(ValidationError):
            settling.decide_apart(binding=cut, choice="cut", **say)


class TestInterruptions:
    def test_a_kill_in_the_middle_goes_on_where_it_was(self, github, forge):
        """The process dies after two of five pages: nothing is doubled, nothing is read twice."""
        forge.page_size = 4
        for number in range(1, 21):
            forge.issue(number)
        forge.breaks_after = len(forge.asked) + 2
        with pytest.raises(TrackerError):
            github.sync()
        assert Feature.objects.count() == 7  # the last of a page is asked for again with the next
        since = Connection.objects.get().cursor["at"]["since"]
        assert since == forge.issues[7]["updated_at"]
        forge.breaks_after = 10**9
        forge.asked.clear()
        github.sync()
        assert Feature.objects.count() == 20
        assert f"since={since.replace(':', '%3A')}" in forge.asked[0][1]

    @pytest.mark.parametrize("asked_before", [0, 1])
    def test_an_issue_is_made_once_even_if_we_die_right_after(self, github, forge, asked_before):
        """The tracker has made the issue, and its answer never reaches us; meanwhile somebody edits either side."""
        feature = github.feature("Offline maps", status=Status.PLANNED)
        github.map(outgoing={"which": "filter", "statuses": ["planned"]}, incoming={"which": "all"})

        class DiedError(BaseException):
            pass

        connector = github.connector()
        make = connector.make

        def die(values, *, nonce):
            make(values, nonce=nonce)
            raise DiedError

        connector.make = die
        with pytest.raises(DiedError):
            syncing.sync(connection=github.connection, now=lambda: github.now, told=lambda *a: None, who="dies",
                         connector=connector)  # fmt: skip
        assert Binding.objects.get().state == "creating"
        github.edit(feature, title="Ours, edited since")
        if asked_before:
            forge.issue(1, milestone=forge.milestone("6.0"))
        github.later()
        github.sync()
        assert len(forge.issues) == 1
        assert Feature.objects.count() == 1
        assert (forge.issues[1]["title"], Binding.objects.get().state) == ("Ours, edited since", "live")
        assert (Feature.objects.get().release is not None) == bool(asked_before)

    def test_one_run_at_a_time(self, github, forge):
        runs.take_hold(connection=github.connection, who="another", at=github.now + timedelta(minutes=15))
        with pytest.raises(runs.BusyError):
            github.sync()
        github.later(minutes=3)
        github.sync()

    def test_pages_that_shift_while_they_are_read_lose_nothing(self, github, forge):
        forge.page_size = 3
        for number in range(1, 10):
            forge.issue(number)

        def touch(verb, path):
            if "/issues?" in path and not forge.issues[1]["title"].endswith("!"):
                forge.issue(1, title="Moved to the end!")

        forge.after = touch
        github.sync()
        assert Feature.objects.count() == 9
        assert github.the_feature("1").title == "Moved to the end!"

    @pytest.mark.parametrize(
        ("limit", "minutes"),
        [
            ((403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "{reset}"}, {"message": "limit"}), 30),
            ((429, {"Retry-After": "600"}, {"message": "Too many"}), 10),
            ((403, {}, {"message": "You have exceeded a secondary rate limit"}), 1),
        ],
    )  # fmt: skip
    def test_the_limit_is_waited_for(self, github, forge, limit, minutes):
        status, headers, content = limit
        reset = str(int((github.now + timedelta(minutes=15 + minutes)).timestamp()))
        forge.limit = (status, {name: value.format(reset=reset) for name, value in headers.items()}, content)
        forge.limit_after = 0
        with pytest.raises(WaitError):
            github.sync()
        connection = Connection.objects.get()
        assert connection.failures == 0
        assert connection.waits_until == github.now + timedelta(minutes=minutes)
        assert connection.next_run_at == connection.waits_until
        assert Run.objects.first().outcome == "waits"

    def test_failures_double_the_pause_and_owners_hear_of_the_fifth(self, github, forge, ada):
        forge.breaks_after = 0
        pauses = []
        for _ in range(5):
            with pytest.raises(TrackerError):
                github.sync()
            pauses.append(Connection.objects.get().next_run_at - github.now)
        assert [pause // timedelta(minutes=15) for pause in pauses] == [1, 2, 4, 8, 16]
        assert ada.member.notices.filter(text__contains="no longer kept in step").count() == 1

    def test_five_thousand_issues_are_paged_in_fixed_memory(self, github, forge):
        """However many pages there are, no more than two of them are held at once."""
        for number in range(1, 5_001):
            forge.issue(number)
        held, calls = [], []

        def count(done, note):
            calls.append(done)
            if len(calls) % 10 == 0:
                held.append(sum(type(each) is Issue for each in gc.get_objects()))

        run = syncing.sync(connection=github.connection, now=lambda: github.now, told=count, who="test",
                           is_dry=True, connector=github.connector())  # fmt: skip
        assert (run.issues, run.counts) == (5_000, {"made_here": 5_000})
        assert len(held) >= 4
        assert max(held) <= 200
        assert Entry.objects.filter(run=run).count() == runs.DRY_ENTRIES_MOST


class TestDryRun:
    def test_it_says_what_would_be_done_and_does_nothing(self, github, forge):
        forge.issue(1)
        github.sync()
        github.edit(github.the_feature("1"), description="Ours")
        forge.issue(1, title="Theirs")
        forge.issue(2)
        github.feature("New here", status=Status.PLANNED)
        github.map(outgoing={"which": "filter", "statuses": ["planned"]})
        forge.written.clear()
        cursor = Connection.objects.get().cursor
        run = github.sync(is_dry=True)
        assert run.counts == {"taken": 1, "given": 1, "made_here": 1, "made_there": 1}
        assert forge.written == []
        assert Connection.objects.get().cursor == cursor
        assert Feature.objects.count() == 2
