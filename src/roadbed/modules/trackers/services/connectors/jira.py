"""Jira: Cloud (REST 3, descriptions as documents) and Data Center (REST 2, descriptions as wiki markup)."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from roadbed.modules.trackers.services.connectors import adf, wiki
from roadbed.modules.trackers.services.connectors.base import (
    Gone,
    Heard,
    Issue,
    Offer,
    Page,
    TrackerError,
    User,
)
from roadbed.modules.trackers.services.connectors.guessing import guess
from roadbed.modules.trackers.services.connectors.http import (
    Answer,
    Caller,
    Now,
    check_hmac,
    clean,
    moment,
    read_object,
)

PER_PAGE = 100
USERS_PAGES = 10
OVERLAP = timedelta(minutes=3)
"""Jira's clock is read to the minute, and its index lags a little: what lies at the seam is read twice."""
MARK = "roadbed-"
CATEGORIES = {"new": "planned", "indeterminate": "development", "done": "shipped"}
CUSTOM = {
    "start": ("start date", "target start"),
    "points": ("story points", "story point estimate"),
    "epic": ("epic link",),
}
HISTORY = {
    "title": {"summary"},
    "description": {"description"},
    "status": {"status"},
    "owner": {"assignee"},
    "due": {"duedate"},
    "start": {"start date", "target start"},
    "release": {"fix version"},
    "labels": {"labels"},
    "parent": {"parent", "epic link", "issueparentassociation"},
}
RIGHTS = ("CREATE_ISSUES", "EDIT_ISSUES", "TRANSITION_ISSUES")


