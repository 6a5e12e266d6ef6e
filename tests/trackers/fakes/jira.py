"""Jira, as far as one project's issues go: Cloud (REST 3) and Data Center (REST 2)."""

from __future__ import annotations

import base64
import re
from typing import Any

from tests.trackers.fakes.server import Tracker

STATUSES = {"To Do": "new", "In Progress": "indeterminate", "Done": "done", "Won't Do": "done"}
WAYS = {"To Do": ["In Progress", "Won't Do"], "In Progress": ["To Do", "Done", "Won't Do"], "Done": ["In Progress"],
        "Won't Do": ["To Do"]}  # fmt: skip


class Jira(Tracker):
    """The project APP. In Cloud a search is continued by a token; in Data Center by a number."""

    is_cloud = True

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, dict[str, Any]] = {}
        self.history: dict[str, list[dict[str, Any]]] = {}
        self.versions: list[str] = []
        self.last = 0
        self.page_size = 100
        self.users = {"u-mira": "Mira", "u-ben": "Ben"}
        self.searches: list[str] = []

    # What people do over there

    def issue(self, id: str = "", *, by: str = "Dana", **facts: Any) -> dict[str, Any]:
        if not id:
            self.last += 1
            id = str(10_000 + self.last)
            self.rows[id] = {
                "id": id, "key": f"APP-{self.last}", "title": f"Issue {self.last}", "description": None,
                "status": "To Do", "owner": "", "due": None, "labels": [], "release": [], "parent": "",
                "kind": "Task", "project": "APP",
            }  # fmt: skip
        row = self.rows[id]
        at = self.tick()
        names = {"title": "summary", "due": "duedate", "owner": "assignee", "release": "Fix Version"}
        items = [{"field": names.get(name, name)} for name in facts]
        self.history.setdefault(id, []).append(
            {
                "author": {"displayName": by},
                "created": at.strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
                "items": items,
            }
        )
        row |= facts | {"updated": at}
        return row

    def text(self, words: str) -> Any:
        if not self.is_cloud:
            return words
        return {"type": "doc", "version": 1, "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": words}]}]}  # fmt: skip

    def delete(self, id: str) -> None:
        del self.rows[id]

    # What it answers

    def answer(self, verb, path, query, body, headers):
        sign = "Basic " + base64.b64encode(f"bot@example.com:{self.token}".encode()).decode()
        sign = sign if self.is_cloud else f"Bearer {self.token}"
        if self.token and headers.get("Authorization") != sign:
            return 401, {"errorMessages": ["Client must be authenticated."]}, {}
        root = "/rest/api/3/" if self.is_cloud else "/rest/api/2/"
        if not path.startswith(root):
            return 404, {"errorMessages": ["dead link"]}, {}
        tail = path.removeprefix(root)
        fixed = {
            "myself": {"displayName": "Bot", "timeZone": "Europe/Oslo", "accountId": "u-bot", "name": "bot"},
            "project/APP": {"name": "The app", "key": "APP"},
            "project/APP/versions": [{"name": name} for name in self.versions],
            "project/APP/statuses": [{"name": "Task", "statuses": [
                {"name": name, "statusCategory": {"key": key}} for name, key in STATUSES.items()]}],
            "field": [{"id": "summary", "name": "Summary"}, {"id": "customfield_1", "name": "Start date"},
                      {"id": "customfield_2", "name": "Story Points"}]
            + ([] if self.is_cloud else [{"id": "customfield_3", "name": "Epic Link"}]),
            "mypermissions": {"permissions": {
                name: {"havePermission": not self.read_only} for name in ("CREATE_ISSUES", "EDIT_ISSUES")}},
            "user/assignable/search": [
                {"accountId": id, "name": id, "displayName": name, "accountType": "atlassian"}
                for id, name in self.users.items()],
        }  # fmt: skip
        if verb == "GET" and tail in fixed:
            start = int(query.get("startAt", ["0"])[0])
            return 200, fixed[tail][start:] if tail.startswith("user/") else fixed[tail], {}
        if tail == ("search/jql" if self.is_cloud else "search"):
            return self.search(body)
        if verb != "GET" and self.read_only:
            return 403, {"errorMessages": ["You do not have permission to edit issues in this project."]}, {}
        if tail == "version":
            self.versions.append(body["name"])
            return 201, {"name": body["name"]}, {}
        if tail == "issue":
            return self.make(body["fields"])
        found = re.fullmatch(r"issue/([\w-]+)(?:/(\w+))?", tail)
        return self.one(verb, found[1], found[2] or "", body, query) if found else (404, {}, {})

    def search(self, body):
        jql = body["jql"]
        self.searches.append(jql)
        rows = [row for row in self.rows.values() if row["project"] == "APP"]
        if since := re.search(r'updated >= "([^"]+)"', jql):
            low = since[1]
            oslo = [row["updated"].astimezone(self.zone()).strftime("%Y-%m-%d %H:%M") for row in rows]
            rows = [row for row, at in zip(rows, oslo, strict=True) if at >= low]
        if label := re.search(r'labels = "([^"]+)"', jql):
            rows = [row for row in rows if label[1] in row["labels"]]
        rows.sort(key=lambda row: int(row["key"].partition("-")[2]))
        size = min(body["maxResults"], self.page_size)
        start = int(body.get("nextPageToken") or body.get("startAt") or 0)
        issues = [self.shown(row) for row in rows[start : start + size]]
        if not self.is_cloud:
            return 200, {"startAt": start, "maxResults": size, "total": len(rows), "issues": issues}, {}
        more = len(rows) > start + size
        return (
            200,
            {"issues": issues, "isLast": not more, **({"nextPageToken": str(start + size)} if more else {})},
            {},
        )

    @staticmethod
    def zone():
        from zoneinfo import ZoneInfo

        return ZoneInfo("Europe/Oslo")

    def shown(self, row):
        name = "accountId" if self.is_cloud else "name"
        parent = next((each for each in self.rows.values() if each["id"] == row["parent"]), None)
        above = {"parent": {"id": parent["id"], "key": parent["key"]}} if parent and self.is_cloud else {}
        epic = {} if self.is_cloud else {"customfield_3": parent["key"] if parent else None}
        return {"id": row["id"], "key": row["key"], "fields": {
            "summary": row["title"], "description": row["description"], "status": {"name": row["status"]},
            "assignee": {name: row["owner"]} if row["owner"] else None, "duedate": row["due"],
            "labels": row["labels"], "fixVersions": [{"name": each} for each in row["release"]],
            "issuetype": {"name": row["kind"], "subtask": False}, "project": {"key": row["project"]},
            "updated": row["updated"].strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
            "customfield_1": row.get("start"), "customfield_2": row.get("points"), **above, **epic,
        }}  # fmt: skip

    def make(self, fields):
        if fields["issuetype"]["name"] != "Task":
            return 400, {"errors": {"issuetype": "The issue type selected is invalid."}}, {}
        row = self.issue(by="Bot", **self.facts(fields))
        return 201, {"id": row["id"], "key": row["key"]}, {}

    def facts(self, fields):
        found = {}
        plain = {"summary": "title", "description": "description", "duedate": "due", "labels": "labels",
                 "customfield_1": "start"}  # fmt: skip
        for name, value in fields.items():
            if name in plain:
                found[plain[name]] = value
            elif name == "assignee":
                found["owner"] = next(iter(value.values())) if value else ""
            elif name == "fixVersions":
                found["release"] = [each["name"] for each in value]
            elif name == "parent":
                found["parent"] = value["id"] if value else ""
            elif name == "customfield_3":
                found["parent"] = next((row["id"] for row in self.rows.values() if row["key"] == value), "")
        return found

    def one(self, verb, name, part, body, query):
        row = next((each for each in self.rows.values() if name in {each["id"], each["key"]}), None)
        if row is None:
            return (
                404,
                {"errorMessages": ["Issue does not exist or you do not have permission to see it."]},
                {},
            )
        if part == "transitions":
            if verb == "GET":
                return (
                    200,
                    {"transitions": [{"id": to, "to": {"name": to}} for to in WAYS[row["status"]]]},
                    {},
                )
            self.issue(row["id"], by="Bot", status=body["transition"]["id"])
            return 204, None, {}
        if part == "changelog":
            rows = self.history[row["id"]]
            return 200, {"total": len(rows), "values": rows}, {}
        if verb == "PUT":
            facts = self.facts(body.get("fields", {}))
            labels = list(row["labels"])
            for change in body.get("update", {}).get("labels", []):
                if "add" in change:
                    labels.append(change["add"])
                else:
                    labels.remove(change["remove"])
            if labels != row["labels"]:
                facts["labels"] = labels
            self.issue(row["id"], by="Bot", **facts)
            return 204, None, {}
        shown = self.shown(row)
        if query.get("expand"):
            shown["changelog"] = {"histories": self.history[row["id"]]}
        return 200, shown, {}


class JiraServer(Jira):
    is_cloud = False
