"""What a mail says: the words of the one who wrote it, without what they quote and sign with."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from html.parser import HTMLParser
from typing import Any

from charset_normalizer import from_bytes

from roadbed.modules.insights.services.items import Item

BLOCKS = frozenset(
    {
        "p",
        "div",
        "br",
        "tr",
        "li",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "table",
        "ul",
        "ol",
        "hr",
        "section",
        "pre",
    }
)
UNREAD = frozenset({"script", "style", "head", "title", "noscript", "template"})
VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "wbr", "col", "area", "base", "source"})
QUOTING = re.compile(
    r"gmail_quote|yahoo_quoted|moz-cite-prefix|divRplyFwdMsg|OutlookMessageHeader|protonmail_quote"
)
INTRODUCTION = re.compile(
    r"""^\s*(?:
        On\ .{6,200}\ wrote: | Am\ .{6,200}\ schrieb.{0,120}: | Le\ .{6,200}\ a\ écrit\s?: |
        El\ .{6,200}\ escribió: | Il\ .{6,200}\ ha\ scritto: | Op\ .{6,200}\ schreef.{0,120}: |
        Em\ .{6,200}\ escreveu: | -{2,}\s?(?:Original\ Message|Ursprüngliche\ Nachricht|Message\ d'origine|
        Forwarded\ message)\s?-{2,} | _{20,}
    )\s*$""",
    re.VERBOSE | re.IGNORECASE,
)
HEADER_BLOCK = re.compile(r"^\s*\*?(?:From|Von|De|Da|Van)\s?:\*?\s.{3,}", re.IGNORECASE)
HEADER_NEXT = re.compile(
    r"^\s*\*?(?:Sent|Date|To|Subject|Gesendet|Datum|An|Betreff|Envoyé|À|Objet|Enviado|Para|Asunto)\s?:",
    re.IGNORECASE,
)
MOBILE = re.compile(r"^\s*(?:Sent from my |Von meinem |Envoyé de mon |Get Outlook for )", re.IGNORECASE)
REPLY = re.compile(r"^\s*(?:(?:re|aw|antw|sv|fw|fwd|wg|tr)\s?(?:\[\d+\])?\s?:\s*)+", re.IGNORECASE)
ID = re.compile(r"<([^<>\s]{1,900})>")
AUTOMATIC = frozenset({"auto-replied", "auto-generated", "auto-notified"})
BODY_MOST = 2_000_000
LINES_MOST = 50_000
PARTS_MOST = 200


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail, read."""

    item: Item
    recipients: tuple[str, ...]
    is_automatic: bool = False
    """An absence note, a bounce or another machine's word."""


class _Words(HTMLParser):
    """Turns HTML into lines; quoted mails and what nobody sees are left out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._left_out = 0
        self._stack: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element."""
        if tag in BLOCKS:
            self.parts.append("\n")
        if tag == "li":
            self.parts.append("- ")
        if tag in VOID:
            return
        facts = dict(attrs)
        named = f"{facts.get('class') or ''} {facts.get('id') or ''}"
        style = (facts.get("style") or "").replace(" ", "").lower()
        hides = tag in UNREAD or tag == "blockquote" or bool(QUOTING.search(named)) or "display:none" in style
        if len(self._stack) < 10_000:
            self._stack.append((tag, hides))
            self._left_out += hides

    def handle_endtag(self, tag: str) -> None:
        """Close an element, and those inside of it that were never closed."""
        if tag in VOID or not any(name == tag for name, _ in self._stack[-200:]):
            return
        while self._stack:
            name, hides = self._stack.pop()
            self._left_out -= hides
            if name == tag:
                break
        if tag in BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        """Keep words that are seen."""
        if not self._left_out:
            self.parts.append(re.sub(r"\s+", " ", data))


