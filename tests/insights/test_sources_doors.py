"""What the world outside sees: the form, the widget and the address for programs."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from standardwebhooks import Webhook

from roadbed.modules.insights.models import Arrival, Feedback, Source
from roadbed.modules.insights.services import hooks
from roadbed.modules.insights.services import sources as services
from tests.insights import factories
from tests.insights.test_sources_intake import make_source


@pytest.fixture
def stranger():
    """Somebody out there, whose browser checks the token of forms as a real one is made to."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def form(workspace):
    return make_source(
        workspace, kind="form", name="Web site", rating="stars", person="optional", colour="#1b6e53",
        sites="https://www.halden.example\nhttps://*.halden.example",
    )  # fmt: skip


def address(source: Source, rest: str = "") -> str:
    return f"/f/{source.token}/{rest}"


def send(stranger: Client, source: Source, rest: str = "", **facts: str) -> Any:
    """Open the form and send it, as a browser does."""
    page = stranger.get(address(source, rest)).content.decode()
    stamp = re.search(r'name="stamp" value="([^"]+)"', page)
    assert stamp
    return stranger.post(address(source, rest), {"text": "More colours.", "stamp": stamp[1], **facts})


class TestForm:
    def test_a_stranger_says_something_and_is_thanked(self, stranger, form):
        answer = send(stranger, form, email="mira@halden.example", person="Mira Oduya", rating="4")
        assert (answer.status_code, answer["Location"]) == (303, f"{address(form)}?sent=yes")
        assert "A person reads this" in stranger.get(answer["Location"]).content.decode()
        piece = Feedback.objects.get()
        assert (piece.text, piece.source, piece.rating) == ("More colours.", "Web site", Decimal(8))
        assert (piece.person.email, piece.attributes) == ("mira@halden.example", {"stars": 4})

    def test_sending_it_twice_is_one_piece(self, stranger, form):
        page = stranger.get(address(form)).content.decode()
        stamp = re.search(r'name="stamp" value="([^"]+)"', page)[1]
        for _ in range(2):
            stranger.post(address(form), {"text": "More colours.", "stamp": stamp})
        assert Feedback.objects.count() == 1

    def test_what_is_missing_is_said_and_words_stay_typed(self, stranger, form):
        answer = send(stranger, form, email="nothing like it")
        assert answer.status_code == 422
        assert "More colours." in answer.content.decode()
        assert send(stranger, form, text="  ").status_code == 422
        assert Feedback.objects.count() == 0

    def test_without_a_stamp_of_ours_nothing_is_taken_and_nothing_is_lost(self, stranger, form):
        answer = stranger.post(address(form), {"text": "More colours.", "stamp": "made:up"})
        assert answer.status_code == 422
        assert "More colours." in answer.content.decode()

    def test_a_machine_that_fills_in_everything_is_thanked_and_set_aside(self, stranger, form):
        assert send(stranger, form, website="https://spam.example").status_code == 303
        assert Feedback.objects.count() == 0
        assert Arrival.objects.get().outcome == "left_out"

    def test_too_much_from_one_place_has_to_wait_with_its_words(self, stranger, form):
        services.change_source(source=form, settings={"hourly": 2}, actor=factories.ACTOR, at=timezone.now())
        assert [send(stranger, form).status_code for _ in range(3)] == [303, 303, 429]
        answer = send(stranger, form)
        assert 0 < int(answer["Retry-After"]) <= 3600
        assert "More colours." in answer.content.decode()

    def test_a_form_that_is_off_says_so(self, stranger, form, now):
        services.switch_source(source=form, on=False, actor=factories.ACTOR, at=now)
        assert stranger.get(address(form)).status_code == 410
        assert stranger.post(address(form), {"text": "x"}).status_code == 410

    def test_taken_away_unknown_and_other_kinds_look_the_same(self, stranger, workspace, form, now):
        other = make_source(workspace)
        services.delete_source(source=form, actor=factories.ACTOR, at=now)
        for path in (
            address(form),
            address(other),
            "/f/nothing/",
            address(form, "embed/"),
            address(form, "widget.js"),
        ):
            assert stranger.get(path).status_code == 404

    def test_an_old_address_no_longer_works_after_a_new_one(self, stranger, form, now):
        old = address(form)
        renewed = services.renew_address(source=form, actor=factories.ACTOR, at=now)
        assert stranger.get(old).status_code == 404
        assert stranger.get(address(renewed)).status_code == 200

    def test_it_needs_neither_cookie_nor_script(self, stranger, form):
        answer = stranger.get(address(form))
        assert answer.cookies == {}
        assert "<script" not in answer.content.decode()

    def test_what_is_asked_is_what_was_set(self, stranger, workspace):
        plain = make_source(workspace, kind="form", name="Plain", email="none", question="Why do you leave?")
        page = stranger.get(address(plain)).content.decode()
        assert "Why do you leave?" in page
        assert 'name="email"' not in page
        strict = make_source(workspace, kind="form", name="Strict", email="required", rating="nps")
        assert send(stranger, strict, rating="10").status_code == 422
        assert send(stranger, strict, rating="10", email="a@b.example").status_code == 303
        assert Feedback.objects.get().rating == Decimal(10)


