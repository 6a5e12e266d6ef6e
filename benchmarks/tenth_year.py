"""A workspace in its tenth year: 100,000 pieces of feedback, 5,000 accounts, 10,000 features, 300 needs.

Written straight into the tables, as an import would; the evidence and the weeks are counted by the product itself.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
WORDS = [
    "route",
    "driver",
    "van",
    "depot",
    "stop",
    "window",
    "late",
    "customer",
    "map",
    "offline",
    "signature",
    "photograph",
    "order",
    "import",
    "bulk",
    "night",
    "cost",
    "invoice",
    "password",
    "phone",
    "battery",
    "charge",
    "break",
    "legal",
    "hours",
    "return",
    "parcel",
    "neighbour",
    "locker",
    "language",
    "practice",
]


def sentence(rng: random.Random) -> str:
    return " ".join(rng.choices(WORDS, k=rng.randint(8, 40))).capitalize() + "."


def fill(*, feedback: int, accounts: int, features: int, needs: int) -> object:
    """Write the tenth year straight into the tables, as an import would, and count the evidence."""
    from django.db import transaction

    from roadbed.core.accounts.models import User
    from roadbed.core.records import bulk, upkeep
    from roadbed.core.records.models import Link, Record
    from roadbed.core.search import services as search
    from roadbed.core.workspaces.models import Member, Product, Workspace
    from roadbed.modules.insights import services as insights
    from roadbed.modules.insights.models import Account, Feedback, Need, Person, Quote
    from roadbed.modules.roadmap.models import Feature, trails

    rng = random.Random(11)  # noqa: S311 - made-up data, no secret
    workspace = Workspace.objects.create(slug="bench", name="Bench", created_at=NOW - timedelta(days=3650))
    product = Product.objects.create(workspace=workspace, slug="dispatch", name="Dispatch")
    user = User.objects.create_user("ada@bench.example", name="Ada")
    Member.objects.create(workspace=workspace, user=user, role="owner", joined_at=NOW)
    parent = [
        "id",
        "workspace_id",
        "product_id",
        "kind",
        "prefix",
        "number",
        "title",
        "created_at",
        "updated_at",
    ]

    def records(kind: str, prefix: str, titles: list[str]) -> list[int]:
        ids = list(bulk.reserve_ids(count=len(titles)))
        first = bulk.reserve_numbers(workspace_id=workspace.pk, prefix=prefix, count=len(titles))
        bulk.insert(
            Record,
            parent,
            (
                (pk, workspace.pk, product.pk, kind, prefix, first + index, title, NOW, NOW)
                for index, (pk, title) in enumerate(zip(ids, titles, strict=True))
            ),
        )
        return ids

    with transaction.atomic():
        account_ids = records("account", "A", [f"Account {index}" for index in range(accounts)])
        bulk.insert(
            Account,
            ["record_id", "revenue", "plan", "domain"],
            (
                (pk, Decimal(rng.randint(500, 90_000)), rng.choice(["Starter", "Growth"]), "")
                for pk in account_ids
            ),
        )
        person_ids = records("person", "P", [f"Person {index}" for index in range(accounts * 4)])
        bulk.insert(
            Person,
            ["record_id", "account_id"],
            ((pk, account_ids[index % accounts]) for index, pk in enumerate(person_ids)),
        )
        texts = [sentence(rng) for _ in range(feedback)]
        feedback_ids = records("feedback", "FB", [text[:80] for text in texts])

        def said() -> Iterator[tuple[object, ...]]:
            for index, (pk, text) in enumerate(zip(feedback_ids, texts, strict=True)):
                person = rng.randrange(len(person_ids))
                at = NOW - timedelta(minutes=index * 50)
                state = "new" if index < 500 else "done"
                yield (
                    pk,
                    text,
                    person_ids[person],
                    account_ids[person % accounts],
                    "call",
                    at,
                    state,
                    workspace.pk,
                )

        names = ["record_id", "text", "person_id", "account_id", "source", "said_at", "state"]
        extra = [name for name in ("home_id",) if any(f.attname == name for f in Feedback._meta.local_fields)]
        bulk.insert(Feedback, [*names, *extra], (row[: 7 + len(extra)] for row in said()))
        search.put_many(
            (workspace.pk, pk, "feedback", text[:80], text, NOW)
            for pk, text in zip(feedback_ids, texts, strict=True)
        )
        need_ids = records("need", "N", [f"Need {sentence(rng)[:60]}" for _ in range(needs)])
        bulk.insert(Need, ["record_id"], ((pk,) for pk in need_ids))
        feature_ids = records("feature", "F", [f"Feature {sentence(rng)[:60]}" for _ in range(features)])
        areas = feature_ids[:50]
        horizons, statuses = ["now", "next", "later", "none"], ["idea", "planned", "development", "shipped"]

        def plan() -> Iterator[tuple[object, ...]]:
            for index, pk in enumerate(feature_ids):
                above = None if index < 50 else areas[index % 50]
                trail = trails.segment(above) if above else ""
                level = "feature" if above else "area"
                yield (
                    pk,
                    above,
                    trail,
                    index * 10,
                    level,
                    rng.choice(statuses),
                    NOW,
                    rng.choice(horizons),
                    index * 10,
                )

        bulk.insert(
            Feature,
            [
                "record_id",
                "parent_id",
                "trail",
                "position",
                "level",
                "status",
                "status_at",
                "horizon",
                "rank",
            ],
            plan(),
        )
        search.put_many(
            (workspace.pk, pk, kind, title, "", NOW)
            for kind in ("need", "feature", "account", "person")
            for pk, title in Record.objects.filter(kind=kind).values_list("pk", "title").iterator()
        )
        quoted = rng.sample(range(feedback), feedback // 3)
        targets = [rng.choice(need_ids if rng.random() < 0.7 else feature_ids) for _ in quoted]
        bulk.insert(
            Quote,
            ["feedback_id", "target_id", "start", "end", "text", "strength", "created_at"],
            (
                (feedback_ids[index], target, 0, 20, texts[index][:20], rng.randint(0, 3), NOW)
                for index, target in zip(quoted, targets, strict=True)
            ),
        )
        link = ["workspace_id", "source_id", "target_id", "relation", "created_at"]
        bulk.insert(
            Link,
            link,
            (
                (workspace.pk, feedback_ids[index], target, "supports", NOW)
                for index, target in zip(quoted, targets, strict=True)
            ),
        )
        answering = rng.sample(feature_ids[50:], min(len(feature_ids) - 50, needs * 2))
        bulk.insert(
            Link, link, ((workspace.pk, pk, rng.choice(need_ids), "answers", NOW) for pk in answering)
        )
    with transaction.atomic():
        find_themes(workspace, records, feedback_ids, texts)
    split_and_show(workspace, records, feedback_ids, texts, need_ids + feature_ids[50:], person_ids)
    for _ in insights.recount_everything(workspace_id=workspace.pk, at=NOW):
        pass
    upkeep.refresh_statistics()  # as the nightly job and every large import do
    return user


def find_themes(workspace: object, records: object, feedback_ids: list[int], texts: list[str]) -> None:
    """Write 250 themes in 12 broad ones, with nearly all feedback in them, and count their weeks."""
    from roadbed.core.records import bulk
    from roadbed.modules.insights.models import Assignment, Feedback, Theme, ThemeRun
    from roadbed.modules.insights.services import alerts

    rng = random.Random(12)  # noqa: S311 - made-up data, no secret
    pk = workspace.pk  # type: ignore[attr-defined]
    ids = records(
        "theme", "TH", [f"{rng.choice(WORDS)}, {rng.choice(WORDS)}".capitalize() for _ in range(262)]
    )  # type: ignore[operator]
    broad = ids[:12]
    bulk.insert(
        Theme,
        ["record_id", "is_broad", "parent_id", "x", "y", "terms"],
        (
            (
                one,
                index < 12,
                None if index < 12 else broad[index % 12],
                rng.random() * 1.6,
                rng.random(),
                rng.sample(WORDS, 6),
            )
            for index, one in enumerate(ids)
        ),
    )
    said_at = dict(Feedback.objects.filter(home_id=pk).values_list("pk", "said_at"))
    weights = [1 / (place + 3) for place in range(250)]
    chosen = rng.choices(ids[12:], weights=weights, k=len(feedback_ids))
    bulk.insert(
        Assignment,
        ["feedback_id", "home_id", "theme_id", "confidence", "near", "said_at", "assigned_at"],
        (
            (
                one,
                pk,
                theme if rng.random() < 0.97 else None,
                rng.random(),
                feedback_ids[:3],
                said_at[one],
                NOW,
            )
            for one, theme in zip(feedback_ids, chosen, strict=True)
        ),
    )
    ThemeRun.objects.create(
        workspace_id=pk, started_at=NOW, finished_at=NOW, pieces=len(texts), themes=250, resolution=12
    )
    began = time.perf_counter()
    alerts.count_and_tell(workspace=workspace, at=NOW)  # type: ignore[arg-type]
    print(f"counted the weeks in {time.perf_counter() - began:.1f} s")


def split_and_show(
    workspace: object,
    records: object,
    feedback_ids: list[int],
    texts: list[str],
    wanted: list[int],
    person_ids: list[int],
) -> None:
    """Add what a lived-in workspace has: segments, votes, a board with 5,000 entries, and a vector of every text."""
    from roadbed.core.accounts.actors import Actor
    from roadbed.core.records import bulk
    from roadbed.core.vectors import services as vectors
    from roadbed.modules.insights.models import Vote
    from roadbed.modules.insights.services import segments
    from roadbed.modules.portal.models import Listing, Standing
    from roadbed.modules.portal.selectors.listings import plain
    from roadbed.modules.portal.services import boards, voices

    rng = random.Random(13)  # noqa: S311 - made-up data, no secret
    actor = Actor(user_id=None, name="Benchmark", via="cli")
    for name, rule in (
        (
            "Large customers",
            {"match": "all", "conditions": [{"field": "revenue", "operator": "gte", "value": 50_000}]},
        ),
        (
            "Small customers",
            {"match": "all", "conditions": [{"field": "revenue", "operator": "lt", "value": 20_000}]},
        ),
        (
            "On Growth",
            {"match": "all", "conditions": [{"field": "plan", "operator": "is", "value": "Growth"}]},
        ),
    ):
        segments.create_segment(workspace=workspace, name=name, rule=rule, actor=actor, at=NOW)  # type: ignore[arg-type]
    pairs = {(rng.choice(wanted), rng.choice(person_ids)) for _ in range(len(feedback_ids) // 5)}
    bulk.insert(
        Vote, ["target_id", "person_id", "note", "voted_at"], ((*pair, "", NOW) for pair in sorted(pairs))
    )
    board = boards.create_board(workspace=workspace, title="Ideas", slug="ideas", actor=actor, at=NOW)  # type: ignore[arg-type]
    Listing.objects.bulk_create(
        (
            Listing(
                board=board,
                record_id=pk,
                code=f"c{pk}",
                title=text[:80],
                text=text,
                words=plain(text[:80], text),
                state="waiting" if place % 100 == 0 else "published",
                state_at=NOW,
                standing=rng.choice(Standing.values),
                standing_at=NOW,
                people=place % 40,
                votes=place % 40,
                heat=voices.starting_heat(NOW - timedelta(days=place % 700)),
                created_at=NOW - timedelta(days=place % 700),
                published_at=NOW,
            )
            for place, (pk, text) in enumerate(
                list(zip(feedback_ids, texts, strict=True))[: len(texts) // 20]
            )
        ),
        batch_size=1000,
    )
    began = time.perf_counter()
    vectors.catch_up(workspace_id=workspace.pk)  # type: ignore[attr-defined]
    print(f"read every text in {time.perf_counter() - began:.0f} s")
