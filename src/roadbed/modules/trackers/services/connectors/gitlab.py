"""GitLab: issues of a project, and epics of a group where there are any (REST 4)."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from roadbed.modules.trackers.services.connectors.base import (
    Gone,
    Heard,
    Issue,
    Offer,
    Page,
    TrackerError,
    UnsignedError,
    User,
)
from roadbed.modules.trackers.services.connectors.guessing import guess
from roadbed.modules.trackers.services.connectors.http import Answer, Caller, Now, clean, moment, read_object

PER_PAGE = 100
USERS_PAGES = 10
REPORTER = 20
EPIC = "epic-"
MARK = re.compile(r"\n*<!-- roadbed:([0-9a-f-]{36}) -->")
NOTES = {
    "title": ("changed title",),
    "description": ("changed the description",),
    "owner": ("assigned to", "unassigned"),
    "due": ("changed due date", "removed due date"),
    "parent": ("added to epic", "removed from epic", "changed epic", "added to the epic"),
}
EVENTS = {
    "status": "resource_state_events",
    "labels": "resource_label_events",
    "release": "resource_milestone_events",
}


class GitLab:
    """One project. Its issues say open or closed, and what a scoped label of the named scope says besides."""

    def __init__(
        self, *, settings: Mapping[str, Any], secrets: Mapping[str, str], now: Now, gap: float = 0.2
    ) -> None:
        self.project = str(settings["project"])
        self._root = f"projects/{quote(self.project, safe='')}"
        self._group = str(settings.get("group") or "")
        self._groups = f"groups/{quote(self._group, safe='')}"
        self._scope = str(settings.get("scope") or "").rstrip(":")
        self._caller = Caller(
            name="GitLab",
            base=f"{str(settings.get('address') or 'https://gitlab.com').rstrip('/')}/api/v4",
            headers={"PRIVATE-TOKEN": secrets.get("token", "")},
            now=now,
            write_gap=gap,
        )
        self._milestones: dict[str, int] | None = None

    def offer(self) -> Offer:
        """Ask who we are, and what the project has."""
        me = self._caller.call("GET", "user")
        found = self._caller.call("GET", self._root)
        if found.is_gone or not isinstance(found.content, dict):
            raise TrackerError(f"There is no project {self.project}, or the token may not see it (404).")
        facts = found.content
        rights = facts.get("permissions") or {}
        levels = [
            int((rights.get(name) or {}).get("access_level", 0))
            for name in ("project_access", "group_access")
        ]
        token = self._caller.call("GET", "personal_access_tokens/self", may=frozenset({401, 403}))
        scopes = token.content.get("scopes") if isinstance(token.content, dict) else None
        notes = []
        if self._group and not self._has_epics():
            notes.append(
                f"The group {self._group} has no epics (a paid tier), or the token may not see them."
            )
        return Offer(
            who=str(me.content.get("username", "")) if isinstance(me.content, dict) else "",
            project=str(facts.get("path_with_namespace") or self.project),
            url=str(facts.get("web_url") or ""),
            fields=("title", "description", "status", "owner", "due", "release", "labels")
            + (("parent", "start") if self._group else ()),
            statuses=tuple(self._statuses()),
            users=tuple(self._users()),
            can_write=max(levels) >= REPORTER and (scopes is None or "api" in scopes),
            notes=tuple(notes),
        )

    def _has_epics(self) -> bool:
        answer = self._caller.call(
            "GET", f"{self._groups}/epics", query={"per_page": 1}, may=frozenset({403})
        )
        return isinstance(answer.content, list)

    def _statuses(self) -> Iterator[tuple[str, str]]:
        yield "opened", "planned"
        yield "closed", "shipped"
        if self._scope:
            for row in self._every(f"{self._root}/labels", {"search": f"{self._scope}::"}):
                name = str(row.get("name", ""))
                if name.startswith(f"{self._scope}::"):
                    yield name.rpartition("::")[2], guess(name.rpartition("::")[2])

    def _users(self) -> Iterator[User]:
        for row in self._every(f"{self._root}/members/all", {}, most=USERS_PAGES):
            yield User(
                str(row.get("username")), str(row.get("name") or ""), str(row.get("public_email") or "")
            )

    def _every(self, path: str, query: Mapping[str, Any], *, most: int = 50) -> Iterator[dict[str, Any]]:
        page = 1
        while page <= most:
            answer = self._caller.call("GET", path, query={**query, "per_page": PER_PAGE, "page": page})
            yield from (row for row in answer.content or [] if isinstance(row, dict))
            if not answer.headers.get("x-next-page"):
                return
            page += 1

    # Reading

    def pages(self, cursor: Mapping[str, Any]) -> Iterator[Page]:
        """Read epics, then issues, each by their last change, asked for by time so that none is missed."""
        part = str(cursor.get("part") or ("epics" if self._group else "issues"))
        at = dict(cursor)
        while True:
            last_part = part == "issues"
            for rows, place, is_end in self._walk(part, at):
                read = self._epic if part == "epics" else self._issue
                at = {**at, **place, "part": part}
                done = is_end and last_part
                if done:
                    at = {name: value for name, value in at.items() if name != "part"}
                yield Page(tuple(read(row) for row in rows), dict(at), is_last=done)
                if done:
                    return
            part = "issues"
            at["part"] = part

    def _walk(
        self, part: str, at: Mapping[str, Any]
    ) -> Iterator[tuple[list[dict[str, Any]], dict[str, Any], bool]]:
        path = f"{self._groups}/epics" if part == "epics" else f"{self._root}/issues"
        since, page = str(at.get(f"{part}_since", "")), int(at.get(f"{part}_page", 1))
        before: set[tuple[Any, Any]] = set()
        while True:
            query = {"state": "all", "order_by": "updated_at", "sort": "asc", "updated_after": since,
                     "per_page": PER_PAGE, "page": page}  # fmt: skip
            if part == "issues":
                query["scope"] = "all"
            answer = self._caller.call(
                "GET", path, query=query, may=frozenset({403}) if part == "epics" else frozenset()
            )
            if part == "epics" and not isinstance(answer.content, list):
                yield [], {}, True  # no epics here
                return
            rows = self._rows(answer)
            fresh = [row for row in rows if (row.get("id"), row.get("updated_at")) not in before]
            before = {(row.get("id"), row.get("updated_at")) for row in rows}
            is_end = not answer.headers.get("x-next-page")
            last = str(rows[-1].get("updated_at", "")) if rows else since
            if last > since:
                since, page = last, 1
            elif not is_end:
                page += 1
            yield fresh, {f"{part}_since": since, f"{part}_page": 1 if is_end else page}, is_end
            if is_end:
                return

    def _rows(self, answer: Answer) -> list[dict[str, Any]]:
        if answer.is_gone or not isinstance(answer.content, list):
            raise TrackerError(f"There is no project {self.project}, or the token may not see it (404).")
        return [row for row in answer.content if isinstance(row, dict)]

    def _issue(self, row: Mapping[str, Any]) -> Issue:
        text = str(row.get("description") or "")
        mark = MARK.search(text)
        people = [str(each.get("username")) for each in row.get("assignees") or []]
        epic = row.get("epic") if isinstance(row.get("epic"), dict) else None
        labels, status = self._split(row)
        parent = (f"{EPIC}{epic['iid']}" if epic else "") if self._group else None
        return Issue(
            id=str(row["iid"]),
            key=f"#{row['iid']}",
            url=str(row.get("web_url") or ""),
            updated_at=moment(row.get("updated_at")),
            title=str(row.get("title") or ""),
            description=clean(MARK.sub("", text)),
            status=status,
            owner=people[0] if people else "",
            due=str(row.get("due_date") or ""),
            release=str((row.get("milestone") or {}).get("title") or ""),
            labels=labels,
            parent=parent,
            kind=str(row.get("issue_type") or "issue"),
            points=row.get("weight") if isinstance(row.get("weight"), (int, float)) else None,
            raw={"mark": mark.group(1) if mark else "", "people": row.get("assignees") or [], "scoped":
                 self._scoped(row), "state": row.get("state"), "moved": row.get("moved_to_id")},
        )  # fmt: skip

    def _epic(self, row: Mapping[str, Any]) -> Issue:
        labels, status = self._split(row)
        above = row.get("parent_iid")
        return Issue(
            id=f"{EPIC}{row['iid']}",
            key=f"&{row['iid']}",
            url=str(row.get("web_url") or ""),
            updated_at=moment(row.get("updated_at")),
            title=str(row.get("title") or ""),
            description=clean(row.get("description")),
            status=status,
            start=str(row.get("start_date") or ""),
            due=str(row.get("due_date") or row.get("end_date") or ""),
            labels=labels,
            parent=f"{EPIC}{above}" if above else "",
            kind="epic",
            raw={"mark": "", "id": row.get("id"), "scoped": self._scoped(row), "state": row.get("state")},
        )

    def _scoped(self, row: Mapping[str, Any]) -> list[str]:
        names = [
            str(each.get("name")) if isinstance(each, dict) else str(each) for each in row.get("labels") or []
        ]
        return [name for name in names if self._scope and name.startswith(f"{self._scope}::")]

    def _split(self, row: Mapping[str, Any]) -> tuple[tuple[str, ...], str]:
        names = [
            str(each.get("name")) if isinstance(each, dict) else str(each) for each in row.get("labels") or []
        ]
        scoped = self._scoped(row)
        state = str(row.get("state") or "opened")
        status = scoped[0].rpartition("::")[2] if scoped and state != "closed" else state
        return tuple(sorted((name for name in names if name not in scoped), key=str.casefold)), status

    def get(self, id: str) -> Issue | Gone:
        """Read one issue or epic."""
        if id.startswith(EPIC):
            answer = self._caller.call("GET", f"{self._groups}/epics/{id.removeprefix(EPIC)}")
            return (
                self._epic(answer.content)
                if isinstance(answer.content, dict) and not answer.is_gone
                else Gone(id)
            )
        answer = self._caller.call("GET", f"{self._root}/issues/{quote(id)}")
        if answer.is_gone or not isinstance(answer.content, dict):
            return Gone(id)
        issue = self._issue(answer.content)
        if issue.raw["moved"]:
            return Gone(id, moved_to=issue.url)  # GitLab leads on from there
        return issue

    def find_made(self, nonce: str, *, since: datetime) -> Issue | None:
        """Look through what was made since for the hidden mark."""
        query = {"scope": "all", "state": "all", "created_after": since.isoformat()}
        for row in self._every(f"{self._root}/issues", query):
            if nonce in str(row.get("description") or ""):
                return self._issue(row)
        return None

    # Writing

    def make(self, values: Mapping[str, Any], *, nonce: str) -> Issue:
        """Make an issue with a hidden mark, by which it is found again."""
        text = f"{values.get('description') or ''}\n\n<!-- roadbed:{nonce} -->".lstrip("\n")
        sent: dict[str, Any] = {"title": values["title"], "description": text}
        sent |= self._write(
            None, {n: v for n, v in values.items() if n not in {"title", "description", "status"}}
        )
        answer = self._caller.call("POST", f"{self._root}/issues", body=sent)
        if not isinstance(answer.content, dict) or "iid" not in answer.content:
            raise TrackerError("GitLab did not make the issue (404): the token may not write here.")
        issue = self._issue(answer.content)
        status = values.get("status")
        return self.change(issue, {"status": status}) if status and status != issue.status else issue

    def change(self, issue: Issue, values: Mapping[str, Any]) -> Issue:
        """Write fields; only those that are given."""
        is_epic = issue.id.startswith(EPIC)
        path = (
            f"{self._groups}/epics/{issue.id.removeprefix(EPIC)}"
            if is_epic
            else f"{self._root}/issues/{issue.id}"
        )
        sent = self._write(issue, values)
        if is_epic:
            sent = self._for_epic(sent, values)
        if sent:
            answer = self._caller.call("PUT", path, body=sent)
            if answer.is_gone:
                raise TrackerError(
                    f"GitLab did not change {issue.key} (404): it is gone, or the token may not write."
                )
        found = self.get(issue.id)
        if isinstance(found, Gone):
            raise TrackerError(f"{issue.key} went away while it was being changed.")
        return found

    def _write(self, issue: Issue | None, values: Mapping[str, Any]) -> dict[str, Any]:
        sent: dict[str, Any] = {}
        scoped = list(issue.raw["scoped"]) if issue is not None else []
        labels = list(values["labels"]) if "labels" in values else None
        if "title" in values:
            sent["title"] = values["title"]
        if "description" in values:
            mark = (
                f"\n\n<!-- roadbed:{issue.raw['mark']} -->" if issue is not None and issue.raw["mark"] else ""
            )
            sent["description"] = (str(values["description"]) + mark).lstrip("\n")
        if "status" in values and issue is not None:
            is_closed = values["status"] == "closed"
            if is_closed != (issue.raw["state"] == "closed"):
                sent["state_event"] = "close" if is_closed else "reopen"
            if self._scope and not is_closed:
                scoped = [f"{self._scope}::{values['status']}"] if values["status"] != "opened" else []
                labels = labels if labels is not None else list(issue.labels or ())
        if labels is not None:
            sent["labels"] = ",".join([*labels, *scoped])
        if "owner" in values:
            people = list(issue.raw.get("people") or [])[1:] if issue is not None else []
            first = [self._user_id(str(values["owner"]))] if values["owner"] else []
            sent["assignee_ids"] = [*first, *(each["id"] for each in people if each["id"] not in first)] or [
                0
            ]
        if "due" in values:
            sent["due_date"] = values["due"] or ""
        if "release" in values:
            sent["milestone_id"] = self._milestone(str(values["release"])) if values["release"] else 0
        if "parent" in values:
            sent["epic_id"] = self._epic_id(str(values["parent"])) if values["parent"] else 0
        return sent

    @staticmethod
    def _for_epic(sent: dict[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
        kept = {
            name: sent[name] for name in ("title", "description", "labels", "state_event") if name in sent
        }
        for name, field in (("start", "start_date"), ("due", "due_date")):
            if name in values:
                kept |= {f"{field}_is_fixed": True, f"{field}_fixed": values[name] or None}
        return kept

    def _epic_id(self, id: str) -> int:
        answer = self._caller.call("GET", f"{self._groups}/epics/{id.removeprefix(EPIC)}")
        if not id.startswith(EPIC) or not isinstance(answer.content, dict) or answer.is_gone:
            raise TrackerError("An issue lies under an epic of the group there, and under nothing else.")
        return int(answer.content["id"])

    def _user_id(self, name: str) -> int:
        answer = self._caller.call("GET", "users", query={"username": name})
        rows = answer.content if isinstance(answer.content, list) else []
        if not rows:
            raise TrackerError(f"GitLab knows no user {name}.")
        return int(rows[0]["id"])

    def _milestone(self, title: str) -> int:
        if self._milestones is None:
            rows = self._every(f"{self._root}/milestones", {"include_ancestors": "true"})
            self._milestones = {str(row["title"]).casefold(): int(row["id"]) for row in rows}
        known = self._milestones.get(title.casefold())
        if known is None:
            answer = self._caller.call("POST", f"{self._root}/milestones", body={"title": title})
            if not isinstance(answer.content, dict) or "id" not in answer.content:
                raise TrackerError(f"GitLab did not make the milestone {title}.")
            known = self._milestones[title.casefold()] = int(answer.content["id"])
        return known

    # Who

    def who_changed(self, issue: Issue, field: str) -> tuple[str, datetime] | None:
        """Read the system's notes, or the events of labels, states and milestones, backwards."""
        if issue.id.startswith(EPIC):
            return None
        path = f"{self._root}/issues/{issue.id}"
        if field in EVENTS:
            rows = list(self._every(f"{path}/{EVENTS[field]}", {}, most=5))
            found = rows[-1] if rows else None
        else:
            words = NOTES.get(field, ())
            query = {"sort": "desc", "order_by": "created_at", "per_page": PER_PAGE}
            answer = self._caller.call("GET", f"{path}/notes", query=query)
            notes = [row for row in answer.content or [] if isinstance(row, dict) and row.get("system")]
            found = (
                next((row for row in notes if str(row.get("body", "")).startswith(words)), None)
                if words
                else None
            )
        if found is None:
            return None
        person = found.get("author") or found.get("user") or {}
        return str(person.get("name") or person.get("username") or ""), moment(found.get("created_at"))

    def hear(self, *, headers: Mapping[str, str], body: bytes, secret: str) -> Heard:
        """Compare X-Gitlab-Token, and say which issue it is about."""
        given = headers.get("x-gitlab-token", "")
        if not secret or not hmac.compare_digest(secret.encode(), given.encode("utf-8", "replace")):
            raise UnsignedError("X-Gitlab-Token is missing, or does not fit.")
        content = read_object(body)
        facts = content.get("object_attributes")
        if content.get("object_kind") not in {"issue", "work_item", "epic"} or not isinstance(facts, dict):
            return Heard()
        by = str((content.get("user") or {}).get("name") or "")
        if content["object_kind"] == "epic":
            return Heard(changed=(f"{EPIC}{facts.get('iid')}",), by=by) if self._group else Heard()
        name = str((content.get("project") or {}).get("path_with_namespace", ""))
        if name.lower() != self.project.lower():
            raise ValueError(f"This connection is about {self.project}, not “{name[:120]}”.")
        return Heard(changed=(str(facts.get("iid")),), by=by)
