"""Claim: every event that the API has acknowledged is there after SIGKILL, and once, with compaction going on.

    python benchmarks/event_kills.py [--batches 150] [--every 30]

`roadbed up` runs in a process group of its own: web process, worker and all. Four clients send batches with keys as
fast as they are answered, and send a batch again that was cut off, as they should. Each time about `--every` batches
were acknowledged, the whole group is killed with SIGKILL at a random moment and started anew; between, what waits is
moved into its days by a process that is killed as well. In the end every acknowledged event is in the store, and none
twice.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.api_kills import LET_IN, House
from benchmarks.import_feedback import ROOT, environment, install

CLIENTS, IN_BATCH = 4, 20
MOVE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from roadbed.analytics.events import compaction
from roadbed.analytics.events.store import EventStore
print("begun", flush=True)
while True:
    try:
        compaction.compact(EventStore(Path(sys.argv[1])), now=datetime.now(UTC))
    except compaction.CompactingError:
        pass
"""


class Senders:
    """What was acknowledged: the keys of batches."""

    def __init__(self, house: House, token: str, wanted: int) -> None:
        self.house, self.token, self.wanted = house, token, wanted
        self.lock = threading.Lock()
        self.taken: list[str] = []
        self.cut_off = self.again = 0
        self.refused: list[str] = []
        self.done = threading.Event()

    def send(self, key: str) -> bool:
        """Send one batch; whether it was acknowledged."""
        connection = http.client.HTTPConnection("127.0.0.1", self.house.port, timeout=20)
        body = json.dumps({"events": [{"name": "visit", "unit": f"{key}/{at}"} for at in range(IN_BATCH)]})
        head = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
        }
        try:
            connection.request("POST", "/api/v1/events", body, head)
            answer = connection.getresponse()
            said = answer.read()
        except ConnectionRefusedError:
            time.sleep(0.1)
            return False
        except (OSError, http.client.HTTPException):
            with self.lock:
                self.cut_off += 1
            time.sleep(0.05)
            return False
        finally:
            connection.close()
        if answer.status == 429:
            time.sleep(float(answer.headers["Retry-After"]))
            return False
        if answer.status != 200:
            self.refused.append(f"{answer.status}: {said[:200]!r}")
            self.done.set()
            return False
        with self.lock:
            self.again += bool(json.loads(said)["again"])
        return True

    def run(self, name: int) -> None:
        """Send until enough is acknowledged; a batch that was not is sent again under its key."""
        number = 0
        while not self.done.is_set():
            key = f"{name}-{number}"
            if self.send(key):
                number += 1
                with self.lock:
                    self.taken.append(key)
                    if len(self.taken) >= self.wanted:
                        self.done.set()


def main() -> int:
    """Send, kill, start again, count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=150)
    parser.add_argument("--every", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    chance = random.Random(asked.seed)  # noqa: S311 - the same moments each time
    kills = 0
    with tempfile.TemporaryDirectory(prefix="roadbed-kills-") as folder:
        data = Path(folder) / "data"
        install(data)
        made = subprocess.run(  # noqa: S603 - our own
            [sys.executable, "-c", LET_IN], env=environment(data), check=True, capture_output=True, text=True
        )
        house = House(data)
        room = data / "events" / "1"
        senders = Senders(house, made.stdout.strip(), asked.batches)
        threads = [threading.Thread(target=senders.run, args=[name]) for name in range(CLIENTS)]
        mover = _mover(room)
        try:
            for thread in threads:
                thread.start()
            following = asked.every
            while not senders.done.wait(0.01):
                if len(senders.taken) >= following:
                    time.sleep(chance.uniform(0, 0.1))
                    house.kill()
                    mover.send_signal(signal.SIGKILL)
                    mover.wait()
                    kills += 2
                    following = len(senders.taken) + asked.every
                    mover = _mover(room)
                    house.start()
            for thread in threads:
                thread.join()
            assert not senders.refused, senders.refused
        finally:
            senders.done.set()
            mover.kill()
            mover.wait()
            if house.process is not None and house.process.poll() is None:
                house.kill()
        found = _units(room)
    twice = [unit for unit, count in found.items() if count > 1]
    lost = [f"{key}/{at}" for key in senders.taken for at in range(IN_BATCH) if f"{key}/{at}" not in found]
    assert not lost, f"acknowledged events are missing: {lost[:5]}"
    assert not twice, f"events are there twice: {twice[:5]}"
    told = {
        "acknowledged": len(senders.taken) * IN_BATCH, "kills": kills, "cut_off": senders.cut_off,
        "sent_again": senders.again, "stored": sum(found.values()),
    }  # fmt: skip
    print(
        f"{told['acknowledged']:,} acknowledged events, {kills} kills, {senders.cut_off} batches cut off unanswered,"
        f" {senders.again} found to be there already when sent again: none is lost, none is there twice."
    )
    results = ROOT / "benchmarks" / "results"
    results.mkdir(exist_ok=True)
    (results / "event_kills.json").write_text(json.dumps(told) + "\n")
    return 0


def _mover(room: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own
        [sys.executable, "-c", MOVE, str(room)], stdout=subprocess.DEVNULL, text=True
    )


def _units(room: Path) -> Counter[str]:
    from roadbed.analytics.events import reading
    from roadbed.analytics.events.store import EventStore

    return Counter(reading.ask(EventStore(room), lambda table: table.unit.to_pyarrow().to_pylist()))


if __name__ == "__main__":
    os.nice(5)
    sys.exit(main())
