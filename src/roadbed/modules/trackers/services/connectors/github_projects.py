"""A GitHub project (v2): its fields live in GraphQL alone, beside the issues."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from roadbed.modules.trackers.services.connectors.base import Issue, Page, TrackerError, WaitError
from roadbed.modules.trackers.services.connectors.guessing import guess
from roadbed.modules.trackers.services.connectors.http import Caller, clean, moment

FIELD = "field { ... on ProjectV2FieldCommon { name } }"
VALUES = f"""fieldValues(first: 30) {{ nodes {{ __typename
  ... on ProjectV2ItemFieldSingleSelectValue {{ name {FIELD} }}
  ... on ProjectV2ItemFieldDateValue {{ date {FIELD} }}
  ... on ProjectV2ItemFieldNumberValue {{ number {FIELD} }}
}} }}"""
ISSUE = """id databaseId number title body state stateReason url updatedAt repository { nameWithOwner }
  assignees(first: 10) { nodes { login } } labels(first: 50) { nodes { name } } milestone { title }
  issueType { name } parent { number repository { nameWithOwner } }"""
LIMIT = "rateLimit { cost remaining resetAt }"
PROJECT = """query ($owner: String!, $number: Int!) { repositoryOwner(login: $owner) {
  ... on Organization { projectV2(number: $number) { ...P } } ... on User { projectV2(number: $number) { ...P } } } }
