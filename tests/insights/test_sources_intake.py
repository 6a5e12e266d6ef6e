"""What sources bring: once, with who said it, into the inbox, and never lost."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from roadbed.core.records import services as records
from roadbed.core.records.models import Activity, Link
from roadbed.modules.insights.models import Arrival, Feedback, Person, Source
from roadbed.modules.insights.services import intake, sources
from roadbed.modules.insights.services.items import CUT, Item
from tests.insights import factories


def make_source(workspace: Any, *, kind: str = "hook", name: str = "Help desk", **settings: Any) -> Source:
    """A source as a maker opens it."""
    required = {"github": {"repository": "octo/hello"}, "mail": {"address": "voice@northwind.example"}}.get(
        kind, {}
    )
    return sources.create_source(
        workspace=workspace,
        kind=kind,
        name=name,
        settings={**required, **settings},
        actor=factories.ACTOR,
        at=factories.people.NOW,
    )


@pytest.fixture
def source(workspace):
    return make_source(workspace)


def bring(source: Source, now: Any, text: str = "More colours, please.", **facts: Any) -> intake.Received:
    return intake.receive(source=source, item=Item(text=text, **facts), at=now)


class TestReceive:
    def test_a_piece_lands_in_the_inbox_with_its_source_and_what_else_is_known(self, source, now):
        said = now - timedelta(hours=3)
        received = bring(
            source, now, external_id="t-1", said_at=said, url="https://help.example/1", rating=Decimal(8),
            locale="en", tags=("Colours",), attributes={"plan": "Pro", "seats": 4},
        )  # fmt: skip
        piece = Feedback.objects.get(pk=received.feedback.pk)
        assert (piece.state, piece.source, piece.external_source) == ("new", "Help desk", source.origin)
        assert (piece.said_at, piece.rating, piece.locale) == (said, Decimal(8), "en")
        assert piece.attributes == {"plan": "Pro", "seats": 4}
        assert [each.tag.name for each in piece.record_tags.all()] == ["Colours"]

    def test_the_same_id_again_is_the_same_piece(self, source, now):
        first, second = bring(source, now, external_id="t-1"), bring(source, now, external_id="t-1")
        assert (first.outcome, second.outcome) == ("new", "known")
        assert Feedback.objects.count() == 1

    def test_without_an_id_the_content_makes_one(self, source, now):
        bring(source, now, email="mira@halden.example")
        assert bring(source, now, email="mira@halden.example").outcome == "known"
        assert bring(source, now, email="jo@halden.example").outcome == "new"

    def test_two_sources_keep_their_ids_apart(self, workspace, source, now):
        bring(source, now, external_id="1")
        assert bring(make_source(workspace, name="Other"), now, external_id="1").outcome == "new"

    def test_the_domain_leads_to_the_account_and_the_address_to_the_person(self, workspace, source, now):
        account = factories.account(workspace, domain="halden.example")
        piece = bring(source, now, email="Mira@Halden.example", person="Mira Oduya").feedback
        assert piece.account == account
        assert (piece.person.title, piece.person.email, piece.person.account) == (
            "Mira Oduya", "mira@halden.example", account,
        )  # fmt: skip
        bring(source, now, text="And shapes.", email="mira@halden.example")
        assert Person.objects.count() == 1

    def test_a_big_mail_provider_is_nobodys_account(self, workspace, source, now):
        factories.account(workspace, "Gmail", domain="gmail.com")
        assert bring(source, now, email="mira@gmail.com").feedback.account is None

    @pytest.mark.parametrize(
        ("facts", "reason"),
        [
            ({"text": " \x00 "}, "no words"),
            ({"text": "Hm.", "email": "not an address"}, "not an address"),
            ({"text": "Hm.", "rating": Decimal(11)}, "outside of 0 to 10"),
        ],
    )
    def test_what_cannot_be_taken_is_kept_with_the_reason(self, source, now, facts, reason):
        received = bring(source, now, external_id="bad", **facts)
        assert (received.outcome, Feedback.objects.count()) == ("refused", 0)
        arrival = Arrival.objects.get()
        assert reason in arrival.detail
        assert arrival.payload
        source.refresh_from_db()
        assert reason in source.last_error
        assert source.health(now=now) == ("Refusing", "warn")

    def test_what_is_kept_of_a_refused_piece_is_not_readable_in_the_database(self, source, now):
        bring(source, now, text="My secret wish", rating=Decimal(11))
        assert "secret wish" not in Arrival.objects.get().payload

    def test_a_refused_piece_can_be_tried_again(self, source, now):
        bring(source, now, text="Hm.", external_id="x", rating=Decimal(11), said_at=now)
        arrival = Arrival.objects.get()
        assert intake.item_from(arrival).rating == Decimal(11)
        assert intake.retry(arrival=arrival, at=now).outcome == "refused"
        arrival.refresh_from_db()
        with pytest.raises(ValidationError):
            intake.retry(arrival=arrival, at=now)

    def test_what_a_trap_held_back_can_be_let_in(self, source, now):
        intake.leave_out(source=source, item=Item(text="A person after all"), reason="trap", at=now)
        received = intake.retry(arrival=Arrival.objects.get(), at=now)
        assert received.feedback.text == "A person after all"

    def test_words_that_are_too_long_are_cut_with_a_note(self, source, now):
        piece = bring(source, now, text="word " * 10_000).feedback
        assert len(piece.text) <= 20_000
        assert piece.text.endswith(CUT.strip())

    def test_an_address_that_is_none_keeps_no_words_out(self, source, now):
        assert bring(source, now, url="javascript:alert(1)").feedback.url == ""

    def test_a_clock_that_runs_ahead_is_ours_at_the_latest(self, source, now):
        assert bring(source, now, said_at=now + timedelta(minutes=5)).feedback.said_at == now

    def test_the_history_says_where_it_came_from(self, source, now):
        piece = bring(source, now).feedback
        deed = Activity.objects.filter(record_id=piece.pk).first()
        assert (deed.actor_name, deed.via, deed.verb) == ("Help desk", "import", "created")

    def test_health_counts_and_knows_the_lag(self, source, now):
        bring(source, now, external_id="1", said_at=now - timedelta(minutes=10))
        bring(source, now, external_id="1", said_at=now - timedelta(minutes=10))
        source.refresh_from_db()
        assert (source.new_count, source.known_count, source.refused_count) == (1, 1, 0)
        assert source.last_arrival_at == now
        assert Arrival.objects.get().lag_seconds == 600


class TestChanges:
    def test_changed_words_are_followed(self, source, now):
        bring(source, now, external_id="1")
        received = bring(source, now, text="More shapes.", external_id="1", title="Shapes")
        piece = Feedback.objects.get()
        assert (received.outcome, piece.text, piece.title) == ("changed", "More shapes.", "Shapes")

    def test_quoted_words_stay(self, workspace, source, now):
        piece = bring(source, now, external_id="1").feedback
        factories.quote(piece, factories.need(workspace))
        received = bring(source, now, text="Something else.", external_id="1")
        assert "quoted" in received.detail
        assert Feedback.objects.get().text == "More colours, please."

    def test_what_somebody_deleted_here_stays_deleted(self, ben, source, now):
        piece = bring(source, now, external_id="1").feedback
        records.delete_record(record=piece, actor=ben.actor, at=now)
        assert bring(source, now, text="Back!", external_id="1").outcome == "known"
        assert Feedback.objects.in_workspace(source.workspace_id).count() == 0

    def test_what_is_gone_over_there_goes_here(self, source, now):
        bring(source, now, external_id="1")
        assert bring(source, now, text="", external_id="1", is_gone=True).outcome == "removed"
        assert Feedback.objects.in_workspace(source.workspace_id).count() == 0

    def test_what_is_gone_over_there_but_quoted_here_stays_and_says_so(self, workspace, source, now):
        piece = bring(source, now, external_id="1").feedback
        factories.quote(piece, factories.need(workspace))
        assert "stays" in bring(source, now, text="", external_id="1", is_gone=True).detail
        assert "deleted over there" in Feedback.objects.get().attributes

    def test_a_reply_is_tied_to_what_it_answers(self, source, now):
        first = bring(source, now, external_id="<1@mail>").feedback
        second = bring(
            source, now, text="And shapes.", external_id="<2@mail>", reply_to=("<0@mail>", "<1@mail>")
        )
        link = Link.objects.get()
        assert (link.source_id, link.target_id, link.relation) == (second.feedback.pk, first.pk, "relates_to")


class TestMakingSources:
    def test_secrets_are_sealed_and_never_among_the_settings(self, workspace):
        source = make_source(workspace, kind="github", name="Issues", access="ghp_secret")
        assert "ghp_secret" not in source.sealed + str(source.settings)
        assert source.secrets["access"] == "ghp_secret"

    def test_under_another_key_the_secrets_cannot_be_read(self, workspace, settings):
        source = make_source(workspace, kind="github", name="Issues", access="ghp_secret")
        settings.SECRET_KEY = "another"
        assert source.secrets == {}

    @pytest.mark.parametrize(
        ("kind", "wrong"),
        [
            ("form", {"colour": "red"}),
            ("form", {"sites": "example.com"}),
            ("form", {"sites": "https://example.com/page"}),
            ("form", {"rating": "maybe"}),
            ("mail", {"host": "imap.example.com", "user": ""}),
            ("mail", {"address": "nobody"}),
            ("hook", {"text": ""}),
            ("hook", {"secret": "short"}),
            ("github", {"repository": "only-a-name"}),
            ("github", {"api": "http://169.254.169.254/"}),
            ("github", {"since": "yesterday"}),
            ("hook", {"colour": "#112233"}),
        ],
    )
    def test_what_cannot_be_used_is_refused_by_name(self, workspace, kind, wrong):
        with pytest.raises(ValidationError) as refused:
            make_source(workspace, kind=kind, name="New", **wrong)
        assert set(refused.value.message_dict) <= {*wrong}

    def test_names_and_addresses_are_taken_once(self, workspace):
        make_source(workspace, kind="mail", name="Mail")
        with pytest.raises(ValidationError):
            make_source(workspace, kind="form", name="mail")
        with pytest.raises(ValidationError):
            make_source(workspace, kind="mail", name="Other mail")

    def test_a_name_that_is_free_again_makes_another_origin(self, workspace, source, now):
        sources.delete_source(source=source, actor=factories.ACTOR, at=now)
        assert make_source(workspace).origin != source.origin

    def test_taking_away_can_be_undone(self, source, now):
        sources.delete_source(source=source, actor=factories.ACTOR, at=now)
        assert Source.objects.in_workspace(source.workspace_id).count() == 0
        assert sources.restore_source(source=source, actor=factories.ACTOR, at=now).is_on

    def test_old_arrivals_are_cleared_away_and_refused_ones_later(self, source, now):
        bring(source, now - timedelta(days=100), external_id="old")
        bring(source, now - timedelta(days=100), text="Hm.", external_id="bad", rating=Decimal(11))
        sources.prune(at=now)
        assert [each.outcome for each in Arrival.objects.all()] == ["refused"]
        sources.prune(at=now + timedelta(days=100))
        assert Arrival.objects.count() == 0
        assert Feedback.objects.count() == 1


@pytest.mark.django_db(transaction=True)
class TestTwoWorkers:
    def test_the_same_pieces_from_both_at_once_come_in_once(self):
        source = make_source(factories.people.make_workspace())
        begin = threading.Barrier(2)
        outcomes: list[str] = []

        def work() -> None:
            begin.wait()
            try:
                for number in range(15):
                    item = Item(
                        text=f"Colour {number}.", external_id=str(number), email="mira@halden.example"
                    )
                    outcomes.append(intake.receive(source=source, item=item, at=factories.people.NOW).outcome)
            finally:
                connection.close()

        workers = [threading.Thread(target=work) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert sorted(outcomes) == ["known"] * 15 + ["new"] * 15
        assert (Feedback.objects.count(), Person.objects.count()) == (15, 1)
