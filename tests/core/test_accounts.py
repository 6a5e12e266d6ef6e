"""Signing in: links that work once, the first page, sessions."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from roadbed.core.accounts import services
from roadbed.core.accounts.models import SignInLink, User
from tests.people import Someone


@pytest.mark.django_db
class TestSignInLink:
    def link(self, minutes: int = 0) -> str:
        from django.utils import timezone

        user = User.objects.create_user("ada@example.com", name="Ada")
        return services.issue_sign_in_link(user=user, at=timezone.now() - timedelta(minutes=minutes))

    def test_reading_it_uses_nothing_up(self) -> None:
        path, browser = self.link(), Client()
        assert b"Sign in as Ada" in browser.get(path).content
        assert b"Sign in as Ada" in browser.get(path).content
        assert SignInLink.objects.get().used_at is None

    def test_the_button_signs_in_once(self) -> None:
        path, browser = self.link(), Client()
        assert browser.post(path).headers["Location"] == "/"
        assert "_auth_user_id" in browser.session
        second = Client()
        assert second.post(path).status_code == 410
        assert "_auth_user_id" not in second.session

    def test_it_ends_after_a_quarter_of_an_hour(self) -> None:
        assert Client().post(self.link(minutes=16)).status_code == 410

    def test_only_its_hash_is_kept(self) -> None:
        secret = self.link().rstrip("/").rpartition("/")[2]
        assert secret not in SignInLink.objects.get().token_hash

    def test_a_made_up_one_says_the_same(self, db: None) -> None:
        assert Client().get("/sign-in/made-up/").status_code == 410

    def test_the_form_needs_the_csrf_token(self) -> None:
        path, browser = self.link(), Client(enforce_csrf_checks=True)
        assert browser.post(path).status_code == 403
        token = browser.get(path) and browser.cookies["csrftoken"].value
        assert browser.post(path, {"csrfmiddlewaretoken": token}).status_code == 302


@pytest.mark.django_db
class TestFirstPage:
    def test_an_empty_installation_says_how_to_begin(self) -> None:
        answer = Client().get("/")
        assert b"no default password" in answer.content

    def test_visitors_sign_in(self) -> None:
        User.objects.create_user("ada@example.com")
        assert Client().get("/").headers["Location"] == "/accounts/login/"

    def test_members_go_to_their_workspace(self, ada: Someone) -> None:
        assert ada.get("/").headers["Location"] == "/w/northwind/"

    def test_who_is_nowhere_picks_or_opens_one(self) -> None:
        user = User.objects.create_user("new@example.com")
        browser = Client()
        browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        assert browser.get("/").headers["Location"] == "/workspaces/"
        answer = browser.post("/workspaces/", {"name": "Halden", "currency": "SEK"})
        assert answer.headers["Location"] == "/w/halden/"


@pytest.mark.django_db
class TestAccounts:
    def test_an_address_is_taken_once_whatever_its_case(self) -> None:
        services.create_account(email="Ada@Example.com", name="Ada")
        with pytest.raises(ValidationError):
            services.create_account(email="ada@example.COM")

    def test_strangers_cannot_sign_up(self) -> None:
        answer = Client().post("/accounts/signup/", {"email": "x@example.com", "password1": "long enough 12"})
        assert not User.objects.filter(email="x@example.com").exists()
        assert answer.status_code == 200

    def test_a_password_signs_in(self) -> None:
        services.create_account(email="ada@example.com", password="correct horse battery")
        browser = Client()
        browser.post("/accounts/login/", {"login": "ada@example.com", "password": "correct horse battery"})
        assert "_auth_user_id" in browser.session

    def test_a_code_is_mailed(self, mailoutbox: list[object]) -> None:
        services.create_account(email="ada@example.com")
        Client().post("/accounts/login/code/", {"email": "ada@example.com"})
        assert len(mailoutbox) == 1

    def test_a_removed_second_session_cannot_be_ended_by_others(self, ada: Someone, ben: Someone) -> None:
        assert ben.post("/accounts/sessions/1/end/").status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    ["login/", "login/code/", "password/reset/", "email/", "password/change/", "2fa/", "2fa/totp/activate/",
     "2fa/webauthn/", "sessions/", "3rdparty/", "reauthenticate/", "logout/", "signup/"],
)  # fmt: skip
def test_sign_in_pages_are_ours_and_without_inline_code(path: str, ada: Someone) -> None:
    for browser in (Client(), ada.browser):
        answer = browser.get(f"/accounts/{path}", follow=True)
        text = answer.content.decode()
        # Who has nothing to prove themselves with (no password, no second step) cannot do so again.
        assert answer.status_code in ({200, 403} if path == "reauthenticate/" else {200}), path
        assert "build/main.css" in text
        assert 'style="' not in text
        assert " onclick=" not in text
