"""Whoever asked hears of a change: once, in approved words, and never against their will."""

from __future__ import annotations

import smtplib
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage

from roadbed.core.evidence import chain, told
from roadbed.core.evidence.registry import Stage
from roadbed.core.jobs import services as jobs
from roadbed.core.records import services as records
from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Circle, Workspace
from roadbed.modules.insights import services as insights
from roadbed.modules.portal.models import Letter, Silence, Telling, Words
from roadbed.modules.portal.selectors import tellings as reads
from roadbed.modules.portal.services import telling_mails, tellings
from roadbed.modules.roadmap import services as roadmap
from roadbed.modules.roadmap.models import Status
from tests import people
from tests.insights import factories as make

NOW = people.NOW
LATER = NOW + timedelta(minutes=2)


def feature(workspace: Workspace, title: str = "Reroute during a run") -> Any:
    made, _ = roadmap.create_feature(
        workspace=workspace, draft=roadmap.Draft(title=title), actor=make.ACTOR, at=NOW
    )
    return made


def move(one: Any, status: Status, **facts: Any) -> None:
    roadmap.change_status(feature=one, status=status, actor=make.ACTOR, at=NOW, **facts)
    jobs.run_waiting()


def asker(workspace: Workspace, name: str, target: Any, **facts: Any) -> Any:
    facts.setdefault("email", f"{name.lower()}@halden.example")
    person = make.person(workspace, name, **facts)
    insights.vote(person=person, target=target, actor=make.ACTOR, at=NOW)
    return person


def record(one: Any) -> Record:
    return Record.objects.get(pk=one.pk)


def approve(telling: Telling) -> Telling:
    done = tellings.approve(telling=telling, actor=make.ACTOR, at=NOW)
    send(telling)
    return done


def send(telling: Telling) -> int:
    ids = telling_mails.waiting_letters(telling_id=telling.pk)
    return sum(telling_mails.send_letter(letter_id=pk, now=lambda: LATER) for pk in ids)


@pytest.mark.django_db
class TestDrafting:
    def test_a_change_that_somebody_asked_for_waits_to_be_told(self, workspace: Workspace) -> None:
        one = feature(workspace)
        asker(workspace, "Mira", one)
        move(one, Status.SHIPPED)
        telling = Telling.objects.get()
        assert (telling.change, telling.state, telling.record_id) == ("shipped", "waiting", one.pk)
        assert Words.objects.get().subject == "It is here: Reroute during a run"
        assert not mail.outbox, "nobody hears a word before somebody approved it"

    def test_nobody_to_tell_means_no_draft(self, workspace: Workspace) -> None:
        move(feature(workspace), Status.SHIPPED)
        assert not Telling.objects.exists()

    def test_newer_news_overtakes_a_draft(self, workspace: Workspace) -> None:
        one = feature(workspace)
        asker(workspace, "Mira", one)
        move(one, Status.PLANNED)
        move(one, Status.SHIPPED)
        assert list(Telling.objects.order_by("pk").values_list("state", flat=True)) == [
            "overtaken",
            "waiting",
        ]

    def test_the_same_change_is_drafted_once(self, workspace: Workspace) -> None:
        one = feature(workspace)
        asker(workspace, "Mira", one)
        move(one, Status.SHIPPED)
        sequence = Telling.objects.get().sequence
        again = tellings.prepare(record=record(one), change="shipped", sequence=sequence, at=LATER)
        assert again is not None
        assert Telling.objects.count() == 1

    def test_imports_and_the_demo_are_no_news(self, workspace: Workspace) -> None:
        one = feature(workspace)
        asker(workspace, "Mira", one)
        actor = make.ACTOR.__class__(user_id=None, name="Import", via="import")
        roadmap.change_status(feature=one, status=Status.SHIPPED, actor=actor, at=NOW)
        jobs.run_waiting()
        assert not Telling.objects.exists()

    def test_the_plans_own_reason_is_never_put_into_the_words(self, workspace: Workspace) -> None:
        one = feature(workspace)
        asker(workspace, "Mira", one)
        move(one, Status.DROPPED, reason="Legal said no because of Halden")
        telling = Telling.objects.get()
        assert telling.reason == "Legal said no because of Halden"
        assert "Halden" not in Words.objects.get().body


