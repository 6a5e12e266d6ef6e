"""Turn a fresh clone into an installation, with nothing but the standard library.

    bin/bring-up run    what Roadbed needs to run, exactly as requirements.lock says
    bin/bring-up dev    that, and what the tests need (requirements-dev.lock)
    bin/bring-up uv     only uv; prints where it is

Everything lands inside the clone: uv in `.roadbed/tools`, the packages in `.venv`, the bundle beside the
templates. A second run compares one digest and is done.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".roadbed" / "tools"
UV_LOCK = ROOT / "requirements-uv.lock"
LOCKS = {"run": ["requirements.lock", "requirements-build.lock"], "dev": ["requirements-dev.lock"]}
FRONTEND = (
    "package.json", "package-lock.json", "tsconfig.json", ".npmrc", "frontend", "src/roadbed/web/static/css",
)  # fmt: skip
MACHINERY = ("pyproject.toml", "hatch_build.py", *FRONTEND)


class BringUpError(Exception):
    """Something is missing that this program cannot bring; the message says what to do."""


def main(arguments: list[str]) -> int:
    """Do what the one argument says."""
    if len(arguments) != 1 or arguments[0] not in {"run", "dev", "uv"}:
        print("usage: bin/bring-up run|dev|uv", file=sys.stderr)
        return 2
    try:
        if arguments[0] == "uv":
            print(find_uv())
        else:
            bring_up(arguments[0])
    except BringUpError as error:
        print(f"roadbed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


# -- the environment --------------------------------------------------------------------------------


def bring_up(kind: str) -> None:
    """Make `.venv` hold what the lock file of `kind` names, and the clone itself."""
    venv = Path(os.environ.get("ROADBED_VENV") or ROOT / ".venv")
    stamp = venv / ".roadbed.json"
    if is_current(stamp, kind=kind):
        return
    with _alone():
        # Another bring-up may have finished while this one waited.
        if is_current(stamp, kind=kind):
            return
        known = _read(stamp)
        if venv.exists() and not known:
            raise BringUpError(
                f"{venv} was not made by this program. Move it away, or name another folder in ROADBED_VENV."
            )
        # Tests need all that a run needs: an environment made for them is not thinned out again.
        kind = "dev" if known.get("kind") == "dev" else kind
        started = time.monotonic()
        _say("getting ready (once; again only after a change of the lock files or the front end)")
        uv = find_uv()
        environ = _uv_environ()
        if not (venv / "bin" / "python").exists():
            _run([uv, "venv", "--quiet", "--python", sys.executable, str(venv)], environ=environ)
            stamp.write_text(json.dumps({"kind": kind, "digest": ""}), encoding="utf-8")
        _say(f"packages, as {' and '.join(LOCKS[kind])} {'say' if len(LOCKS[kind]) > 1 else 'says'}")
        pip = [uv, "pip"]
        here = ["--python", str(venv / "bin" / "python")]
        locks = [str(ROOT / name) for name in LOCKS[kind]]
        _run([*pip, "sync", "--quiet", *here, "--require-hashes", *locks], environ=environ)
        _say("front end")
        environ["ROADBED_FRONTEND_DEV"] = "1" if kind == "dev" else "0"
        editable = ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
        _run([*pip, "install", "--quiet", *here, *editable], environ=environ)
        compile_loops(venv, environ=environ)
        stamp.write_text(json.dumps({"kind": kind, "digest": digest(kind)}), encoding="utf-8")
        _say(f"ready after {time.monotonic() - started:.0f} s")


def compile_loops(venv: Path, *, environ: dict[str, str]) -> None:
    """Compile the inner loops of the schedule once; without that, the first to ask for one waits for it."""
    _say("compiling the scheduler")
    command = [str(venv / "bin" / "python"), "-m", "roadbed_engines.schedule.warm"]
    done = subprocess.run(command, env=environ, cwd=ROOT, check=False)  # noqa: S603 - our own command
    if done.returncode:
        _say("that failed (see above); plans are scheduled all the same, only slower")


def is_current(stamp: Path, *, kind: str) -> bool:
    """Say whether the environment is of this kind, or of a richer one, and nothing has changed since."""
    known = _read(stamp)
    made_for = known.get("kind")
    if made_for not in LOCKS or (kind == "dev" and made_for != "dev"):
        return False
    return known.get("digest") == digest(made_for)


def digest(kind: str) -> str:
    """Return a digest of all that decides what the environment and the bundle hold."""
    total = hashlib.sha256(str(ROOT).encode())
    for name in (*LOCKS[kind], *MACHINERY):
        top = ROOT / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file():
                total.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def _read(stamp: Path) -> dict[str, str]:
    """Return what an earlier run noted, or nothing."""
    try:
        noted = json.loads(stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


@contextmanager
def _alone() -> Iterator[None]:
    """Let one bring-up work at a time in this clone."""
    TOOLS.mkdir(parents=True, exist_ok=True)
    with (TOOLS / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            _say("another bring-up is at work in this clone; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _uv_environ() -> dict[str, str]:
    """Return the environment for uv: no Python download, and the index that pip is told to use."""
    environ = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    environ.pop("VIRTUAL_ENV", None)
    index = _index()
    if index and not (environ.get("UV_DEFAULT_INDEX") or environ.get("UV_INDEX_URL")):
        environ["UV_DEFAULT_INDEX"] = index
    if not environ.get("SSL_CERT_FILE"):
        # Company networks have an authority of their own; the machine knows it, uv's built-in list does not.
        environ.setdefault("UV_SYSTEM_CERTS", "true")
    return environ


def _run(command: list[str], *, environ: dict[str, str]) -> None:
    """Run one step; its own words are shown, and a failure ends the bring-up."""
    finished = subprocess.run(command, env=environ, cwd=ROOT, check=False)  # noqa: S603 - our own commands
    if finished.returncode:
        raise BringUpError(f"this failed (see above): {' '.join(command)}")


def _say(text: str) -> None:
    print(f"roadbed: {text}", file=sys.stderr, flush=True)


# -- uv ---------------------------------------------------------------------------------------------


def find_uv() -> str:
    """Return a uv of the pinned version: the one on the path, the clone's own, or one that is fetched now."""
    version = pinned_version()
    on_path = shutil.which("uv")
    own = TOOLS / f"uv-{version}"
    for candidate in (on_path, str(own / "bin" / "uv")):
        if candidate and _version_of(candidate) == version:
            return candidate
    _say(f"uv {version}, into {TOOLS.relative_to(ROOT)}")
    reasons = []
    ways: dict[str, Callable[[Path], None]] = {
        "pip": with_pip,
        "the pip that comes inside Python": with_bundled_pip,
        "the package index named in the environment": from_index,
        "the pip in Debian's archive": with_debian_pip,
    }
    for name, way in ways.items():
        target = TOOLS / f"uv-{version}.new"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        try:
            way(target)
        except BringUpError as error:
            reasons.append(f"  - {name}: {error}")
            continue
        if _version_of(str(target / "bin" / "uv")) != version:
            reasons.append(f"  - {name}: what it brought does not run on this machine")
            continue
        shutil.rmtree(own, ignore_errors=True)
        target.rename(own)
        return str(own / "bin" / "uv")
    raise BringUpError(
        f"cannot get uv {version}. Install pip (Debian: apt install python3-pip) or uv, then run it again.\n"
        + "\n".join(reasons)
    )


