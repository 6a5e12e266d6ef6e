"""GitHub: issues of a repository through REST, fields of a project (v2) through GraphQL."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from roadbed.modules.trackers.services.connectors.base import (
    Gone,
    Heard,
    Issue,
    Offer,
    Page,
    TrackerError,
    User,
)
from roadbed.modules.trackers.services.connectors.github_projects import MARK, Project, status_of
from roadbed.modules.trackers.services.connectors.http import (
    REDIRECTS,
    Answer,
    Caller,
    Now,
    check_hmac,
    clean,
    moment,
    read_object,
)

PER_PAGE = 100
USERS_PAGES = 5
REPOSITORY = re.compile(r"/repositories/(\d+)/")
STATUSES = (
    ("open", "planned"),
    ("completed", "shipped"),
    ("not_planned", "dropped"),
    ("duplicate", "dropped"),
)
EVENTS = {
    "title": {"renamed"},
    "status": {"closed", "reopened"},
    "labels": {"labeled", "unlabeled"},
    "release": {"milestoned", "demilestoned"},
    "owner": {"assigned", "unassigned"},
}
GONE_ACTIONS = frozenset({"deleted", "transferred"})


def _names(found: Any) -> tuple[str, ...]:
    rows = found if isinstance(found, list) else []
    names = (str(each.get("name", "")) if isinstance(each, dict) else str(each) for each in rows)
    return tuple(sorted({name for name in names if name}, key=str.casefold))


class GitHub:
    """One repository, and one project of it where one is named."""

    def __init__(
        self, *, settings: Mapping[str, Any], secrets: Mapping[str, str], now: Now, gap: float = 1.0
    ) -> None:
        self.repository = str(settings["repository"])
        self._root = f"repos/{self.repository}"
        token = secrets.get("token", "")
        self._caller = Caller(
            name="GitHub",
            base=str(settings.get("api") or "https://api.github.com"),
            headers={
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": "2022-11-28",
                **({"Authorization": f"Bearer {token}"} if token else {}),
            },
            now=now,
            write_gap=gap,
        )
        self._project = Project(self._caller, settings, self.repository) if settings.get("project") else None
        self._milestones: dict[str, int] | None = None
        self._repository_id = 0

    def offer(self) -> Offer:
        """Ask who we are, what the repository is, and what its project has."""
        found = self._caller.call("GET", self._root)
        if found.is_gone or not isinstance(found.content, dict):
            raise TrackerError(
                f"There is no repository {self.repository}, or the token may not see it (404)."
            )
        facts = found.content
        me = self._caller.call("GET", "user", may=frozenset({403}))
        who = str(me.content.get("login", "")) if isinstance(me.content, dict) else ""
        notes = [] if facts.get("has_issues", True) else ["The repository has its issues turned off."]
        rights = facts.get("permissions") or {}
        fields = ["title", "description", "status", "owner", "release", "labels", "parent"]
        statuses: tuple[tuple[str, str], ...] = STATUSES
        if self._project is not None:
            fields += self._project.fields()
            statuses = self._project.statuses() or statuses
        return Offer(
            who=who,
            project=str(facts.get("full_name") or self.repository),
            url=str(facts.get("html_url") or ""),
            fields=tuple(fields),
            statuses=statuses,
            users=tuple(self._users()),
            can_write=bool(rights.get("push") or rights.get("triage") or rights.get("maintain")),
            notes=tuple(notes),
        )

    def _users(self) -> Iterator[User]:
        for page in range(1, USERS_PAGES + 1):
            answer = self._caller.call(
                "GET",
                f"{self._root}/assignees",
                query={"per_page": PER_PAGE, "page": page},
                may=frozenset({403}),
            )
            rows = answer.content if isinstance(answer.content, list) else []
            yield from (User(id=str(row.get("login")), name=str(row.get("login"))) for row in rows)
            if not answer.link("next"):
                return

    def pages(self, cursor: Mapping[str, Any]) -> Iterator[Page]:
        """Read issues by their last change. Pages are asked for by time, so that none is missed while others move."""
        if self._project is not None:
            yield from self._project.pages(cursor)
            return
        since, page, mark = (
            str(cursor.get("since", "")),
            int(cursor.get("page", 1)),
            str(cursor.get("etag", "")),
        )
        before: set[tuple[Any, Any]] = set()
        while True:
            answer = self._caller.call(
                "GET",
                f"{self._root}/issues",
                query={"state": "all", "sort": "updated", "direction": "asc", "per_page": PER_PAGE,
                       "since": since, "page": page},
                headers={"If-None-Match": mark} if mark else None,
            )  # fmt: skip
            if answer.status == 304:
                yield Page((), {"since": since, "page": 1, "etag": mark}, is_last=True)
                return
            rows = self._rows(answer)
            fresh = [row for row in rows if (row.get("number"), row.get("updated_at")) not in before]
            before = {(row.get("number"), row.get("updated_at")) for row in rows}
            issues = tuple(self._issue(row) for row in fresh if "pull_request" not in row)
            is_last = not answer.link("next")
            mark = (
                answer.headers.get("etag", "")
                if is_last and page == 1 and self._is_still(rows, since)
                else ""
            )
            last = str(rows[-1].get("updated_at", "")) if rows else since
            if last > since:
                since, page = last, 1
            elif not is_last:
                page += 1
            yield Page(
                issues, {"since": since, "page": 1 if is_last else page, "etag": mark}, is_last=is_last
            )
            if is_last:
                return

    @staticmethod
    def _is_still(rows: list[dict[str, Any]], since: str) -> bool:
        """Whether the next question is word for word this one, so that its mark will be worth something."""
        return not rows or str(rows[-1].get("updated_at", "")) == since

    def _rows(self, answer: Answer) -> list[dict[str, Any]]:
        if answer.is_gone or not isinstance(answer.content, list):
            raise TrackerError(
                f"There is no repository {self.repository}, or the token may not see it (404)."
            )
        return [row for row in answer.content if isinstance(row, dict)]

    def _issue(self, row: Mapping[str, Any]) -> Issue:
        body = str(row.get("body") or "")
        people = row.get("assignees") if isinstance(row.get("assignees"), list) else []
        logins = [str(each.get("login", "")) for each in people or [] if isinstance(each, dict)]
        milestone = row.get("milestone") if isinstance(row.get("milestone"), dict) else {}
        kind = row.get("type") if isinstance(row.get("type"), dict) else {}
        mark = MARK.search(body)
        above = row.get("parent_issue_url")
        return Issue(
            id=str(row["number"]),
            key=f"#{row['number']}",
            url=str(row.get("html_url") or ""),
            updated_at=moment(row.get("updated_at")),
            title=str(row.get("title") or ""),
            description=clean(MARK.sub("", body)),
            status=status_of(row),
            owner=logins[0] if logins else "",
            release=str((milestone or {}).get("title") or ""),
            labels=_names(row.get("labels")),
            parent=str(above).rstrip("/").rpartition("/")[2] if above else "",
            kind=str((kind or {}).get("name") or ""),
            raw={"logins": logins, "mark": mark.group(1) if mark else "", "id": row.get("id"),
                 "node": row.get("node_id")},
        )  # fmt: skip

    def get(self, id: str) -> Issue | Gone:
        """Read one issue; one that was handed to another repository has moved."""
        if self._project is not None:
            found = self._project.get(int(id))
            if found is not None:
                return found
        answer = self._caller.call("GET", f"{self._root}/issues/{id}", follow=False, may=REDIRECTS)
        if answer.status in REDIRECTS:
            place = answer.headers.get("location", "")
            there = REPOSITORY.search(place)
            if there is None or int(there.group(1)) != self._own_id():
                return Gone(id, moved_to=self._page_of(place))
            answer = self._caller.call(
                "GET", urlsplit(place).path.removeprefix(urlsplit(self._caller.base).path)
            )
        if answer.is_gone or not isinstance(answer.content, dict):
            return Gone(id)
        return self._issue(answer.content)

    def _own_id(self) -> int:
        if not self._repository_id:
            answer = self._caller.call("GET", self._root)
            self._repository_id = int(answer.content.get("id", 0)) if isinstance(answer.content, dict) else -1
        return self._repository_id

    def _page_of(self, place: str) -> str:
        """Return the page of an issue whose API address we were sent to; the address itself where we may not look."""
        if urlsplit(place)[:2] != urlsplit(self._caller.base)[:2]:
            return place
        try:
            path = urlsplit(place).path.removeprefix(urlsplit(self._caller.base).path)
            answer = self._caller.call("GET", path, may=frozenset({403}))
        except TrackerError:
            return place
        return str(answer.content.get("html_url") or place) if isinstance(answer.content, dict) else place

    def find_made(self, nonce: str, *, since: datetime) -> Issue | None:
        """Look through what changed since for the hidden mark."""
        page = 1
        while True:
            answer = self._caller.call(
                "GET",
                f"{self._root}/issues",
                query={
                    "state": "all",
                    "since": since.strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "per_page": PER_PAGE,
                    "page": page,
                },
            )
            for row in self._rows(answer):
                if nonce in str(row.get("body") or "") and "pull_request" not in row:
                    found = self.get(str(row["number"]))
                    return found if isinstance(found, Issue) else None
            if not answer.link("next"):
                return None
            page += 1

    def make(self, values: Mapping[str, Any], *, nonce: str) -> Issue:
        """Make an issue with a hidden mark, by which it is found again if we are interrupted right here."""
        body = f"{values.get('description') or ''}\n\n<!-- roadbed:{nonce} -->".lstrip("\n")
        sent: dict[str, Any] = {"title": values["title"], "body": body}
        if values.get("labels"):
            sent["labels"] = list(values["labels"])
        if values.get("owner"):
            sent["assignees"] = [values["owner"]]
        if values.get("release"):
            sent["milestone"] = self._milestone(str(values["release"]))
        answer = self._caller.call("POST", f"{self._root}/issues", body=sent)
        if not isinstance(answer.content, dict):
            raise TrackerError("GitHub did not make the issue (404): the token may not write here.")
        issue = self._issue(answer.content)
        if self._project is not None:
            self._project.add(str(issue.raw["node"]))
            found = self._project.get(int(issue.id))
            issue = found if found is not None else issue
        rest = {name: values[name] for name in ("status", "start", "due", "parent") if values.get(name)}
        if self._project is None and rest.get("status") == "open":
            rest.pop("status")
        return self.change(issue, rest) if rest else issue

    def change(self, issue: Issue, values: Mapping[str, Any]) -> Issue:
        """Write fields; only those that are given."""
        sent: dict[str, Any] = {}
        own = self._project.owned() if self._project is not None else frozenset()
        if "title" in values:
            sent["title"] = values["title"]
        if "description" in values:
            mark = f"\n\n<!-- roadbed:{issue.raw['mark']} -->" if issue.raw.get("mark") else ""
            sent["body"] = (str(values["description"]) + mark).lstrip("\n")
        if "labels" in values:
            sent["labels"] = list(values["labels"])
        if "owner" in values:
            others = [login for login in issue.raw.get("logins", [])[1:] if login != values["owner"]]
            sent["assignees"] = ([values["owner"]] if values["owner"] else []) + others
        if "release" in values:
            sent["milestone"] = self._milestone(str(values["release"])) if values["release"] else None
        if "status" in values and "status" not in own:
            is_open = values["status"] == "open"
            sent["state"] = "open" if is_open else "closed"
            if not is_open:
                sent["state_reason"] = values["status"]
        if sent:
            answer = self._caller.call("PATCH", f"{self._root}/issues/{issue.id}", body=sent)
            if not isinstance(answer.content, dict) or answer.is_gone:
                raise TrackerError(f"GitHub did not change {issue.key} (404): the token may not write here.")
        if "parent" in values:
            self._lay_under(issue, str(values["parent"] or ""))
        if self._project is not None:
            self._project.change(issue, {name: value for name, value in values.items() if name in own})
        found = self.get(issue.id)
        if isinstance(found, Gone):
            raise TrackerError(f"{issue.key} went away while it was being changed.")
        return found

    def _lay_under(self, issue: Issue, parent: str) -> None:
        if parent:
            path, sent = (
                f"{self._root}/issues/{parent}/sub_issues",
                {"sub_issue_id": issue.raw["id"], "replace_parent": True},
            )
            answer = self._caller.call("POST", path, body=sent)
        elif issue.parent:
            path = f"{self._root}/issues/{issue.parent}/sub_issue"
            answer = self._caller.call("DELETE", path, body={"sub_issue_id": issue.raw["id"]})
        else:
            return
        if answer.is_gone:
            raise TrackerError("GitHub keeps no sub-issues here (404).")

    def _milestone(self, title: str) -> int:
        """Return the number of a milestone, which is made where there is none of that name."""
        if self._milestones is None:
            self._milestones, page = {}, 1
            while True:
                query = {"state": "all", "per_page": PER_PAGE, "page": page}
                answer = self._caller.call("GET", f"{self._root}/milestones", query=query)
                for row in answer.content if isinstance(answer.content, list) else []:
                    self._milestones[str(row["title"]).casefold()] = int(row["number"])
                if not answer.link("next"):
                    break
                page += 1
        known = self._milestones.get(title.casefold())
        if known is None:
            answer = self._caller.call("POST", f"{self._root}/milestones", body={"title": title})
            if not isinstance(answer.content, dict) or "number" not in answer.content:
                raise TrackerError(f"GitHub did not make the milestone {title}.")
            known = self._milestones[title.casefold()] = int(answer.content["number"])
        return known

    def who_changed(self, issue: Issue, field: str) -> tuple[str, datetime] | None:
        """Read the issue's events backwards for whoever changed a field last."""
        wanted = EVENTS.get(field)
        if wanted is None:
            return None
        path, query = f"{self._root}/issues/{issue.id}/events", {"per_page": PER_PAGE}
        answer = self._caller.call("GET", path, query=query)
        last = re.search(r'[?&]page=(\d+)[^>]*>;\s*rel="last"', answer.headers.get("link", ""))
        if last is not None:
            answer = self._caller.call("GET", path, query={**query, "page": last.group(1)})
        for row in reversed(answer.content if isinstance(answer.content, list) else []):
            if row.get("event") in wanted:
                actor = row.get("actor") if isinstance(row.get("actor"), dict) else {}
                return str((actor or {}).get("login") or ""), moment(row.get("created_at"))
        return None

    def hear(self, *, headers: Mapping[str, str], body: bytes, secret: str) -> Heard:
        """Check X-Hub-Signature-256, and say which issue it is about."""
        check_hmac(
            body=body,
            secret=secret,
            given=headers.get("x-hub-signature-256", ""),
            prefix="sha256=",
            name="X-Hub-Signature-256",
        )
        content = read_object(body)
        event, action = headers.get("x-github-event", ""), str(content.get("action", ""))
        sender = content.get("sender") if isinstance(content.get("sender"), dict) else {}
        by = str((sender or {}).get("login") or "")
        if event == "projects_v2_item":
            item = content.get("projects_v2_item") or {}
            number = self._project.number_of(str(item.get("content_node_id", ""))) if self._project else 0
            return Heard(changed=(str(number),), by=by) if number else Heard()
        issue = content.get("issue")
        if event not in {"issues", "sub_issues"} or not isinstance(issue, dict) or "pull_request" in issue:
            return Heard()
        repository = content.get("repository") if isinstance(content.get("repository"), dict) else {}
        name = str((repository or {}).get("full_name", ""))
        if name.lower() != self.repository.lower():
            raise ValueError(f"This connection is about {self.repository}, not “{name[:120]}”.")
        id = str(issue.get("number"))
        if action in GONE_ACTIONS:
            moved = (content.get("changes") or {}).get("new_issue") or {}
            return Heard(gone=(Gone(id, moved_to=str(moved.get("html_url") or "")),), by=by)
        return Heard(changed=(id,), by=by)