@pytest.mark.django_db
class TestAudience:
    def test_voters_quoted_people_and_merged_wordings_are_told_of_a_need_that_it_answers(
        self, workspace: Workspace
    ) -> None:
        one, need = feature(workspace), make.need(workspace)
        records.create_link(
            source=record(one), target=record(need), relation="answers", actor=make.ACTOR, at=NOW
        )
        mira, tom = (
            make.person(workspace, email="m@x.example"),
            make.person(workspace, "Tom", email="t@x.example"),
        )
        piece = make.feedback(workspace, person=mira)
        twin = make.feedback(workspace, "The same in other words", person=tom)
        make.quote(piece, need)
        records.merge_records(survivor=record(piece), merged=record(twin), actor=make.ACTOR, at=NOW)
        jo = asker(workspace, "Jo", need)
        fan = asker(workspace, "Fan", piece)
        found = {row.name: row.reason for row in reads.audience_of(record=record(one))}
        assert found == {"Mira Oduya": "quoted", "Tom": "asked", jo.title: "voted", fan.title: "voted"}

    def test_two_people_of_one_address_hear_once(self, workspace: Workspace) -> None:
        one = feature(workspace)
        asker(workspace, "Mira", one, email="desk@halden.example")
        asker(workspace, "Tom", one, email="DESK@halden.example")
        ways = [row.channel for row in reads.audience_of(record=record(one))]
        assert ways == ["mail", ""]

    def test_private_circles_leak_nobody(self, workspace: Workspace, ben: people.Someone) -> None:
        circle = Circle.objects.create(workspace=workspace, name="Board", created_at=NOW)
        one = feature(workspace)
        hidden = asker(workspace, "Hidden", one)
        Record.objects.filter(pk=hidden.pk).update(circle=circle)
        speaker = make.person(workspace, "Speaker", email="s@x.example")
        piece = make.feedback(workspace, person=speaker)
        make.quote(piece, record(one))
        Record.objects.filter(pk=piece.pk).update(circle=circle)
        assert reads.audience_of(record=record(one)) == []
        move(one, Status.SHIPPED)
        assert not Telling.objects.exists()

    def test_a_private_record_tells_nobody(self, workspace: Workspace) -> None:
        circle = Circle.objects.create(workspace=workspace, name="Board", created_at=NOW)
        one = feature(workspace)
        asker(workspace, "Mira", one)
        Record.objects.filter(pk=one.pk).update(circle=circle)
        assert tellings.prepare(record=record(one), change="shipped", at=NOW) is None


