"""What must not be kept is found; what only looks like it stays."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadbed_engines.text import patterns, redaction

FOUND = [
    ("write to mira.oduya+runs@halden-freight.co.uk please", ["email"]),
    ("MIRA@HALDEN.EXAMPLE", ["email"]),
    ("call +44 20 7946 0958 after nine", ["phone"]),
    ("Tel: 0171 3456789, ask for Jo", ["phone"]),
    ("ring me on 555-867-5309", ["phone"]),
    ("(212) 555-0187 is the depot", ["phone"]),
    ("card 4111 1111 1111 1111 was charged twice", ["card"]),
    ("5500-0000-0000-0004 declined", ["card"]),
    ("amex 378282246310005 too", ["card"]),
    ("IBAN DE89 3704 0044 0532 0130 00 bounced", ["iban"]),
    ("pay GB29NWBK60161331926819 now", ["iban"]),
    ("login from 203.0.113.42 refused", ["ip"]),
    ("host 2001:db8:85a3::8a2e:370:7334 is down", ["ip"]),
    ("my SSN is 078-05-1120", ["ssn"]),
    ("key AKIAIOSFODNN7EXAMPLE leaked", ["key"]),
    ("api_key=9f8e7d6c5b4a39281706f5e4", ["key"]),
    ("Authorization: Bearer abcdef0123456789abcdef", ["key"]),
    ("token ghp_abcdefghijklmnopqrstuvwxyz0123456789 in the log", ["key"]),
    ("password: hunter2!", ["password"]),
    ("my password is Tr0ub4dor&3.", ["password"]),
    ('pwd="correct horse"', ["password"]),
    ("Passwort: geheim123", ["password"]),
]
STAYS = [
    "version 1.2.3.4 crashes",
    "since 115.0.2.1 it is slow, v10.20.30.40 was not",
    "Thunderbird 128.4.0.1 on Windows 10.0.19045.5011",
    "Chrome/120.0.0.0 Safari/537.36",
    "on 2025-08-11 at 12:30:45",
    "between 11.08.2025 and 12.08.2025",
    "order 4012888, invoice no. 20250811",
    "order #1234567890123",
    "bug 1893456789 is a duplicate of 1893456790",
    "localhost is 127.0.0.1 or ::1",
    "my password is wrong and the password was rejected",
    "the password field is too short",
    "std::vector<int> and a::b",
    "4111 1111 1111 1112 is no card",
    "DE88 3704 0044 0532 0130 00 is no account",
    "We lost 1,200,000 of 3,400,000 rows in 12 h",
    "lat 51.507351, lon -0.127758",
    "write @mira on the channel, price 12@5",
    "MAC 00:1B:44:11:3A:B7",
    "",
]


class TestBuiltIn:
    @pytest.mark.parametrize(("text", "kinds"), FOUND)
    def test_is_found(self, text: str, kinds: list[str]) -> None:
        found = redaction.redact(text=text)
        assert [one.kind for one in found.findings] == kinds
        for one in found.findings:
            assert text[one.start : one.end] not in found.text
            assert one.mark in found.text

    @pytest.mark.parametrize("text", STAYS)
    def test_stays(self, text: str) -> None:
        assert redaction.redact(text=text).text == text

    def test_a_country_reads_its_own_numbers(self) -> None:
        text = "Bitte 030 12345678 anrufen"
        assert redaction.redact(text=text).text == text
        assert redaction.redact(text=text, region="DE").text == "Bitte [phone] anrufen"

    def test_several_in_one_text_keep_the_words_between(self) -> None:
        text = "Mira (mira@halden.example, +49 30 901820) paid with 4111111111111111."
        assert redaction.redact(text=text).text == "Mira ([e-mail], [phone]) paid with [card]."

    def test_only_the_kinds_that_are_wanted(self) -> None:
        text = "mira@halden.example from 203.0.113.42"
        assert redaction.redact(text=text, kinds=["ip"]).text == "mira@halden.example from [IP address]"

    def test_again_changes_nothing(self) -> None:
        for text, _ in FOUND:
            once = redaction.redact(text=text).text
            assert redaction.redact(text=once).text == once

    def test_a_private_key_goes_whole(self) -> None:
        text = (
            "see -----BEGIN RSA PRIVATE KEY-----\nMIIEow"
            + "A" * 300
            + "\n-----END RSA PRIVATE KEY----- there"
        )
        assert redaction.redact(text=text).text == "see [key] there"


class TestHostileTexts:
    @pytest.mark.parametrize(
        "text",
        [
            "a" * 1_000_000,
            "1" * 1_000_000,
            "1 " * 500_000,
            "@" * 1_000_000,
            "a@" * 500_000,
            "a.b" * 333_000,
            ":" * 1_000_000,
            "ab:" * 333_000,
            "1.1." * 250_000,
            "DE89 " * 200_000,
            "password " * 110_000,
            "eyJ" * 330_000,
            "\x00" * 1_000_000,
            "مرحبا بالعالم " * 70_000,
            "🚚🚛" * 250_000,
            "bearer " * 140_000,
        ],
        ids=lambda text: ascii(text[:6]),
    )
    def test_a_megabyte_is_read_in_a_few_seconds(self, text: str) -> None:
        start = time.process_time()
        redaction.redact(text=text)
        assert time.process_time() - start < 8

    def test_right_to_left_and_null_bytes(self) -> None:
        text = "\u202eاكتب إلى mira@halden.example\x00 من فضلك"
        assert redaction.redact(text=text).text == "\u202eاكتب إلى [e-mail]\x00 من فضلك"

    @given(st.text(max_size=300))
    def test_spans_lie_in_order_within_the_text(self, text: str) -> None:
        found = redaction.redact(text=text).findings
        edges = [edge for one in found for edge in (one.start, one.end)]
        assert edges == sorted(edges)
        assert all(0 <= edge <= len(text) for edge in edges)


class TestOwnPatterns:
    @pytest.mark.parametrize(
        "pattern",
        [
            r"(a+)+$",
            r"(a*)*b",
            r"(a|a?)+$",
            r"(a|ab)*c",
            r"(.*a){20}",
            r"(\w+\s?)*$",
            r"^(([a-z])+.)+[A-Z]([a-z])+$",
            r"(a?){30}a{30}",
            r".*.*.*=.*",
            r"\d*\d*\d*\d*x",
            r"(x)\1",
            "(",
            "",
            "a*",
            "x" * 201,
            "[0-9",
        ],
    )
    def test_what_could_run_for_ever_is_refused_in_words(self, pattern: str) -> None:
        with pytest.raises(patterns.UnsafePatternError) as refused:
            redaction.Rule("own", pattern)
        assert str(refused.value).endswith(".")

    @pytest.mark.parametrize(
        ("pattern", "text", "left"),
        [
            (r"HF-\d{5}", "Badge HF-20931 and hf-20932", "Badge [own] and [own]"),
            (r"\b[A-Z]{2}\d{2} ?[A-Z]{3}\b", "van AB12 CDE", "van [own]"),
            (r"\w+@\w+\.intern", "ask mo@depot.intern", "ask [own]"),
            (r"(?:\d{4} ){3}\d{4}", "1234 5678 9012 3456", "[own]"),
            (r"(\w+\.)+local", "a.b.local", "[own]"),
            (r"Kundennummer:? \d+", "Kundennummer: 4711", "[own]"),
        ],
    )
    def test_sound_ones_run(self, pattern: str, text: str, left: str) -> None:
        assert redaction.redact(text=text, kinds=(), rules=[redaction.Rule("own", pattern)]).text == left

    def test_a_match_over_the_edge_of_a_stretch_is_found_once(self) -> None:
        for before in range(90, 270, 3):
            text = "x" * before + " HF-20931 " + "y" * 200
            found = redaction.redact(text=text, kinds=(), rules=[redaction.Rule("own", r"HF-\d{5}")])
            assert len(found.findings) == 1

    def test_time_that_is_over_is_said(self) -> None:
        ticks = iter(range(10_000))
        rule = redaction.Rule("own", r"HF-\d{5}")
        found = redaction.redact(
            text="a" * 5000 + " HF-20931", rules=[rule], clock=lambda: next(ticks), seconds=2
        )
        assert found.unfinished == ("own",)

    @settings(max_examples=300, deadline=None)
    @given(st.text(alphabet="ab()+*?|.{}2,[]\\dw$", min_size=1, max_size=14))
    def test_what_is_let_through_is_quick(self, pattern: str) -> None:
        try:
            patterns.check(pattern=pattern)
        except patterns.UnsafePatternError:
            return
        for text in ("a" * 256, "ab" * 128, "a" * 255 + "!", "1" * 256):
            start = time.process_time()
            list(patterns.finditer(pattern=pattern, text=text))
            assert time.process_time() - start < 1.5, pattern