class Jira:
    """One project. The two editions differ in how they search, sign people in, and keep descriptions."""

    is_cloud = True

    def __init__(
        self, *, settings: Mapping[str, Any], secrets: Mapping[str, str], now: Now, gap: float = 0.1
    ) -> None:
        self.project = str(settings["project"])
        self.address = str(settings["address"]).rstrip("/")
        self._type = str(settings.get("issue_type") or "Task")
        self._names = {name: str(settings.get(f"{name}_field") or "") for name in CUSTOM}
        token = secrets.get("token", "")
        if self.is_cloud:
            pair = base64.b64encode(f"{settings.get('email', '')}:{token}".encode()).decode()
            sign = f"Basic {pair}"
        else:
            sign = f"Bearer {token}"
        self._caller = Caller(
            name="Jira",
            base=f"{self.address}/rest/api/{'3' if self.is_cloud else '2'}",
            headers={"Authorization": sign},
            now=now,
            write_gap=gap,
        )
        self._custom: dict[str, str] | None = None
        self._zone: ZoneInfo | None = None
        self._ids: dict[str, str] = {}

    # What there is

    def offer(self) -> Offer:
        """Ask who we are, and what the project has."""
        me = self._object("myself")
        project = self._caller.call("GET", f"project/{quote(self.project)}")
        if project.is_gone or not isinstance(project.content, dict):
            raise TrackerError(f"There is no project {self.project}, or the token may not see it (404).")
        rights = self._object("mypermissions", {"projectKey": self.project, "permissions": ",".join(RIGHTS)})
        found = rights.get("permissions") or {}
        can_write = all((found.get(name) or {}).get("havePermission") for name in RIGHTS[:2])
        custom = self._fields()
        fields = ["title", "description", "status", "owner", "due", "release", "labels", "parent"]
        return Offer(
            who=str(me.get("displayName") or me.get("name") or ""),
            project=f"{project.content.get('name')} ({self.project})",
            url=f"{self.address}/browse/{self.project}",
            fields=tuple(fields + (["start"] if "start" in custom else [])),
            statuses=tuple(self._statuses()),
            users=tuple(self._users()),
            can_write=can_write,
        )

    def _object(self, path: str, query: Mapping[str, Any] | None = None) -> dict[str, Any]:
        answer = self._caller.call("GET", path, query=query)
        if not isinstance(answer.content, dict):
            raise TrackerError(f"Jira has no {path}. Check the address.")
        return answer.content

    def _statuses(self) -> Iterator[tuple[str, str]]:
        seen: set[str] = set()
        answer = self._caller.call("GET", f"project/{quote(self.project)}/statuses")
        for kind in answer.content if isinstance(answer.content, list) else []:
            for status in kind.get("statuses") or []:
                name = str(status.get("name"))
                if name in seen:
                    continue
                seen.add(name)
                likely = guess(name)
                category = CATEGORIES.get(str((status.get("statusCategory") or {}).get("key")), "planned")
                fits = {
                    "shipped": {"shipped", "dropped"},
                    "development": {"development", "beta", "discovery"},
                }
                yield (
                    name,
                    likely if likely in fits.get(category, {"planned", "idea", "discovery"}) else category,
                )

    def _users(self) -> Iterator[User]:
        for page in range(USERS_PAGES):
            answer = self._caller.call(
                "GET",
                "user/assignable/search",
                query={"project": self.project, "maxResults": PER_PAGE, "startAt": page * PER_PAGE},
                may=frozenset({400, 403}),
            )
            rows = answer.content if isinstance(answer.content, list) else []
            for row in rows:
                if row.get("accountType", "atlassian") == "atlassian":
                    yield User(
                        self._user(row), str(row.get("displayName") or ""), str(row.get("emailAddress") or "")
                    )
            if len(rows) < PER_PAGE:
                return

    def _user(self, row: Mapping[str, Any] | None) -> str:
        return str((row or {}).get("accountId" if self.is_cloud else "name") or "")

    def _fields(self) -> dict[str, str]:
        """Return the ids of the fields that Jira keeps under a name of its own."""
        if self._custom is None:
            answer = self._caller.call("GET", "field")
            by_name: dict[str, str] = {}
            for row in answer.content if isinstance(answer.content, list) else []:
                by_name.setdefault(str(row.get("name", "")).casefold(), str(row.get("id")))
            self._custom = {}
            for name, usual in CUSTOM.items():
                wanted = (self._names[name].casefold(),) if self._names[name] else usual
                id = next((by_name[each] for each in wanted if each in by_name), "")
                if id:
                    self._custom[name] = id
        return self._custom

    def _asked(self) -> list[str]:
        usual = ["summary", "description", "status", "assignee", "duedate", "fixVersions", "labels", "parent",
                 "issuetype", "updated", "project"]  # fmt: skip
        return [*usual, *self._fields().values()]

    # Reading

    def pages(self, cursor: Mapping[str, Any]) -> Iterator[Page]:
        """Read what changed since, in the order of keys, which nobody's edits can shift."""
        begun = str(cursor.get("begun") or self._caller.now().isoformat())
        since, place = str(cursor.get("since") or ""), cursor.get("place")
        jql = f'project = "{self.project}"'
        if since:
            jql += f' AND updated >= "{self._local(datetime.fromisoformat(since) - OVERLAP)}"'
        jql += " ORDER BY key ASC"
        while True:
            try:
                rows, place = self._search(jql, place)
            except TrackerError:
                if not place:
                    raise
                rows, place = self._search(jql, None)  # a place to read on from does not keep for ever
            issues = tuple(self._issue(row) for row in rows)
            at = {"since": since, "begun": begun, "place": place} if place else {"since": begun}
            yield Page(issues, at, is_last=not place)
            if not place:
                return

    def _local(self, at: datetime) -> str:
        """Return a moment as JQL wants it: to the minute, by the clock of whose token it is."""
        if self._zone is None:
            name = str(self._object("myself").get("timeZone") or "UTC")
            try:
                self._zone = ZoneInfo(name)
            except (KeyError, ValueError):
                self._zone = ZoneInfo("UTC")
        return at.astimezone(self._zone).strftime("%Y-%m-%d %H:%M")

    def _search(self, jql: str, place: Any) -> tuple[list[dict[str, Any]], Any]:
        sent: dict[str, Any] = {"jql": jql, "maxResults": PER_PAGE, "fields": self._asked()}
        if place:
            sent["nextPageToken"] = place
        content = self._searched(self._caller.call("POST", "search/jql", body=sent))
        token = content.get("nextPageToken")
        return content["issues"], None if content.get("isLast") else token

    @staticmethod
    def _searched(answer: Answer) -> dict[str, Any]:
        if not isinstance(answer.content, dict) or not isinstance(answer.content.get("issues"), list):
            raise TrackerError(
                "Jira does not search as expected. Check the address, and which edition it is."
            )
        return answer.content

    def _issue(self, row: Mapping[str, Any]) -> Issue:
        fields, custom = row["fields"], self._fields()
        self._ids[str(row["key"])] = str(row["id"])
        description, locked = self._read_text(fields.get("description"))
        versions = [str(each.get("name")) for each in fields.get("fixVersions") or []]
        labels = [str(each) for each in fields.get("labels") or []]
        points = fields.get(custom.get("points", ""))
        start = str(fields.get(custom["start"]) or "")[:10] if "start" in custom else None
        return Issue(
            id=str(row["id"]),
            key=str(row["key"]),
            url=f"{self.address}/browse/{row['key']}",
            updated_at=moment(fields.get("updated")),
            title=str(fields.get("summary") or ""),
            description=description,
            status=str((fields.get("status") or {}).get("name") or ""),
            owner=self._user(fields.get("assignee")),
            start=start,
            due=str(fields.get("duedate") or ""),
            release=versions[0] if versions else "",
            labels=tuple(sorted((each for each in labels if not each.startswith(MARK)), key=str.casefold)),
            parent=self._parent(fields),
            kind=str((fields.get("issuetype") or {}).get("name") or ""),
            points=points if isinstance(points, (int, float)) else None,
            locked={"description": locked} if locked else {},
            raw={"labels": labels, "versions": versions, "mark": next((e.removeprefix(MARK) for e in labels
                 if e.startswith(MARK)), ""), "subtask": bool((fields.get("issuetype") or {}).get("subtask"))},
        )  # fmt: skip

    def _read_text(self, value: Any) -> tuple[str, str]:
        return adf.to_markdown(value)

    def _parent(self, fields: Mapping[str, Any]) -> str:
        above = fields.get("parent")
        if isinstance(above, dict):
            return str(above.get("id") or "")
        epic = fields.get(self._fields().get("epic", ""))
        return self._id_of(str(epic)) if epic else ""

    def _id_of(self, key: str) -> str:
        """Return the lasting id of an issue that is named by its key."""
        if key not in self._ids:
            answer = self._caller.call(
                "GET", f"issue/{quote(key)}", query={"fields": "project"}, may=frozenset({403})
            )
            self._ids[key] = str(answer.content.get("id") or "") if isinstance(answer.content, dict) else ""
        return self._ids[key]

    def get(self, id: str) -> Issue | Gone:
        """Read one issue; one that went to another project has moved."""
        answer = self._caller.call("GET", f"issue/{quote(id)}", query={"fields": ",".join(self._asked())})
        if answer.is_gone or not isinstance(answer.content, dict):
            return Gone(id)
        project = str((answer.content["fields"].get("project") or {}).get("key") or self.project)
        if project != self.project:
            return Gone(id, moved_to=f"{self.address}/browse/{answer.content['key']}")
        return self._issue(answer.content)

    def find_made(self, nonce: str, *, since: datetime) -> Issue | None:
        """Find the issue with our label."""
        rows, _ = self._search(f'project = "{self.project}" AND labels = "{MARK}{nonce}"', None)
        return self._issue(rows[0]) if rows else None

    # Writing

    def make(self, values: Mapping[str, Any], *, nonce: str) -> Issue:
        """Make an issue with a label of its own, by which it is found again."""
        fields = self._write_fields(values, others=[])
        fields |= {"project": {"key": self.project}, "issuetype": {"name": self._type}}
        fields["labels"] = [*self._labels(values.get("labels") or ()), MARK + nonce]
        answer = self._caller.call("POST", "issue", body={"fields": fields})
        if not isinstance(answer.content, dict) or "id" not in answer.content:
            raise TrackerError("Jira did not make the issue (404): the token may not write here.")
        issue = self._there(str(answer.content["id"]))
        rest = {"status": values["status"]} if values.get("status") not in (None, issue.status) else {}
        return self.change(issue, rest) if rest else issue

    @staticmethod
    def _labels(found: Sequence[str]) -> list[str]:
        return [each.replace(" ", "_") for each in found]  # Jira's labels have no blanks

    def _write_fields(self, values: Mapping[str, Any], *, others: Sequence[str]) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        custom = self._fields()
        if "title" in values:
            fields["summary"] = str(values["title"])[:255]
        if "description" in values:
            fields["description"] = self._write_text(str(values["description"]))
        if "owner" in values:
            name = "accountId" if self.is_cloud else "name"
            fields["assignee"] = {name: values["owner"]} if values["owner"] else None
        if "due" in values:
            fields["duedate"] = values["due"] or None
        if "start" in values and "start" in custom:
            fields[custom["start"]] = values["start"] or None
        if "release" in values:
            first = [self._version(str(values["release"]))] if values["release"] else []
            fields["fixVersions"] = [
                {"name": name} for name in [*first, *(o for o in others if o not in first)]
            ]
        if values.get("parent") or "parent" in values:
            fields |= self._write_parent(str(values["parent"] or ""))
        return fields

    def _write_text(self, text: str) -> Any:
        return adf.from_markdown(text)

    def _write_parent(self, parent: str) -> dict[str, Any]:
        return {"parent": {"id": parent} if parent else None}

    def _version(self, name: str) -> str:
        answer = self._caller.call("GET", f"project/{quote(self.project)}/versions")
        rows = answer.content if isinstance(answer.content, list) else []
        for row in rows:
            if str(row.get("name")).casefold() == name.casefold():
                return str(row["name"])
        self._caller.call("POST", "version", body={"name": name, "project": self.project})
        return name

    def change(self, issue: Issue, values: Mapping[str, Any]) -> Issue:
        """Write fields; a status is reached by a transition, which the project's workflow must have."""
        fields = self._write_fields(values, others=issue.raw["versions"][1:])
        sent: dict[str, Any] = {"fields": fields} if fields else {}
        if "labels" in values:
            wanted, had = self._labels(values["labels"]), self._labels(issue.labels or ())
            adds = [{"add": each} for each in wanted if each not in had]
            removes = [{"remove": each} for each in had if each not in wanted]
            if adds or removes:
                sent["update"] = {"labels": [*adds, *removes]}
        if sent:
            answer = self._caller.call("PUT", f"issue/{issue.id}", body=sent)
            if answer.is_gone:
                raise TrackerError(
                    f"Jira did not change {issue.key} (404): it is gone, or the token may not write."
                )
        if values.get("status") and values["status"] != issue.status:
            self._go_to(issue, str(values["status"]))
        return self._there(issue.id)

    def _go_to(self, issue: Issue, status: str) -> None:
        found = self._object(f"issue/{issue.id}/transitions").get("transitions") or []
        ways = [
            each for each in found if str((each.get("to") or {}).get("name")).casefold() == status.casefold()
        ]
        if not ways:
            raise TrackerError(f"No transition leads from “{issue.status}” to “{status}” for this token.")
        self._caller.call("POST", f"issue/{issue.id}/transitions", body={"transition": {"id": ways[0]["id"]}})

    def _there(self, id: str) -> Issue:
        found = self.get(id)
        if isinstance(found, Gone):
            raise TrackerError("The issue went away while it was being changed.")
        return found

    # Who

    def who_changed(self, issue: Issue, field: str) -> tuple[str, datetime] | None:
        """Read the history backwards for whoever changed a field last."""
        wanted = HISTORY.get(field, set())
        for row in reversed(self._histories(issue.id)):
            if any(str(item.get("field", "")).casefold() in wanted for item in row.get("items") or []):
                return str((row.get("author") or {}).get("displayName") or ""), moment(row.get("created"))
        return None

    def _histories(self, id: str) -> list[dict[str, Any]]:
        found = self._object(f"issue/{id}/changelog", {"maxResults": PER_PAGE})
        total = int(found.get("total", 0))
        if total > PER_PAGE:
            found = self._object(
                f"issue/{id}/changelog", {"maxResults": PER_PAGE, "startAt": total - PER_PAGE}
            )
        return list(found.get("values") or [])

    def hear(self, *, headers: Mapping[str, str], body: bytes, secret: str) -> Heard:
        """Check X-Hub-Signature, and say which issue it is about."""
        given = headers.get("x-hub-signature", "")
        check_hmac(body=body, secret=secret, given=given, prefix="sha256=", name="X-Hub-Signature")
        content = read_object(body)
        issue, event = content.get("issue"), str(content.get("webhookEvent", ""))
        if not event.startswith("jira:issue_") or not isinstance(issue, dict):
            return Heard()
        by = str((content.get("user") or {}).get("displayName") or "")
        if event == "jira:issue_deleted":
            return Heard(gone=(Gone(str(issue.get("id"))),), by=by)
        return Heard(changed=(str(issue.get("id")),), by=by)


