"""Issues of a repository kept in step, against a server on the loopback that behaves as the published API does."""

from __future__ import annotations

import hashlib
import hmac
import http.server
import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client

from roadbed.core.jobs import services as jobs
from roadbed.core.records.models import Link
from roadbed.modules.insights.models import Feedback, Source
from roadbed.modules.insights.services import github, polling
from roadbed.modules.insights.services import sources as services
from tests.insights import factories
from tests.insights.test_sources_intake import make_source
from tests.people import NOW


def stamp(minute: int) -> str:
    return (datetime(2026, 10, 1, tzinfo=UTC) + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Forge(http.server.ThreadingHTTPServer):
    """Lists issues and comments by pages, with links, marks of what changed, and limits."""

    daemon_threads = True

    def __init__(self) -> None:
        self.issues: dict[int, dict[str, Any]] = {}
        self.comments: dict[int, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.answers: list[int] = []
        self.token = ""
        self.page_size = 100
        self.limit: tuple[int, dict[str, str]] | None = None
        self.breaks_after = 10**9
        self.between: Any = None
        self.moved_to = ""
        super().__init__(("127.0.0.1", 0), Answerer)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def issue(self, number: int, *, minute: int | None = None, **facts: Any) -> dict[str, Any]:
        """Open or change an issue."""
        known = self.issues.get(number, {})
        self.issues[number] = {
            "id": 1000 + number, "number": number, "title": f"Issue {number}", "body": f"We need thing {number}.",
            "state": "open", "state_reason": None, "closed_at": None, "labels": [], "comments": 0,
            "user": {"login": "mira", "type": "User"}, "author_association": "NONE", "milestone": None,
            "html_url": f"https://github.com/octo/hello/issues/{number}", "created_at": stamp(number),
            "reactions": {"+1": 0}, **known, **facts, "updated_at": stamp(number if minute is None else minute),
        }  # fmt: skip
        return self.issues[number]

    def comment(
        self, id: int, number: int, *, minute: int, where: str = "issues", **facts: Any
    ) -> dict[str, Any]:
        """Write or change a comment."""
        self.comments[id] = {
            "id": id, "body": f"Me too {id}.", "user": {"login": "jo", "type": "User"}, "author_association": "NONE",
            "issue_url": f"{self.url}/repos/octo/hello/issues/{number}", "created_at": stamp(minute),
            "html_url": f"https://github.com/octo/hello/{where}/{number}#issuecomment-{id}",
            "updated_at": stamp(minute), "reactions": {"+1": 0}, **facts,
        }  # fmt: skip
        return self.comments[id]


class Answerer(http.server.BaseHTTPRequestHandler):
    """Answers for the forge."""

    server: Forge

    def log_message(self, format: str, *args: Any) -> None:
        return

    def give(self, status: int, content: Any = None, **headers: str) -> None:
        body = b"" if status == 304 else json.dumps(content).encode()
        self.server.answers.append(status)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        forge, parts = self.server, urlsplit(self.path)
        forge.asked.append(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if forge.limit is not None:
            status, headers = forge.limit
            return self.give(status, {"message": "API rate limit exceeded"}, **headers)
        if len(forge.asked) > forge.breaks_after:
            return self.give(502, {"message": "Bad gateway"})
        if forge.token and self.headers.get("Authorization") != f"Bearer {forge.token}":
            return self.give(401, {"message": "Bad credentials"})
        if forge.moved_to and parts.path.startswith("/repos/octo/hello/"):
            place = forge.moved_to + self.path.removeprefix("/repos/octo/hello")
            return self.give(301, {"message": "Moved Permanently"}, Location=place)
        tail = parts.path.replace("/repositories/1/", "/repos/octo/hello/").partition("/repos/octo/hello/")[2]
        if tail.startswith("issues/") and tail.removeprefix("issues/").isdecimal():
            found = forge.issues.get(int(tail.removeprefix("issues/")))
            return self.give(200, found) if found else self.give(410, {"message": "This issue was deleted"})
        rows = {"issues": forge.issues, "issues/comments": forge.comments}.get(tail)
        if rows is None or "/missing/" in parts.path:
            return self.give(404, {"message": "Not Found"})
        return self.list(list(rows.values()), query, parts.path)

    def list(self, rows: list[dict[str, Any]], query: dict[str, str], path: str) -> None:
        forge = self.server
        size, page = min(int(query["per_page"]), forge.page_size), int(query.get("page", "1"))
        rows = [row for row in rows if row["updated_at"] >= query.get("since", "")]
        key = "created_at" if query.get("sort") == "created" else "updated_at"
        rows.sort(key=lambda row: (row[key], row["id"]), reverse=query.get("direction", "desc") == "desc")
        shown = rows[(page - 1) * size : page * size]
        mark = '"' + hashlib.sha256(json.dumps(shown).encode()).hexdigest() + '"'
        headers = {"ETag": mark, "X-RateLimit-Remaining": "50"}
        if len(rows) > page * size:
            following = urlencode({**query, "page": page + 1})
            headers["Link"] = f'<{forge.url}{path}?{following}>; rel="next"'
        if self.headers.get("If-None-Match") == mark:
            self.give(304, **headers)
            return
        self.give(200, shown, **headers)
        if forge.between is not None:
            forge.between()


@pytest.fixture
def forge(settings):
    settings.ROADBED_WEBHOOK_ALLOW = ["127.0.0.0/8"]
    server = Forge()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def source(workspace, forge):
    return make_source(workspace, kind="github", name="Issues", api=forge.url)


def sync(source: Source, *, at: datetime = NOW) -> int:
    source = Source.objects.select_related("workspace", "product").get(pk=source.pk)
    return github.fetch(source=source, now=lambda: at, told=lambda done, note: None)


def texts() -> set[str]:
    return {piece.text for piece in Feedback.objects.filter(deleted_at__isnull=True)}


class TestSync:
    def test_issues_come_in_with_what_is_known_of_them(self, source, forge):
        forge.issue(
            1, body="<!-- template -->\nWe need maps.", labels=[{"name": "wish"}], reactions={"+1": 7}, comments=3,
            milestone={"title": "4.2"},
        )  # fmt: skip
        sync(source)
        piece = Feedback.objects.get()
        assert (piece.title, piece.text, piece.person.title) == ("Issue 1", "We need maps.", "mira")
        assert piece.url == "https://github.com/octo/hello/issues/1"
        assert piece.said_at == datetime(2026, 10, 1, 0, 1, tzinfo=UTC)
        assert [each.tag.name for each in piece.record_tags.all()] == ["wish"]
        facts = {
            name: piece.attributes[name] for name in ("number", "state", "votes", "comments", "milestone")
        }
        assert facts == {"number": 1, "state": "open", "votes": 7, "comments": 3, "milestone": "4.2"}

    def test_all_pages_are_read(self, source, forge):
        forge.page_size = 2
        for number in range(1, 8):
            forge.issue(number)
        sync(source)
        assert len(texts()) == 7

    def test_many_that_changed_in_the_same_second_are_all_read(self, source, forge):
        forge.page_size = 2
        for number in range(1, 8):
            forge.issue(number, minute=5)
        forge.issue(9, minute=9)
        sync(source)
        assert len(texts()) == 8

    def test_what_changes_while_we_read_pushes_nobody_over_the_edge(self, source, forge):
        forge.page_size = 2
        for number in range(1, 7):
            forge.issue(number)
        forge.between = lambda: (forge.issue(1, minute=100), setattr(forge, "between", None))
        sync(source)
        assert len(texts()) == 6

    def test_the_next_time_only_what_changed_is_asked_for_and_nothing_new_costs_nothing(self, source, forge):
        forge.issue(1)
        forge.issue(2)
        sync(source)
        sync(source)
        forge.answers.clear()
        sync(source)
        assert forge.answers == [304]
        forge.issue(3, minute=30)
        sync(source)
        assert len(texts()) == 3
        assert f"since={stamp(2).replace(':', '%3A')}" in forge.asked[-1]

    def test_edits_and_closings_are_followed(self, source, forge):
        forge.issue(1)
        sync(source)
        forge.issue(
            1, minute=9, title="Maps", body="Offline, please.", state="closed", state_reason="completed",
            closed_at=stamp(9),
        )  # fmt: skip
        sync(source)
        piece = Feedback.objects.get()
        assert (piece.title, piece.text) == ("Maps", "Offline, please.")
        assert (piece.attributes["state"], piece.attributes["state reason"]) == ("closed", "completed")

    def test_pull_requests_machines_and_deleted_accounts(self, source, forge):
        forge.issue(1, pull_request={"url": "x"})
        forge.issue(2, user={"login": "dependabot[bot]", "type": "Bot"})
        forge.issue(3, user=None, body=None)
        sync(source)
        piece = Feedback.objects.get()
        assert (piece.text, piece.person) == ("Issue 3", None)

    def test_only_the_labels_that_are_wanted(self, workspace, forge):
        wanted = make_source(workspace, kind="github", name="Wishes", api=forge.url, labels="Wish, idea")
        forge.issue(1, labels=[{"name": "wish"}])
        forge.issue(2, labels=[{"name": "bug"}])
        forge.issue(3, labels=["idea"])
        sync(wanted)
        assert texts() == {"We need thing 1.", "We need thing 3."}

    def test_comments_are_pieces_of_their_own_tied_to_their_issue(self, workspace, forge):
        talk = make_source(workspace, kind="github", name="Talk", api=forge.url, comments="all")
        forge.issue(1)
        forge.comment(50, 1, minute=3)
        forge.comment(51, 8, minute=4, where="pull")
        forge.comment(52, 1, minute=5, user={"login": "ci", "type": "Bot"})
        sync(talk)
        assert texts() == {"We need thing 1.", "Me too 50."}
        link = Link.objects.get()
        assert link.source.external_id == "comment-50"
        assert link.target.external_id == "issue-1"

    def test_not_before_a_day(self, workspace, forge):
        late = make_source(workspace, kind="github", name="Late", api=forge.url, since="2026-10-02")
        forge.issue(1)
        forge.issue(2, minute=60 * 24)
        sync(late)
        assert texts() == {"We need thing 2."}

    def test_a_run_that_breaks_goes_on_where_it_was(self, source, forge):
        forge.page_size = 2
        for number in range(1, 8):
            forge.issue(number)
        forge.breaks_after = 2
        with pytest.raises(polling.FetchError, match="502"):
            sync(source)
        some, asked = len(texts()), len(forge.asked)
        assert 0 < some < 7
        forge.breaks_after = 10**9
        sync(source)
        assert len(texts()) == 7
        assert "since=" in forge.asked[asked]

    def test_another_repository_begins_from_the_start(self, source, forge, now):
        forge.issue(1)
        sync(source)
        services.change_source(source=source, settings={"labels": "wish"}, actor=factories.ACTOR, at=now)
        source.refresh_from_db()
        assert source.cursor == {}


class TestDeleted:
    def test_once_a_week_what_is_gone_is_found(self, source, forge):
        forge.issue(1)
        forge.issue(2)
        sync(source)
        del forge.issues[1]
        sync(source, at=NOW + timedelta(days=1))
        assert len(texts()) == 2
        sync(source, at=NOW + timedelta(days=8))
        assert texts() == {"We need thing 2."}

    def test_what_is_only_missing_from_the_list_stays(self, source, forge, monkeypatch):
        forge.issue(1)
        sync(source)
        hidden = dict(forge.issues)
        answer = Answerer.list
        monkeypatch.setattr(Answerer, "list", lambda self, rows, query, path: answer(self, [], query, path))
        sync(source, at=NOW + timedelta(days=8))
        assert forge.issues == hidden
        assert len(texts()) == 1


class TestRefusals:
    def test_the_limit_of_the_hour_is_waited_for(self, source, forge):
        reset = NOW + timedelta(minutes=40)
        forge.limit = (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(reset.timestamp()))})
        with pytest.raises(polling.WaitError) as waiting:
            sync(source)
        assert waiting.value.until == reset

    def test_the_second_limit_says_how_long(self, source, forge):
        forge.limit = (429, {"Retry-After": "90"})
        with pytest.raises(polling.WaitError) as waiting:
            sync(source)
        assert waiting.value.until == NOW + timedelta(seconds=90)

    def test_being_asked_to_wait_is_no_failure(self, source, forge):
        forge.limit = (429, {"Retry-After": "600"})
        polling.enqueue(source)
        jobs.run_waiting()
        source.refresh_from_db()
        assert source.failures == 0
        assert "wait" in source.last_error
        assert source.next_run_at - source.last_run_at >= timedelta(seconds=590)

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"repository": "octo/missing"}, "no octo/missing"),
            ({"access": "wrong"}, "does not know the token"),
        ],
    )
    def test_what_is_wrong_is_said(self, source, forge, now, change, words):
        forge.token = "right"
        services.change_source(
            source=source, settings={"access": "right", **change}, actor=factories.ACTOR, at=now
        )
        with pytest.raises(polling.FetchError, match=words):
            sync(source)

    def test_a_repository_that_moved_is_followed_and_another_host_is_not(self, source, forge):
        forge.issue(1)
        forge.moved_to = "/repositories/1"
        sync(source)
        assert len(texts()) == 1
        forge.moved_to = "http://localhost:1/repositories/1"
        with pytest.raises(polling.FetchError, match="another host"):
            sync(source)

    def test_a_private_address_is_not_reached(self, source, settings):
        settings.ROADBED_WEBHOOK_ALLOW = []
        with pytest.raises(polling.FetchError, match="not a public address"):
            sync(source)


