"""What the modules that decide, prove and align hold in the tenth year: lenses, portfolios, sessions, issues, flags."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from tenth_year import NOW

FLAGS = 400
RATED = 1_500
ISSUES = 5_000


def fill(*, workspace: object) -> None:
    """Write it with the modules' own services, but for the issues of a tracker, which a sync would write."""
    from django.db import transaction

    from roadbed.core.accounts.actors import Actor
    from roadbed.core.accounts.models import User
    from roadbed.core.records.models import Record
    from roadbed.modules.priorities.models import Lens

    user = User.objects.get(email="ada@bench.example")
    actor = Actor(user_id=user.pk, name="Ada", via="cli")
    rows = Record.objects.in_workspace(workspace.pk).filter(kind="feature")  # type: ignore[attr-defined]
    features = list(rows.order_by("pk")[50 : 50 + ISSUES])
    with transaction.atomic():
        align(workspace, features[:40], actor)
        follow(workspace, features)
        prove(workspace, features, user, actor)
    if not Lens.objects.exists():
        decide(workspace, features[:RATED], actor)


def decide(workspace: object, features: list[object], actor: object) -> None:
    from roadbed.modules.priorities import services
    from roadbed.modules.priorities.services import portfolios
    from roadbed_engines.priority.ranges import Range

    chance = random.Random(21)  # noqa: S311 - made-up data, no secret
    lens = services.create_lens(workspace=workspace, title="RICE", method="rice", actor=actor, at=NOW)  # type: ignore[arg-type]
    said = [
        services.Said(feature, name, Range(low, low * chance.uniform(1.1, 3)), "")  # type: ignore[arg-type]
        for feature in features
        for name, low in (
            ("reach", chance.uniform(10, 2_000)),
            ("impact", chance.uniform(0.25, 3)),
            ("confidence", 0.3),
            ("effort", chance.uniform(1, 20)),
        )
    ]
    services.say_figures(said=said, actor=actor, at=NOW)  # type: ignore[arg-type]
    services.rank(lens=lens, at=NOW)
    portfolios.create_portfolio(
        workspace=workspace,  # type: ignore[arg-type]
        title="Next",
        lens=lens,
        periods=["First quarter", "Second quarter"],
        capacity={portfolios.NO_TEAM: [60.0, 60.0]},
        actor=actor,  # type: ignore[arg-type]
        at=NOW,
    )


def align(workspace: object, items: list[object], actor: object) -> None:
    from roadbed.core.workspaces.models import Member
    from roadbed.modules.alignment import services

    chance = random.Random(22)  # noqa: S311 - made-up data, no secret
    members = list(Member.objects.filter(workspace=workspace).select_related("user"))
    for place in range(60):
        session = services.create_session(
            workspace=workspace,  # type: ignore[arg-type]
            title=f"Round {place}",
            items=items,  # type: ignore[arg-type]
            criteria=[services.CriterionDraft("Value", 1, 5, "", "")],
            actor=actor,  # type: ignore[arg-type]
            at=NOW - timedelta(days=place),
        )
        for member in members if place == 0 else ():
            votes: dict[tuple[int, int], float | None] = {
                (item.pk, one.pk): float(chance.randint(1, 5))
                for item in session.items.all()
                for one in session.criteria.all()
            }
            services.cast(session=session, member=member, values=votes, actor=actor, at=NOW)  # type: ignore[arg-type]


def follow(workspace: object, features: list[object]) -> None:
    from roadbed.modules.trackers.models import Binding, Conflict, Connection, Kind

    connection = Connection.objects.create(
        workspace=workspace, kind=Kind.GITHUB, name="Dispatch", settings={"repository": "northwind/dispatch"},
        created_at=NOW, started_at=NOW, last_run_at=NOW, last_good_at=NOW,
    )  # fmt: skip
    Binding.objects.bulk_create(
        (
            Binding(
                connection=connection, record_id=feature.pk, external_id=str(place), key=f"#{place}",  # type: ignore[attr-defined]
                url=f"https://tracker.example/{place}", theirs={"title": f"Issue {place}", "status": "open"},
                theirs_at=NOW, made_at=NOW, synced_at=NOW, seen_at=NOW,
            )
            for place, feature in enumerate(features)
        ),
        batch_size=1000,
    )  # fmt: skip
    apart = Binding.objects.filter(connection=connection).order_by("pk")[:300]
    Conflict.objects.bulk_create(
        Conflict(
            binding=one, field="title", ours="Ours", theirs="Theirs", ours_by="Ada", theirs_by="bo",
            ours_at=NOW, theirs_at=NOW, found_at=NOW,
        )
        for one in apart
    )  # fmt: skip


def prove(workspace: object, features: list[object], user: object, actor: object) -> None:
    from roadbed.core.workspaces.models import Member
    from roadbed.modules.experiments import services

    owner = Member.objects.get(workspace=workspace, user=user)
    dev, _ = services.ensure_environments(workspace=workspace, actor=actor, at=NOW)  # type: ignore[arg-type]
    definition = {
        "type": "boolean", "variants": {"on": True, "off": False}, "default": "off", "off": "off",
        "rules": [{"id": "some", "condition": {"country": {"$in": ["NL"]}}, "variant": "on", "share": 0.2,
                   "unit": "account"}],
    }  # fmt: skip
    for place in range(FLAGS):
        flag = services.create_flag(
            workspace=workspace,  # type: ignore[arg-type]
            fields=services.FlagFields(flag_key=f"flag-{place}", owner=owner, tests=features[place]),  # type: ignore[arg-type]
            actor=actor,  # type: ignore[arg-type]
            at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=place),
        )
        draft = services.save_draft(
            flag=flag,
            environment=dev,
            definition=definition,
            note="",
            actor=actor,
            at=NOW,  # type: ignore[arg-type]
        )
        services.publish_draft(draft=draft, actor=actor, at=NOW)  # type: ignore[arg-type]