def pinned_version() -> str:
    """Return the version of uv that the lock file pins."""
    found = re.search(r"^uv==([0-9.]+)", UV_LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    if not found:
        raise BringUpError(f"{UV_LOCK.name} does not pin uv")
    return found[1]


def _version_of(uv: str) -> str:
    """Return the version that this uv reports, or nothing when it does not run."""
    try:
        said = subprocess.run([uv, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    except OSError:
        return ""
    words = said.stdout.split()
    return words[1] if said.returncode == 0 and len(words) > 1 else ""


def with_pip(target: Path, *, wheel: Path | None = None) -> None:
    """Let pip fetch the wheel into a folder of ours: `--target` works where the system's Python is locked."""
    environ = {
        **os.environ,
        "PIP_USER": "0",
        "PIP_REQUIRE_VIRTUALENV": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    if wheel:
        environ["PYTHONPATH"] = str(wheel)
    wanted = [
        "--target",
        str(target),
        "--no-deps",
        "--only-binary=:all:",
        "--require-hashes",
        "-r",
        str(UV_LOCK),
    ]
    command = [sys.executable, "-m", "pip", "install", "--quiet", *wanted]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise BringUpError(_last_line(done.stderr) or f"exit {done.returncode}")


def with_bundled_pip(target: Path) -> None:
    """Run pip out of the wheel that Python keeps for `ensurepip`; some systems keep it elsewhere, or not."""
    folders = [Path("/usr/share/python-wheels")]
    try:
        import ensurepip
    except ImportError:
        pass
    else:
        folders.insert(0, Path(ensurepip.__file__).parent / "_bundled")
    wheels = [wheel for folder in folders for wheel in sorted(folder.glob("pip-*.whl"))]
    if not wheels:
        raise BringUpError("there is none")
    with_pip(target, wheel=wheels[0])


def with_debian_pip(target: Path) -> None:
    """Take pip's wheel out of Debian's package, unpacked in our folder: needs no root, installs nothing."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise BringUpError("this is not Debian or a relative of it")
    room = target.parent / "apt"
    (room / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    ours = [
        "-o",
        f"Dir::State::lists={room / 'lists'}",
        "-o",
        f"Dir::Cache={room}",
        "-o",
        "Debug::NoLocking=1",
    ]
    # apt drops to a user of its own, who may not write where we work.
    apt = ["apt-get", "-qq", *ours, "-o", "APT::Sandbox::User="]
    for command in ([*apt, "update"], [*apt, "download", "python3-pip-whl"]):
        done = subprocess.run(command, cwd=room, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            raise BringUpError(_last_line(done.stderr) or "apt-get failed")
    for package in room.glob("python3-pip-whl*.deb"):
        subprocess.run(["dpkg-deb", "-x", str(package), str(room / "out")], check=False)  # noqa: S603, S607
    wheels = sorted(room.glob("out/**/pip-*.whl"))
    try:
        if not wheels:
            raise BringUpError("its package holds no wheel")
        with_pip(target, wheel=wheels[-1])
    finally:
        shutil.rmtree(room, ignore_errors=True)


def from_index(target: Path) -> None:
    """Fetch the wheel without pip, from the index that the environment names, and check its hash."""
    import html.parser
    import urllib.error
    import urllib.parse
    import urllib.request

    index = _index()
    if not index:
        raise BringUpError("none is named (PIP_INDEX_URL or UV_DEFAULT_INDEX)")
    links: list[str] = []

    class Links(html.parser.HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            links.extend(value for name, value in attrs if tag == "a" and name == "href" and value)

    page = urllib.parse.urljoin(index.rstrip("/") + "/", "uv/")
    if urllib.parse.urlsplit(page).scheme not in {"http", "https"}:
        raise BringUpError("its address does not begin with http")
    hashes = set(re.findall(r"sha256:([0-9a-f]{64})", UV_LOCK.read_text(encoding="utf-8")))
    try:
        with urllib.request.urlopen(page, timeout=60) as answer:  # noqa: S310 - the scheme is checked above
            Links().feed(answer.read().decode())
        for link in links:
            address, fragment = urllib.parse.urldefrag(urllib.parse.urljoin(page, link))
            name = urllib.parse.unquote(address.rsplit("/", 1)[-1])
            if fragment.removeprefix("sha256=") not in hashes or not _runs_here(name):
                continue
            wheel = target / name
            with urllib.request.urlopen(address, timeout=300) as answer:  # noqa: S310 - a link of that page
                wheel.write_bytes(answer.read())
            if hashlib.sha256(wheel.read_bytes()).hexdigest() not in hashes:
                raise BringUpError(f"{name} does not have the hash that {UV_LOCK.name} names")
            _unpack(wheel, target)
            return
    except (OSError, urllib.error.URLError) as error:
        raise BringUpError(f"{error}") from error
    raise BringUpError("it has no wheel of this version for this machine")


def _runs_here(wheel: str) -> bool:
    """Say whether the wheel of this file name is for this operating system and processor."""
    import platform

    tags = wheel.removesuffix(".whl").split("-")[-1]
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(
        platform.machine().lower(), platform.machine().lower()
    )
    if not wheel.endswith(".whl"):
        return False
    if sys.platform == "darwin":
        return "macosx" in tags and (machine in tags or "arm64" in tags.replace("aarch64", "arm64"))
    libc = "manylinux" if platform.libc_ver()[0] == "glibc" else "musllinux"
    return libc in tags and any(part.endswith(machine) for part in tags.split("."))


def _unpack(wheel: Path, target: Path) -> None:
    """Lay the wheel's programs into `bin/`, as an installer would."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if "/scripts/" in name and not name.endswith("/"):
                program = target / "bin" / Path(name).name
                program.parent.mkdir(exist_ok=True)
                program.write_bytes(archive.read(name))
                program.chmod(0o755)
    wheel.unlink()


def _index() -> str:
    """Return the index that the environment names for uv or for pip, if any."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        if os.environ.get(name):
            return os.environ[name]
    return ""


def _last_line(text: str) -> str:
    """Return the last line that says something, which is where pip and apt put the reason."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("WARNING")]
    return lines[-1] if lines else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
