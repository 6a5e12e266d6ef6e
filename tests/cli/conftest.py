"""A terminal on a data folder with Ada in it, made once and copied, since that takes a while."""

from __future__ import annotations

import shutil

import pytest

from tests import databases
from tests.cli.terminal import Terminal


@pytest.fixture(scope="session")
def founded(tmp_path_factory):
    terminal = Terminal(tmp_path_factory.mktemp("founded") / "data")
    databases.lay_out(terminal.data)
    done = terminal.run(
        "user", "create", "ada@northwind.example", "--name", "Ada", "--workspace", "Northwind"
    )
    assert done.returncode == 0, done.stderr
    return terminal


def copied(founded, folder):
    """Return a terminal on a copy of the founded data."""
    shutil.copytree(founded.data, folder, ignore=shutil.ignore_patterns("*-wal", "*-shm", "running.lock"))
    return Terminal(folder)


@pytest.fixture
def terminal(founded, tmp_path):
    return copied(founded, tmp_path / "data")


@pytest.fixture
def empty(tmp_path):
    return Terminal(tmp_path / "empty")
