"""A backup holds everything, and a restore loses nothing."""

from __future__ import annotations

import json
import sqlite3
import stat
import zipfile
from contextlib import closing

EMAILS = "SELECT email FROM accounts_user ORDER BY email"


def emails(terminal):
    with closing(sqlite3.connect(terminal.data / "roadbed.sqlite3")) as database:
        return [row[0] for row in database.execute(EMAILS)]


def edit(source, target, change):
    """Copy an archive, changing members on the way."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))


class TestBackup:
    def test_what_was_there_is_there_again(self, terminal, empty, tmp_path):
        stored = terminal.data / "files" / "a" / "quote.txt"
        stored.parent.mkdir(parents=True)
        stored.write_text("the app must work offline", encoding="utf-8")
        done = terminal.run("backup", str(tmp_path / "all.zip"), "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["parts"] == 2
        assert stat.S_IMODE((tmp_path / "all.zip").stat().st_mode) == 0o600
        done = empty.run("restore", str(tmp_path / "all.zip"))
        assert done.returncode == 0, done.stderr
        assert emails(empty) == ["ada@northwind.example"]
        assert (empty.data / "files" / "a" / "quote.txt").read_text(
            encoding="utf-8"
        ) == "the app must work offline"

    def test_a_write_under_way_is_not_half_in_it(self, terminal, empty, tmp_path):
        with closing(sqlite3.connect(terminal.data / "roadbed.sqlite3")) as database:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("BEGIN IMMEDIATE")
            database.execute("UPDATE accounts_user SET email = 'half@northwind.example'")
            assert terminal.run("backup", str(tmp_path / "all.zip")).returncode == 0
            database.rollback()
        assert empty.run("restore", str(tmp_path / "all.zip")).returncode == 0
        assert emails(empty) == ["ada@northwind.example"]

    def test_the_secret_key_is_not_in_it(self, terminal, tmp_path):
        terminal.run("backup", str(tmp_path / "all.zip"))
        secret = (terminal.data / "secret_key").read_text(encoding="utf-8").strip()
        with zipfile.ZipFile(tmp_path / "all.zip") as archive:
            assert not any(secret.encode() in archive.read(name) for name in archive.namelist())

    def test_a_file_that_is_there_is_not_written_over(self, terminal, tmp_path):
        (tmp_path / "all.zip").write_text("dear to me", encoding="utf-8")
        done = terminal.run("backup", str(tmp_path / "all.zip"))
        assert done.returncode == 3
        assert "--force" in done.stderr
        assert (tmp_path / "all.zip").read_text(encoding="utf-8") == "dear to me"

    def test_a_folder_that_is_missing_is_named(self, terminal, tmp_path):
        done = terminal.run("backup", str(tmp_path / "nowhere" / "all.zip"))
        assert done.returncode == 1
        assert "nowhere" in done.stderr
        assert "Traceback" not in done.stderr


class TestRestore:
    def test_it_does_not_write_over_data(self, terminal, tmp_path):
        terminal.run("backup", str(tmp_path / "all.zip"))
        done = terminal.run("restore", str(tmp_path / "all.zip"))
        assert done.returncode == 3
        assert "--force" in done.stderr

    def test_with_force_it_sets_aside_what_was_there(self, terminal, tmp_path):
        terminal.run("backup", str(tmp_path / "all.zip"))
        terminal.run("user", "create", "ben@northwind.example")
        done = terminal.run("restore", str(tmp_path / "all.zip"), "--force")
        assert done.returncode == 0, done.stderr
        assert emails(terminal) == ["ada@northwind.example"]
        (aside,) = (terminal.data / "replaced").iterdir()
        with closing(sqlite3.connect(aside / "roadbed.sqlite3")) as database:
            assert [row[0] for row in database.execute(EMAILS)] == [
                "ada@northwind.example",
                "ben@northwind.example",
            ]

    def test_a_newer_backup_is_refused(self, terminal, empty, tmp_path):
        def age(name, content):
            if name != "manifest.json":
                return content
            manifest = json.loads(content)
            manifest["version"] = "9.9.9"
            manifest["migrations"].append(["records", "9999_from_the_future"])
            return json.dumps(manifest)

        terminal.run("backup", str(tmp_path / "all.zip"))
        edit(tmp_path / "all.zip", tmp_path / "newer.zip", age)
        done = empty.run("restore", str(tmp_path / "newer.zip"), "--force")
        assert done.returncode == 3
        assert "9.9.9" in done.stderr
        assert "9999_from_the_future" in done.stderr

    def test_a_damaged_part_changes_nothing(self, terminal, tmp_path):
        terminal.run("backup", str(tmp_path / "all.zip"))
        edit(
            tmp_path / "all.zip",
            tmp_path / "damaged.zip",
            lambda name, content: content[:-1] + b"x" if name.startswith("database/") else content,
        )
        done = terminal.run("restore", str(tmp_path / "damaged.zip"), "--force")
        assert done.returncode == 1
        assert "damaged" in done.stderr
        assert emails(terminal) == ["ada@northwind.example"]

    def test_a_file_that_is_no_backup_is_named(self, empty, tmp_path):
        (tmp_path / "holiday.jpg").write_bytes(b"not a zip")
        done = empty.run("restore", str(tmp_path / "holiday.jpg"))
        assert done.returncode == 1
        assert "holiday.jpg is no backup" in done.stderr

    def test_a_name_that_leads_outside_is_refused(self, terminal, empty, tmp_path):
        def climb(name, content):
            if name != "manifest.json":
                return content
            manifest = json.loads(content)
            manifest["parts"]["../../outside"] = {"sha256": "0" * 64, "size": 1}
            return json.dumps(manifest)

        terminal.run("backup", str(tmp_path / "all.zip"))
        edit(tmp_path / "all.zip", tmp_path / "climbing.zip", climb)
        done = empty.run("restore", str(tmp_path / "climbing.zip"))
        assert done.returncode == 1
        assert "impossible name" in done.stderr
