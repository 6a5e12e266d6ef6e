"""What the whole API shares: problems, the reference page, rates, health, headers."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from roadbed.core.api import throttling
from roadbed.core.api.throttling import TokenThrottle
from roadbed.core.gates.models import Allowance
from tests.people import Someone


class TestProblems:
    @pytest.mark.parametrize("path", ["/api/", "/api/v1/northwind/nothing", "/api/v2/x", "/api/v1/"])
    def test_a_missing_address_is_a_problem(self, ada: Someone, path: str) -> None:
        answer = ada.get(path)
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")

    def test_a_wrong_method_is_one_and_names_the_right_ones(self, ada: Someone) -> None:
        answer = ada.browser.put("/api/v1/northwind/workspace")
        assert (answer.status_code, answer.headers["Content-Type"]) == (405, "application/problem+json")
        assert "PATCH" in answer.headers["Allow"]

    def test_a_missing_csrf_token_is_one(self, ada: Someone) -> None:
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(ada.user, backend="django.contrib.auth.backends.ModelBackend")
        answer = browser.post("/api/v1/northwind/departments", {"name": "x"}, content_type="application/json")
        assert (answer.status_code, answer.headers["Content-Type"]) == (403, "application/problem+json")

    def test_our_own_fault_is_one_too(self, ada: Someone, monkeypatch: pytest.MonkeyPatch) -> None:
        from roadbed.core.workspaces import selectors

        def broken(**_: object) -> None:
            raise RuntimeError("secret detail")

        monkeypatch.setattr(selectors, "members", broken)
        ada.browser.raise_request_exception = False
        answer = ada.api("GET", "members")
        assert (answer.status_code, answer.headers["Content-Type"]) == (500, "application/problem+json")
        assert b"secret" not in answer.content

    def test_a_nul_is_refused_before_it_reaches_a_database(self, ada: Someone) -> None:
        assert ada.api("POST", "departments", '{"name": "a\\u0000b"}').status_code == 400
        assert ada.api("POST", "departments", '{"name": "a\\\\u0000b"}').status_code == 201
        assert ada.get("search/?q=%00").status_code == 400


class TestMe:
    def test_a_session_sees_all_its_workspaces(self, ada: Someone) -> None:
        assert ada.get("/api/v1/me").json()["workspaces"] == [
            {"workspace": "northwind", "name": "Northwind", "role": "owner"}
        ]

    def test_strangers_sign_in_first(self, db: None) -> None:
        assert Client().get("/api/v1/me").status_code == 401


class TestWorkspaceApi:
    def test_everything_round_trips(self, ada: Someone, ben: Someone, product: object) -> None:
        made = ada.api("POST", "departments", {"name": "Legal"}).json()
        changed = ada.api("PATCH", f"members/{ben.member.pk}", {"department": made["id"], "role": "viewer"})
        assert changed.json()["department"] == "Legal"
        assert ada.api("PATCH", f"departments/{made['id']}", {"name": "Law"}).json()["name"] == "Law"
        assert ada.api("DELETE", f"departments/{made['id']}").status_code == 204
        team = ada.api("POST", "teams", {"name": "Routing", "members": [ben.member.pk]}).json()
        assert team["members"] == [ben.member.pk]
        assert ada.api("PUT", f"teams/{team['id']}", {"name": "Routes"}).json()["members"] == []
        assert ada.api("PATCH", "products/dispatch", {"archived": True}).json()["archived_at"]
        assert ada.api("PATCH", "workspace", {"name": "North"}).json()["name"] == "North"
        invited = ada.api("POST", "invitations", {"email": "x@example.com"})
        assert "/invitations/" in invited.json()["link"]
        assert ada.api("POST", "tokens", {"name": "t"}).json()["token"].startswith("rb_")
        assert ada.api("DELETE", f"members/{ben.member.pk}").status_code == 204
        assert [member["name"] for member in ada.api("GET", "members").json()["items"]] == ["Ada"]

    def test_what_is_refused_says_which_field(self, ada: Someone) -> None:
        answer = ada.api("POST", "invitations", {"email": "nobody"})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "email"


@pytest.mark.django_db
class TestRate:
    @pytest.fixture(autouse=True)
    def _one_minute(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(throttling.time, "time", lambda: 1_800_000_010.0)
        throttling.TICKETS.forget()

    def asking(self, token: str = "rb_rate-test") -> Any:  # noqa: S107 - it opens nothing
        request: Any = RequestFactory().get("/", headers={"Authorization": f"Bearer {token}"})
        request.auth = True
        return request

    def test_a_token_may_only_ask_so_often(self, settings: Any) -> None:
        settings.ROADBED_API_RATE = 3
        throttle = TokenThrottle()
        assert [throttle.allow_request(self.asking()) for _ in range(5)] == [True, True, True, False, False]
        assert throttle.allow_request(self.asking("rb_other"))
        assert throttle.wait() == 50

    def test_all_processes_count_together(self, settings: Any) -> None:
        settings.ROADBED_API_RATE = 80
        throttle = TokenThrottle()
        assert all(throttle.allow_request(self.asking()) for _ in range(60))
        throttling.TICKETS.forget()  # as another process would begin
        assert [throttle.allow_request(self.asking()) for _ in range(40)].count(True) == 20

    def test_it_writes_once_for_many_requests(self, settings: Any) -> None:
        settings.ROADBED_API_RATE = 1200
        throttle = TokenThrottle()
        with CaptureQueriesContext(connection) as queries:
            assert all(throttle.allow_request(self.asking()) for _ in range(30))
        assert sum(query["sql"].startswith("UPDATE") for query in queries) == 1

    def test_made_up_tokens_are_not_counted(self, settings: Any) -> None:
        settings.ROADBED_API_RATE = 1
        request = RequestFactory().get("/", headers={"Authorization": "Bearer rb_no"})
        assert all(TokenThrottle().allow_request(request) for _ in range(3))
        assert not Allowance.objects.exists()

    def test_the_answer_says_when_to_come_back(self, ada: Someone, settings: object) -> None:
        settings.ROADBED_API_RATE = 1  # type: ignore[attr-defined]  # pytest-django's fixture has no type here
        answers = [Client().get("/api/v1/me", headers={"Authorization": "Bearer rb_no"}) for _ in range(2)]
        assert {answer.status_code for answer in answers} <= {401, 429}


@pytest.mark.django_db
class TestPlainAddresses:
    @pytest.mark.parametrize(
        "path", ["/healthz", "/readyz", "/version", "/robots.txt", "/api/docs/", "/api/v1/openapi.json"]
    )
    def test_they_answer_without_signing_in(self, path: str) -> None:
        assert Client().get(path).status_code == 200

    def test_the_reference_shows_every_operation_without_a_script(self) -> None:
        text = Client().get("/api/docs/").content.decode()
        assert "get_me" in text
        assert "list_members" in text
        assert "<script>" not in text

    def test_every_answer_is_guarded(self) -> None:
        headers = Client().get("/accounts/login/").headers
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "camera=()" in headers["Permissions-Policy"]
