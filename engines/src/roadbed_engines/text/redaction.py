"""Finding what must not be kept in a text (addresses, numbers, secrets), and putting a mark in its place."""

# ruff: noqa: E501 - a pattern broken over lines is harder to read than a long one
from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import phonenumbers

from roadbed_engines.text import patterns

KINDS = {
    "email": "e-mail",
    "phone": "phone",
    "card": "card",
    "iban": "IBAN",
    "ip": "IP address",
    "ssn": "social security number",
    "key": "key",
    "password": "password",
}
"""What is looked for, with the word that takes its place in brackets."""
_RANK = {
    kind: place
    for place, kind in enumerate(("key", "password", "email", "iban", "card", "ssn", "ip", "phone"))
}
IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28,
    "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
    "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22,
    "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LI": 21, "LT": 20, "LU": 20,
    "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15, "PK": 24,
    "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27,
    "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}  # fmt: skip

_LOCAL = re.compile(r"[A-Za-z0-9À-ÿ._%+'\-]{1,64}\Z")
_DOMAIN = re.compile(
    r"(?:[A-Za-z0-9À-ÿ](?:[A-Za-z0-9À-ÿ\-]{0,61}[A-Za-z0-9À-ÿ])?\.){1,6}[A-Za-zÀ-ÿ]{2,24}(?![A-Za-z0-9])"
)
_DIGITS = re.compile(r"(?<![\w.,])[+(]?\d(?:[ \-./()\u00a0]{0,2}\d){6,20}(?![\w]|[.,]\d)")
_DATE = re.compile(
    r"(?:19|20)\d\d[-./](?:0?[1-9]|1[0-2])[-./](?:0?[1-9]|[12]\d|3[01])|(?:0?[1-9]|[12]\d|3[01])[-./](?:0?[1-9]|1[0-2])"
    r"[-./](?:19|20)\d\d"
)
_CALLS = re.compile(
    r"(?:phone|tel|telephone|telefon|mobile|mobil|cell|handy|call(?: me| us)?(?: on| at)?|reach me (?:on|at)|whatsapp|fax|"
    r"ring(?: me| us)?(?: on| at)?|text me (?:on|at)|number is|rufnummer|téléphone|teléfono)[.:]?\s*(?:no\.?|number|nr\.?)?[:\s]*\Z",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"(?:order|invoice|ticket|case|ref(?:erence)?|bug|issue|customer|article|serial|tracking|parcel|shipment|id|isbn|sku|"
    r"bestellung|rechnung|auftrag|build|version|kundennummer)(?:\s*(?:no|nr|number|nummer|id))?[.:]?\s*#?\s*\Z|#\s*\Z",
    re.IGNORECASE,
)
_NATIONAL = re.compile(r"\(\d{3}\) ?\d{3}[-. ]\d{4}|1?[-. ]?\d{3}[-.]\d{3}[-.]\d{4}")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ \u00a0\-]?[A-Za-z0-9]{1,4}){3,9}")
_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)")
_VERSIONED = re.compile(
    r"(?:\bv|\bver\.?|\bversion|\bversions|\bbuild|\brelease|\bfirmware|\bupdate|\bupdated to|\bupgraded? to|\bsince|\brev\.?|"
    r"\bsdk|\bdriver|\bkernel|\bchrome|\bfirefox|\bthunderbird|\bsafari|\bedge|\bandroid|\bwindows|\bmacos|\bios|\bapp|[A-Za-z]/)"
    r"[\s:=]*\Z",
    re.IGNORECASE,
)
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")
_SSN = re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])")
_KEYS = re.compile(
    r"-----BEGIN [A-Z ]{0,24}PRIVATE KEY-----[A-Za-z0-9+/=\s\\]{16,8000}(?:-----END [A-Z ]{0,24}PRIVATE KEY-----)?"
    r"|\beyJ[A-Za-z0-9_\-]{8,2000}\.[A-Za-z0-9_\-]{8,4000}\.[A-Za-z0-9_\-]{4,1000}"
    r"|\b(?:sk|pk|rk)[-_](?:live|test|proj|ant)[-_][A-Za-z0-9_\-]{16,200}|\bsk-[A-Za-z0-9]{20,200}"
    r"|\b(?:gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_[A-Za-z0-9_]{22,255}|glpat-[A-Za-z0-9_\-]{18,64})"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[0-9A-Za-z_\-]{35}|\bxox[abeoprs]-[A-Za-z0-9\-]{10,250}"
    r"|\bSG\.[A-Za-z0-9_\-]{16,32}\.[A-Za-z0-9_\-]{16,64}|\b(?:hf|npm|dop_v1|shpat|rb)_[A-Za-z0-9]{24,128}|\bpypi-[A-Za-z0-9_\-]{40,250}"
)
_NAMED_KEY = re.compile(
    r"(?:api[ _\-]?key|api[ _\-]?token|access[ _\-]?token|auth[ _\-]?token|secret[ _\-]?key|client[ _\-]?secret|bearer|authorization)"
    r"[\"']?\s{0,3}(?:is\s|[:=])?\s{0,3}[\"']?(?P<value>[A-Za-z0-9_\-+/.=]{16,400})",
    re.IGNORECASE,
)
_PASSWORD = re.compile(
    r"(?:password|passwd|pwd|passwort|kennwort|passphrase|mot de passe|contraseña|wachtwoord|senha|parola)[\"']?\s{0,3}"
    r"(?:(?P<sign>[:=])|(?P<word>is|was|ist|war|est|es)\s)\s{0,3}(?P<value>\"[^\"\n]{3,80}\"|'[^'\n]{3,80}'|[^\s,;\"'<>]{4,80})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern of one's own, checked when it is made; what it finds becomes ``[name]``.

    Raises
    ------
    patterns.UnsafePatternError
        If it could run for ever on some text, or cannot be read.
    """

    name: str
    pattern: str

    def __post_init__(self) -> None:
        """Refuse a pattern that is not safe to run."""
        patterns.check(pattern=self.pattern)


@dataclass(frozen=True, slots=True)
class Finding:
    """What lies at `text[start:end]` of the text as it was, and which kind of thing it is."""

    kind: str
    start: int
    end: int
    mark: str
    """What takes its place, such as ``[e-mail]``."""


@dataclass(frozen=True, slots=True)
class Redacted:
    """The text with marks in place of what was found."""

    text: str
    findings: tuple[Finding, ...]
    unfinished: tuple[str, ...] = ()
    """Names of own patterns that ran out of time: what they would have found may still be there."""

    @property
    def counts(self) -> dict[str, int]:
        """How many of each kind were found."""
        found: dict[str, int] = {}
        for one in self.findings:
            found[one.kind] = found.get(one.kind, 0) + 1
        return found


def luhn(*, digits: str) -> bool:
    """Whether the last digit of a card number fits the others (ISO/IEC 7812-1).

    >>> luhn(digits="4111111111111111"), luhn(digits="4111111111111112")
    (True, False)
    """
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def iban_is_sound(*, text: str) -> bool:
    """Whether a bank account number has its country's length and a fitting check (ISO 13616, mod 97).

    >>> iban_is_sound(text="DE89 3704 0044 0532 0130 00"), iban_is_sound(text="DE88 3704 0044 0532 0130 00")
    (True, False)
    """
    plain = re.sub(r"[\s\-]", "", text).upper()
    if IBAN_LENGTHS.get(plain[:2]) != len(plain) or not plain.isascii():
        return False
    return int("".join(str(int(letter, 36)) for letter in plain[4:] + plain[:4])) % 97 == 1


Span = tuple[int, int]


def _emails(text: str) -> Iterator[Span]:
    at = text.find("@")
    while at >= 0:
        local = _LOCAL.search(text, max(0, at - 64), at)
        domain = _DOMAIN.match(text, at + 1) if local else None
        if local and domain:
            start = local.start() + len(local.group()) - len(local.group().lstrip(".'%-+"))
            if start < at:
                yield start, domain.end()
        at = text.find("@", at + 1)


def _cards(text: str) -> Iterator[Span]:
    for found in _DIGITS.finditer(text):
        digits = "".join(each for each in found.group() if each.isdigit())
        if not 13 <= len(digits) <= 19 or digits[0] not in "23456" or len(set(digits)) == 1:
            continue
        if luhn(digits=digits) and not re.search(r"[./()]", found.group()):
            yield found.span()


def _phones(text: str, region: str) -> Iterator[Span]:
    for found in _DIGITS.finditer(text):
        words = found.group()
        digits = sum(map(str.isdigit, words))
        before = text[max(0, found.start() - 40) : found.start()]
        if not 7 <= digits <= 16 or _DATE.search(words):
            continue
        national = words
        if words.startswith(("+", "00")):
            where = None
            national = "+" + words[2:] if words.startswith("00") else words
        elif _NUMBERED.search(before):
            continue
        elif _CALLS.search(before):
            if 8 <= digits <= 13 and not region:
                yield found.span()
                continue
            where = region or None
        elif region and words.startswith(("0", "(0")):
            where = region
        elif _NATIONAL.fullmatch(words):
            where = "US"
        else:
            continue
        try:
            number = phonenumbers.parse(national, where)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number) or (
            where == "US" and phonenumbers.is_possible_number(number)
        ):
            yield found.span()


def _ibans(text: str) -> Iterator[Span]:
    for found in _IBAN.finditer(text):
        # The pattern may have run on into the next word: the country says how long the number is.
        length = IBAN_LENGTHS.get(found.group()[:2].upper(), 0)
        count, end = 0, found.start()
        for end in range(found.start(), found.end()):
            count += text[end].isalnum()
            if count == length:
                break
        if length and iban_is_sound(text=text[found.start() : end + 1]):
            yield found.start(), end + 1


def _addresses(text: str) -> Iterator[Span]:
    for found in _IPV4.finditer(text):
        parts = [int(part) for part in found.group().split(".")]
        before = text[max(0, found.start() - 24) : found.start()]
        if max(parts) > 255 or parts[0] in {0, 127} or not any(parts[1:]) or _VERSIONED.search(before):
            continue
        yield found.span()
    for found in _IPV6.finditer(text):
        try:
            address = ipaddress.IPv6Address(found.group())
        except ValueError:
            continue
        if not address.is_loopback and any(map(str.isdigit, found.group())) and int(address) > 0xFFFF:
            yield found.span()


def _secrets(text: str) -> Iterator[Span]:
    for found in _KEYS.finditer(text):
        yield found.span()
    for found in _NAMED_KEY.finditer(text):
        value = found["value"]
        if any(map(str.isdigit, value)) and any(map(str.isalpha, value)):
            yield found.span("value")


def _passwords(text: str) -> Iterator[Span]:
    for found in _PASSWORD.finditer(text):
        value = found["value"]
        # "My password is wrong" gives nothing away; after "is" only what no word looks like does.
        if found["word"] and not (
            value[0] in "\"'" or any(not each.isalpha() for each in value.rstrip(".!?)"))
        ):
            continue
        start, end = found.span("value")
        if value[0] not in "\"'":
            end -= len(value) - len(value.rstrip(".,!?)"))
        if end > start:
            yield start, end


def _built_in(kind: str, text: str, region: str) -> Iterator[Span]:
    match kind:
        case "email":
            return _emails(text)
        case "phone":
            return _phones(text, region)
        case "card":
            return _cards(text)
        case "iban":
            return _ibans(text)
        case "ip":
            return _addresses(text)
        case "ssn":
            return (found.span() for found in _SSN.finditer(text))
        case "key":
            return _secrets(text)
        case "password":
            return _passwords(text)
    raise ValueError(f"{kind} is nothing that is looked for")


def find(
    *,
    text: str,
    kinds: Sequence[str] = tuple(KINDS),
    rules: Sequence[Rule] = (),
    region: str = "",
    clock: Callable[[], float] | None = None,
    seconds: float = 1.0,
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """Find what must not be kept; return the findings in the order of the text, and own patterns without an end.

    Parameters
    ----------
    kinds : sequence of str
        Which of `KINDS` to look for.
    rules : sequence of Rule
        Own patterns. Each is run over stretches of 256 characters, so a match is at most 128 long.
    region : str
        Country (``DE``) whose phone numbers are read without their country code; none by default.
    clock : callable, optional
        Seconds, rising. With it, own patterns stop after `seconds` for the whole text.
    """
    spans: list[tuple[int, int, int, str, str]] = []
    for kind in kinds:
        mark = f"[{KINDS[kind]}]"
        spans += [(_RANK[kind], start, end, kind, mark) for start, end in _built_in(kind, text, region)]
    late = []
    stop = clock() + seconds if clock is not None else None
    for rule in rules:
        whole = True
        for start, end in patterns.finditer(pattern=rule.pattern, text=text, clock=clock, stop=stop):
            if start < 0:
                whole = False
                break
            spans.append((100, start, end, rule.name, f"[{rule.name}]"))
        if not whole:
            late.append(rule.name)
    taken: list[tuple[int, int, int, str, str]] = []
    for span in sorted(spans, key=lambda each: (each[1], each[0], each[1] - each[2])):
        if taken and span[1] < taken[-1][2]:
            # Of two that overlap the surer kind names it, and nothing of either stays.
            first = taken[-1]
            rank, kind, mark = min((first[0], first[3], first[4]), (span[0], span[3], span[4]))
            taken[-1] = (rank, first[1], max(first[2], span[2]), kind, mark)
        else:
            taken.append(span)
    return tuple(Finding(kind, start, end, mark) for _, start, end, kind, mark in taken), tuple(late)


def redact(
    *,
    text: str,
    kinds: Sequence[str] = tuple(KINDS),
    rules: Sequence[Rule] = (),
    region: str = "",
    clock: Callable[[], float] | None = None,
    seconds: float = 1.0,
) -> Redacted:
    """Put a mark in the place of everything that `find` finds.

    Versions, dates and order numbers stay; so do loopback addresses and passwords that are only spoken of.

    Examples
    --------
    >>> redact(text="I am mira@halden.example, call +44 20 7946 0958. Version 1.2.3.4, order 4012888 of 2025-08-11.").text
    'I am [e-mail], call [phone]. Version 1.2.3.4, order 4012888 of 2025-08-11.'
    >>> redact(text="Badge HF-20931 was lost", rules=[Rule("badge", r"HF-\\d{5}")]).text
    'Badge [badge] was lost'
    """
    findings, late = find(text=text, kinds=kinds, rules=rules, region=region, clock=clock, seconds=seconds)
    parts, at = [], 0
    for one in findings:
        parts += [text[at : one.start], one.mark]
        at = one.end
    parts.append(text[at:])
    return Redacted(text="".join(parts), findings=findings, unfinished=late)
