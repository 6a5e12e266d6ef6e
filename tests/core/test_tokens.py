"""API tokens: shown once, scoped, expiring, revocable."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from roadbed.core.workspaces import services, tokens
from roadbed.core.workspaces.models import ApiToken
from tests.people import NOW, Someone

READ, WRITE = ApiToken.Scope.READ, ApiToken.Scope.WRITE


def ask(secret: str, path: str = "northwind/products", method: str = "get") -> int:
    call = getattr(Client(), method)
    sent = {} if method == "get" else {"data": {"name": "x"}, "content_type": "application/json"}
    return int(call(f"/api/v1/{path}", **sent, headers={"Authorization": f"Bearer {secret}"}).status_code)


class TestTokens:
    def test_the_secret_is_shown_once_and_kept_as_a_hash(self, ben: Someone) -> None:
        page = ben.post(
            "settings/tokens/", {"name": "nightly", "scope": "read", "days": "30"}
        ).content.decode()
        found = re.search(r"rb_[A-Za-z0-9]{40}", page)
        assert found is not None
        secret = found.group()
        kept = ApiToken.objects.get()
        assert secret not in kept.token_hash
        assert kept.prefix == secret[:9]
        assert secret not in ben.get("settings/tokens/").content.decode()
        assert ask(secret) == 200

    def test_reading_tokens_do_not_write(self, ada: Someone) -> None:
        _, secret = services.create_token(member=ada.member, name="r", scope=READ, actor=ada.actor, at=NOW)
        assert ask(secret, "northwind/products", "post") == 403

    def test_they_end_when_they_expire_or_are_revoked(self, ada: Someone) -> None:
        now = timezone.now()
        kept, secret = services.create_token(
            member=ada.member,
            name="r",
            scope=READ,
            expires_at=now + timedelta(hours=1),
            actor=ada.actor,
            at=now,
        )
        assert tokens.find_access(token=secret, at=now + timedelta(hours=2)) is None
        assert ask(secret) == 200
        services.revoke_token(token=kept, actor=ada.actor, at=now)
        assert ask(secret) == 401

    def test_one_cannot_expire_before_it_is_made(self, ada: Someone) -> None:
        with pytest.raises(ValidationError):
            services.create_token(
                member=ada.member, name="r", scope=READ, expires_at=NOW, actor=ada.actor, at=NOW
            )

    def test_the_last_use_is_noted_but_not_each(self, ada: Someone) -> None:
        kept, secret = services.create_token(member=ada.member, name="r", scope=READ, actor=ada.actor, at=NOW)
        tokens.find_access(token=secret, at=NOW)
        tokens.find_access(token=secret, at=NOW + timedelta(minutes=1))
        kept.refresh_from_db()
        assert kept.last_used_at == NOW

    def test_one_opens_one_workspace(self, ada: Someone, eve: Someone) -> None:
        _, secret = services.create_token(member=ada.member, name="r", scope=READ, actor=ada.actor, at=NOW)
        assert ask(secret, "elsewhere/products") == 404

    def test_nobody_revokes_those_of_others(self, ada: Someone, ben: Someone) -> None:
        kept, _ = services.create_token(member=ben.member, name="r", scope=READ, actor=ben.actor, at=NOW)
        assert ada.post(f"settings/tokens/{kept.pk}/revoke/").status_code == 404

    def test_a_token_makes_no_tokens(self, ada: Someone) -> None:
        _, secret = services.create_token(member=ada.member, name="w", scope=WRITE, actor=ada.actor, at=NOW)
        answer = Client().post(
            "/api/v1/northwind/tokens",
            {"name": "child"},
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"},
        )
        assert answer.status_code == 403

    @pytest.mark.django_db
    @pytest.mark.parametrize("secret", ["", "rb_", "rb_" + "x" * 40, "ключ", "x" * 5000])
    def test_what_is_none_opens_nothing(self, secret: str) -> None:
        assert tokens.find_access(token=secret, at=NOW) is None
