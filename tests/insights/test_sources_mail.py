"""Mail: what its writer wrote, once, from a pipe and from a mailbox."""

from __future__ import annotations

import socketserver
import ssl
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from roadbed.core.jobs import services as jobs
from roadbed.core.records.models import Link
from roadbed.modules.insights.models import Arrival, Feedback, Source
from roadbed.modules.insights.services import mail_texts, mailboxes, polling
from roadbed.modules.insights.services import sources as services
from tests.insights import factories
from tests.insights.test_sources_intake import make_source
from tests.people import NOW


def mail(body: str = "More colours, please.\n", *, id: str = "1", **headers: str) -> bytes:
    """A plain mail."""
    facts = {
        "From": "Mira Oduya <mira@halden.example>",
        "To": "voice@northwind.example",
        "Subject": "Colours",
        "Date": "Sun, 01 Nov 2026 10:00:00 +0100",
        "Message-ID": f"<{id}@halden.example>",
        "Content-Type": "text/plain; charset=utf-8",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return ("".join(f"{name}: {value}\n" for name, value in facts.items()) + "\n" + body).encode()


class TestWords:
    @pytest.mark.parametrize(
        ("body", "own"),
        [
            (
                "Yes.\n\nOn Mon, 2 Nov 2026 at 09:00, Jo Park <jo@x.example> wrote:\n> Colours?\n> Jo\n",
                "Yes.",
            ),
            ("Yes.\n\nOn Mon, 2 Nov 2026 at 09:00, Jo Park\n<jo@x.example> wrote:\n\n> Colours?\n", "Yes."),
            ("Ja.\n\nAm 02.11.2026 um 09:00 schrieb Jo Park:\n> Farben?\n", "Ja."),
            ("Oui.\n\nLe lun. 2 nov. 2026 à 09:00, Jo <jo@x.example> a écrit :\n> Couleurs ?\n", "Oui."),
            ("Yes.\n\n-----Original Message-----\nFrom: Jo\nSent: Monday\nColours?\n", "Yes."),
            (
                "Yes.\n\nFrom: Jo Park\nSent: Monday, 2 November\nTo: Mira\nSubject: Colours\n\nColours?",
                "Yes.",
            ),
            ("> Colours?\nYes.\n> Shapes?\nNo.\n", "Yes.\nNo."),
            ("Yes.\n-- \nMira Oduya\nHalden Freight\n", "Yes."),
            ("Yes.\n\nSent from my phone\n", "Yes."),
            ("Dashes -- in a line stay.\n", "Dashes -- in a line stay."),
            ("From: the depot it takes long.\n", "From: the depot it takes long."),
        ],
    )
    def test_only_what_the_writer_wrote_is_kept(self, body, own):
        assert mail_texts.read(mail(body)).item.text == own

    def test_a_mail_that_only_quotes_keeps_its_words(self):
        assert mail_texts.read(mail("> Colours?\n")).item.text == "> Colours?"

    def test_html_becomes_words_without_what_nobody_sees(self):
        html = (
            "<html><head><style>p{}</style></head><body><p>More&nbsp;<b>colours</b>,<br>please.</p>"
            "<script>alert(1)</script><div style='display: none'>hidden</div>"
            '<div class="gmail_quote">On Monday Jo wrote:<blockquote>Colours?</blockquote></div></body></html>'
        )
        read = mail_texts.read(mail(html, Content_Type="text/html; charset=utf-8"))
        assert read.item.text == "More colours,\nplease."

    def test_plain_text_is_preferred_and_attachments_are_named(self):
        body = (
            "--b\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\n"
            "Gr=FC=DFe\n--b\nContent-Type: text/html\n\n<p>Other</p>\n--b\n"
            'Content-Type: image/png; name="map.png"\nContent-Disposition: attachment; filename="map.png"\n'
            "Content-Transfer-Encoding: base64\n\naGVsbG8=\n--b--\n"
        )
        item = mail_texts.read(mail(body, Content_Type='multipart/mixed; boundary="b"')).item
        assert item.text == "Grüße"
        assert item.attributes["attachments left out"] == "map.png"

    def test_a_charset_that_lies_or_does_not_exist_is_guessed(self):
        raw = mail(
            "", Content_Type="text/plain; charset=no-such"
        ) + "Grüße aus München, schöne Farben".encode("cp1252")
        assert "München" in mail_texts.read(raw).item.text

    def test_encoded_headers_are_read(self):
        raw = mail(
            Subject="=?utf-8?b?RmFyYmVuIGbDvHI=?= alle", From="=?iso-8859-1?q?J=FCrgen?= <j@x.example>"
        )
        item = mail_texts.read(raw).item
        assert (item.title, item.person, item.email) == ("Farben für alle", "Jürgen", "j@x.example")

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"\x00\xff\xfe",
            b"\n\n",
            b"From: =?utf-8?b?!!!?=\n\nx",
            b"Date: never\nFrom: <>\n\nHi",
            b"Subject: " + b"x" * 70_000,
            b"Content-Type: multipart/mixed\n\nno boundary",
            b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * 500,
        ],
    )
    def test_whatever_comes_something_comes_out(self, raw):
        assert isinstance(mail_texts.read(raw).item.text, str)

    def test_deeply_nested_html_is_read(self):
        assert "deep" in mail_texts.text_of_html("<div>" * 20_000 + "deep" + "</div>" * 20_000)

    def test_an_mbox_is_taken_apart(self):
        whole = b"From a@x Sun Nov  1 10:00:00 2026\n" + mail(id="1") + b"\n>From here on.\n\n"
        whole += b"From b@x Sun Nov  1 11:00:00 2026\n" + mail("Two.\n", id="2")
        found = [mail_texts.read(raw).item for raw in mail_texts.split_mbox(whole)]
        assert [item.external_id for item in found] == ["1@halden.example", "2@halden.example"]
        assert "From here on." in found[0].text
        assert list(mail_texts.split_mbox(mail())) == [mail()]


