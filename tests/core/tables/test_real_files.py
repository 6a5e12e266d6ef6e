"""Whole real files, through the terminal and through the page; large and hostile ones."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from roadbed.core.jobs import services as jobs
from roadbed.core.records import services as records
from roadbed.core.tables.models import Import
from roadbed.core.tables.reading import open_table, probe
from roadbed.modules.insights.models import Feedback, Person
from tests import databases

ROOT = Path(__file__).parents[3]


class TestThunderbird:
    def test_a_year_of_questions_through_the_page(self, ben, workspace, real_file):
        path = real_file("thunderbird_questions_2025.csv")
        file = SimpleUploadedFile(path.name, path.read_bytes())
        url = ben.post("import/new/", {"file": file, "target": "feedback"}).url
        run = Import.objects.get()
        chosen = {f"column-{place}": name for place, name in enumerate(run.mapping)}
        assert dict(zip(run.columns, run.mapping, strict=True))["created"] == "said_at"
        assert ben.post(f"{url}mapping/", {**chosen, "then": "run"}).status_code == 302
        jobs.run_waiting()
        run.refresh_from_db()
        assert (run.state, run.created_count, run.rejected_count) == ("done", 14_640, 0)
        assert Person.objects.count() == 12_333
        with path.open(newline="", encoding="utf-8") as source:
            first = next(csv.DictReader(source))
        kept = Feedback.objects.get(external_id=first["id"])
        assert (kept.title, kept.text, kept.locale) == (
            first["title"],
            first["body"].strip(),
            first["locale"],
        )
        assert kept.attributes["os"] == first["os"]
        assert list(records.verify_chain(workspace_id=workspace.pk)) == []

    @pytest.mark.parametrize(
        ("name", "rows", "rejected"),
        [("banking77_train.csv", 10_003, 4), ("gitbugs_seamonkey_bugs.csv", 1_076, 0)],
    )
    def test_other_real_files(self, bring_in, real_file, name, rows, rejected):
        run = bring_in(real_file(name).read_bytes(), name)
        assert (run.state, run.rows_done, run.rejected_count) == ("done", rows, rejected)


@pytest.mark.slow
class TestTerminal:
    """The command in a process of its own, with a database of its own."""

    @pytest.fixture
    def roadbed(self, tmp_path):
        environ = {
            **{name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
            "ROADBED_DATA": str(tmp_path / "data"),
            "DJANGO_SETTINGS_MODULE": "roadbed.config.settings",
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT / 'engines' / 'src'}",
        }
        databases.lay_out(tmp_path / "data")

        def run(code, *arguments):
            return subprocess.run(  # noqa: S603 - our own command
                [sys.executable, "-c", code, *arguments],
                env=environ,
                capture_output=True,
                text=True,
                check=False,
            )

        made = run(
            "import django; django.setup()\n"
            "from django.utils import timezone\n"
            "from roadbed.core.workspaces.models import Workspace\n"
            "Workspace.objects.create(slug='northwind', name='Northwind', created_at=timezone.now())"
        )
        assert made.returncode == 0, made.stderr
        return lambda *arguments: run("from roadbed.cli import main; main()", *arguments)

    def test_import_again_reject_and_export(self, roadbed, real_file, tmp_path):
        path = str(real_file("gitbugs_seamonkey_bugs.csv"))
        checked = roadbed("import", path, "--into", "feedback", "--dry-run")
        assert "1,076 would be new" in checked.stdout, checked.stderr
        first = roadbed("import", path, "--into", "feedback", "--source", "bugs", "--json")
        assert first.returncode == 0, first.stderr
        assert json.loads(first.stdout)["created"] == 1_076
        again = roadbed("import", path, "--into", "feedback", "--source", "bugs")
        assert "1,076 as they were" in again.stdout
        bad = tmp_path / "bad.csv"
        bad.write_text("id,date,text\n1,soon,late\n2,2025-01-01,fine\n", encoding="utf-8")
        rejects = tmp_path / "rejects.csv"
        some = roadbed("import", str(bad), "--into", "feedback", "--rejects", str(rejects))
        assert some.returncode == 4
        assert "“soon” is in no date format" in rejects.read_text(encoding="utf-8-sig")
        out = tmp_path / "out.ndjson"
        assert roadbed("export", "feedback", "--format", "ndjson", "-o", str(out)).returncode == 0
        assert len(out.read_text(encoding="utf-8").splitlines()) == 1_077
        assert roadbed("import", path, "--into", "nothing").returncode == 3
        assert roadbed("import", path, "--into", "feedback", "--map", "Nope=text").returncode == 1

    def test_killed_imports_are_whole_after_resuming(self, tmp_path):
        done = subprocess.run(  # noqa: S603 - our own command
            [
                sys.executable,
                str(ROOT / "benchmarks" / "import_kills.py"),
                "--imports",
                "3",
                "--rows",
                "2500",
                "--migrated",
                str(databases.lay_out(tmp_path / "migrated")),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


class TestFiftyMegabytes:
    def test_broken_quotes_cost_their_own_lines_alone(self, tmp_path):
        path = tmp_path / "large.csv"
        words = "the driver calls the depot and nobody knows where the parcel is " * 4
        rows = 190_000
        with path.open("w", encoding="utf-8") as file:
            file.write("id,date,text\n")
            for number in range(rows):
                mark = '"' if number % 1000 == 7 else ""
                file.write(
                    f"{number},2025-01-01,{mark}{words}\n" if mark else f'{number},2025-01-01,"{words}"\n'
                )
        assert path.stat().st_size > 50_000_000
        began = time.process_time()
        table = open_table(path, probe(path, path.name))
        good, bad = 0, []
        for row in table.rows():
            if row.problem:
                bad.append(row.number)
            else:
                good += 1
        assert bad == [number + 2 for number in range(7, rows, 1000)]
        assert good == rows - len(bad)
        assert time.process_time() - began < 30


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL refuses NUL characters")
def test_nul_characters_are_left_out(bring_in):
    run = bring_in("id,text\n1,a\x00b\n")
    assert Feedback.objects.get().text == "ab"
    assert run.created_count == 1
