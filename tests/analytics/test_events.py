"""Batches are taken once, moved whole, and read without gaps, whoever is killed when."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from roadbed.analytics.events import compaction, ledger, manifest, reading
from roadbed.analytics.events.event import BatchError, EventError, read_batch, read_event
from roadbed.analytics.events.store import BusyError, EventStore, OtherContentError

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SRC = Path(__file__).resolve().parents[2] / "src"


def said(**fields: Any) -> dict[str, Any]:
    return {"name": "parcel sent", "unit": "u1", "time": "2026-03-02T09:00:00Z", **fields}


def batch(count: int, *, key: str, **fields: Any) -> list[Any]:
    given = [said(unit=f"u{place}", **fields) for place in range(count)]
    return read_batch(given, key=key, now=NOW)


def ids(store: EventStore) -> list[str]:
    return sorted(reading.ask(store, lambda rows: rows.id.to_pyarrow().to_pylist()))


@pytest.fixture
def store(tmp_path: Path) -> EventStore:
    return EventStore(tmp_path / "7")


class TestReadingAnEvent:
    def test_what_it_says_is_kept_and_what_it_leaves_out_is_filled_in(self) -> None:
        event = read_event(
            said(value=3, attributes={"plan": "pro"}), fallback_id="k:0", now=NOW, environment="production"
        )
        assert (event.id, event.value, event.environment) == ("k:0", 3.0, "production")
        assert event.attributes == '{"plan":"pro"}'
        assert read_event({"name": "x", "unit": 17}, fallback_id="k", now=NOW).time == NOW

    def test_cloud_events_are_the_same_event(self) -> None:
        cloud = {
            "specversion": "1.0",
            "id": "A1",
            "source": "/shop",
            "type": "parcel sent",
            "subject": "u1",
            "time": "2026-03-02T10:00:00+01:00",
            "data": {"value": 2.5, "depot": "north"},
        }
        event = read_event(cloud, fallback_id="k", now=NOW)
        assert (event.id, event.name, event.unit, event.value) == ("/shop A1", "parcel sent", "u1", 2.5)
        assert event.time == datetime(2026, 3, 2, 9, tzinfo=UTC)
        assert event.attributes == '{"depot":"north"}'

    @pytest.mark.parametrize(
        ("given", "why"),
        [
            ([], "no object"),
            ({"unit": "u"}, "“name” is missing"),
            ({"name": "x"}, "“unit” is missing"),
            (said(time="yesterday"), "no date with time"),
            (said(time="2026-03-02T09:00:00"), "no offset"),
            (said(time="2026-03-02T12:11:00Z"), "in the future"),
            (said(time=1e300), "no date with time"),
            (said(time="0001-01-01T00:00:00+14:00"), "outside the calendar"),
            (said(time=0), "more than ten years back"),
            (said(time=True), "no date with time"),
            (said(value=float("inf")), "infinite"),
            (said(value=10**400), "too large"),
            (said(value="3"), "no number"),
            (said(unit="a\x00b"), "cannot be stored"),
            (said(unit="\ud800"), "cannot be stored"),
            (said(name="n" * 201), "longer than 200"),
            (said(attributes=[1]), "no object"),
            (said(attributes={"a": float("nan")}), "JSON cannot say"),
            (said(attributes={"a": "x" * 9000}), "larger than"),
            (said(colour="red"), "no field “colour”"),
            (said(name="$exposure", flag="f"), "which “variant”"),
            ({"specversion": "0.3"}, "CloudEvents 1.0"),
            ({"specversion": "1.0", "id": "a", "source": "s", "type": "t", "data": 3}, "“data” is no object"),
            ({"specversion": "1.0", "id": "a", "source": "s", "type": "t"}, "“unit” is missing"),
        ],
    )
    def test_what_cannot_be_taken_is_refused_with_the_reason(self, given: Any, why: str) -> None:
        with pytest.raises(EventError, match=why):
            read_event(given, fallback_id="k", now=NOW)

    def test_a_batch_is_refused_whole_and_says_where(self) -> None:
        with pytest.raises(BatchError, match=r"Event 1: .*1 more") as caught:
            read_batch([said(), said(value="x"), said(), {}], key="k", now=NOW)
        assert [place for place, _ in caught.value.problems] == [1, 3]


class TestTaking:
    def test_a_batch_is_there_at_once_and_only_once(self, store: EventStore) -> None:
        first = store.append(batch(3, key="k"), key="k", received_at=NOW)
        again = store.append(batch(3, key="k"), key="k", received_at=NOW + timedelta(minutes=1))
        assert (first.again, again.again, again.events) == (False, True, 3)
        assert ids(store) == ["k:0", "k:1", "k:2"]

    def test_it_is_known_again_after_it_was_moved(self, store: EventStore) -> None:
        store.append(batch(3, key="k"), key="k", received_at=NOW)
        assert compaction.compact(store, now=NOW).events == 3
        assert store.append(batch(3, key="k"), key="k", received_at=NOW).again
        assert ids(store) == ["k:0", "k:1", "k:2"]
        assert store.waiting() == (0, 0)

    def test_a_ledger_that_was_only_begun_is_read_as_an_empty_one(self, store: EventStore) -> None:
        """Another process has made the file, and not come to the table yet."""
        store.folder.mkdir(parents=True)
        (store.folder / ledger.NAME).touch()
        assert not store.append(batch(3, key="k"), key="k", received_at=NOW).again
        assert compaction.compact(store, now=NOW).events == 3

    @pytest.mark.parametrize("moved", [False, True])
    def test_a_key_with_other_events_is_refused(self, store: EventStore, moved: bool) -> None:  # noqa: FBT001 - a case
        store.append(batch(3, key="k"), key="k", received_at=NOW)
        if moved:
            compaction.compact(store, now=NOW)
        with pytest.raises(OtherContentError):
            store.append(batch(2, key="k"), key="k", received_at=NOW)

    def test_too_much_waiting_is_refused_until_it_is_moved(self, tmp_path: Path) -> None:
        store = EventStore(tmp_path / "7", most_waiting=2)
        for key in "ab":
            store.append(batch(1, key=key), key=key, received_at=NOW)
        with pytest.raises(BusyError):
            store.append(batch(1, key="c"), key="c", received_at=NOW)
        compaction.compact(store, now=NOW)
        fresh = EventStore(tmp_path / "7", most_waiting=2)
        assert not fresh.append(batch(1, key="c"), key="c", received_at=NOW).again

    def test_nobody_else_reads_the_files(self, store: EventStore) -> None:
        store.append(batch(1, key="k"), key="k", received_at=NOW)
        compaction.compact(store, now=NOW)
        store.append(batch(1, key="l"), key="l", received_at=NOW)
        kept = [path for path in store.folder.rglob("*") if path.suffix in {".parquet", ".json", ".sqlite3"}]
        assert len(kept) == 4
        assert not [path for path in kept if path.stat().st_mode & 0o077]


class TestMoving:
    def test_events_lie_by_the_day_they_happened_on(self, store: EventStore) -> None:
        given = [said(time="2026-03-01T23:59:59Z"), said(time="2026-03-02T00:00:00Z")]
        store.append(read_batch(given, key="k", now=NOW), key="k", received_at=NOW)
        assert compaction.compact(store, now=NOW).days == 2
        assert [part.day for part in manifest.read(store.folder).parts] == ["2026-03-01", "2026-03-02"]

    def test_an_event_sent_in_two_batches_is_one(self, store: EventStore) -> None:
        event = read_batch([said(id="e1")], key="x", now=NOW)
        store.append(event, key="a", received_at=NOW)
        store.append(event, key="b", received_at=NOW)
        assert ids(store) == ["e1"]
        moved = compaction.compact(store, now=NOW)
        assert (moved.events, moved.repeated) == (1, 1)
        store.append(event, key="c", received_at=NOW)
        assert ids(store) == ["e1"]
        assert compaction.compact(store, now=NOW).repeated == 1
        assert ids(store) == ["e1"]

    def test_many_small_parts_become_one(self, store: EventStore) -> None:
        for round_ in range(compaction.MOST_SMALL + 2):
            key = f"k{round_}"
            store.append(batch(2, key=key), key=key, received_at=NOW)
            compaction.compact(store, now=NOW + timedelta(minutes=round_))
        assert len(manifest.read(store.folder).parts) == 2
        assert len(ids(store)) == 2 * (compaction.MOST_SMALL + 2)
        compaction.compact(store, now=NOW + timedelta(hours=3))  # what no longer counts goes after its grace
        assert len(list(store.folder.glob("parts/*/*.parquet"))) == 2

    def test_one_process_at_a_time(self, store: EventStore) -> None:
        with compaction.alone(store), pytest.raises(compaction.CompactingError):
            compaction.compact(store, now=NOW)

    def test_old_days_go_and_so_does_a_person(self, store: EventStore) -> None:
        given = [said(time="2026-02-01T09:00:00Z"), said(), said(unit="u2")]
        store.append(read_batch(given, key="k", now=NOW), key="k", received_at=NOW)
        assert compaction.forget_unit(store, unit="u2", unit_type="user", now=NOW) == 1
        assert ids(store) == ["k:0", "k:1"]
        assert compaction.drop_before(store, day=date(2026, 3, 1), now=NOW) == 1
        assert ids(store) == ["k:1"]
        assert len(list(store.folder.glob("parts/*/*.parquet"))) == 1


MOVER = """
import sys, pathlib, datetime
from roadbed.analytics.events import compaction
from roadbed.analytics.events.store import EventStore
store = EventStore(pathlib.Path(sys.argv[1]))
print("ready", flush=True)
while True:
    try:
        compaction.compact(store, now=datetime.datetime.now(datetime.UTC))
    except compaction.CompactingError:
        pass
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_movers_lose_nothing_and_double_nothing(store: EventStore) -> None:
    chance = random.Random(5)  # noqa: S311 - no secret, but the same moments again
    environ = {**os.environ, "PYTHONPATH": str(SRC)}
    expected: set[str] = set()
    number = 0
    for _ in range(4):
        mover = subprocess.Popen(  # noqa: S603 - our own code
            [sys.executable, "-c", MOVER, str(store.folder)], env=environ, stdout=subprocess.PIPE
        )
        try:
            assert mover.stdout is not None
            assert mover.stdout.readline()
            until = time.monotonic() + chance.uniform(0.1, 0.5)
            while time.monotonic() < until:
                key = f"k{number}"
                number += 1
                store.append(batch(4, key=key), key=key, received_at=NOW)
                expected.update(f"{key}:{place}" for place in range(4))
        finally:
            mover.send_signal(signal.SIGKILL)
            mover.wait()
            mover.stdout.close()
        assert ids(store) == sorted(expected)
    compaction.compact(store, now=NOW)
    assert ids(store) == sorted(expected)
    assert store.waiting() == (0, 0)