@pytest.fixture
def source(workspace):
    return make_source(workspace, kind="mail", name="Support mail")


class TestReceiving:
    def test_a_mail_is_a_piece_by_its_sender(self, workspace, source, now):
        account = factories.account(workspace, domain="halden.example")
        piece = mailboxes.receive_mail(source=source, raw=mail(), at=now).feedback
        assert (piece.text, piece.title, piece.source) == ("More colours, please.", "Colours", "Support mail")
        assert (piece.person.title, piece.account) == ("Mira Oduya", account)
        assert piece.said_at == datetime(2026, 11, 1, 9, tzinfo=UTC)

    def test_the_same_message_id_is_the_same_mail(self, source, now):
        mailboxes.receive_mail(source=source, raw=mail(), at=now)
        assert mailboxes.receive_mail(source=source, raw=mail(), at=now).outcome == "known"
        assert Feedback.objects.count() == 1

    def test_an_answer_is_tied_to_the_mail_before(self, source, now):
        first = mailboxes.receive_mail(source=source, raw=mail(id="1"), at=now).feedback
        reply = mail("And shapes.\n", id="2", In_Reply_To="<1@halden.example>", Subject="Re: Colours")
        second = mailboxes.receive_mail(source=source, raw=reply, at=now).feedback
        assert second.title == "Colours"
        assert (Link.objects.get().source_id, Link.objects.get().target_id) == (second.pk, first.pk)

    @pytest.mark.parametrize(
        "headers",
        [
            {"Auto_Submitted": "auto-replied"},
            {"Precedence": "bulk"},
            {"From": "roadbed@localhost"},
            {"From": "voice@northwind.example"},
        ],
    )
    def test_what_nobody_wrote_is_left_out_and_can_be_let_in(self, source, now, headers):
        received = mailboxes.receive_mail(source=source, raw=mail(**headers), at=now)
        assert received.outcome == "left_out"
        assert Arrival.objects.get().payload

    def test_mail_finds_its_source_by_whom_it_was_sent_to(self, workspace, source):
        make_source(workspace, kind="mail", name="Other", address="other@northwind.example")
        raw = mail(To="Somebody <x@y.example>", Delivered_To="Other@northwind.example")
        assert mailboxes.source_for(raw=raw).name == "Other"

    def test_mail_for_nobody_says_so(self, source, now):
        with pytest.raises(mailboxes.NobodyError, match=r"x@y\.example"):
            mailboxes.source_for(raw=mail(To="x@y.example"))
        services.switch_source(source=source, on=False, actor=factories.ACTOR, at=now)
        with pytest.raises(mailboxes.NobodyError):
            mailboxes.source_for(raw=mail())


