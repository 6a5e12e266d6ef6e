"""GitLab, as far as issues of a project and epics of its group go (REST 4)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from tests.trackers.fakes.server import Tracker


class GitLab(Tracker):
    """The project octo/hello in the group octo."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, dict[str, Any]] = {}
        self.epics: dict[str, dict[str, Any]] = {}
        self.milestones: list[dict[str, Any]] = []
        self.notes: dict[str, list[dict[str, Any]]] = {}
        self.states: dict[str, list[dict[str, Any]]] = {}
        self.has_epics = True
        self.last = 0
        self.page_size = 100
        self.users = {"mira": 21, "ben": 22}

    def stamp(self) -> str:
        return self.tick().strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def issue(self, id: str = "", *, by: str = "Dana", **facts: Any) -> dict[str, Any]:
        if not id:
            self.last += 1
            id = str(self.last)
            self.rows[id] = {
                "id": 900 + self.last, "iid": self.last, "title": f"Issue {id}", "description": "", "state": "opened",
                "labels": [], "assignees": [], "milestone": None, "due_date": None, "weight": None, "epic": None,
                "issue_type": "issue", "moved_to_id": None,
                "web_url": f"https://gitlab.example/octo/hello/-/issues/{id}",
            }  # fmt: skip
        at = self.stamp()
        words = {"title": "changed title from **a** to **b**", "description": "changed the description"}
        for name in facts:
            note = {"system": True, "body": words.get(name, name), "author": {"name": by}, "created_at": at}
            self.notes.setdefault(id, []).insert(0, note)
            if name == "state":
                self.states.setdefault(id, []).append({"user": {"name": by}, "created_at": at})
        self.rows[id] |= facts | {"updated_at": at, "created_at": self.rows[id].get("created_at", at)}
        return self.rows[id]

    def epic(self, id: str, **facts: Any) -> dict[str, Any]:
        known = self.epics.get(id) or {
            "id": 700 + int(id), "iid": int(id), "title": f"Epic {id}", "description": "", "state": "opened",
            "labels": [], "start_date": None, "due_date": None, "parent_iid": None,
            "web_url": f"https://gitlab.example/groups/octo/-/epics/{id}",
        }  # fmt: skip
        self.epics[id] = known | facts | {"updated_at": self.stamp()}
        return self.epics[id]

    def text(self, words: str) -> str:
        return words

    def delete(self, id: str) -> None:
        del self.rows[id]

    def answer(self, verb, path, query, body, headers):
        if self.token and headers.get("PRIVATE-TOKEN") != self.token:
            return 401, {"message": "401 Unauthorized"}, {}
        tail = path.removeprefix("/api/v4/")
        if tail == "user":
            return 200, {"username": "bot"}, {}
        if tail == "users":
            name = query["username"][0]
            return 200, [{"id": self.users[name]}] if name in self.users else [], {}
        if tail == "personal_access_tokens/self":
            return 200, {"scopes": ["read_api" if self.read_only else "api"]}, {}
        if tail.startswith("groups/octo/epics"):
            if not self.has_epics:
                return 403, {"message": "403 Forbidden"}, {}
            return self.resource(
                verb, tail.removeprefix("groups/octo/epics").strip("/"), self.epics, query, body
            )
        root, _, rest = tail.partition("octo%2Fhello")
        if root != "projects/" or unquote("octo%2Fhello") != "octo/hello":
            return 404, {"message": "404 Project Not Found"}, {}
        rest = rest.strip("/")
        if not rest:
            return 200, {"path_with_namespace": "octo/hello", "web_url": "https://gitlab.example/octo/hello",
                         "permissions": {"project_access": {"access_level": 30}, "group_access": None}}, {}  # fmt: skip
        if rest == "members/all":
            return (
                200,
                [{"username": name, "name": name.title(), "id": id} for name, id in self.users.items()],
                {},
            )
        if rest == "labels":
            return 200, [{"name": "workflow::doing"}, {"name": "workflow::review"}, {"name": "bug"}], {}
        if verb != "GET" and self.read_only:
            return 403, {"error": "insufficient_scope"}, {}
        if rest == "milestones":
            if verb == "POST":
                self.milestones.append({"id": 50 + len(self.milestones), "title": body["title"]})
                return 201, self.milestones[-1], {}
            return 200, self.milestones, {}
        found = re.fullmatch(r"issues(?:/(\d+))?(?:/(\w+))?", rest)
        if found and found[2] == "notes":
            return 200, self.notes.get(found[1], []), {}
        if found and found[2]:
            return 200, self.states.get(found[1], []) if "state" in found[2] else [], {}
        return self.resource(verb, found[1] or "", self.rows, query, body) if found else (404, {}, {})

    def resource(self, verb, id, rows, query, body):
        if not id and verb == "GET":
            return self.list(list(rows.values()), {name: values[0] for name, values in query.items()})
        if not id:
            row = self.issue(by="bot", **self.facts(body))
            return 201, row, {}
        if id not in rows:
            return 404, {"message": "404 Not found"}, {}
        if verb == "PUT":
            facts = self.facts(body)
            if rows is self.epics:
                self.epic(id, **facts)
            else:
                self.issue(id, by="bot", **facts)
        return 200, rows[id], {}

    def list(self, rows, asked):
        rows = [row for row in rows if row["updated_at"] >= asked.get("updated_after", "")]
        rows.sort(key=lambda row: (row["updated_at"], row["id"]), reverse=asked.get("sort") != "asc")
        size, page = min(int(asked.get("per_page", 20)), self.page_size), int(asked.get("page", 1))
        more = len(rows) > page * size
        return 200, rows[(page - 1) * size : page * size], {"X-Next-Page": str(page + 1) if more else ""}

    def facts(self, body):
        found = {}
        for name, value in body.items():
            if name in {"title", "description"}:
                found[name] = value
            elif name == "labels":
                found["labels"] = sorted(each for each in value.split(",") if each)
            elif name == "state_event":
                found["state"] = "closed" if value == "close" else "opened"
            elif name == "assignee_ids":
                by_id = {id: name for name, id in self.users.items()}
                found["assignees"] = [{"id": id, "username": by_id[id]} for id in value if id]
            elif name == "due_date":
                found["due_date"] = value or None
            elif name == "milestone_id":
                found["milestone"] = next((each for each in self.milestones if each["id"] == value), None)
            elif name == "epic_id":
                epic = next((each for each in self.epics.values() if each["id"] == value), None)
                found["epic"] = {"iid": epic["iid"], "id": epic["id"]} if epic else None
            elif name.endswith("_fixed") and not name.endswith("is_fixed"):
                found[name.removesuffix("_fixed")] = value
        return found
