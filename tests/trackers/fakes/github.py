"""GitHub, as far as issues and projects go (REST 2022-11-28, GraphQL)."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any
from urllib.parse import urlencode

from tests.trackers.fakes.server import Tracker

ROOT = "/repos/octo/hello"


class GitHub(Tracker):
    """One repository, octo/hello, and one project, octo/3."""

    def __init__(self) -> None:
        super().__init__()
        self.issues: dict[int, dict[str, Any]] = {}
        self.milestones: list[dict[str, Any]] = []
        self.assignees = ["mira", "ben"]
        self.events: dict[int, list[dict[str, Any]]] = {}
        self.moved: dict[int, str] = {}
        self.last = 0
        self.page_size = 100
        self.points_left = 5000
        self.items: dict[str, dict[str, Any]] = {}
        self.fields = {
            "Status": {"id": "F1", "name": "Status", "dataType": "SINGLE_SELECT",
                       "options": [{"id": f"O{n}", "name": name} for n, name in
                                   enumerate(["Backlog", "In progress", "Done"])]},
            "Start date": {"id": "F2", "name": "Start date", "dataType": "DATE"},
            "Target date": {"id": "F3", "name": "Target date", "dataType": "DATE"},
            "Estimate": {"id": "F4", "name": "Estimate", "dataType": "NUMBER"},
        }  # fmt: skip

    # What people do over there

    def issue(self, number: int | None = None, *, by: str = "dana", **facts: Any) -> dict[str, Any]:
        """Open or change an issue."""
        number = number or self.last + 1
        self.last = max(self.last, number)
        at = self.tick().strftime("%Y-%m-%dT%H:%M:%SZ")
        known = self.issues.get(number)
        if known is None:
            known = {
                "id": 1000 + number, "node_id": f"I_{number}", "number": number, "title": f"Issue {number}",
                "body": f"We need thing {number}.", "state": "open", "state_reason": None, "labels": [],
                "assignees": [], "milestone": None, "type": None, "created_at": at,
                "html_url": f"https://github.com/octo/hello/issues/{number}",
            }  # fmt: skip
        else:
            names = {"title": "renamed", "state": "closed", "labels": "labeled", "milestone": "milestoned"}
            for name in facts:
                event = {"event": names.get(name, "edited"), "actor": {"login": by}, "created_at": at}
                self.events.setdefault(number, []).append(event)
        if "labels" in facts:
            facts["labels"] = [{"name": name} for name in facts["labels"]]
        if "assignees" in facts:
            facts["assignees"] = [{"login": login} for login in facts["assignees"]]
        self.issues[number] = {**known, **facts, "updated_at": at}
        return self.issues[number]

    def milestone(self, title: str) -> dict[str, Any]:
        found = next((each for each in self.milestones if each["title"] == title), None)
        if found is None:
            found = {"number": len(self.milestones) + 1, "title": title, "state": "open"}
            self.milestones.append(found)
        return found

    def put_on_project(self, number: int, **values: Any) -> str:
        item = next(
            (id for id, each in self.items.items() if each["number"] == number), f"PVTI_{len(self.items)}"
        )
        self.items.setdefault(item, {"number": number, "values": {}})
        self.items[item]["values"] |= values
        return item

    # What it answers

    def answer(self, verb, path, query, body, headers):
        if self.token and headers.get("Authorization") != f"Bearer {self.token}":
            return 401, {"message": "Bad credentials"}, {}
        if path == "/graphql":
            return self.graphql(body["query"], body["variables"])
        if path == "/user":
            return 200, {"login": "roadbed-bot"}, {}
        path = path.replace("/repositories/1", ROOT)
        if path == ROOT:
            rights = {"push": not self.read_only, "triage": not self.read_only}
            return 200, {"id": 1, "full_name": "octo/hello", "permissions": rights, "has_issues": True,
                         "html_url": "https://github.com/octo/hello"}, {}  # fmt: skip
        if verb != "GET" and self.read_only:
            return 403, {"message": "Resource not accessible by personal access token"}, {}
        tail = path.removeprefix(ROOT + "/")
        if tail == "assignees":
            return 200, [{"login": login} for login in self.assignees], {}
        if tail == "milestones":
            if verb == "POST":
                return 201, self.milestone(body["title"]), {}
            return 200, self.milestones, {}
        if tail == "issues":
            return self.make(body) if verb == "POST" else self.list(query, headers)
        found = re.fullmatch(r"issues/(\d+)(?:/(\w+))?", tail)
        if found is None:
            return 404, {"message": "Not Found"}, {}
        return self.one(verb, int(found[1]), found[2] or "", body)

    def list(self, query, headers):
        asked = {name: values[0] for name, values in query.items()}
        size, page = min(int(asked["per_page"]), self.page_size), int(asked.get("page", "1"))
        rows = [row for row in self.issues.values() if row["updated_at"] >= asked.get("since", "")]
        down = asked.get("direction", "desc") == "desc"
        rows.sort(key=lambda row: (row[asked.get("sort", "created") + "_at"], row["id"]), reverse=down)
        shown = rows[(page - 1) * size : page * size]
        mark = '"' + hashlib.sha256(json.dumps([asked, shown]).encode()).hexdigest() + '"'
        answer = {"ETag": mark, "X-RateLimit-Remaining": "50"}
        if len(rows) > page * size:
            following = urlencode({**asked, "page": page + 1})
            answer["Link"] = f'<{self.url}{ROOT}/issues?{following}>; rel="next"'
        if headers.get("If-None-Match") == mark:
            return 304, None, answer
        return 200, shown, answer

    def make(self, body):
        issue = self.issue(
            by="roadbed-bot",
            title=body["title"],
            body=body["body"],
            labels=body.get("labels", []),
            assignees=[each for each in body.get("assignees", []) if each in self.assignees],
            milestone=next((m for m in self.milestones if m["number"] == body.get("milestone")), None),
        )
        return 201, issue, {}

    def one(self, verb, number, part, body):
        if number in self.moved:
            return 301, {"message": "Moved Permanently"}, {"Location": self.moved[number]}
        if number not in self.issues:
            return 410, {"message": "This issue was deleted"}, {}
        if part == "events":
            return 200, self.events.get(number, []), {}
        if part == "sub_issues":
            child = next(each for each in self.issues.values() if each["id"] == body["sub_issue_id"])
            self.issue(
                child["number"], parent_issue_url=f"{self.url}{ROOT}/issues/{number}", by="roadbed-bot"
            )
            return 201, self.issues[number], {}
        if part == "sub_issue":
            child = next(each for each in self.issues.values() if each["id"] == body["sub_issue_id"])
            self.issue(child["number"], parent_issue_url=None, by="roadbed-bot")
            return 200, self.issues[number], {}
        if verb == "PATCH":
            facts = dict(body)
            if "milestone" in facts:
                facts["milestone"] = next(
                    (m for m in self.milestones if m["number"] == facts["milestone"]), None
                )
            if "assignees" in facts:
                facts["assignees"] = [each for each in facts["assignees"] if each in self.assignees]
            if facts.get("title") == "":
                return (
                    422,
                    {"message": "Validation Failed", "errors": [{"field": "title", "code": "missing_field"}]},
                    {},
                )
            self.issue(number, by="roadbed-bot", **facts)
        return 200, self.issues[number], {}

    # GraphQL

    def graphql(self, query, variables):
        limit = {"cost": 1, "remaining": self.points_left, "resetAt": "2026-11-02T10:00:00Z"}
        if self.points_left <= 0:
            return 200, {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}, {
                "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1793613600"}  # fmt: skip
        if "repositoryOwner" in query:
            project = {
                "id": "PVT_1",
                "title": "Plan",
                "url": "",
                "fields": {"nodes": list(self.fields.values())},
            }
            there = project if variables == {"owner": "octo", "number": 3} else None
            return 200, {"data": {"repositoryOwner": {"projectV2": there}}}, {}
        if "items(first" in query:
            rows, start = list(self.items.items()), int(variables.get("after") or 0)
            nodes = [self._item(id, row, content=True) for id, row in rows[start : start + 100]]
            page = {"hasNextPage": len(rows) > start + 100, "endCursor": str(start + 100)}
            return (
                200,
                {"data": {"rateLimit": limit, "node": {"items": {"pageInfo": page, "nodes": nodes}}}},
                {},
            )
        if "issue(number" in query:
            if variables["number"] not in self.issues:
                words = f"Could not resolve to an Issue with the number of {variables['number']}."
                return (
                    200,
                    {"data": {"repository": None}, "errors": [{"type": "NOT_FOUND", "message": words}]},
                    {},
                )
            nodes = [self._item(id, row, content=False) for id, row in self.items.items()
                     if row["number"] == variables["number"]]  # fmt: skip
            issue = {**self._content(variables["number"]), "projectItems": {"nodes": nodes}}
            return 200, {"data": {"rateLimit": limit, "repository": {"issue": issue}}}, {}
        if self.read_only:
            return 200, {"errors": [{"type": "FORBIDDEN", "message": "Resource not accessible"}]}, {}
        self.written.append(("GRAPHQL", query.split("{")[1].split("(")[0].strip(), variables))
        if "addProjectV2ItemById" in query:
            item = self.put_on_project(int(variables["content"].removeprefix("I_")))
            return 200, {"data": {"addProjectV2ItemById": {"item": {"id": item}}}}, {}
        field = next(each for each in self.fields.values() if each["id"] == variables["field"])
        values = self.items[variables["item"]]["values"]
        if "clearProjectV2ItemFieldValue" in query:
            values.pop(field["name"], None)
        elif "singleSelectOptionId" in variables["value"]:
            options = {each["id"]: each["name"] for each in field["options"]}
            values[field["name"]] = options[variables["value"]["singleSelectOptionId"]]
        else:
            values[field["name"]] = next(iter(variables["value"].values()))
        return 200, {"data": {}}, {}

    def _content(self, number):
        row = self.issues[number]
        above = str(row.get("parent_issue_url") or "").rpartition("/")[2]
        here = {"nameWithOwner": "octo/hello"}
        return {
            "__typename": "Issue", "id": row["node_id"], "databaseId": row["id"], "number": number,
            "title": row["title"], "body": row["body"], "state": row["state"].upper(),
            "stateReason": (row["state_reason"] or "").upper() or None, "url": row["html_url"],
            "updatedAt": row["updated_at"], "repository": here, "assignees": {"nodes": row["assignees"]},
            "labels": {"nodes": row["labels"]}, "milestone": row["milestone"], "issueType": row["type"],
            "parent": {"number": int(above), "repository": here} if above else None,
        }  # fmt: skip

    def _item(self, id, row, *, content):
        kinds = {"SINGLE_SELECT": "name", "DATE": "date", "NUMBER": "number"}
        nodes = [
            {"__typename": "Value", kinds[self.fields[name]["dataType"]]: value, "field": {"name": name}}
            for name, value in row["values"].items()
        ]
        found = {"id": id, "isArchived": False, "fieldValues": {"nodes": nodes}, "project": {"id": "PVT_1"}}
        return found | ({"content": self._content(row["number"])} if content else {})
