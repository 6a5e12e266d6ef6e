"""Linear: issues of a team (GraphQL)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

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
from roadbed.modules.trackers.services.connectors.http import (
    Caller,
    Now,
    check_hmac,
    clean,
    moment,
    read_object,
)

ISSUE = """id identifier url title description updatedAt archivedAt trashed dueDate estimate team { key }
  state { name } assignee { id } labels(first: 50) { nodes { name } } parent { id team { key } }"""
TEAM = """query ($key: String!) { viewer { name email }
  teams(filter: {key: {eq: $key}}, first: 1) { nodes { id name key states(first: 50) { nodes { id name type } }
    members(first: 100) { nodes { id name email } } } } organization { urlKey } }"""
ISSUES = f"""query ($key: String!, $since: DateTimeOrDuration, $after: String) {{
  issues(first: 50, after: $after, includeArchived: true, orderBy: updatedAt,
    filter: {{team: {{key: {{eq: $key}}}}, updatedAt: {{gte: $since}}}}) {{
    pageInfo {{ hasNextPage endCursor }} nodes {{ {ISSUE} }} }} }}"""
ONE = f"query ($id: String!) {{ issue(id: $id) {{ {ISSUE} }} }}"
LABELS = """query ($names: [String!]!, $team: ID!) { issueLabels(first: 100, filter: {name: {in: $names},
  or: [{team: {id: {eq: $team}}}, {team: {null: true}}]}) { nodes { id name } } }"""
LABEL = """mutation ($input: IssueLabelCreateInput!) { issueLabelCreate(input: $input) { issueLabel { id name } } }"""
MAKE = f"""mutation ($input: IssueCreateInput!) {{ issueCreate(input: $input) {{ success issue {{ {ISSUE} }} }} }}"""
CHANGE = f"""mutation ($id: String!, $input: IssueUpdateInput!) {{
  issueUpdate(id: $id, input: $input) {{ success issue {{ {ISSUE} }} }} }}"""
HISTORY = """query ($id: String!) { issue(id: $id) { history(first: 50, orderBy: createdAt) { nodes { createdAt
  actor { name } fromTitle toTitle updatedDescription fromStateId toStateId fromAssigneeId toAssigneeId fromDueDate
  toDueDate fromParentId toParentId addedLabelIds removedLabelIds } } } }"""
TOUCHED = {
    "title": ("toTitle",),
    "description": ("updatedDescription",),
    "status": ("toStateId",),
    "owner": ("fromAssigneeId", "toAssigneeId"),
    "due": ("fromDueDate", "toDueDate"),
    "parent": ("fromParentId", "toParentId"),
    "labels": ("addedLabelIds", "removedLabelIds"),
}
TYPES = {
    "triage": "idea",
    "backlog": "idea",
    "unstarted": "planned",
    "started": "development",
    "completed": "shipped",
    "canceled": "dropped",
    "duplicate": "dropped",
}
OVERLAP = timedelta(minutes=2)
FRESH = timedelta(minutes=5)
"""How old a signed call may be."""


class Linear:
    """One team."""

    def __init__(
        self, *, settings: Mapping[str, Any], secrets: Mapping[str, str], now: Now, gap: float = 0.1
    ) -> None:
        self.team = str(settings["team"]).upper()
        self._caller = Caller(
            name="Linear",
            base=str(settings.get("api") or "https://api.linear.app"),
            headers={"Authorization": secrets.get("token", "")},
            now=now,
            write_gap=gap,
        )
        self._known: dict[str, Any] | None = None

    def _ask(self, query: str, **variables: Any) -> dict[str, Any]:
        return self._caller.graphql("graphql", query, variables)

    def _facts(self) -> dict[str, Any]:
        if self._known is None:
            data = self._ask(TEAM, key=self.team)
            rows = (data.get("teams") or {}).get("nodes") or []
            if not rows:
                raise TrackerError(f"There is no team {self.team}, or the key may not see it.")
            self._known = {
                **rows[0],
                "viewer": data.get("viewer") or {},
                "organization": data.get("organization") or {},
            }
        return self._known

    def offer(self) -> Offer:
        """Ask who we are, and what the team has."""
        team = self._facts()
        return Offer(
            who=str(team["viewer"].get("name") or ""),
            project=f"{team['name']} ({team['key']})",
            url=f"https://linear.app/{team['organization'].get('urlKey', '')}/team/{team['key']}",
            fields=("title", "description", "status", "owner", "due", "labels", "parent"),
            statuses=tuple((each["name"], self._likely(each)) for each in team["states"]["nodes"]),
            users=tuple(
                User(str(each["id"]), str(each["name"]), str(each.get("email") or ""))
                for each in team["members"]["nodes"]
            ),
        )

    @staticmethod
    def _likely(state: Mapping[str, Any]) -> str:
        by_type = TYPES.get(str(state.get("type")), "planned")
        by_name = guess(str(state.get("name")))
        return by_name if by_type == "development" and by_name in {"beta", "discovery"} else by_type

    # Reading

    def pages(self, cursor: Mapping[str, Any]) -> Iterator[Page]:
        """Read what changed since, the newest first. What changes while we read stands in front, for the next look."""
        begun = str(cursor.get("begun") or self._caller.now().isoformat())
        since, after = str(cursor.get("since") or ""), cursor.get("after") or None
        low = (datetime.fromisoformat(since) - OVERLAP).isoformat() if since else "1970-01-01T00:00:00Z"
        while True:
            found = self._ask(ISSUES, key=self.team, since=low, after=after).get("issues")
            if not isinstance(found, dict):
                raise TrackerError(f"Linear does not list the issues of {self.team}.")
            issues = tuple(self._issue(node) for node in found["nodes"] if not node.get("trashed"))
            is_last = not found["pageInfo"]["hasNextPage"]
            after = None if is_last else found["pageInfo"]["endCursor"]
            at: dict[str, Any] = (
                {"since": begun} if is_last else {"since": since, "begun": begun, "after": after}
            )
            yield Page(issues, at, is_last=is_last)
            if is_last:
                return

    def _issue(self, node: Mapping[str, Any]) -> Issue:
        above = node.get("parent") or {}
        estimate = node.get("estimate")
        return Issue(
            id=str(node["id"]),
            key=str(node["identifier"]),
            url=str(node["url"]),
            updated_at=moment(node["updatedAt"]),
            title=str(node["title"]),
            description=clean(node.get("description")),
            status=str(node["state"]["name"]),
            owner=str((node.get("assignee") or {}).get("id") or ""),
            due=str(node.get("dueDate") or ""),
            labels=tuple(sorted({str(each["name"]) for each in node["labels"]["nodes"]}, key=str.casefold)),
            parent=str(above.get("id") or ""),
            points=estimate if isinstance(estimate, (int, float)) else None,
            raw={"mark": str(node["id"])},
        )

    def get(self, id: str) -> Issue | Gone:
        """Read one issue, by its id or by what people call it; one that went to another team has moved."""
        try:
            node = self._ask(ONE, id=id).get("issue")
        except TrackerError as error:
            if "not found" in str(error).lower():
                return Gone(id)
            raise
        if not isinstance(node, dict) or node.get("trashed"):
            return Gone(id)
        if str(node["team"]["key"]) != self.team:
            return Gone(id, moved_to=str(node["url"]))
        return self._issue(node)

    def find_made(self, nonce: str, *, since: datetime) -> Issue | None:
        """Look whether the id that we chose is taken."""
        found = self.get(nonce)
        return found if isinstance(found, Issue) else None

    # Writing

    def make(self, values: Mapping[str, Any], *, nonce: str) -> Issue:
        """Make an issue under an id of our own choosing: it cannot be made twice."""
        sent = {"id": nonce, "teamId": self._facts()["id"], **self._input(values)}
        return self._done(self._ask(MAKE, input=sent).get("issueCreate"))

    def change(self, issue: Issue, values: Mapping[str, Any]) -> Issue:
        """Write fields; only those that are given."""
        sent = self._input(values)
        return self._done(self._ask(CHANGE, id=issue.id, input=sent).get("issueUpdate")) if sent else issue

    def _done(self, answer: Any) -> Issue:
        if not isinstance(answer, dict) or not answer.get("success"):
            raise TrackerError("Linear did not keep the change.")
        return self._issue(answer["issue"])

    def _input(self, values: Mapping[str, Any]) -> dict[str, Any]:
        sent: dict[str, Any] = {}
        plain = {"title": "title", "description": "description"}
        empty = {"owner": "assigneeId", "due": "dueDate", "parent": "parentId"}
        for name, field in plain.items():
            if name in values:
                sent[field] = values[name]
        for name, field in empty.items():
            if name in values:
                sent[field] = values[name] or None
        if "status" in values:
            states = {each["name"].casefold(): each["id"] for each in self._facts()["states"]["nodes"]}
            state = states.get(str(values["status"]).casefold())
            if state is None:
                raise TrackerError(f"The team has no status “{values['status']}”. Look at the status map.")
            sent["stateId"] = state
        if "labels" in values:
            sent["labelIds"] = self._label_ids(list(values["labels"]))
        return sent

    def _label_ids(self, names: list[str]) -> list[str]:
        team = self._facts()["id"]
        found = self._ask(LABELS, names=names, team=team)["issueLabels"]["nodes"] if names else []
        ids = {str(each["name"]).casefold(): str(each["id"]) for each in found}
        for name in names:
            if name.casefold() not in ids:
                made = self._ask(LABEL, input={"name": name, "teamId": team})["issueLabelCreate"][
                    "issueLabel"
                ]
                ids[name.casefold()] = str(made["id"])
        return [ids[name.casefold()] for name in names]

    # Who

    def who_changed(self, issue: Issue, field: str) -> tuple[str, datetime] | None:
        """Read the history for whoever changed a field last."""
        wanted = TOUCHED.get(field)
        if wanted is None:
            return None
        found = (self._ask(HISTORY, id=issue.id).get("issue") or {}).get("history", {}).get("nodes", [])
        rows = [row for row in found if any(row.get(name) for name in wanted)]
        if not rows:
            return None
        last = max(rows, key=lambda row: str(row["createdAt"]))
        return str((last.get("actor") or {}).get("name") or ""), moment(last["createdAt"])

    def hear(self, *, headers: Mapping[str, str], body: bytes, secret: str) -> Heard:
        """Check Linear-Signature and how old the call is, and say which issue it is about."""
        given = headers.get("linear-signature", "")
        check_hmac(body=body, secret=secret, given=given, name="Linear-Signature")
        content = read_object(body)
        sent_at = content.get("webhookTimestamp")
        if (
            not isinstance(sent_at, (int, float))
            or abs(self._caller.now().timestamp() - sent_at / 1000) > FRESH.total_seconds()
        ):
            raise UnsignedError("The call is older than five minutes.")
        data = content.get("data")
        if content.get("type") != "Issue" or not isinstance(data, dict):
            return Heard()
        by = str((content.get("actor") or {}).get("name") or "")
        return Heard(changed=(str(data.get("id")),), by=by)