def text_of_html(html: str) -> str:
    """Return the words of HTML, line by line.

    >>> text_of_html("<p>When a road closes,<br>we phone.</p><script>x()</script>")
    'When a road closes,\\nwe phone.'
    """
    reader = _Words()
    reader.feed(html[:BODY_MOST])
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def own_words(text: str) -> str:
    r"""Return what the writer wrote: nothing quoted below or between, no signature.

    >>> own_words("More colours, please.\n\n-- \nMira\n")
    'More colours, please.'
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[:LINES_MOST]
    kept: list[str] = []
    for place, line in enumerate(lines):
        following = lines[place + 1] if place + 1 < len(lines) else ""
        joined = f"{line.strip()} {following.strip()}"
        if line.rstrip() == "--" or line == "-- ":
            break
        if INTRODUCTION.match(line) or (
            line.lstrip().startswith(("On ", "Am ", "Le ")) and INTRODUCTION.match(joined)
        ):
            if _only_quotes(lines[place + 1 :]) or not line.strip().endswith(":"):
                break
            continue
        if HEADER_BLOCK.match(line) and any(HEADER_NEXT.match(each) for each in lines[place + 1 : place + 4]):
            break
        if line.lstrip().startswith(">") or (MOBILE.match(line) and place > 0):
            continue
        kept.append(line.rstrip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def _only_quotes(lines: list[str]) -> bool:
    """Whether all that follows is quoted, empty or the second half of the introduction: the reply stands above."""
    rest = [line for line in lines if line.strip()]
    if rest and rest[0].rstrip().endswith(":"):
        rest = rest[1:]
    unquoted = [line for line in rest if not line.lstrip().startswith(">")]
    return not unquoted or len(unquoted) == len(rest)


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return str(part.get_payload() or "") if not part.is_multipart() else ""
    payload = payload[:BODY_MOST]
    named = part.get_content_charset() or ""
    try:
        return payload.decode(named or "utf-8")
    except (LookupError, UnicodeDecodeError, ValueError):
        best = from_bytes(payload[:200_000]).best()
        return payload.decode(best.encoding if best else "latin-1", errors="replace")


def _parts(message: Message) -> tuple[str, str, list[str]]:
    """Return plain text, HTML and the names of attachments."""
    plain: list[str] = []
    html: list[str] = []
    attached: list[str] = []
    for count, part in enumerate(message.walk()):
        if count > PARTS_MOST:
            break
        if part.is_multipart():
            continue
        name = part.get_filename()
        kind = part.get_content_type()
        if name or part.get_content_disposition() == "attachment" or not kind.startswith("text/"):
            attached.append(str(name or kind)[:100])
        elif kind == "text/html":
            html.append(_decoded(part))
        elif kind == "text/plain":
            plain.append(_decoded(part))
    return "\n".join(plain), "\n".join(html), attached


def _header(message: Message, name: str) -> str:
    try:
        value = message.get(name)
        return " ".join(str(value).split()) if value is not None else ""
    except (ValueError, LookupError, IndexError, AttributeError, TypeError):
        # Headers come as they like: one that cannot be decoded is as good as missing.
        return ""


def _addresses(message: Message, *names: str) -> list[tuple[str, str]]:
    texts = []
    for name in names:
        try:
            texts += [str(value) for value in message.get_all(name, [])]
        except (ValueError, LookupError, IndexError, AttributeError, TypeError):
            continue
    return [
        (name.strip(), address.strip().lower()) for name, address in getaddresses(texts) if "@" in address
    ]


def _said_at(message: Message) -> datetime | None:
    try:
        read = parsedate_to_datetime(_header(message, "Date"))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _ids(text: str) -> list[str]:
    return [found[:200] for found in ID.findall(text)]


def read(raw: bytes) -> Mail:
    """Read one mail. Whatever is wrong with it, something comes out: at worst a mail without words."""
    message: Message[Any, Any] = email.message_from_bytes(raw, policy=email.policy.default)
    try:
        plain, html, attached = _parts(message)
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError):
        message = email.message_from_bytes(raw, policy=email.policy.compat32)
        plain, html, attached = _parts(message)
    whole = plain if plain.strip() else text_of_html(html)
    words = own_words(whole)
    subject = REPLY.sub("", _header(message, "Subject"))
    sender = next(iter(_addresses(message, "From", "Reply-To", "Sender")), ("", ""))
    threads = [*_ids(_header(message, "In-Reply-To")), *reversed(_ids(_header(message, "References")))]
    attributes: dict[str, Any] = {}
    if subject:
        attributes["subject"] = subject
    if attached:
        attributes["attachments left out"] = ", ".join(attached[:10])
    own = next(iter(_ids(_header(message, "Message-ID"))), _header(message, "Message-ID")[:200])
    automatic = _header(message, "Auto-Submitted").lower().partition(";")[0].strip() in AUTOMATIC
    automatic = automatic or message.get_content_type() == "multipart/report"
    automatic = automatic or _header(message, "Precedence").lower() in {"bulk", "junk", "auto_reply"}
    item = Item(
        text=words or (own_words(text_of_html(html)) if html else "") or whole.strip(),
        external_id=own,
        title=subject,
        said_at=_said_at(message),
        person=sender[0] if sender[0] != sender[1] else "",
        email=sender[1],
        locale=_header(message, "Content-Language").split(",")[0].strip()[:12],
        attributes=attributes,
        reply_to=tuple(dict.fromkeys(each for each in threads if each != own)),
    )
    told = _addresses(message, "Delivered-To", "X-Original-To", "To", "Cc")
    return Mail(
        item=item, recipients=tuple(dict.fromkeys(address for _, address in told)), is_automatic=automatic
    )


def split_mbox(raw: bytes) -> Iterator[bytes]:
    """Yield the mails of an mbox, or the one mail that it is."""
    if not raw.startswith(b"From "):
        yield raw
        return
    starts = [match.start() for match in re.finditer(rb"(?:\A|\n\r?\n)From [^\r\n]*\d{4}[^\r\n]*\r?\n", raw)]
    for start, end in zip(starts, [*starts[1:], len(raw)], strict=True):
        mail = raw[start:end].lstrip(b"\r\n").partition(b"\n")[2]
        yield re.sub(rb"^>(>*From )", rb"\1", mail, flags=re.MULTILINE)
