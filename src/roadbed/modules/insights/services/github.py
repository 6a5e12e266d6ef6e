"""Issues and comments of a GitHub repository, kept in step: by asking, and by being told."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from roadbed.modules.insights.models import Feedback, Source
from roadbed.modules.insights.services import intake, polling
from roadbed.modules.insights.services.github_client import GONE, Client, Page
from roadbed.modules.insights.services.intake import Outcome, Received
from roadbed.modules.insights.services.items import Item
from roadbed.modules.insights.services.polling import FetchError, Told

PER_PAGE = 100
PAGES_A_RUN = 200
SWEEP_EVERY = timedelta(days=7)
HIDDEN = re.compile(r"<!--.*?-->", re.DOTALL)
GONE_ACTIONS = frozenset({"deleted", "transferred"})
ISSUE_ACTIONS = frozenset(
    {"opened", "edited", "closed", "reopened", "labeled", "unlabeled", "milestoned", "demilestoned"}
)
COMMENT_ACTIONS = frozenset({"created", "edited", "deleted"})


class UnsignedError(Exception):
    """The signature is missing or wrong."""


def _moment(text: Any) -> datetime | None:
    try:
        read = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _words(text: Any) -> str:
    """Return Markdown without the comments of issue templates, which nobody sees."""
    return HIDDEN.sub("", text).strip() if isinstance(text, str) else ""


def _author(found: Mapping[str, Any]) -> tuple[str, bool]:
    user = found.get("user")
    if not isinstance(user, dict):
        return "", False  # a deleted account
    return str(user.get("login") or ""), user.get("type") == "Bot"


def _names(found: Any) -> list[str]:
    labels = found if isinstance(found, list) else []
    return [str(each.get("name", "")) if isinstance(each, dict) else str(each) for each in labels]


def item_of_issue(issue: Mapping[str, Any]) -> Item:
    """Return an issue as a piece of feedback; thumbs up are its votes."""
    author, _ = _author(issue)
    reactions = issue.get("reactions") if isinstance(issue.get("reactions"), dict) else {}
    milestone = issue.get("milestone") if isinstance(issue.get("milestone"), dict) else {}
    title = str(issue.get("title") or "")
    return Item(
        text=_words(issue.get("body")) or title,
        title=title,
        external_id=f"issue-{issue.get('number')}",
        said_at=_moment(issue.get("created_at")),
        person=author,
        url=str(issue.get("html_url") or ""),
        tags=_names(issue.get("labels")),
        attributes={
            "number": issue.get("number"),
            "state": issue.get("state"),
            "state reason": issue.get("state_reason") or "",
            "closed at": issue.get("closed_at") or "",
            "milestone": (milestone or {}).get("title") or "",
            "comments": issue.get("comments"),
            "votes": (reactions or {}).get("+1"),
            "author is": issue.get("author_association") or "",
            "updated at": issue.get("updated_at") or "",
        },
    )


def item_of_comment(comment: Mapping[str, Any], *, number: str) -> Item:
    """Return a comment as a piece of feedback that answers its issue."""
    author, _ = _author(comment)
    reactions = comment.get("reactions") if isinstance(comment.get("reactions"), dict) else {}
    return Item(
        text=_words(comment.get("body")),
        external_id=f"comment-{comment.get('id')}",
        said_at=_moment(comment.get("created_at")),
        person=author,
        url=str(comment.get("html_url") or ""),
        attributes={
            "issue": number,
            "votes": (reactions or {}).get("+1"),
            "author is": comment.get("author_association") or "",
            "updated at": comment.get("updated_at") or "",
        },
        reply_to=(f"issue-{number}",),
    )


def _wanted(source: Source) -> set[str]:
    return {name.strip().casefold() for name in str(source.settings["labels"]).split(",") if name.strip()}


def _is_wanted(source: Source, issue: Mapping[str, Any]) -> bool:
    wanted = _wanted(source)
    return not wanted or any(name.casefold() in wanted for name in _names(issue.get("labels")))


def _known(source: Source, external_id: str) -> Feedback | None:
    found: Feedback | None = Feedback.objects.filter(
        workspace_id=source.workspace_id,
        kind="feedback",
        external_source=source.origin,
        external_id=external_id,
    ).first()
    return found


def take_issue(*, source: Source, issue: Mapping[str, Any], at: datetime) -> Received | None:
    """Take in an issue, or follow its changes; pull requests, bots and unwanted labels are passed over."""
    if "pull_request" in issue or _author(issue)[1] or not isinstance(issue.get("number"), int):
        return None
    item = item_of_issue(issue)
    known = _known(source, item.external_id)
    if known is None and not _is_wanted(source, issue):
        return None
    return _take(source=source, item=item, known=known, at=at)


def take_comment(*, source: Source, comment: Mapping[str, Any], number: str, at: datetime) -> Received | None:
    """Take in a comment on an issue that is here."""
    item = item_of_comment(comment, number=number)
    if _author(comment)[1] or not item.text or not isinstance(comment.get("id"), int):
        return None
    if _wanted(source) and _known(source, f"issue-{number}") is None:
        return None
    return _take(source=source, item=item, known=_known(source, item.external_id), at=at)


def _take(*, source: Source, item: Item, known: Feedback | None, at: datetime) -> Received:
    # Being told and asking may cross: what is older than what is here changes nothing.
    if known is not None and str(known.attributes.get("updated at", "")) > str(item.attributes["updated at"]):
        return Received(Outcome.KNOWN, item.external_id, known)
    return intake.receive(source=source, item=item, at=at)


def _remove(*, source: Source, external_id: str, at: datetime) -> Received:
    return intake.receive(source=source, item=Item(text="", external_id=external_id, is_gone=True), at=at)


def fetch(*, source: Source, now: Callable[[], datetime], told: Told) -> int:
    """Bring issues and comments up to date; return how many were looked at. A killed run goes on where it was.

    Raises
    ------
    FetchError, WaitError
        If GitHub cannot be asked.
    """
    client = Client(
        api=source.settings["api"],
        repository=source.settings["repository"],
        token=source.secrets.get("access", ""),
        now=now,
    )
    seen = _follow(
        client,
        source=source,
        path="issues",
        query={"state": "all"},
        take=lambda found: take_issue(source=source, issue=found, at=now()),
        told=lambda count: told(count, "Reading issues"),
    )
    if source.settings["comments"] == "all":
        seen += _follow(
            client,
            source=source,
            path="issues/comments",
            query={},
            take=lambda found: _take_listed(source=source, comment=found, at=now()),
            told=lambda count: told(seen + count, "Reading comments"),
        )
    _sweep(client, source=source, now=now, told=told)
    return seen


def _take_listed(*, source: Source, comment: Mapping[str, Any], at: datetime) -> Received | None:
    if "/pull/" in str(comment.get("html_url", "")):
        return None
    number = str(comment.get("issue_url", "")).rpartition("/")[2]
    return take_comment(source=source, comment=comment, number=number, at=at) if number.isdecimal() else None


def _follow(
    client: Client,
    *,
    source: Source,
    path: str,
    query: Mapping[str, str],
    take: Callable[[Mapping[str, Any]], object],
    told: Callable[[int], None],
) -> int:
    """Walk over what changed since the last time, the oldest change first.

    Each page begins where the one before ended in time, not in number: what is changed while we read moves to the end
    and would otherwise push others over the edge of a page unseen.
    """
    state = dict(source.cursor.get(path) or {})
    since = str(state.get("since") or "")
    if not since and source.settings["since"]:
        since = f"{source.settings['since']}T00:00:00Z"
    page, seen = 1, 0
    for _ in range(PAGES_A_RUN):
        url = client.address(
            path, **query, sort="updated", direction="asc", since=since, per_page=PER_PAGE, page=page
        )
        answer = client.get(url, etag=str(state.get("etag") or "") if state.get("url") == url else "")
        if answer.is_unchanged:
            return seen
        rows = _rows(answer, source)
        for row in rows:
            take(row)
            seen += 1
            told(seen)
        last = max((str(row.get("updated_at") or "") for row in rows), default=since)
        if not answer.has_next:
            # Asked again in the same words, GitHub can say that nothing changed, which costs nothing.
            mark = answer.etag if last == since else ""
            state = {"since": last, "etag": mark, "url": url if mark else ""}
            polling.keep_cursor(source=source, cursor={path: state})
            return seen
        page, since = (1, last) if last > since else (page + 1, since)
        state = {"since": since}
        polling.keep_cursor(source=source, cursor={path: state})
    return seen


def _rows(answer: Page, source: Source) -> list[Mapping[str, Any]]:
    if answer.status in GONE:
        raise FetchError(
            f"There is no {source.settings['repository']}, or the token may not see it ({answer.status})."
        )
    if not isinstance(answer.content, list):
        raise FetchError("GitHub’s answer is not a list. Check the address of the API.")
    return [row for row in answer.content if isinstance(row, dict)]


def _sweep(client: Client, *, source: Source, now: Callable[[], datetime], told: Told) -> None:
    """Once a week, look which issues are no longer there: the list of changes does not tell."""
    swept = _moment(source.cursor.get("swept_at", ""))
    if swept is not None and now() - swept < SWEEP_EVERY:
        return
    if swept is None:  # everything was read just now
        polling.keep_cursor(source=source, cursor={"swept_at": now().isoformat()})
        return
    there: set[str] = set()
    for page in range(1, PAGES_A_RUN + 1):
        answer = client.get(
            client.address("issues", state="all", sort="created", per_page=PER_PAGE, page=page)
        )
        there |= {f"issue-{row.get('number')}" for row in _rows(answer, source)}
        told(len(there), "Looking for deleted issues")
        if not answer.has_next:
            break
    else:
        return  # too many to be sure
    here = Feedback.objects.in_workspace(source.workspace_id).filter(
        external_source=source.origin, external_id__startswith="issue-"
    )
    for external_id in sorted(set(here.values_list("external_id", flat=True)) - there):
        number = external_id.removeprefix("issue-")
        if client.get(client.address(f"issues/{number}")).status in GONE:
            _remove(source=source, external_id=external_id, at=now())
    polling.keep_cursor(source=source, cursor={"swept_at": now().isoformat()})


def check_signature(*, source: Source, body: bytes, signature: str) -> None:
    """Check X-Hub-Signature-256.

    Raises
    ------
    UnsignedError
        If it is missing or wrong.
    """
    secret = source.secrets.get("secret", "")
    wanted = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    if not secret or not hmac.compare_digest(wanted.encode(), signature.encode("utf-8", "replace")):
        raise UnsignedError("X-Hub-Signature-256 is missing, or does not fit.")


def hear(*, source: Source, event: str, content: Mapping[str, Any], at: datetime) -> list[Received]:
    """Follow one event that GitHub told us of; events that are not about our issues change nothing.

    Raises
    ------
    ValueError
        If it is about another repository.
    """
    repository = content.get("repository") if isinstance(content.get("repository"), dict) else {}
    name = str((repository or {}).get("full_name", ""))
    if event == "ping":
        return []
    if name.lower() != str(source.settings["repository"]).lower():
        raise ValueError(f"This source is about {source.settings['repository']}, not “{name[:120]}”.")
    action = str(content.get("action", ""))
    issue = content.get("issue")
    if not isinstance(issue, dict) or not isinstance(issue.get("number"), int):
        return []
    found: Received | None = None
    if event == "issues" and action in GONE_ACTIONS:
        found = _remove(source=source, external_id=f"issue-{issue['number']}", at=at)
    elif event == "issues" and action in ISSUE_ACTIONS:
        found = take_issue(source=source, issue=issue, at=at)
    elif event == "issue_comment" and action in COMMENT_ACTIONS and source.settings["comments"] == "all":
        found = _hear_comment(source=source, content=content, action=action, number=issue["number"], at=at)
    return [found] if found else []


def _hear_comment(
    *, source: Source, content: Mapping[str, Any], action: str, number: int, at: datetime
) -> Received | None:
    comment, issue = content.get("comment"), content["issue"]
    if not isinstance(comment, dict) or "pull_request" in issue:
        return None
    if action == "deleted":
        return _remove(source=source, external_id=f"comment-{comment.get('id')}", at=at)
    return take_comment(source=source, comment=comment, number=str(number), at=at)
