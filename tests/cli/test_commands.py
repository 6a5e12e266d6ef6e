"""What the commands say, to people and to programs, and how they end."""

from __future__ import annotations

import json
import stat
import time


class TestHelp:
    def test_it_is_there_within_half_a_second(self, empty):
        empty.run("--help")
        took = []
        # Other tests run beside it: the quickest of some tries is what the command itself takes.
        while len(took) < 3 or (min(took) >= 0.5 and len(took) < 10):
            started = time.perf_counter()
            done = empty.run("--help")
            took.append(time.perf_counter() - started)
            assert done.returncode == 0
        assert "Exit codes" in done.stdout
        assert min(took) < 0.5

    def test_a_command_that_is_none_ends_with_2(self, empty):
        assert empty.run("upp").returncode == 2

    def test_version_is_there_for_programs(self, empty):
        assert set(json.loads(empty.run("version", "--json").stdout)) == {"roadbed", "python", "sqlite"}


class TestGround:
    def test_only_its_owner_reads_the_secret_key(self, terminal):
        assert stat.S_IMODE((terminal.data / "secret_key").stat().st_mode) == 0o600

    def test_the_key_stays_the_same(self, terminal):
        before = (terminal.data / "secret_key").read_text(encoding="utf-8")
        terminal.run("user", "list")
        assert (terminal.data / "secret_key").read_text(encoding="utf-8") == before

    def test_a_setting_that_cannot_be_read_is_named(self, empty):
        done = empty.run("doctor", ROADBED_WORKERS="many")
        assert done.returncode == 2
        assert "ROADBED_WORKERS" in done.stderr
        assert "Traceback" not in done.stderr


class TestConfig:
    def test_it_never_shows_a_secret(self, empty):
        done = empty.run("config", "show", "--sources", ROADBED_SECRET_KEY="correct-horse-battery")
        assert "correct-horse" not in done.stdout + done.stderr
        assert "(set)" in done.stdout

    def test_it_says_where_a_value_comes_from(self, empty):
        done = empty.run("config", "show", "--json", ROADBED_TIME_ZONE="Europe/Berlin")
        rows = {row["name"]: row for row in json.loads(done.stdout)}
        assert rows["ROADBED_TIME_ZONE"] == {
            "name": "ROADBED_TIME_ZONE",
            "value": "Europe/Berlin",
            "source": "environment",
        }
        assert rows["ROADBED_DEBUG"]["source"] == "default"


class TestUsers:
    def test_a_link_is_printed_alone(self, terminal):
        done = terminal.run("user", "link", "ada@northwind.example")
        assert done.returncode == 0
        assert done.stdout.startswith("http://127.0.0.1:8400/")
        assert done.stdout.count("\n") == 1

    def test_who_creates_a_workspace_owns_it(self, terminal):
        (person,) = json.loads(terminal.run("user", "list", "--json").stdout)
        assert person == {
            "email": "ada@northwind.example",
            "name": "Ada",
            "active": True,
            "roles": {"northwind": "owner"},
        }

    def test_a_role_can_be_given_and_changed(self, terminal):
        terminal.run(
            "user", "create", "ben@northwind.example", "--workspace", "northwind", "--role", "viewer"
        )
        assert terminal.run("user", "role", "ben@northwind.example", "northwind", "maker").returncode == 0
        people = json.loads(terminal.run("user", "list", "--json").stdout)
        assert people[1]["roles"] == {"northwind": "maker"}

    def test_the_last_owner_stays_one(self, terminal):
        done = terminal.run("user", "role", "ada@northwind.example", "northwind", "viewer")
        assert done.returncode == 3
        assert "owner" in done.stderr

    def test_who_is_deactivated_gets_no_link(self, terminal):
        assert terminal.run("user", "deactivate", "ada@northwind.example").returncode == 0
        done = terminal.run("user", "link", "ada@northwind.example")
        assert done.returncode == 3
        assert "activate" in done.stderr

    def test_the_same_address_twice_is_refused(self, terminal):
        done = terminal.run("user", "create", "Ada@Northwind.example")
        assert done.returncode == 1
        assert "already" in done.stderr

    def test_a_role_that_is_none_is_named(self, terminal):
        done = terminal.run("user", "role", "ada@northwind.example", "northwind", "boss")
        assert done.returncode == 2
        assert "owner" in done.stderr


class TestDoctor:
    def test_all_is_well_after_a_first_start(self, terminal):
        done = terminal.run("doctor", "--json")
        found = json.loads(done.stdout)
        assert [check for check in found["checks"] if check["health"] == "bad"] == []
        assert done.returncode == 0

    def test_every_check_that_is_not_good_names_a_fix(self, terminal):
        checks = json.loads(terminal.run("doctor", "--json").stdout)["checks"]
        assert [check["name"] for check in checks if check["health"] != "good" and not check["fix"]] == []

    def test_a_key_that_others_can_read_is_found(self, terminal):
        (terminal.data / "secret_key").chmod(0o644)
        done = terminal.run("doctor", "--check", "secret-key")
        assert done.returncode == 4
        assert "chmod 600" in done.stdout

    def test_tables_that_are_missing_are_found(self, empty):
        done = empty.run("doctor", "--json")
        health = {check["name"]: check["health"] for check in json.loads(done.stdout)["checks"]}
        assert health["migrations"] == "bad"
        assert done.returncode == 4

    def test_a_check_that_is_none_is_named(self, terminal):
        done = terminal.run("doctor", "--check", "horoscope")
        assert done.returncode == 2
        assert "secret-key" in done.stderr
