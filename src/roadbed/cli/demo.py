"""`roadbed demo`: a whole fictional company to walk around in, made anew on any machine."""

from __future__ import annotations

import json
import shutil
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from roadbed.cli.output import say

MARKER = "demo.json"
SEED = 2026


def demo(
    port: Annotated[int, typer.Option(help="Port to listen on, on this machine only.")] = 8400,
    data: Annotated[Path | None, typer.Option(help="Folder of the demo; its own by default.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Sign in, fetch the first page, stop.")] = False,
    reset: Annotated[bool, typer.Option("--reset", help="Throw the demo's data away first.")] = False,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open a browser.")] = False,
) -> None:
    """Make the demo workspace, once, and run it until Ctrl-C. Prints a link that signs you in, once.

    Northwind Dispatch plans couriers' routes: its customers' words, needs and roadmap are invented, and the same
    each time. Your own data, elsewhere, is not touched.

    Examples:

        roadbed demo

        roadbed demo --check

        roadbed demo --reset --port 8500
    """
    from roadbed.cli import environment, preparation, server
    from roadbed.cli.exits import Exit, end
    from roadbed.cli.processes import Household

    folder = (data or environment.demo_folder()).expanduser().resolve()
    if reset:
        _throw_away(folder)
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARKER).is_file():
        end(Exit.REFUSED, f"{folder} holds something that is no demo", fix="Name another folder with --data.")
    port = server.free_port() if check else port
    url = f"http://127.0.0.1:{port}"
    _stand_alone(url, folder)
    environment.make_folder(folder)
    (folder / MARKER).touch()
    environment.prepare(data=folder)
    from django.utils import timezone

    claim = preparation.claim(folder)
    server.check_port(host="127.0.0.1", port=port)
    preparation.migrate(data=folder, at=timezone.now(), said=say)
    _fill(folder, at=timezone.now())
    preparation.collect_static(said=say)
    children = [server.web(host="127.0.0.1", port=port), server.worker()]
    household = Household(children, said=say, environ=server.environ(data=folder, url=url))
    try:
        household.start()
        server.wait_until_ready(household, address=url)
        link = url + _sign_in_path(at=timezone.now())
        if check:
            from roadbed.cli import visit

            say(visit.first_page(link))
            return
        say(f"the demo is at {url}. This link signs you in as Ada, once, within 15 minutes:")
        print(f"\n    {link}\n", flush=True)
        say("Ctrl-C stops it.")
        if not no_open:
            _open(link)
        raise typer.Exit(household.run())
    finally:
        household.end()
        claim.close()


def _stand_alone(url: str, folder: Path) -> None:
    """Keep the settings of a real installation out of the demo, its database above all, and its mail in a folder."""
    import os

    from roadbed.config import options

    for option in options.OPTIONS:
        os.environ.pop(option.name, None)
    os.environ["ROADBED_URL"] = url
    os.environ["ROADBED_EMAIL_URL"] = (folder / "mail").as_uri()


def _throw_away(folder: Path) -> None:
    """Delete the demo's folder, and only if it is one."""
    from roadbed.cli import preparation
    from roadbed.cli.exits import Exit, end

    if not folder.exists():
        return
    if not (folder / MARKER).is_file():
        end(
            Exit.REFUSED,
            f"{folder} is no demo, so it is not thrown away",
            fix="Delete it yourself if you mean it.",
        )
    preparation.claim(folder).close()
    shutil.rmtree(folder)


def _fill(folder: Path, *, at: datetime) -> None:
    """Load the story, unless it is there: all of it or, when something fails, nothing."""
    from django.db import transaction

    from roadbed.core import demo as story
    from roadbed.core.jobs import running

    marker = folder / MARKER
    if marker.read_text(encoding="utf-8"):
        return
    started = time.monotonic()
    today = at.replace(hour=8, minute=0, second=0, microsecond=0)
    with transaction.atomic():
        story.load(seed=SEED, at=min(today, at), said=lambda name: say(f"telling the story: {name}"))
    running.run_waiting()
    marker.write_text(json.dumps({"seed": SEED, "loaded_at": at.isoformat()}), encoding="utf-8")
    say(f"the demo workspace is there after {time.monotonic() - started:.1f} s")


def _sign_in_path(*, at: datetime) -> str:
    from roadbed.core.accounts import services as accounts
    from roadbed.core.accounts.models import User
    from roadbed.core.workspaces import demo as founding

    _, email = founding.OWNER
    return accounts.issue_sign_in_link(user=User.objects.get(email=email), at=at)


def _open(link: str) -> None:
    """Open a browser where there is a screen to show it on."""
    import os
    import sys
    import webbrowser

    if sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        webbrowser.open(link)
