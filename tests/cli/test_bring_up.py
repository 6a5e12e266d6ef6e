"""The bring-up: it does nothing twice, spoils nothing that is not its own, and says what is missing."""

from __future__ import annotations

import hashlib
import http.server
import importlib.util
import json
import platform
import re
import subprocess
import sys
import threading
import zipfile
from functools import partial

import pytest

from tests.architecture.house import ROOT


@pytest.fixture
def program(tmp_path, monkeypatch):
    """The program, on a clone of its own with nothing in it but the files that decide."""
    specification = importlib.util.spec_from_file_location("bring_up", ROOT / "bin" / "bring_up.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    for name in ("requirements.lock", "requirements-build.lock", "requirements-dev.lock", "pyproject.toml"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    (tmp_path / "requirements-uv.lock").write_text(
        "uv==1.2.3 \\\n    --hash=sha256:" + "0" * 64, encoding="utf-8"
    )
    (tmp_path / "frontend").mkdir()
    (tmp_path / "frontend" / "main.ts").write_text("export {};", encoding="utf-8")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "TOOLS", tmp_path / ".roadbed" / "tools")
    monkeypatch.setattr(module, "UV_LOCK", tmp_path / "requirements-uv.lock")
    for name in ("ROADBED_VENV", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing-here"))
    return module


def note(program, kind):
    """Leave the stamp of an earlier run."""
    venv = program.ROOT / ".venv"
    venv.mkdir(exist_ok=True)
    stamp = venv / ".roadbed.json"
    stamp.write_text(json.dumps({"kind": kind, "digest": program.digest(kind)}), encoding="utf-8")
    return stamp


class TestStamp:
    def test_a_second_run_has_nothing_to_do(self, program):
        assert program.is_current(note(program, "run"), kind="run")

    @pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml", "frontend/main.ts"])
    def test_a_change_of_what_decides_is_seen(self, program, name):
        stamp = note(program, "run")
        (program.ROOT / name).write_text("changed", encoding="utf-8")
        assert not program.is_current(stamp, kind="run")

    def test_an_environment_for_tests_serves_a_run(self, program):
        assert program.is_current(note(program, "dev"), kind="run")

    def test_an_environment_for_a_run_does_not_serve_tests(self, program):
        assert not program.is_current(note(program, "run"), kind="dev")

    def test_a_broken_stamp_is_no_stamp(self, program):
        stamp = note(program, "run")
        stamp.write_text("{", encoding="utf-8")
        assert not program.is_current(stamp, kind="run")


def test_whatever_the_bundle_is_made_of_makes_it_anew(program):
    """What the style sheets of the front end import lies where both digests look, and they look at the same."""
    specification = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    build = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(build)
    assert program.FRONTEND == build.INPUTS
    watched = [ROOT / name for name in build.INPUTS]
    seen, waiting = set(), list((ROOT / "frontend" / "src").glob("*.css"))
    while waiting:
        sheet = waiting.pop()
        seen.add(sheet)
        names = re.findall(r'@import url\("(\.[^"]+)"\)', sheet.read_text(encoding="utf-8"))
        waiting.extend((sheet.parent / name).resolve() for name in names)
    assert len(seen) > 20
    assert [sheet for sheet in seen if not any(sheet.is_relative_to(top) for top in watched)] == []


class TestRefusals:
    def test_an_environment_of_somebody_else_is_left_alone(self, program):
        (program.ROOT / ".venv").mkdir()
        with pytest.raises(program.BringUpError, match="was not made by this program"):
            program.bring_up("run")

    def test_without_any_way_to_uv_it_says_what_to_install(self, program, monkeypatch):
        def nothing(target, **_):
            raise program.BringUpError("there is none")

        for way in ("with_pip", "with_bundled_pip", "with_debian_pip"):
            monkeypatch.setattr(program, way, nothing)
        with pytest.raises(program.BringUpError, match="apt install python3-pip"):
            program.find_uv()

    def test_a_python_that_is_too_old_is_named(self, tmp_path):
        old = tmp_path / "python3"
        old.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
        old.chmod(0o755)
        done = subprocess.run(  # noqa: S603 - our own command
            ["/bin/sh", ROOT / "bin" / "bring-up", "run"],
            env={"PATH": f"{tmp_path}:/usr/bin:/bin", "ROADBED_PYTHON": str(old)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert "apt install python3" in done.stderr


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format, *arguments):
        pass


@pytest.fixture
def index(program, tmp_path):
    """A package index on this machine, with a wheel for it."""
    libc = "manylinux_2_17" if platform.libc_ver()[0] == "glibc" else "musllinux_1_1"
    tag = f"{libc}_{platform.machine()}" if sys.platform == "linux" else f"macosx_11_0_{platform.machine()}"
    folder = tmp_path / "simple" / "uv"
    folder.mkdir(parents=True)
    wheel = folder / f"uv-1.2.3-py3-none-{tag}.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("uv-1.2.3.data/scripts/uv", b"#!/bin/sh\necho uv 1.2.3\n")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    program.UV_LOCK.write_text(f"uv==1.2.3 --hash=sha256:{digest}\n", encoding="utf-8")
    link = f'<a href="{wheel.name}#sha256={digest}">{wheel.name}</a>'
    (folder / "index.html").write_text(link, encoding="utf-8")
    handler = partial(QuietHandler, directory=str(tmp_path / "simple"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", wheel
        server.shutdown()
        thread.join()


class TestIndex:
    def test_the_wheel_is_fetched_and_can_be_run(self, program, index, tmp_path, monkeypatch):
        monkeypatch.setenv("PIP_INDEX_URL", index[0])
        monkeypatch.setenv("PATH", "/usr/bin:/bin")
        (tmp_path / "target").mkdir()
        program.from_index(tmp_path / "target")
        assert program._version_of(str(tmp_path / "target" / "bin" / "uv")) == "1.2.3"

    def test_a_wheel_with_another_hash_is_refused(self, program, index, tmp_path, monkeypatch):
        monkeypatch.setenv("UV_DEFAULT_INDEX", index[0])
        (tmp_path / "target").mkdir()
        index[1].write_bytes(index[1].read_bytes() + b"more")
        with pytest.raises(program.BringUpError, match="does not have the hash"):
            program.from_index(tmp_path / "target")
        assert not (tmp_path / "target" / "bin").exists()
