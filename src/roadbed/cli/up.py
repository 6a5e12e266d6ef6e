"""`roadbed up` and `roadbed worker`: the product, for as long as the terminal or systemd wants it."""

from __future__ import annotations

import os
from typing import Annotated
from urllib.parse import urlsplit

import typer

from roadbed.cli.output import say

DEFAULT_PORT = 8400


def up(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; without it the one of ROADBED_URL, or 8400.")] = 0,
    workers: Annotated[int, typer.Option(help="Web processes; more than one needs PostgreSQL.")] = 0,
    with_worker: Annotated[bool, typer.Option("--worker/--no-worker", help="Do the jobs here, too.")] = True,
) -> None:
    """Bring the tables up to date, then run the web server and the worker until you stop it.

    Before the tables change, the database is backed up into the data folder (backups/, the last five are kept).
    A process that dies is started again. Ctrl-C or SIGTERM stops everything within seconds.

    Examples:

        roadbed up

        DATABASE_URL=postgresql://roadbed@db/roadbed ROADBED_URL=https://roadbed.example.org roadbed up --workers 4
    """
    from roadbed.cli import environment, preparation, server
    from roadbed.cli.exits import Exit, end
    from roadbed.cli.processes import Household
    from roadbed.config import options
    from roadbed.core.backup.errors import BackupError

    if port:  # what people use is where it listens, unless a setting says otherwise
        os.environ.setdefault("ROADBED_URL", server.own_address(host=host, port=port))
    data = environment.prepare()
    from django.conf import settings
    from django.db import DatabaseError, connection
    from django.utils import timezone

    workers = workers or options.read_options()["ROADBED_WORKERS"]
    address = urlsplit(settings.ROADBED_URL)
    port = port or (address.port if address.scheme == "http" and address.port else DEFAULT_PORT)
    server.check_workers(workers=workers)
    claim = preparation.claim(data, address=settings.ROADBED_URL) if connection.vendor == "sqlite" else None
    server.check_port(host=host, port=port)
    try:
        preparation.migrate(data=data, at=timezone.now(), said=say)
    except BackupError as error:
        end(
            Exit.FAILURE,
            f"no backup, so no change of the tables: {error}",
            fix="Make room, then start again.",
        )
    except DatabaseError as error:
        end(Exit.FAILURE, f"the database refuses: {error}".strip(), fix="`roadbed doctor` looks closer.")
    preparation.collect_static(said=say)
    children = [server.web(host=host, port=port, workers=workers)]
    if with_worker:
        children.append(server.worker())
    household = Household(children, said=say, environ=server.environ(data=data, url=settings.ROADBED_URL))
    try:
        household.start()
        server.wait_until_ready(household, address=server.own_address(host=host, port=port))
        say(f"at {settings.ROADBED_URL}, data in {data}. Ctrl-C stops it.")
        if not _has_people():
            say(
                "nobody can sign in yet; in another terminal: roadbed user create you@example.org --workspace Name"
            )
        raise typer.Exit(household.run())
    finally:
        household.end()
        if claim is not None:
            claim.close()


def worker(
    queue: Annotated[list[str] | None, typer.Option(help="Take only jobs of this queue.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say only what goes wrong.")] = False,
) -> None:
    """Do jobs until you stop it. `up` has a worker already; on PostgreSQL you can run more of them, anywhere.

    A worker that is killed loses nothing: another takes its job over.

    Examples:

        roadbed worker

        roadbed worker --queue imports
    """
    import logging

    from roadbed.cli import environment

    environment.prepare()
    from roadbed.core.jobs import worker as jobs

    if quiet:
        logging.getLogger("roadbed.jobs").setLevel(logging.WARNING)
    jobs.run(queues=queue or ())


def _has_people() -> bool:
    from roadbed.core.accounts.models import User

    return User.objects.exists()
