"""The rules of the house about files: which there may be, how long, and what they may not hold."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys

import pytest

from tests.architecture import house

ROOMS = {
    "admin", "api", "apps", "demo", "facade", "forms", "imports", "migrations", "models", "selectors", "services",
    "tasks", "templates", "urls", "views",
}  # fmt: skip
LONGEST = 450
OUTGROWING = {".py", ".ts", ".html", ".css", ".sh", ".mjs"}


class TestModules:
    @pytest.mark.parametrize(
        "module", sorted((house.SOURCE / "modules").glob("[a-z]*/")), ids=lambda path: path.name
    )
    def test_every_module_has_the_same_rooms(self, module):
        found = {path.stem for path in module.iterdir() if path.name not in {"__init__.py", "__pycache__"}}
        assert found <= ROOMS, f"{module.name} has rooms that no module has: {sorted(found - ROOMS)}"

    @pytest.mark.parametrize(
        "module", sorted((house.SOURCE / "modules").glob("[a-z]*/")), ids=lambda path: path.name
    )
    def test_every_module_has_what_none_can_do_without(self, module):
        found = {path.stem for path in module.iterdir()}
        assert {"apps", "demo", "facade", "models", "selectors", "services", "urls", "views"} <= found

    def test_nothing_is_called_utils(self):
        banned = {"utils", "helpers", "misc", "common", "signals"}
        assert [house.name(path) for path in house.files(".py", ".ts") if path.stem in banned] == []


class TestFiles:
    def test_no_file_outgrows_its_room(self):
        long = {
            house.name(path): lines
            for path in house.files(*OUTGROWING)
            if "migrations" not in path.parts and "snapshots" not in path.parts
            if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
        }
        assert long == {}, "split these by noun"

    def test_no_line_names_a_machine_or_a_registry(self):
        # Put together here, or this file would be the first to break the rule.
        words = [
            "/wor" + "k/", "/roo" + "t/", "pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org",
            "npmjs" + ".com", "sub" + "agent",
        ]  # fmt: skip
        pattern = re.compile("|".join(map(re.escape, words)))
        found = []
        for path in house.repository():
            try:
                text = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
            for number, line in enumerate(text.splitlines(), start=1):
                if pattern.search(line):
                    found.append(f"{house.name(path)}:{number}")
        assert found == []

    def test_scripts_can_be_run(self):
        for script in ("bin/roadbed", "bin/test", "bin/bring-up", ".ci/run"):
            path = house.ROOT / script
            assert path.stat().st_mode & 0o111, f"{script} cannot be run"
            assert path.read_text(encoding="utf-8").startswith("#!/bin/sh\n"), (
                f"{script} asks for more than sh"
            )


class TestCode:
    def test_settings_are_read_through_django_conf(self):
        found = [
            house.name(path)
            for path in house.files(".py", below="src/roadbed")
            if not path.is_relative_to(house.SOURCE / "cli") and not path.is_relative_to(house.SOURCE / "config")
            and any(name.startswith("roadbed.config") for name in _imports(path))
        ]  # fmt: skip
        assert found == []

    def test_nobody_reads_the_environment_but_config_and_the_terminal(self):
        doors = ("cli", "config", "core/backup/postgres.py", "core/jobs")
        found = [
            house.name(path)
            for path in house.files(".py", below="src/roadbed")
            if not house.name(path).removeprefix("src/roadbed/").startswith(doors)
            and re.search(r"os\.(environ|getenv)", path.read_text(encoding="utf-8"))
        ]
        assert found == []

    def test_there_are_no_signals(self):
        found = []
        for path in house.files(".py", below="src/roadbed"):
            found += [
                f"{house.name(path)}: {name}"
                for name in _imports(path)
                if "signals" in name.split(".") or name == "django.dispatch.receiver"
            ]
        # Django offers two moments through signals alone: a connection is opened, a request has come in.
        allowed = {"django.db.backends.signals"}
        assert [line for line in found if not any(name in line for name in allowed)] == []

    def test_no_import_is_relative(self):
        found = []
        for path in house.files(".py"):
            found += [
                f"{house.name(path)}:{node.lineno}"
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                if isinstance(node, ast.ImportFrom) and node.level
            ]
        assert found == []

    def test_every_refusal_of_a_table_can_be_said(self):
        """Django puts the name of a rule into its message with the percent sign: one that means itself is doubled."""
        from django.apps import apps

        for model in apps.get_models():
            for rule in model._meta.constraints:
                assert rule.get_violation_error_message(), rule.name

    def test_no_table_of_a_module_points_into_another_module(self):
        from django.apps import apps

        found = []
        for model in apps.get_models():
            home = model.__module__.split(".")[:3]
            if home[:2] != ["roadbed", "modules"]:
                continue
            for field in model._meta.get_fields():
                target = getattr(field, "related_model", None)
                if not target or not getattr(field, "concrete", False):
                    continue
                there = target.__module__.split(".")[:3]
                if there[:2] == ["roadbed", "modules"] and there != home:
                    found.append(f"{model.__name__}.{field.name} → {target.__name__}")
        assert found == [], "use a link"


def _imports(path):
    """Every name that a file imports, in full."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_no_start_waits_for_what_few_requests_ask(tmp_path):
    """Engines of queries, solvers, compilers and models take seconds: each is loaded where it is asked."""
    heavy = ["duckdb", "ibis", "numba", "onnxruntime", "ortools", "pyarrow", "sqlglot"]
    heavy += [
        "scipy.linalg",
        "scipy.optimize",
        "scipy.sparse",
        "scipy.special",
    ]  # `import scipy` alone loads none
    start = "import sys, django; django.setup(); import roadbed.config.urls"
    code = f"{start}; print(sorted(set({heavy}) & set(sys.modules)))"
    done = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-W", "ignore", "-c", code],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "roadbed.config.settings",
            "ROADBED_DATA": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "[]\n", done.stdout + done.stderr
