"""`up` keeps web and worker alive, says what is in its way, and stops within seconds."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import time
import urllib.request
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import copied

pytestmark = pytest.mark.slow


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def port():
    return free_port()


def until(seen, *, seconds=30.0):
    """Wait for something to be true, and return it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            found = seen()
        except (OSError, sqlite3.Error):
            found = None
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s")


def ask(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        return answer.read().decode()


def worker_pid(terminal):
    """The process of the worker that runs, if any."""
    with closing(sqlite3.connect(terminal.data / "roadbed.sqlite3")) as database:
        rows = database.execute(
            "SELECT pid FROM jobs_worker WHERE stopped_at IS NULL ORDER BY id DESC"
        ).fetchall()
    return next((pid for (pid,) in rows if Path(f"/proc/{pid}").exists()), None)


@contextmanager
def running(terminal, port, *words):
    process = terminal.start("up", "--port", str(port), *words)
    try:
        until(lambda: ask(port, "/healthz") == "ok\n")
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.communicate(timeout=20)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(scope="class")
def served(founded, tmp_path_factory):
    """A server that runs while a class asks it: its terminal and its port."""
    terminal, port = copied(founded, tmp_path_factory.mktemp("served") / "data"), free_port()
    with running(terminal, port):
        yield terminal, port


class TestUp:
    def test_it_serves_and_works(self, served):
        terminal, port = served
        until(lambda: worker_pid(terminal))
        ready = json.loads(ask(port, "/readyz"))
        assert ready["ready"] is True
        assert ready["pending_migrations"] == 0

    def test_a_link_leads_to_where_it_listens(self, served):
        terminal, port = served
        made = terminal.run("user", "link", "ada@northwind.example")
        assert f"http://127.0.0.1:{port}/sign-in/" in made.stdout

    def test_a_data_folder_has_one_server(self, served):
        terminal, port = served
        done = terminal.run("up", "--port", str(port + 1))
        assert done.returncode == 3
        assert "already" in done.stderr

    def test_a_backup_can_be_made_meanwhile(self, served, tmp_path):
        terminal, _ = served
        assert terminal.run("backup", str(tmp_path / "all.zip")).returncode == 0
        assert terminal.run("restore", str(tmp_path / "all.zip"), "--force").returncode == 3

    def test_a_worker_that_is_killed_comes_back(self, served):
        terminal, _ = served
        first = until(lambda: worker_pid(terminal))
        os.kill(first, signal.SIGKILL)
        until(lambda: worker_pid(terminal) not in {None, first})


class TestEnd:
    def test_it_stops_within_seconds(self, terminal, port):
        with running(terminal, port) as process:
            worker = until(lambda: worker_pid(terminal))
            started = time.monotonic()
            process.terminate()
            assert process.wait(timeout=15) == 0
            assert time.monotonic() - started < 10
            assert not Path(f"/proc/{worker}").exists()
            with pytest.raises(OSError, match="refused"):
                ask(port, "/healthz")

    def test_nothing_stays_behind_when_it_is_killed_itself(self, terminal, port):
        with running(terminal, port) as process:
            worker = until(lambda: worker_pid(terminal))
            process.kill()
            until(lambda: not Path(f"/proc/{worker}").exists())


class TestRefusals:
    def test_a_port_that_is_taken_is_named_with_a_way_out(self, terminal, port):
        with socket.socket() as other:
            other.bind(("127.0.0.1", port))
            other.listen()
            done = terminal.run("up", "--port", str(port))
        assert done.returncode == 3
        assert f"port {port}" in done.stderr
        assert f"--port {port + 1}" in done.stderr

    def test_sqlite_has_one_web_process(self, terminal, port):
        done = terminal.run("up", "--port", str(port), "--workers", "2")
        assert done.returncode == 3
        assert "PostgreSQL" in done.stderr
