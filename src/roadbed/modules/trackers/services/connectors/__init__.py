"""The trackers that can be spoken to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from roadbed.modules.trackers.models import Connection, Kind
from roadbed.modules.trackers.services.connectors.base import Connector
from roadbed.modules.trackers.services.connectors.github import GitHub
from roadbed.modules.trackers.services.connectors.gitlab import GitLab
from roadbed.modules.trackers.services.connectors.jira import Jira, JiraServer
from roadbed.modules.trackers.services.connectors.linear import Linear

_MAKERS: dict[str, Callable[..., Connector]] = {
    Kind.GITHUB: GitHub,
    Kind.GITLAB: GitLab,
    Kind.JIRA_CLOUD: Jira,
    Kind.JIRA_DC: JiraServer,
    Kind.LINEAR: Linear,
}


def connect(connection: Connection, *, now: Callable[[], datetime]) -> Connector:
    """Return the connector of a connection, with its secrets in hand."""
    maker = _MAKERS[connection.kind]
    return maker(settings=connection.settings, secrets=connection.secrets, now=now)