@pytest.mark.django_db
class TestSending:
    def shipped(self, workspace: Workspace, *names: str) -> Telling:
        one = feature(workspace)
        for name in names or ("Mira",):
            asker(workspace, name, one)
        move(one, Status.SHIPPED)
        return Telling.objects.get()

    def test_approved_words_go_out_once_with_a_way_to_stop(self, workspace: Workspace) -> None:
        telling = self.shipped(workspace, "Mira", "Tom")
        tellings.set_words(
            telling=telling, subject="Rerouting is here", body="Try it.", actor=make.ACTOR, at=NOW
        )
        approve(telling)
        assert send(telling) == 0, "a second run sends nothing"
        assert sorted(one.to[0] for one in mail.outbox) == ["mira@halden.example", "tom@halden.example"]
        first = mail.outbox[0]
        assert first.subject == "Rerouting is here"
        assert "Try it." in first.body
        assert "you voted for it" in first.body
        assert first.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    def test_mail_waits_a_minute_and_can_be_held(self, workspace: Workspace) -> None:
        telling = self.shipped(workspace)
        tellings.approve(telling=telling, actor=make.ACTOR, at=NOW)
        tellings.hold(telling=telling, actor=make.ACTOR, at=NOW)
        assert send(telling) == 0
        assert Telling.objects.get().is_waiting
        approve(Telling.objects.get())
        assert len(mail.outbox) == 1
        with pytest.raises(ValidationError, match="first are told"):
            tellings.hold(telling=telling, actor=make.ACTOR, at=NOW)

    def test_what_is_not_approved_is_never_sent(self, workspace: Workspace) -> None:
        telling = self.shipped(workspace)
        tellings.skip(telling=telling, actor=make.ACTOR, at=NOW)
        assert send(telling) == 0
        with pytest.raises(tellings.NotWaitingError):
            tellings.approve(telling=telling, actor=make.ACTOR, at=NOW)
        assert not mail.outbox

    def test_a_process_that_dies_while_sending_never_sends_twice(
        self, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        telling = self.shipped(workspace, "Mira", "Tom")
        tellings.approve(telling=telling, actor=make.ACTOR, at=NOW)
        real = EmailMessage.send

        class KilledError(BaseException):
            """What a kill looks like from within: nothing after it runs."""

        def send_and_die(self: EmailMessage, **options: Any) -> int:
            real(self, **options)
            raise KilledError

        first, second = telling_mails.waiting_letters(telling_id=telling.pk)
        with monkeypatch.context() as patched:
            patched.setattr(EmailMessage, "send", send_and_die)
            with pytest.raises(KilledError):
                telling_mails.send_letter(letter_id=first, now=lambda: LATER)
        assert send(telling) == 1
        assert len({one.to[0] for one in mail.outbox}) == len(mail.outbox) == 2
        assert Letter.objects.get(pk=first).state == "uncertain"
        assert Letter.objects.get(pk=second).state == "told"

    def test_a_mail_that_was_surely_not_handed_over_is_tried_again(
        self, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        telling = self.shipped(workspace)
        tellings.approve(telling=telling, actor=make.ACTOR, at=NOW)

        def refuse(self: EmailMessage, **options: Any) -> int:
            raise ConnectionRefusedError("no server")

        with monkeypatch.context() as patched:
            patched.setattr(EmailMessage, "send", refuse)
            with pytest.raises(OSError, match="no server"):
                send(telling)
        assert send(telling) == 1

    def test_an_address_that_takes_no_mail_is_remembered(
        self, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        telling = self.shipped(workspace)
        tellings.approve(telling=telling, actor=make.ACTOR, at=NOW)

        def bounce(self: EmailMessage, **options: Any) -> int:
            raise smtplib.SMTPRecipientsRefused({"mira@halden.example": (550, b"no such user")})

        with monkeypatch.context() as patched:
            patched.setattr(EmailMessage, "send", bounce)
            assert send(telling) == 0
        assert Silence.objects.get().why == "bounced"
        assert Letter.objects.get().state == "failed"

    def test_whoever_unsubscribed_or_left_meanwhile_is_not_told(self, workspace: Workspace) -> None:
        telling = self.shipped(workspace, "Mira", "Tom", "Jo")
        tellings.approve(telling=telling, actor=make.ACTOR, at=NOW)
        letters = {letter.email: letter for letter in Letter.objects.all()}
        telling_mails.silence(letter=letters["mira@halden.example"], why="asked", at=NOW)
        records.delete_record(record=letters["tom@halden.example"].person, actor=make.ACTOR, at=NOW)
        assert send(telling) == 1
        assert [one.to for one in mail.outbox] == [["jo@halden.example"]]
        later = feature(workspace, "Another")
        insights.vote(
            person=insights.find_or_make_person(
                workspace=workspace, name="", email="mira@halden.example", actor=make.ACTOR, at=NOW
            ),
            target=record(later),
            actor=make.ACTOR,
            at=NOW,
        )
        assert [one.why_not for one in reads.audience_of(record=record(later))] == ["asked to hear no more"]

    def test_people_hear_in_their_own_language(self, workspace: Workspace) -> None:
        one = feature(workspace)
        for name, locale in (("Uwe", "de-AT"), ("Mira", "en"), ("Lea", "fr")):
            person = make.person(workspace, name, email=f"{name.lower()}@x.example")
            make.quote(make.feedback(workspace, person=person, locale=locale), record(one))
        move(one, Status.SHIPPED)
        telling = Telling.objects.get()
        tellings.set_words(
            telling=telling, locale="de", subject="Da ist es", body="Probieren.", actor=make.ACTOR, at=NOW
        )
        approve(telling)
        found = {one.to[0]: one.subject for one in mail.outbox}
        assert found["uwe@x.example"] == "Da ist es"
        assert found["lea@x.example"] == found["mira@x.example"] == "It is here: Reroute during a run"

    def test_somebody_without_an_address_is_told_by_hand(self, workspace: Workspace) -> None:
        one = feature(workspace)
        asker(workspace, "Mira", one, email="")
        move(one, Status.SHIPPED)
        telling = approve(Telling.objects.get())
        letter = Letter.objects.get()
        assert (letter.channel, letter.state) == ("hand", "waiting")
        tellings.told_by_hand(letter=letter, actor=make.ACTOR, at=LATER)
        assert Letter.objects.get().state == "told"
        with pytest.raises(ValidationError):
            tellings.told_by_hand(letter=letter, actor=make.ACTOR, at=LATER)
        assert telling.state == "approved"

    def test_what_was_told_is_on_the_chain_and_beside_the_person(self, workspace: Workspace) -> None:
        telling = self.shipped(workspace, "Mira", "Tom")
        approve(telling)
        lines = {
            line.stage: line for line in chain.chain_of(record=telling.record, workspace="northwind").lines
        }
        assert lines[Stage.TOLD].items[0].headline == "2 people told: shipped"
        mira = Letter.objects.get(email="mira@halden.example").person
        (line,) = told.told_to(workspace_id=workspace.pk, workspace="northwind", person_ids=[mira.pk])
        assert (line.key, line.words) == (telling.record.key, "It is here: Reroute during a run")

    def test_letters_follow_merged_people(self, workspace: Workspace) -> None:
        approve(self.shipped(workspace, "Mira"))
        mira = Letter.objects.get().person
        other = make.person(workspace, "M. Oduya")
        merge = records.merge_records(survivor=record(other), merged=record(mira), actor=make.ACTOR, at=NOW)
        assert Letter.objects.get().person_id == other.pk
        records.undo_merge(merge=merge, actor=make.ACTOR, at=NOW)
        assert Letter.objects.get().person_id == mira.pk


@pytest.mark.django_db
class TestPages:
    def waiting(self, workspace: Workspace) -> Telling:
        one = feature(workspace)
        asker(workspace, "Mira", one)
        move(one, Status.SHIPPED)
        return Telling.objects.get()

    def test_ben_reads_words_and_people_and_approves(self, ben: people.Someone, workspace: Workspace) -> None:
        telling = self.waiting(workspace)
        assert b"Reroute during a run" in ben.get("portal/tellings/?state=waiting").content
        url = f"portal/tellings/{telling.pk}/"
        page = ben.get(url).content.decode()
        assert "Mira" in page
        typed = {"subject": "It works", "body": "Try it.", "version": str(telling.version)}
        assert ben.post(f"{url}words/", typed).status_code == 302
        assert ben.post(f"{url}words/", typed).status_code == 422, "somebody read an older version"
        version = Telling.objects.get().version
        assert ben.post(f"{url}approve/", {"version": str(version)}).status_code == 302
        assert ben.get(url).status_code == 200
        assert b"Held" in ben.post(f"{url}hold/", follow=True).content
        assert ben.post(f"{url}approve/").status_code == 302
        send(telling)
        assert b"Mira" in ben.get("portal/tellings/history/").content
        assert b"Mira" in b"".join(ben.get("export/tellings/?as=csv").streaming_content)

    def test_dan_reads_and_eve_sees_nothing(
        self, dan: people.Someone, eve: people.Someone, workspace: Workspace
    ) -> None:
        telling = self.waiting(workspace)
        assert dan.get(f"portal/tellings/{telling.pk}/").status_code == 200
        assert dan.post(f"portal/tellings/{telling.pk}/approve/").status_code == 403
        assert eve.get(f"/w/northwind/portal/tellings/{telling.pk}/").status_code == 404
        assert eve.get(f"portal/tellings/{telling.pk}/").status_code == 404

    def test_one_click_stops_the_mail(self, dan: people.Someone, workspace: Workspace) -> None:
        approve(self.waiting(workspace))
        token = telling_mails.off_token(Letter.objects.get())
        assert dan.browser.get(f"/told/off/{token}/").status_code == 200
        assert not Silence.objects.exists(), "reading changes nothing"
        answer = dan.browser.post(f"/told/off/{token}/", {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert Silence.objects.get().email == "mira@halden.example"
        assert dan.browser.get("/told/off/forged/").status_code == 404

    def test_ben_drafts_news_of_his_own(self, ben: people.Someone, workspace: Workspace) -> None:
        need = make.need(workspace)
        assert ben.post("portal/tellings/new/", {"record": need.key}, follow=True).status_code == 200
        assert not Telling.objects.exists()
        asker(workspace, "Mira", need)
        assert ben.post("portal/tellings/new/", {"record": need.key}).status_code == 302
        assert Telling.objects.get().change == "news"

    def test_programs_do_the_same(
        self, ben: people.Someone, dan: people.Someone, workspace: Workspace
    ) -> None:
        telling = self.waiting(workspace)
        found = ben.api("get", f"tellings/{telling.pk}").json()
        assert found["audience"][0]["channel"] == "mail"
        changed = ben.api("put", f"tellings/{telling.pk}/words", {"subject": "Here", "body": "Try."})
        assert changed.json()["words"][0]["subject"] == "Here"
        assert dan.api("put", f"tellings/{telling.pk}/decision", {"deed": "approve"}).status_code == 403
        assert (
            ben.api("put", f"tellings/{telling.pk}/decision", {"deed": "approve"}).json()["state"]
            == "approved"
        )
        send(telling)
        assert ben.api("get", "letters").json()["items"][0]["change"] == "shipped"
        assert len(ben.api("get", "tellings?state=approved").json()["items"]) == 1