class JiraServer(Jira):
    """Data Center: pages by number, wiki markup, people by name, epics by a field of their own."""

    is_cloud = False

    def _search(self, jql: str, place: Any) -> tuple[list[dict[str, Any]], Any]:
        start = int(place or 0)
        sent = {"jql": jql, "startAt": start, "maxResults": PER_PAGE, "fields": self._asked()}
        content = self._searched(self._caller.call("POST", "search", body=sent))
        rows: list[dict[str, Any]] = content["issues"]
        after = start + len(rows)
        return rows, after if rows and after < int(content.get("total", 0)) else None

    def _read_text(self, value: Any) -> tuple[str, str]:
        return clean(wiki.to_markdown(str(value or ""))), ""

    def _write_text(self, text: str) -> Any:
        return wiki.from_markdown(text)

    def _write_parent(self, parent: str) -> dict[str, Any]:
        epic = self._fields().get("epic")
        if epic is None:
            raise TrackerError("This Jira keeps parents for sub-tasks alone, and has no field for epics.")
        if not parent:
            return {epic: None}
        found = self._object(f"issue/{quote(parent)}", {"fields": "project"})
        return {epic: found["key"]}

    def _histories(self, id: str) -> list[dict[str, Any]]:
        found = self._object(f"issue/{id}", {"fields": "project", "expand": "changelog"})
        return list((found.get("changelog") or {}).get("histories") or [])