class Mailbox(socketserver.ThreadingTCPServer):
    """A mailbox on the loopback that speaks as much IMAP4rev1 as a reader needs, over TLS."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, context: ssl.SSLContext) -> None:
        self.context = context
        self.mails: dict[int, bytes] = {}
        self.validity = 7
        self.seen: set[int] = set()
        self.fetched: list[int] = []
        self.breaks_at = 0
        super().__init__(("127.0.0.1", 0), Speaker)

    def get_request(self) -> Any:
        opened, address = super().get_request()
        return self.context.wrap_socket(opened, server_side=True), address


class Speaker(socketserver.StreamRequestHandler):
    """Answers for the mailbox."""

    server: Mailbox

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self) -> None:
        self.say("* OK ready")
        for raw in self.rfile:
            tag, _, rest = raw.decode().strip().partition(" ")
            if not self.answer(tag, rest):
                return

    def answer(self, tag: str, rest: str) -> bool:
        box, verb = self.server, rest.split(" ")[0].upper()
        if verb == "LOGIN" and '"right"' not in rest:
            self.say(f"{tag} NO [AUTHENTICATIONFAILED] wrong password")
        elif verb in {"SELECT", "EXAMINE"} and "INBOX" not in rest:
            self.say(f"{tag} NO no such folder")
        elif verb in {"SELECT", "EXAMINE"}:
            self.say(f"* {len(box.mails)} EXISTS")
            self.say(f"* OK [UIDVALIDITY {box.validity}] ok")
            self.say(f"{tag} OK [READ-WRITE] done")
        elif rest.upper().startswith("UID SEARCH"):
            first = int(rest.split("UID ")[-1].split(":")[0])
            found = [uid for uid in box.mails if uid >= first] or sorted(box.mails)[-1:]
            self.say("* SEARCH " + " ".join(map(str, found)))
            self.say(f"{tag} OK done")
        elif rest.upper().startswith("UID FETCH"):
            uid = int(rest.split(" ")[2])
            if uid == box.breaks_at:
                return False
            raw = box.mails[uid]
            if "RFC822.SIZE" in rest:
                self.say(f"* 1 FETCH (UID {uid} RFC822.SIZE {len(raw)})")
            else:
                box.fetched.append(uid)
                self.wfile.write(f"* 1 FETCH (UID {uid} BODY[] {{{len(raw)}}}\r\n".encode() + raw + b")\r\n")
            self.say(f"{tag} OK done")
        elif rest.upper().startswith("UID STORE"):
            box.seen.add(int(rest.split(" ")[2]))
            self.say(f"{tag} OK done")
        elif verb == "CAPABILITY":
            self.say("* CAPABILITY IMAP4rev1")
            self.say(f"{tag} OK done")
        elif verb == "LOGOUT":
            self.say("* BYE bye")
            self.say(f"{tag} OK done")
            return False
        else:
            self.say(f"{tag} OK done")
        return True


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A key and a certificate for 127.0.0.1, for these tests alone."""
    import ipaddress

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "mailbox.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def mailbox(certificate, monkeypatch, settings):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    settings.ROADBED_WEBHOOK_ALLOW = ["127.0.0.0/8"]
    monkeypatch.setattr(mailboxes, "tls_context", lambda: ssl.create_default_context(cafile=str(certificate)))
    server = Mailbox(context)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def polled(workspace, mailbox):
    return make_source(
        workspace, kind="mail", name="Mailbox", host="127.0.0.1", port=mailbox.server_address[1], user="voice",
        password="right", after="seen", every=5,
    )  # fmt: skip


