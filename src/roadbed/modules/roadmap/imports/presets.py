"""Plans as other programs export them; see docs/how-to/import.md."""

from __future__ import annotations

import re
from typing import Any

from roadbed.core.tables.targets import Preset

HIDDEN = re.compile(r"<!--.*?-->", re.DOTALL)


def _seen(value: Any) -> str:
    """Return Markdown without comments that nobody sees."""
    return HIDDEN.sub("", str(value)).strip()


PRESETS = (
    Preset(
        "ms-project",
        "Microsoft Project, XML",
        {
            "UID": "external_id", "Name": "title", "Parent UID": "parent", "Level": "level", "Status": "status",
            "Start": "target_start", "Finish": "target_end", "Notes": "description", "Outline": "",
            "Duration (hours)": "", "Work (hours)": "", "Complete (%)": "", "Milestone": "",
            "Predecessors": "predecessors", "Resources": "",
        },
        source="ms-project",
        marks=("UID", "Parent UID", "Outline", "Predecessors"),
    ),
    Preset(
        "jira",
        "Jira issues, CSV",
        {
            "Issue key": "external_id", "Summary": "title", "Parent key": "parent", "Epic Link": "parent",
            "Issue Type": "level", "Status": "status", "Description": "description", "Due Date": "target_end",
            "Due date": "target_end", "Start date": "target_start", "Resolved": "status_at", "Labels": "tags",
            "Issue id": "", "Parent": "", "Parent id": "", "Fix Version/s": "", "Fix versions": "", "Assignee": "",
        },
        source="jira",
        marks=("Issue key", "Summary", "Issue Type", "Status"),
    ),
    Preset(
        "github",
        "GitHub issues, CSV or JSON",
        {
            "number": "external_id", "title": "title", "body": "description", "state": "status",
            "closed_at": "status_at", "closedAt": "status_at", "labels": "tags", "milestone.due_on": "target_end",
            "milestone.dueOn": "target_end", "id": "", "milestone.title": "", "milestone": "", "assignees": "",
        },
        source="github",
        marks=("number", "title", "state"),
        mend={"description": _seen},
        refuse={"pull_request.url": "It is a pull request, not an issue."},
    ),
    Preset(
        "gitlab",
        "GitLab issues, CSV",
        {
            "Issue ID": "external_id", "Title": "title", "Description": "description", "State": "status",
            "Due Date": "target_end", "Closed At (UTC)": "status_at", "Labels": "tags", "URL": "", "Milestone": "",
            "Assignee": "", "Weight": "", "Epic ID": "", "Epic Title": "",
        },
        source="gitlab",
        marks=("Issue ID", "Title", "State", "Description"),
        mend={"description": _seen},
    ),
    Preset(
        "gitlab-json",
        "GitLab issues, JSON",
        {
            "iid": "external_id", "title": "title", "description": "description", "state": "status",
            "due_date": "target_end", "closed_at": "status_at", "labels": "tags", "id": "", "milestone.title": "",
            "epic.title": "",
        },
        source="gitlab",
        marks=("iid", "title", "state", "description"),
        mend={"description": _seen},
    ),
)  # fmt: skip
"""Each is told apart by its marks. What names a release, a team or a person is left out at first: rows that name one
who is not here would be refused. Choose the column where they are here."""
