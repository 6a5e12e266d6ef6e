"""The customers' pages on a board of ten thousand listings: server time of each, in this process.

    python benchmarks/portal.py [--listings 10000] [--json FILE]

Needs an empty ROADBED_DATA folder with a migrated database; fills it by itself. The claim: each page within 100 ms.
"""

from __future__ import annotations

# ruff: noqa: E402 - Django has to be set up before anything of ours can be imported
import argparse
import json
import os
import random
import statistics
import time
from datetime import timedelta
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "roadbed.config.settings")

import django

django.setup()

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.test import Client
from django.utils import timezone

from roadbed.core.accounts.actors import Actor
from roadbed.core.accounts.models import User
from roadbed.core.records import bulk
from roadbed.core.records.models import Record
from roadbed.core.workspaces import services as workspaces
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights.models import Feedback
from roadbed.modules.portal.models import Board, Listing, Standing
from roadbed.modules.portal.selectors.listings import plain
from roadbed.modules.portal.services import boards, voices

ACTOR = Actor(user_id=None, name="Benchmark", via="cli")
WORDS = [
    "route", "van", "driver", "map", "window", "customer", "parcel", "depot", "signature", "photo", "night", "screen",
    "battery", "export", "label", "return", "scan", "slot", "order", "break", "traffic", "bridge", "door", "code",
    "neighbour", "locker", "invoice", "report", "week", "figure", "mail", "phone", "signal",
]  # fmt: skip


def fill(count: int) -> tuple[Workspace, Board, User]:
    """One board with so many published pieces of feedback."""
    now, luck = timezone.now(), random.Random(5)  # noqa: S311 - made-up rows
    user = User.objects.create_user("bench@example.com", name="Bench")
    workspace = workspaces.create_workspace(name="Bench", slug="bench", owner=user, actor=ACTOR, at=now)
    board = boards.create_board(workspace=workspace, title="Ideas", slug="ideas", actor=ACTOR, at=now)
    ids = bulk.reserve_ids(count=count)
    first = bulk.reserve_numbers(workspace_id=workspace.pk, prefix="FB", count=count)
    texts = [
        (" ".join(luck.sample(WORDS, 6)).capitalize(), " ".join(luck.choices(WORDS, k=60)))
        for _ in range(count)
    ]
    days = [now - timedelta(days=luck.random() * 700) for _ in range(count)]
    bulk.insert(
        Record,
        ("id", "workspace_id", "kind", "prefix", "number", "title", "created_at", "updated_at"),
        (
            (pk, workspace.pk, "feedback", "FB", first + place, texts[place][0], days[place], days[place])
            for place, pk in enumerate(ids)
        ),
    )
    bulk.insert(
        Feedback,
        ("record_id", "home_id", "text", "source", "said_at", "state", "attributes"),
        (
            (pk, workspace.pk, texts[place][1], "portal", days[place], "new", {})
            for place, pk in enumerate(ids)
        ),
    )
    Listing.objects.bulk_create(
        [
            Listing(
                board=board,
                record_id=pk,
                code=f"c{pk}",
                title=texts[place][0],
                text=texts[place][1],
                words=plain(*texts[place]),
                state="published",
                state_at=days[place],
                standing=luck.choice(Standing.values),
                standing_at=days[place],
                people=(votes := int(luck.paretovariate(1.2))),
                votes=votes,
                heat=voices.starting_heat(days[place]) + luck.random() * 4,
                created_at=days[place],
                published_at=days[place],
            )
            for place, pk in enumerate(ids)
        ],
        batch_size=1000,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return workspace, board, user


def _session(user: User) -> str:
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.save()
    return str(store.session_key)


def measure(browser: Client, path: str, *, form: dict[str, str] | None = None) -> dict[str, float]:
    """Return the median processor and wall time of one page in milliseconds, and its size."""
    call = (lambda: browser.post(path, form)) if form is not None else (lambda: browser.get(path))
    answer = call()
    assert answer.status_code == 200, (path, answer.status_code)
    spent, waited = [], []
    for _ in range(9):
        start, began = time.process_time(), time.perf_counter()
        call()
        spent.append(1000 * (time.process_time() - start))
        waited.append(1000 * (time.perf_counter() - began))
    return {
        "cpu_ms": round(statistics.median(spent), 1),
        "wall_ms": round(statistics.median(waited), 1),
        "kB": round(len(answer.content) / 1024, 1),
    }


def main() -> None:
    """Fill, measure, print."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--listings", type=int, default=10_000)
    reader.add_argument("--json", type=Path)
    chosen = reader.parse_args()
    settings.ALLOWED_HOSTS = ["*"]
    _, board, user = fill(chosen.listings)
    visitor, maker = Client(), Client()
    maker.cookies[settings.SESSION_COOKIE_NAME] = _session(user)
    base, inside = "/p/bench/ideas/", f"/w/bench/portal/boards/{board.number}/"
    code = Listing.objects.order_by("-votes").values_list("code", flat=True)[0]
    found = {}
    for name, browser, path, form in (
        ("board, trending", visitor, base, None),
        ("board, most wanted", visitor, f"{base}?sort=top", None),
        ("board, newest", visitor, f"{base}?sort=new", None),
        ("board, search", visitor, f"{base}?q=night+screen", None),
        ("board, one standing", visitor, f"{base}?standing=planned&sort=top", None),
        ("entry", visitor, f"{base}entries/{code}/", None),
        ("similar while typing", visitor, f"{base}similar/", {"title": "dark screens for the night route"}),
        ("roadmap", visitor, f"{base}roadmap/", None),
        ("makers' board", maker, inside, None),
        ("makers' boards", maker, "/w/bench/portal/", None),
        ("queue", maker, "/w/bench/portal/queue/", None),
    ):
        found[name] = measure(browser, path, form=form)
        row = found[name]
        print(f"{name:24} {row['cpu_ms']:7.1f} ms cpu {row['wall_ms']:7.1f} ms wall {row['kB']:7.1f} kB")
    if chosen.json:
        chosen.json.write_text(json.dumps({"listings": chosen.listings, "pages": found}, indent=2) + "\n")


if __name__ == "__main__":
    main()