def look(source: Source) -> int:
    source.refresh_from_db()
    return mailboxes.fetch(source=source, now=lambda: NOW, told=lambda done, note: None)


class TestMailbox:
    def test_new_mail_comes_in_once_and_is_marked(self, polled, mailbox):
        mailbox.mails = {3: mail(id="1"), 5: mail("Two.\n", id="2")}
        assert look(polled) == 2
        assert mailbox.seen == {3, 5}
        assert look(polled) == 0
        mailbox.mails[6] = mail("Three.\n", id="3")
        assert look(polled) == 1
        assert Feedback.objects.count() == 3
        assert mailbox.fetched == [3, 5, 6]

    def test_a_run_that_breaks_goes_on_where_it_was(self, polled, mailbox):
        mailbox.mails = {1: mail(id="1"), 2: mail("Two.\n", id="2"), 3: mail("Three.\n", id="3")}
        mailbox.breaks_at = 2
        with pytest.raises(polling.FetchError, match=r"broke|refused"):
            look(polled)
        mailbox.breaks_at = 0
        look(polled)
        assert (Feedback.objects.count(), mailbox.fetched) == (3, [1, 2, 3])

    def test_a_mailbox_that_was_made_anew_is_read_anew_without_doubles(self, polled, mailbox):
        mailbox.mails = {9: mail(id="1")}
        look(polled)
        mailbox.validity, mailbox.mails = 8, {1: mail(id="1"), 2: mail("Two.\n", id="2")}
        look(polled)
        assert Feedback.objects.count() == 2

    def test_a_mail_that_is_too_large_is_refused_without_being_read(self, polled, mailbox, monkeypatch):
        monkeypatch.setattr(mailboxes, "MAIL_MOST", 100)
        mailbox.mails = {1: mail("x" * 200)}
        look(polled)
        assert (Arrival.objects.get().outcome, mailbox.fetched) == ("refused", [])

    def test_a_wrong_password_is_said_and_the_next_look_waits_longer(self, polled, mailbox, now):
        services.change_source(source=polled, settings={"password": "wrong"}, actor=factories.ACTOR, at=now)
        for _ in range(3):
            polling.enqueue(polled)
            with pytest.raises(jobs.GiveUpError, match="wrong password"):
                jobs.run_waiting()
        polled.refresh_from_db()
        assert (polled.failures, polled.health(now=now)) == (3, ("Failing", "bad"))
        assert "wrong password" in polled.last_error
        assert polled.next_run_at - polled.last_run_at == timedelta(minutes=20)

    def test_a_folder_that_is_not_there_is_said(self, polled, now):
        services.change_source(source=polled, settings={"folder": "Other"}, actor=factories.ACTOR, at=now)
        with pytest.raises(polling.FetchError, match="Other"):
            look(polled)

    def test_private_addresses_are_not_reached(self, polled, settings):
        settings.ROADBED_WEBHOOK_ALLOW = []
        with pytest.raises(polling.FetchError, match="not a public address"):
            look(polled)

    def test_a_certificate_of_somebody_else_is_refused(self, polled, mailbox, monkeypatch):
        monkeypatch.setattr(mailboxes, "tls_context", ssl.create_default_context)
        with pytest.raises(polling.FetchError, match="does not answer"):
            look(polled)

    def test_sources_that_are_due_are_looked_at_by_themselves(self, polled, mailbox, now):
        mailbox.mails = {1: mail(id="1")}
        assert polling.enqueue_due(at=now + timedelta(seconds=1)) == 1
        assert polling.enqueue_due(at=now + timedelta(seconds=2)) == 0
        jobs.run_waiting()
        polled.refresh_from_db()
        assert Feedback.objects.count() == 1
        assert (polled.failures, polled.last_run_at is not None) == (0, True)

    def test_what_is_off_is_not_looked_at(self, polled, now):
        services.switch_source(source=polled, on=False, actor=factories.ACTOR, at=now)
        assert polling.enqueue_due(at=now + timedelta(days=1)) == 0