fragment P on ProjectV2 { id title url fields(first: 50) { nodes { ... on ProjectV2FieldCommon { id name dataType }
  ... on ProjectV2SingleSelectField { options { id name } } } } }"""
ITEMS = f"""query ($id: ID!, $after: String) {{ {LIMIT} node(id: $id) {{ ... on ProjectV2 {{
  items(first: 100, after: $after) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ id isArchived {VALUES}
    content {{ __typename ... on Issue {{ {ISSUE} }} }} }} }} }} }} }}"""
ONE = f"""query ($owner: String!, $name: String!, $number: Int!) {{ {LIMIT} repository(owner: $owner, name: $name) {{
  issue(number: $number) {{ {ISSUE} projectItems(first: 20) {{ nodes {{ id project {{ id }} {VALUES} }} }} }} }} }}"""
NODE = "query ($id: ID!) { node(id: $id) { ... on Issue { number repository { nameWithOwner } } } }"
ADD = """mutation ($project: ID!, $content: ID!) {
  addProjectV2ItemById(input: {projectId: $project, contentId: $content}) { item { id } } }"""
SET = """mutation ($project: ID!, $item: ID!, $field: ID!, $value: ProjectV2FieldValue!) {
  updateProjectV2ItemFieldValue(input: {projectId: $project, itemId: $item, fieldId: $field, value: $value}) {
    projectV2Item { id } } }"""
CLEAR = """mutation ($project: ID!, $item: ID!, $field: ID!) {
  clearProjectV2ItemFieldValue(input: {projectId: $project, itemId: $item, fieldId: $field}) {
    projectV2Item { id } } }"""
MARK = re.compile(r"\n*<!-- roadbed:([0-9a-f-]{36}) -->")
"""Hidden in the body of an issue that we made, so that it is found again if we are interrupted right there."""


def status_of(row: Mapping[str, Any]) -> str:
    """Return the status of an issue without a project: open, or why it was closed."""
    if str(row.get("state")).lower() == "open":
        return "open"
    reason = str(row.get("state_reason") or "completed").lower()
    return reason if reason in {"not_planned", "duplicate"} else "completed"


class Project:
    """One project, by its owner and number, as far as issues of one repository are on it."""

    def __init__(self, caller: Caller, settings: Mapping[str, Any], repository: str) -> None:
        self._caller, self._repository = caller, repository
        owner, _, number = str(settings["project"]).rpartition("/")
        self._owner, self._number = owner or repository.partition("/")[0], int(number)
        self._names = {
            "status": str(settings.get("status_field") or "Status"),
            "start": str(settings.get("start_field") or "Start date"),
            "due": str(settings.get("due_field") or "Target date"),
            "points": str(settings.get("points_field") or "Estimate"),
        }
        self._path = "graphql"
        if caller.base.endswith("/api/v3"):  # an Enterprise Server keeps the two apart
            self._path = caller.base.removesuffix("v3") + "graphql"
        self._known: dict[str, Any] | None = None

    def _ask(self, query: str, **variables: Any) -> dict[str, Any]:
        data = self._caller.graphql(self._path, query, variables)
        limit = data.get("rateLimit")
        if isinstance(limit, dict) and int(limit.get("remaining", 1)) < int(limit.get("cost", 0)):
            until = moment(limit.get("resetAt"))
            raise WaitError(f"GitHub asks us to wait until {until:%H:%M} UTC.", until=until)
        return data

    def _facts(self) -> dict[str, Any]:
        if self._known is None:
            data = self._ask(PROJECT, owner=self._owner, number=self._number)
            found = (data.get("repositoryOwner") or {}).get("projectV2")
            if not found:
                raise TrackerError(
                    f"There is no project {self._owner}/{self._number}, or the token may not see it."
                )
            self._known = {
                "id": found["id"],
                "fields": {each["name"]: each for each in found["fields"]["nodes"] if each.get("name")},
            }
        return self._known

    def _field(self, name: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self._facts()["fields"].get(self._names[name])
        return found

    def owned(self) -> frozenset[str]:
        """Return which fields the project keeps, rather than the issue."""
        return frozenset(name for name in ("status", "start", "due") if self._field(name) is not None)

    def fields(self) -> list[str]:
        """Return the fields that come with the project."""
        return [name for name in ("start", "due") if self._field(name) is not None]

    def statuses(self) -> tuple[tuple[str, str], ...]:
        """Return the options of its status field."""
        field = self._field("status") or {}
        return tuple((each["name"], guess(each["name"])) for each in field.get("options") or [])

    def pages(self, cursor: Mapping[str, Any]) -> Iterator[Page]:
        """Read every item: a changed field of a project does not count as a change of its issue."""
        after = cursor.get("after") or None
        while True:
            data = self._ask(ITEMS, id=self._facts()["id"], after=after)
            items = (data.get("node") or {}).get("items")
            if not isinstance(items, dict):
                raise TrackerError(f"The project {self._owner}/{self._number} cannot be read.")
            issues = tuple(
                self._issue(node["content"], node)
                for node in items["nodes"]
                if not node.get("isArchived") and self._is_ours(node.get("content"))
            )
            is_last = not items["pageInfo"]["hasNextPage"]
            after = None if is_last else items["pageInfo"]["endCursor"]
            yield Page(issues, {"after": after} if after else {}, is_last=is_last)
            if is_last:
                return

    def _is_ours(self, content: Any) -> bool:
        if (
            not isinstance(content, dict)
            or content.get("__typename", "Issue") != "Issue"
            or "number" not in content
        ):
            return False
        return str(content["repository"]["nameWithOwner"]).lower() == self._repository.lower()

    def get(self, number: int) -> Issue | None:
        """Read one issue with what the project says of it; None where GraphQL does not find it."""
        owner, _, name = self._repository.partition("/")
        try:
            data = self._ask(ONE, owner=owner, name=name, number=number)
        except TrackerError as error:
            if "Could not resolve" in str(error):
                return None
            raise
        found = (data.get("repository") or {}).get("issue")
        if not isinstance(found, dict):
            return None
        items = [one for one in found["projectItems"]["nodes"] if one["project"]["id"] == self._facts()["id"]]
        return self._issue(found, items[0] if items else None)

    def _issue(self, content: Mapping[str, Any], item: Mapping[str, Any] | None) -> Issue:
        body = str(content.get("body") or "")
        mark = MARK.search(body)
        logins = [str(each["login"]) for each in content["assignees"]["nodes"]]
        above = content.get("parent") or {}
        is_near = above and str(above["repository"]["nameWithOwner"]).lower() == self._repository.lower()
        issue = Issue(
            id=str(content["number"]),
            key=f"#{content['number']}",
            url=str(content["url"]),
            updated_at=moment(content["updatedAt"]),
            title=str(content["title"]),
            description=clean(MARK.sub("", body)),
            owner=logins[0] if logins else "",
            release=str((content.get("milestone") or {}).get("title") or ""),
            labels=tuple(sorted({str(each["name"]) for each in content["labels"]["nodes"]}, key=str.casefold)),
            parent=str(above["number"]) if is_near else "",
            kind=str((content.get("issueType") or {}).get("name") or ""),
            raw={"logins": logins, "mark": mark.group(1) if mark else "", "id": content.get("databaseId"),
                 "node": content.get("id"), "item": (item or {}).get("id", "")},
        )  # fmt: skip
        values: dict[str, Any] = {}
        for value in (item or {}).get("fieldValues", {}).get("nodes", []):
            name = (value.get("field") or {}).get("name")
            if name:
                values[name] = value.get("name") or value.get("date") or value.get("number")
        own = self.owned()
        said = {name: str(values.get(self._names[name]) or "") for name in own}
        if "status" in own:
            said["status"] = said["status"] or "No status"
        else:
            state = {"state": content["state"], "state_reason": content.get("stateReason")}
            said["status"] = status_of(state)
        points = values.get(self._names["points"])
        return replace(
            issue,
            points=points if isinstance(points, (int, float)) else None,
            status=said["status"],
            start=said.get("start"),
            due=said.get("due"),
        )

    def number_of(self, node: str) -> int:
        """Return the number of an issue by its node id; 0 where it is not one of the repository's."""
        found = self._ask(NODE, id=node).get("node") if node else None
        return int(found["number"]) if self._is_ours(found) and isinstance(found, dict) else 0

    def add(self, node: str) -> str:
        """Put an issue on the project, which does nothing where it is on it, and return the item."""
        data = self._ask(ADD, project=self._facts()["id"], content=node)
        return str(data["addProjectV2ItemById"]["item"]["id"])

    def change(self, issue: Issue, values: Mapping[str, Any]) -> None:
        """Write the fields that the project keeps."""
        if not values:
            return
        project = self._facts()["id"]
        item = str(issue.raw.get("item") or "") or self.add(str(issue.raw["node"]))
        for name, value in values.items():
            field = self._field(name)
            if field is None:
                continue
            place = {"project": project, "item": item, "field": field["id"]}
            if not value or value == "No status":
                self._ask(CLEAR, **place)
                continue
            if name == "status":
                options = {each["name"].casefold(): each["id"] for each in field.get("options") or []}
                option = options.get(str(value).casefold())
                if option is None:
                    raise TrackerError(f"The project has no status “{value}”. Look at the status map.")
                self._ask(SET, **place, value={"singleSelectOptionId": option})
            else:
                self._ask(SET, **place, value={"date": str(value)})
