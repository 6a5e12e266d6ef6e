"""A workspace with a connection to a local tracker, and hands to work on both sides."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from roadbed.core.jobs import services as jobs
from roadbed.modules.roadmap import services as roadmap
from roadbed.modules.roadmap.models import Feature
from roadbed.modules.trackers.models import Binding, Conflict, Connection
from roadbed.modules.trackers.services import connecting, connectors, syncing
from roadbed.modules.trackers.services.connectors.github import GitHub
from tests.people import NOW
from tests.trackers.fakes.github import GitHub as Forge


class Desk:
    """One connection, and what a person and the clock do with it."""

    def __init__(self, connection: Connection, someone: Any) -> None:
        self.connection, self.someone, self.now = connection, someone, NOW

    def connector(self) -> Any:
        """A connector that writes without a pause."""
        found = connectors.connect(self.connection, now=lambda: self.now)
        found._caller._write_gap = 0.0
        return found

    def later(self, **gap: float) -> None:
        self.now += timedelta(**(gap or {"minutes": 15}))

    def sync(self, *, is_dry: bool = False) -> Any:
        self.connection.refresh_from_db()
        self.later()
        return syncing.sync(
            connection=self.connection, now=lambda: self.now, told=lambda done, note: None, who="test",
            is_dry=is_dry, connector=self.connector(),
        )  # fmt: skip

    def push(self) -> Any:
        self.connection.refresh_from_db()
        self.later(seconds=5)
        return syncing.push(
            connection=self.connection, now=lambda: self.now, told=lambda done, note: None, who="test",
            connector=self.connector(),
        )  # fmt: skip

    def map(self, **asked: Any) -> None:
        self.connection = connecting.map_connection(
            connection=self.connection, asked=asked, actor=self.someone.actor, at=self.now
        )

    def feature(self, title: str = "Offline maps", **facts: Any) -> Feature:
        made, _ = roadmap.create_feature(
            workspace=self.connection.workspace, draft=roadmap.Draft(title=title, **facts),
            actor=self.someone.actor, at=self.now,
        )  # fmt: skip
        return made

    def edit(self, feature: Feature, **changes: Any) -> None:
        fresh = Feature.objects.get(pk=feature.pk)
        roadmap.change_feature(feature=fresh, changes=changes, actor=self.someone.actor, at=self.now)

    def the_feature(self, external_id: str) -> Feature:
        pk = Binding.objects.values_list("record_id", flat=True).get(
            connection=self.connection, external_id=external_id
        )
        return Feature.objects.get(pk=pk)

    def conflicts(self) -> list[Conflict]:
        return list(Conflict.objects.filter(settled_at__isnull=True).order_by("pk"))


def make_desk(workspace: Any, someone: Any, *, kind: str, settings: dict[str, Any], **mapped: Any) -> Desk:
    """Connect, ask what there is, map, and start."""
    connection = connecting.create_connection(
        workspace=workspace, kind=kind, name=f"{kind} desk", settings=settings, actor=someone.actor, at=NOW
    )
    connecting.ask(connection=connection, now=lambda: NOW)
    desk = Desk(connection, someone)
    desk.map(**{"incoming": {"which": "all"}, **mapped})
    desk.connection = connecting.switch_connection(
        connection=desk.connection, on=True, actor=someone.actor, at=NOW
    )
    jobs.run_waiting(now=NOW)
    return desk


@pytest.fixture
def loopback(settings: Any) -> None:
    settings.ROADBED_WEBHOOK_ALLOW = ["127.0.0.0/8"]


@pytest.fixture
def forge(loopback: None) -> Any:
    server = Forge()
    server.run()
    yield server
    server.stop()


@pytest.fixture
def github(workspace: Any, ben: Any, forge: Forge) -> Desk:
    forge.token = "t0k3n"
    return make_desk(
        workspace, ben, kind="github",
        settings={"repository": "octo/hello", "token": "t0k3n", "api": forge.url},
    )  # fmt: skip


@pytest.fixture
def board(workspace: Any, ben: Any, forge: Forge) -> Desk:
    """A connection with a project."""
    return make_desk(
        workspace, ben, kind="github",
        settings={"repository": "octo/hello", "token": "t0k3n", "api": forge.url, "project": "octo/3"},
    )  # fmt: skip


__all__ = ["Desk", "GitHub", "make_desk"]