class TestWidget:
    def test_only_the_sites_of_the_source_may_frame_it(self, stranger, form):
        answer = stranger.get(address(form, "embed/"))
        policy = answer["Content-Security-Policy"]
        assert "frame-ancestors 'none'" not in policy
        assert "https://www.halden.example https://*.halden.example" in policy
        assert "script-src 'self'" in policy
        assert "X-Frame-Options" not in answer

    def test_where_no_site_is_named_nobody_may(self, stranger, workspace):
        closed = make_source(workspace, kind="form", name="Closed")
        assert "frame-ancestors 'none'" in stranger.get(address(closed, "embed/"))["Content-Security-Policy"]

    def test_the_page_of_its_own_is_framed_by_nobody(self, stranger, form):
        answer = stranger.get(address(form))
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
        assert answer["X-Frame-Options"] == "DENY"

    def test_it_works_without_a_script(self, stranger, form):
        assert send(stranger, form, "embed/").status_code == 303
        assert Feedback.objects.count() == 1

    def test_the_script_may_be_read_from_elsewhere_and_holds_nothing_but_the_heading(
        self, stranger, workspace
    ):
        form = make_source(workspace, kind="form", name="Odd", heading='</script>"; alert(1)')
        answer = stranger.get(address(form, "widget.js"))
        assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert answer["Content-Type"].startswith("text/javascript")
        assert json.dumps('</script>"; alert(1)') in answer.content.decode()

    def test_the_colour_is_a_style_sheet_with_readable_ink(self, stranger, form, now):
        assert "#1b6e53" in stranger.get(address(form, "look.css")).content.decode()
        services.change_source(source=form, settings={"colour": "#ffee00"}, actor=factories.ACTOR, at=now)
        assert "--btn-ink: #000" in stranger.get(address(form, "look.css")).content.decode()
        services.change_source(source=form, settings={"colour": ""}, actor=factories.ACTOR, at=now)
        assert stranger.get(address(form, "look.css")).content == b""


@pytest.fixture
def hook(workspace):
    return make_source(workspace, text="comment.body", id="ticket.id", said_at="at", email="from.email")


def call(source: Source, content: Any, **headers: str) -> Any:
    """Send JSON to a source's address."""
    body = content if isinstance(content, (bytes, str)) else json.dumps(content)
    return Client().post(
        f"/hooks/in/{source.token}/", body, content_type="application/json",
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )  # fmt: skip


def ticket(number: int, **facts: Any) -> dict[str, Any]:
    return {"ticket": {"id": number, "plan": "Pro"}, "comment": {"body": f"More colours {number}."}, **facts}


