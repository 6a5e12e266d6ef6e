"""A backup on PostgreSQL, which needs no pg_dump, and its restore, which swaps schemas."""

from __future__ import annotations

import json
import os
import secrets
from urllib.parse import quote

import psycopg
import pytest

from tests import databases as copies
from tests.cli.terminal import Terminal

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
def databases():
    """Two databases of the server that the suite runs on: one with our tables, if they are there, and an empty one."""
    base = os.environ["DATABASE_URL"]
    address, _, query = base.partition("?")
    names = [f"roadbed_{secrets.token_hex(4)}" for _ in range(2)]
    with psycopg.connect(base, autocommit=True) as server:
        kept = copies.kept_name()
        is_there = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [kept]).fetchone()
        server.execute(f'CREATE DATABASE "{names[0]}"' + (f' TEMPLATE "{kept}"' if is_there else ""))
        server.execute(f'CREATE DATABASE "{names[1]}"')
        yield [f"{address.rpartition('/')[0]}/{quote(name)}?{query}" for name in names]
        for name in names:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def people(terminal, url):
    listed = json.loads(terminal.run("user", "list", "--json", DATABASE_URL=url).stdout)
    return {person["email"]: person["roles"] for person in listed}


class TestRestore:
    def test_what_was_there_is_there_again_and_what_was_here_is_set_aside(self, databases, tmp_path):
        first, second = databases
        here, there = Terminal(tmp_path / "here"), Terminal(tmp_path / "there")
        new = ("user", "create", "ada@northwind.example", "--workspace", "Northwind")
        assert here.run(*new, DATABASE_URL=first).returncode == 0
        assert here.run("backup", str(tmp_path / "all.zip"), DATABASE_URL=first).returncode == 0

        done = there.run("restore", str(tmp_path / "all.zip"), DATABASE_URL=second)
        assert done.returncode == 0, done.stderr
        assert people(there, second) == {"ada@northwind.example": {"northwind": "owner"}}

        # The sequences go on where they were: a new row does not take an old row's number.
        more = ("user", "create", "ben@northwind.example", "--workspace", "northwind", "--role", "maker")
        assert there.run(*more, DATABASE_URL=second).returncode == 0
        assert there.run("doctor", "--check", "history", DATABASE_URL=second).returncode == 0

        assert there.run("restore", str(tmp_path / "all.zip"), DATABASE_URL=second).returncode == 3
        done = there.run("restore", str(tmp_path / "all.zip"), "--force", DATABASE_URL=second)
        assert done.returncode == 0, done.stderr
        assert list(people(there, second)) == ["ada@northwind.example"]
        with psycopg.connect(second) as database:
            (aside,) = database.execute(
                "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'roadbed_replaced_%' ORDER BY 1 DESC LIMIT 1"
            ).fetchone()
            kept = database.execute(f'SELECT email FROM "{aside}".accounts_user ORDER BY email').fetchall()  # noqa: S608
        assert kept == [("ada@northwind.example",), ("ben@northwind.example",)]

    def test_a_backup_of_sqlite_is_refused(self, databases, founded, tmp_path):
        founded.run("backup", str(tmp_path / "all.zip"))
        done = Terminal(tmp_path / "there").run(
            "restore", str(tmp_path / "all.zip"), DATABASE_URL=databases[1]
        )
        assert done.returncode == 3
        assert "sqlite" in done.stderr
