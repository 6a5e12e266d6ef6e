"""Claim: whatever the API has acknowledged is there after SIGKILL, 200 writes long, with no job stranded.

    python benchmarks/api_kills.py [--writes 200] [--every 12]

`roadbed up` runs in a process group of its own: web process, worker and all. Four clients write as fast as they are
answered: needs made and changed, feedback sent, comments. Each time about `--every` writes were acknowledged, the
whole group is killed with SIGKILL at a random moment and started anew. In the end every acknowledged write is in the
database as it was answered, every record has its search entry, no job is left running, and the history's chain holds.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.import_feedback import ROOT, environment, install
from benchmarks.import_kills import CHAIN

CLIENTS = 4
LET_IN = """
import django; django.setup()
from datetime import datetime, UTC
from roadbed.core.accounts.actors import Actor
from roadbed.core.accounts.models import User
from roadbed.core.workspaces.models import ApiToken, Member, Workspace
from roadbed.core.workspaces.roles import Role
from roadbed.core.workspaces.services import tokens
at = datetime.now(UTC)
user = User.objects.create_user("bench@roadbed.example", name="Bench")
member = Member.objects.create(workspace=Workspace.objects.get(), user=user, role=Role.OWNER, joined_at=at)
actor = Actor(user_id=user.pk, name=user.name, via="cli")
print(tokens.create_token(member=member, name="bench", scope=ApiToken.Scope.WRITE, actor=actor, at=at)[1])
"""


class House:
    """`roadbed up`, which can be killed and started again."""

    def __init__(self, data: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        address = f"http://127.0.0.1:{self.port}"
        self.environment = {**environment(data), "ROADBED_URL": address, "ROADBED_API_RATE": "0"}
        self.log = (data.parent / "up.log").open("ab")
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        code = "from roadbed.cli import main; main()"
        self.process = subprocess.Popen(  # noqa: S603 - our own
            [sys.executable, "-c", code, "up", "--port", str(self.port)],
            env=self.environment, stdout=self.log, stderr=self.log, start_new_session=True,
        )  # fmt: skip
        until = time.monotonic() + 90
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise SystemExit(f"it does not start, and ends with {self.process.returncode}")
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
                connection.request("GET", "/readyz")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        raise SystemExit("it does not answer within 90 s")

    def kill(self, sign: signal.Signals = signal.SIGKILL) -> None:
        """Kill the whole group, and wait until nobody of it is left."""
        assert self.process is not None
        os.killpg(self.process.pid, sign)
        self.process.wait(30)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                os.killpg(self.process.pid, 0)
            except ProcessLookupError:
                return
            time.sleep(0.02)
        raise SystemExit("somebody of the group lives on")


class Clients:
    """What was acknowledged, by record: the newest title or text that was answered."""

    def __init__(self, house: House, token: str, wanted: int) -> None:
        self.house, self.token, self.wanted = house, token, wanted
        self.lock = threading.Lock()
        self.titles: dict[str, set[str]] = {}
        self.comments: list[str] = []
        self.acknowledged = self.lost = self.sent = 0
        self.refused: list[str] = []
        self.done = threading.Event()

    def note(self, key: str, title: str) -> None:
        """Remember an answer."""
        with self.lock:
            if key:
                self.titles[key] = {title}
            else:
                self.comments.append(title)
            self.acknowledged += 1
            if self.acknowledged >= self.wanted:
                self.done.set()

    def ask(self, method: str, path: str, body: dict[str, Any], **headers: str) -> dict[str, Any] | None:
        """Send one write; nothing is returned where nothing was acknowledged."""
        with self.lock:
            self.sent += 1
        connection = http.client.HTTPConnection("127.0.0.1", self.house.port, timeout=20)
        try:
            sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **headers}
            connection.request(method, f"/api/v1/bench/{path}", json.dumps(body), sent)
            answer = connection.getresponse()
            said = answer.read()
        except ConnectionRefusedError:  # nobody is at home: nothing was sent
            with self.lock:
                self.sent -= 1
            time.sleep(0.1)
            return None
        except (OSError, http.client.HTTPException):
            with self.lock:
                self.lost += 1
            time.sleep(0.05)
            return None
        finally:
            connection.close()
        if answer.status not in {200, 201}:
            self.refused.append(f"{answer.status} {method} {path}: {said[:200]!r}")
            self.done.set()
            return None
        return {**json.loads(said), "etag": answer.headers.get("ETag", "")}

    def run(self, name: int) -> None:
        """Write until enough is acknowledged."""
        number = 0
        while not self.done.is_set():
            number += 1
            title = f"Need {name}-{number}"
            made = self.ask("POST", "needs", {"title": title})
            if made is None:
                continue
            self.note(made["key"], title)
            with self.lock:
                # An unanswered change may have been written or not; both are right.
                self.titles[made["key"]].add(f"{title} changed")
            changed = self.ask(
                "PATCH", f"needs/{made['key']}", {"title": f"{title} changed"}, **{"If-Match": made["etag"]}
            )
            if changed is not None:
                self.note(made["key"], f"{title} changed")
            said = self.ask("POST", "feedback", {"text": f"Feedback {name}-{number}"})
            if said is not None:
                self.note(said["key"], f"Feedback {name}-{number}")
            remark = f"Comment {name}-{number}"
            if self.ask("POST", f"records/{made['key']}/comments", {"body": remark}) is not None:
                self.note("", remark)


def check(base: Path, clients: Clients) -> None:
    """Raise where an acknowledged write is missing, or something hangs half-written."""
    with sqlite3.connect(f"file:{base}?mode=ro", uri=True) as database:
        found = {
            f"{prefix}-{number}": title
            for prefix, number, title in database.execute("SELECT prefix, number, title FROM records_record")
        }
        for key, titles in clients.titles.items():
            assert found.get(key) in titles, f"{key} was answered as {titles} and is {found.get(key)}"
        comments = {body for (body,) in database.execute("SELECT body FROM records_comment")}
        missing = [remark for remark in clients.comments if remark not in comments]
        assert not missing, f"acknowledged comments are missing: {missing}"

        def one(statement: str) -> int:
            return int(database.execute(statement).fetchone()[0])

        assert one("SELECT COUNT(*) FROM records_record r LEFT JOIN search_searchentry s ON s.record_id = r.id "
                   "WHERE s.id IS NULL") == 0, "a record without its search entry"  # fmt: skip


def wait_for_jobs(base: Path) -> None:
    """Wait until the worker has done every job, also those whose worker was killed and whose lease must run out."""
    until = time.monotonic() + 180
    waiting: list[Any] = []
    while time.monotonic() < until:
        with sqlite3.connect(f"file:{base}?mode=ro", uri=True) as database:
            waiting = database.execute(
                "SELECT name, state FROM jobs_job WHERE state IN ('queued', 'running', 'failed')"
            ).fetchall()
        if not waiting:
            return
        time.sleep(0.5)
    raise SystemExit(f"stranded jobs: {waiting}")


def main() -> int:
    """Write, kill, start again, check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writes", type=int, default=200)
    parser.add_argument("--every", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    chance = random.Random(asked.seed)  # noqa: S311 - the same moments each time
    kills = 0
    with tempfile.TemporaryDirectory(prefix="roadbed-kills-") as folder:
        data = Path(folder) / "data"
        install(data)
        python = [sys.executable, "-c"]
        made = subprocess.run(  # noqa: S603 - our own
            [*python, LET_IN], env=environment(data), check=True, capture_output=True, text=True
        )
        house = House(data)
        clients = Clients(house, made.stdout.strip(), asked.writes)
        threads = [threading.Thread(target=clients.run, args=[name]) for name in range(CLIENTS)]
        try:
            for thread in threads:
                thread.start()
            following = asked.every
            while not clients.done.wait(0.01):
                if clients.acknowledged >= following:
                    time.sleep(chance.uniform(0, 0.15))
                    house.kill()
                    kills += 1
                    following = clients.acknowledged + asked.every
                    house.start()
            for thread in threads:
                thread.join()
            assert not clients.refused, clients.refused
            house.kill()
            kills += 1
            house.start()
            wait_for_jobs(data / "roadbed.sqlite3")
        finally:
            clients.done.set()
            if house.process is not None and house.process.poll() is None:
                house.kill()
        check(data / "roadbed.sqlite3", clients)
        chain = subprocess.run(  # noqa: S603 - our own
            [*python, CHAIN], env=environment(data), check=True, capture_output=True, text=True
        ).stdout.strip()
    assert chain == "[]", chain
    print(
        f"{clients.acknowledged} acknowledged writes of {clients.sent} sent, {kills} kills, "
        f"{clients.lost} cut off unanswered: every acknowledged one is there, no job is stranded, the chain holds."
    )
    results = ROOT / "benchmarks" / "results"
    results.mkdir(exist_ok=True)
    (results / "api_kills.json").write_text(
        json.dumps({"acknowledged": clients.acknowledged, "kills": kills, "cut_off": clients.lost}) + "\n"
    )
    return 0


if __name__ == "__main__":
    os.nice(5)
    sys.exit(main())
