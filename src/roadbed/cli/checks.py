"""The doctor's checks of the ground: Python, folders, database, mail, clock. Apps add those of their own."""

from __future__ import annotations

import shutil
import stat
import sys
import tempfile
from datetime import datetime
from pathlib import Path

from roadbed.core import doctor

MEGABYTE = 1024 * 1024


def register() -> None:
    """Add them, once, in the order in which they are best read."""
    doctor.register("python", _python, about="Python is one that Roadbed supports.")
    doctor.register("data-folder", _folder, about="The data folder is there and can be written.")
    doctor.register("secret-key", _secret_key, about="The secret key is there, and nobody else can read it.")
    doctor.register("disk", _disk, about="The disk of the data folder has room.", needs=("data-folder",))
    doctor.register("database", _database, about="The database answers.")
    doctor.register("migrations", _migrations, about="The tables are this release's.", needs=("database",))
    doctor.register("history", _history, about="No activity was changed or removed.", needs=("migrations",))
    doctor.register("search", _search, about="The search index holds every record.", needs=("migrations",))
    doctor.register("front-end", _front_end, about="The scripts and style sheets are built.")
    doctor.register("mail", _mail, about="Mail can be sent.")
    doctor.register("clock", _clock, about="The clock agrees with the database's.", needs=("database",))


def _python(at: datetime) -> doctor.Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if not (3, 11) <= sys.version_info[:2] < (3, 15):
        return doctor.bad(f"Python {version} is not supported", fix="Install Python 3.11 to 3.14.")
    return doctor.good(f"Python {version}")


def _folder(at: datetime) -> doctor.Finding:
    folder = _data()
    try:
        with tempfile.TemporaryFile(dir=folder):
            return doctor.good(f"{folder} can be written")
    except OSError as error:
        return doctor.bad(f"{folder}: {error.strerror}", fix="Let the user that runs Roadbed own it.")


def _secret_key(at: datetime) -> doctor.Finding:
    import os

    if os.environ.get("ROADBED_SECRET_KEY"):
        return doctor.good("it comes from the environment")
    path = _data() / "secret_key"
    if not path.is_file():
        return doctor.bad("there is none", fix="Start `roadbed up`, which makes one.")
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return doctor.bad(f"{path} can be read by others (mode {mode:o})", fix=f"chmod 600 {path}")
    return doctor.good(f"only its owner can read {path}")


def _disk(at: datetime) -> doctor.Finding:
    free = shutil.disk_usage(_data()).free // MEGABYTE
    fix = "Make room, or move the data folder (ROADBED_DATA)."
    if free < 200:
        return doctor.bad(f"{free} MB are free", fix=fix)
    if free < 2000:
        return doctor.warning(f"{free} MB are free", fix=fix)
    return doctor.good(f"{free / 1024:.0f} GB are free")


def _database(at: datetime) -> doctor.Finding:
    from django.db import DatabaseError, connection

    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            if connection.vendor == "sqlite":
                cursor.execute("PRAGMA quick_check(1)")
                found = cursor.fetchone()[0]
                if found != "ok":
                    return doctor.bad(
                        f"SQLite says: {found}", fix="Restore a backup: roadbed restore FILE --force"
                    )
    except DatabaseError as error:
        reason = str(error).strip().splitlines()[0]
        return doctor.bad(reason, fix="Start the database, and compare DATABASE_URL.")
    return doctor.good(f"{connection.display_name} answers")


def _migrations(at: datetime) -> doctor.Finding:
    from roadbed.cli import preparation

    pending = preparation.pending_migrations()
    if pending:
        return doctor.bad(
            f"{pending} changes of the tables wait", fix="Start `roadbed up`, which makes them."
        )
    return doctor.good("nothing waits")


def _history(at: datetime) -> doctor.Finding:
    from roadbed.core.records.models import ActivityHead
    from roadbed.core.records.services import activity

    heads = list(ActivityHead.objects.values_list("workspace_id", "sequence"))
    faults = [fault for workspace, _ in heads for fault in activity.verify_chain(workspace_id=workspace)]
    if faults:
        first = faults[0]
        return doctor.bad(
            f"{len(faults)} faults; the first in workspace {first.workspace_id} at {first.sequence}: {first.reason}",
            fix="Somebody wrote past Roadbed. Compare with a backup: roadbed restore FILE into another data folder.",
        )
    return doctor.good(f"{sum(sequence for _, sequence in heads)} activities verify")


def _search(at: datetime) -> doctor.Finding:
    from roadbed.core.records.models import Record
    from roadbed.core.search.models import SearchEntry

    live = Record.objects.filter(deleted_at__isnull=True)
    missing = live.exclude(
        pk__in=SearchEntry.objects.filter(comment__isnull=True).values("record_id")
    ).count()
    if missing:
        return doctor.bad(f"{missing} records cannot be found", fix="roadbed reindex")
    return doctor.good(f"{live.count()} records can be found")


def _front_end(at: datetime) -> doctor.Finding:
    from django.contrib.staticfiles import finders

    if finders.find("build/main.js") is None:
        return doctor.bad(
            "build/main.js is missing", fix="From a clone: bin/roadbed. Else: install the wheel again."
        )
    return doctor.good("it is there")


def _mail(at: datetime) -> doctor.Finding:
    from django.conf import settings

    if "smtp" not in settings.EMAIL_BACKEND:
        return doctor.warning(
            "none is sent: it is logged, or kept as files",
            fix="Set ROADBED_EMAIL_URL=smtp://user:password@host:587",
        )
    return doctor.good(f"by {settings.EMAIL_HOST}")


def _clock(at: datetime) -> doctor.Finding:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_TIMESTAMP")
        told = cursor.fetchone()[0]
    theirs = told if isinstance(told, datetime) else datetime.fromisoformat(f"{told}+00:00")
    apart = abs((theirs - at).total_seconds())
    if apart > 60:
        return doctor.bad(
            f"{apart:.0f} s apart", fix="Let both machines keep time (systemd-timesyncd, chrony)."
        )
    return doctor.good(f"{apart:.0f} s apart")


def _data() -> Path:
    from django.conf import settings

    return Path(settings.ROADBED_DATA)
