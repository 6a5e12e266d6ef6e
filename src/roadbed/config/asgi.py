"""The ASGI entry point: flags are answered on the loop, pages in threads beside it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from roadbed.config.ofrep.app import PREFIX, FlagServer, Receive, Scope, Send
from roadbed.config.ofrep.exposures import Exposures, Noted
from roadbed.config.ofrep.store import Store
from roadbed.config.pages import Pages
from roadbed.config.wsgi import application as wsgi_application

PAGE_THREADS = 4
"""SQLite serves a handful of readers at once well."""


def published_store() -> Store:
    """Return the store of what is published in this installation's database."""
    from django.conf import settings
    from django.db import close_old_connections

    from roadbed.modules.experiments import facade

    def revisions() -> Mapping[int, int]:
        close_old_connections()
        return facade.revisions()

    def fetch(environment_id: int) -> Mapping[str, Any] | None:
        found = facade.published(environment_id)
        if found is None:
            return None
        return {**dataclasses.asdict(found), "changed_at": found.changed_at.isoformat()}

    return Store(revisions=revisions, fetch=fetch, folder=settings.ROADBED_DATA)


def kept_exposures() -> Exposures:
    """Return what writes exposures into this installation's store of events."""
    from roadbed.modules.experiments import facade

    def keep(noted: Sequence[Noted], key: str, at: datetime) -> None:
        facade.keep_exposures(
            [
                facade.Exposure(
                    workspace_id=one.workspace_id,
                    environment=one.environment,
                    flag=one.flag,
                    variant=one.variant,
                    unit=one.unit,
                    unit_type=one.unit_type,
                    at=datetime.fromtimestamp(one.at, tz=UTC),
                )
                for one in noted
            ],
            key=key,
            at=at,
        )

    return Exposures(keep)


class Door:
    """Leads each request to the flag server or to the pages."""

    def __init__(self, flags: FlagServer, pages: Pages) -> None:
        self.flags, self.pages = flags, pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or begin and end with the server."""
        if scope["type"] == "http":
            if scope["path"].startswith(PREFIX):
                self.flags.store.start()
                await self.flags(scope, receive, send)
            else:
                await self.pages(scope, receive, send)
        elif scope["type"] == "lifespan":
            while True:
                message = await receive()
                if message["type"] == "lifespan.startup":
                    self.flags.store.start()
                    await send({"type": "lifespan.startup.complete"})
                else:
                    self.flags.store.stop()
                    if self.flags.exposures is not None:
                        self.flags.exposures.stop()
                    await send({"type": "lifespan.shutdown.complete"})
                    return


application = Door(
    FlagServer(published_store(), kept_exposures()), Pages(wsgi_application, threads=PAGE_THREADS)
)