def tell(source: Source, event: str, content: dict[str, Any], *, secret: str = "") -> Any:
    """Send an event as GitHub does."""
    body = json.dumps({"repository": {"full_name": "Octo/hello"}, **content}).encode()
    key = (secret or source.secrets["secret"]).encode()
    headers = {
        "X-GitHub-Event": event,
        "X-Hub-Signature-256": "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest(),
    }
    return Client().post(f"/hooks/in/{source.token}/", body, content_type="application/json", headers=headers)


class TestWebhook:
    def test_an_issue_that_is_opened_edited_and_closed(self, source, forge):
        issue = forge.issue(1)
        assert tell(source, "issues", {"action": "opened", "issue": issue}).json()["new"] == 1
        issue = forge.issue(1, minute=5, body="Now in words.", state="closed")
        assert tell(source, "issues", {"action": "closed", "issue": issue}).json()["changed"] == 1
        assert Feedback.objects.get().attributes["state"] == "closed"
        assert texts() == {"Now in words."}

    def test_told_and_asked_are_one_piece_and_the_older_word_changes_nothing(self, source, forge):
        old = dict(forge.issue(1))
        new = dict(forge.issue(1, minute=5, body="Newer."))
        tell(source, "issues", {"action": "edited", "issue": new})
        tell(source, "issues", {"action": "opened", "issue": old})
        sync(source)
        assert texts() == {"Newer."}
        assert Feedback.objects.count() == 1

    @pytest.mark.parametrize("action", ["deleted", "transferred"])
    def test_an_issue_that_goes_away_goes_here(self, source, forge, action):
        issue = forge.issue(1)
        tell(source, "issues", {"action": "opened", "issue": issue})
        assert tell(source, "issues", {"action": action, "issue": issue}).json()["removed"] == 1
        assert texts() == set()

    def test_comments_where_they_are_wanted(self, source, workspace, forge):
        talk = make_source(workspace, kind="github", name="Talk", api=forge.url, comments="all")
        issue, comment = forge.issue(1), forge.comment(50, 1, minute=3)
        content = {"action": "created", "issue": issue, "comment": comment}
        assert tell(source, "issue_comment", content).json()["new"] == 0
        assert tell(talk, "issue_comment", content).json()["new"] == 1
        assert tell(talk, "issue_comment", {**content, "action": "deleted"}).json()["removed"] == 1

    def test_a_signature_that_does_not_fit_is_refused(self, source, forge):
        content = {"action": "opened", "issue": forge.issue(1)}
        assert tell(source, "issues", content, secret="another").status_code == 401
        assert (
            Client().post(f"/hooks/in/{source.token}/", "{}", content_type="application/json").status_code
            == 401
        )
        assert texts() == set()

    def test_another_repository_is_refused_and_a_ping_is_answered(self, source):
        assert (
            tell(
                source, "issues", {"action": "opened", "repository": {"full_name": "octo/other"}}
            ).status_code
            == 422
        )
        assert tell(source, "ping", {"zen": "Keep it logically awesome."}).status_code == 200

    @pytest.mark.parametrize(
        "content",
        [
            {"action": "opened"},
            {"action": "opened", "issue": []},
            {"action": "opened", "issue": {"number": "1"}},
            {
                "action": "opened",
                "issue": {"number": 1, "user": "x", "labels": "y", "reactions": 3, "milestone": 4},
            },
            {"action": "created", "issue": {"number": 1}, "comment": {}},
            {"repository": 7},
        ],
    )
    def test_odd_content_is_no_fault_of_ours(self, source, content):
        for event in ("issues", "issue_comment", "unknown"):
            assert tell(source, event, content).status_code in {200, 422}
