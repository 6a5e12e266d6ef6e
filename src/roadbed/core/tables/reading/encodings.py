"""In which encoding a text file is written."""

from __future__ import annotations

import codecs
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import charset_normalizer

from roadbed.core.tables.reading.rows import UnreadableFileError

CHUNK = 1 << 20
SAMPLE = 1 << 16
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LIKELY = [
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "iso8859_15", "iso8859_2",
    "koi8_r", "mac_roman", "cp850", "cp437", "cp932", "shift_jis", "euc_jp", "gb18030", "big5", "euc_kr",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding and how sure we are of it."""

    name: str
    has_faults: bool = False
    """Whether some bytes of the file are not valid in it; their rows are rejected one by one."""


def _without_mark(head: bytes) -> str:
    """Recognise UTF-16 without a mark by where its zero bytes stand."""
    if len(head) < 8:
        return ""
    even, odd = head[0::2].count(0) / (len(head) / 2), head[1::2].count(0) / (len(head) / 2)
    if odd > 0.4 and even < 0.1:
        return "utf-16-le"
    if even > 0.4 and odd < 0.1:
        return "utf-16-be"
    return ""


def _count_faults(path: Path) -> tuple[int, int, bytes]:
    """Return (valid, invalid) sequences beyond ASCII were this UTF-8, and a sample of what is beyond ASCII."""
    decode = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    valid = invalid = 0
    sample = bytearray()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            if len(sample) < SAMPLE and not chunk.isascii():
                # Whole lines, so that no character of several bytes is cut.
                for line in chunk.splitlines(keepends=True):
                    if len(sample) >= SAMPLE:
                        break
                    if not line.isascii():
                        sample += line
            if chunk.isascii():
                decode.decode(chunk)
                continue
            text = decode.decode(chunk)
            beyond = Counter(
                "faulty" if "\udc80" <= each <= "\udcff" else "fine" for each in text if each > "\x7f"
            )
            valid += beyond["fine"]
            invalid += beyond["faulty"]
    try:
        decode.decode(b"", final=True)
    except UnicodeDecodeError:
        invalid += 1
    return valid, invalid, bytes(sample)


def detect(path: Path) -> Encoding:
    """Return the encoding of a text: by its mark, else UTF-8 where that fits, else by what reads most naturally."""
    with path.open("rb") as file:
        head = file.read(4096)
    for mark, name in MARKS:
        if head.startswith(mark):
            return Encoding(name)
    bare = _without_mark(head)
    if bare:
        return Encoding(bare)
    valid, invalid, sample = _count_faults(path)
    if invalid == 0:
        return Encoding("utf-8")
    if valid > invalid * 10:
        return Encoding("utf-8", has_faults=True)
    for name in (_strict("cp1252", sample), _guess(sample)):
        if name:
            return Encoding(name)
    return Encoding("cp1252", has_faults=True)


def _strict(name: str, sample: bytes) -> str:
    """Return the name where the sample reads like Western text in it: letters beyond ASCII stand within words."""
    try:
        text = sample.decode(name)
    except UnicodeDecodeError:
        return ""
    beyond = [each for each in text if each > "\x7f"]
    usual = sum(each in "äöüÄÖÜßéèêëàâçîïôûùñáíóúÉÀøåæØÅÆãõ€£’‘“”–—…«»°§\xa0" for each in beyond)
    return name if beyond and usual / len(beyond) > 0.9 else ""


def _guess(sample: bytes) -> str:
    best = charset_normalizer.from_bytes(sample, cp_isolation=LIKELY).best()
    return best.encoding if best is not None else ""


def check(name: str) -> str:
    """Return Python's name of an encoding that somebody asked for.

    Raises
    ------
    UnreadableFileError
        If there is no such encoding.
    """
    try:
        found = codecs.lookup(name).name
        "".encode(found)
    except (LookupError, UnicodeError) as error:
        raise UnreadableFileError(
            f"There is no encoding named {name!r}. Try utf-8, utf-16 or cp1252."
        ) from error
    return found
