"""Linear, as far as the issues of one team go (GraphQL)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from tests.trackers.fakes.server import Tracker

STATES = {"Backlog": "backlog", "Todo": "unstarted", "In Progress": "started", "In Review": "started",
          "Done": "completed", "Canceled": "canceled"}  # fmt: skip


class Linear(Tracker):
    """The team ENG."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, dict[str, Any]] = {}
        self.labels: dict[str, str] = {}
        self.histories: dict[str, list[dict[str, Any]]] = {}
        self.last = 0
        self.page_size = 50
        self.limited = False
        self.users = {"u-mira": "Mira", "u-ben": "Ben"}

    def issue(self, id: str = "", *, by: str = "Dana", **facts: Any) -> dict[str, Any]:
        if not id or id not in self.rows:
            self.last += 1
            id = id or str(uuid.UUID(int=self.last))
            self.rows[id] = {
                "id": id, "identifier": f"ENG-{self.last}", "url": f"https://linear.app/octo/issue/ENG-{self.last}",
                "title": f"Issue {self.last}", "description": "", "status": "Todo", "owner": "", "due": None,
                "labels": [], "parent": "", "trashed": None, "team": "ENG", "estimate": None,
            }  # fmt: skip
        at = self.tick().strftime("%Y-%m-%dT%H:%M:%S.000Z")
        touched = {"title": "toTitle", "description": "updatedDescription", "status": "toStateId"}
        row = {
            "createdAt": at,
            "actor": {"name": by},
            **{touched[name]: "x" for name in facts if name in touched},
        }
        self.histories.setdefault(id, []).append(row)
        self.rows[id] |= facts | {"updatedAt": at}
        return self.rows[id]

    def text(self, words: str) -> str:
        return words

    def delete(self, id: str) -> None:
        self.issue(id, trashed=True)

    def answer(self, verb, path, query, body, headers):
        if self.token and headers.get("Authorization") != self.token:
            return (
                401,
                {"errors": [{"message": "Authentication required", "extensions": {"code": "AUTH"}}]},
                {},
            )
        if self.limited:
            words = {"errors": [{"message": "Rate limit exceeded", "extensions": {"code": "RATELIMITED"}}]}
            return (
                400,
                words,
                {"X-RateLimit-Requests-Remaining": "0", "X-RateLimit-Requests-Reset": "1793612700000"},
            )
        asked, given = body["query"], body["variables"]
        if "teams(" in asked:
            team = {
                "id": "T1",
                "name": "Engineering",
                "key": "ENG",
                "states": {
                    "nodes": [{"id": name, "name": name, "type": kind} for name, kind in STATES.items()]
                },
                "members": {
                    "nodes": [{"id": id, "name": name, "email": ""} for id, name in self.users.items()]
                },
            }
            nodes = [team] if given["key"] == "ENG" else []
            return self.data(viewer={"name": "Bot"}, teams={"nodes": nodes}, organization={"urlKey": "octo"})
        if "issues(" in asked:
            low = datetime.fromisoformat(given["since"].replace("Z", "+00:00"))
            rows = [row for row in self.rows.values()
                    if row["team"] == given["key"]
                    and datetime.fromisoformat(row["updatedAt"].replace("Z", "+00:00")) >= low]  # fmt: skip
            rows.sort(key=lambda row: row["updatedAt"], reverse=True)
            start = int(given.get("after") or 0)
            page = {
                "hasNextPage": len(rows) > start + self.page_size,
                "endCursor": str(start + self.page_size),
            }
            nodes = [self.shown(row) for row in rows[start : start + self.page_size]]
            return self.data(issues={"pageInfo": page, "nodes": nodes})
        if "history(" in asked:
            return self.data(issue={"history": {"nodes": self.histories[given["id"]]}})
        if "issue(id" in asked:
            row = next((r for r in self.rows.values() if given["id"] in {r["id"], r["identifier"]}), None)
            if row is None:
                return 200, {"errors": [{"message": "Entity not found: Issue"}], "data": None}, {}
            return self.data(issue=self.shown(row))
        if "issueLabels(" in asked:
            found = [{"id": id, "name": name} for id, name in self.labels.items() if name in given["names"]]
            return self.data(issueLabels={"nodes": found})
        if self.read_only:
            return 200, {"errors": [{"message": "Forbidden", "extensions": {"code": "FORBIDDEN"}}]}, {}
        self.written.append(("GRAPHQL", asked.split("{")[1].split("(")[0].strip(), given))
        if "issueLabelCreate" in asked:
            id = f"L{len(self.labels)}"
            self.labels[id] = given["input"]["name"]
            return self.data(issueLabelCreate={"issueLabel": {"id": id, "name": self.labels[id]}})
        if "issueCreate" in asked:
            if given["input"]["id"] in self.rows:
                return 200, {"errors": [{"message": "Entity with this id exists already"}]}, {}
            row = self.issue(given["input"]["id"], by="Bot", **self.facts(given["input"]))
            return self.data(issueCreate={"success": True, "issue": self.shown(row)})
        row = self.issue(given["id"], by="Bot", **self.facts(given["input"]))
        return self.data(issueUpdate={"success": True, "issue": self.shown(row)})

    @staticmethod
    def data(**found):
        return 200, {"data": found}, {"X-Complexity": "10"}

    def facts(self, given):
        names = {"title": "title", "description": "description", "stateId": "status", "assigneeId": "owner",
                 "dueDate": "due", "parentId": "parent"}  # fmt: skip
        found = {names[name]: value or ("" if name != "dueDate" else None) for name, value in given.items()
                 if name in names}  # fmt: skip
        if "labelIds" in given:
            found["labels"] = [self.labels[id] for id in given["labelIds"]]
        return found

    def shown(self, row):
        return {
            "id": row["id"], "identifier": row["identifier"], "url": row["url"], "title": row["title"],
            "description": row["description"], "updatedAt": row["updatedAt"], "archivedAt": None,
            "trashed": row["trashed"], "dueDate": row["due"], "estimate": row["estimate"], "team": {"key": row["team"]},
            "state": {"name": row["status"]}, "assignee": {"id": row["owner"]} if row["owner"] else None,
            "labels": {"nodes": [{"name": name} for name in row["labels"]]},
            "parent": {"id": row["parent"], "team": {"key": "ENG"}} if row["parent"] else None,
        }  # fmt: skip