class TestHook:
    def test_an_item_is_read_by_its_paths_and_the_rest_is_kept(self, hook):
        answer = call(hook, ticket(42, **{"from": {"email": "mira@halden.example"}, "at": 1790841600}))
        assert answer.status_code == 200
        piece = Feedback.objects.get()
        result = answer.json()["results"][0]
        assert result == {"index": 0, "id": "42", "outcome": "new", "key": piece.key, "detail": ""}
        assert (piece.text, piece.person.email) == ("More colours 42.", "mira@halden.example")
        assert piece.said_at == datetime(2026, 10, 1, 8, tzinfo=UTC)
        assert piece.attributes == {"ticket.plan": "Pro"}

    def test_a_batch_says_what_became_of_each(self, hook):
        call(hook, ticket(1))
        answer = call(
            hook, [ticket(1), ticket(2), {"ticket": {"id": 3}}, "not an object", ticket(4, at="one day")]
        )
        assert answer.status_code == 200
        found = answer.json()
        assert [each["outcome"] for each in found["results"]] == [
            "known",
            "new",
            "refused",
            "refused",
            "refused",
        ]
        assert (found["new"], found["known"], found["refused"]) == (1, 1, 3)
        assert "one day" in found["results"][4]["detail"]
        assert Arrival.objects.filter(outcome="refused").exclude(payload="").count() == 3

    def test_where_all_were_refused_the_answer_is_422(self, hook):
        assert call(hook, [{"ticket": {"id": 3}}]).status_code == 422

    def test_items_may_lie_deeper(self, workspace):
        deep = make_source(workspace, name="Deep", items="data.rows", text="words[0].text")
        assert call(deep, {"data": {"rows": [{"id": "1", "words": [{"text": "Deep."}]}]}}).json()["new"] == 1
        assert call(deep, {"data": {}}).status_code == 422

    @pytest.mark.parametrize(
        "body", ["", "{", "[]", '"text"', "12", "null", "[" * 50_000, '{"a":' * 50_000, b"\xff\xfe"]
    )
    def test_what_is_no_list_of_items_is_refused_in_words(self, hook, body):
        answer = call(hook, body)
        assert (answer.status_code, bool(answer.json()["detail"])) == (422, True)
        hook.refresh_from_db()
        assert hook.last_error

    def test_a_null_character_is_taken_out_of_the_item_that_has_it(self, hook):
        found = call(
            hook, [{"comment": {"body": "a\x00b"}, "ticket": {"id": "x\x00"}, "note\x00": "\x00"}, ticket(2)]
        )
        assert found.json()["new"] == 2
        assert Feedback.objects.get(external_id="x").text == "ab"

    def test_halves_of_characters_odd_numbers_and_dates_are_no_fault_of_ours(self, hook):
        body = (
            r'[{"comment": {"body": "half \ud800"}, "ticket": {"id": "\udc00"}, "x\ud800": "\ud800", "n": NaN,'
            r' "i": 1e999},'
            r' {"comment": {"body": "Hm."}, "at": "0001-01-01T00:00:00+14:00", "from": {"email": "\ud800\u0000"}},'
            r' {"comment": {"body": "Old."}, "at": -62135596800000}, {"comment": {"body": "Late."}, "at": 1e300}]'
        )
        found = call(hook, body)
        assert [each["outcome"] for each in found.json()["results"]] == ["new", "refused", "new", "refused"]

    def test_too_many_items_are_refused(self, hook, monkeypatch):
        monkeypatch.setattr(hooks, "BATCH_MOST", 2)
        assert call(hook, [ticket(1), ticket(2), ticket(3)]).status_code == 422
        assert Feedback.objects.count() == 0

    def test_too_many_requests_are_told_when_to_come_back(self, hook, now):
        services.change_source(source=hook, settings={"per_minute": 2}, actor=factories.ACTOR, at=now)
        answers = [call(hook, ticket(number)) for number in range(3)]
        assert [each.status_code for each in answers] == [200, 200, 429]
        assert 0 < int(answers[2]["Retry-After"]) <= 60
        assert answers[2]["Content-Type"].startswith("application/json")

    def test_an_unknown_address_and_a_source_that_is_off(self, hook, now):
        assert Client().post("/hooks/in/nothing/", "{}", content_type="application/json").status_code == 404
        services.switch_source(source=hook, on=False, actor=factories.ACTOR, at=now)
        assert call(hook, ticket(1)).status_code == 410
        assert Client().get(f"/hooks/in/{hook.token}/").status_code == 405

    def test_the_id_of_the_delivery_stands_in_for_a_missing_one(self, hook):
        for _ in range(2):
            call(hook, {"comment": {"body": "Hm."}}, webhook_id="msg_1")
        assert Feedback.objects.get().external_id == "msg_1"


class TestSignature:
    def sign(self, secret: str, body: str, *, at: datetime | None = None) -> dict[str, str]:
        moment = at or timezone.now()
        return {
            "webhook_id": "msg_1",
            "webhook_timestamp": str(int(moment.timestamp())),
            "webhook_signature": Webhook(secret).sign(msg_id="msg_1", timestamp=moment, data=body),
        }

    def test_a_good_signature_is_let_in_and_a_bad_one_is_not(self, workspace):
        source = make_source(workspace, name="Signed", signed="required")
        body = json.dumps({"id": 1, "text": "Hm."})
        assert call(source, body).status_code == 401
        assert call(source, body, **self.sign(source.secrets["secret"], body)).status_code == 200
        assert call(source, body, **self.sign(services.new_signing_secret(), body)).status_code == 401
        assert call(source, body + " ", **self.sign(source.secrets["secret"], body)).status_code == 401

    def test_an_old_one_is_not_let_in(self, workspace):
        source = make_source(workspace, name="Signed", signed="required")
        body = json.dumps({"id": 1, "text": "Hm."})
        old = datetime(2026, 1, 1, tzinfo=UTC)
        assert call(source, body, **self.sign(source.secrets["secret"], body, at=old)).status_code == 401

    def test_where_it_is_optional_a_wrong_one_is_still_refused(self, hook):
        body = json.dumps(ticket(1))
        assert call(hook, body, **self.sign(services.new_signing_secret(), body)).status_code == 401
        assert call(hook, body).status_code == 200
