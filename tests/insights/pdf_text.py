"""Reads the words of a PDF that Typst wrote: enough of the format for a test, and no more."""

from __future__ import annotations

import re
import zlib

OBJECT = re.compile(rb"(?<!\d)(\d+) 0 obj\n(.*?)\nendobj", re.DOTALL)
STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
FONT = re.compile(rb"/(f\d+)\s+(\d+) 0 R")
# Brackets that balance may stand in a string as they are: two levels are enough for two-byte glyphs in practice.
INNER = rb"(?:\\.|[^\\()]|\((?:\\.|[^\\()])*\))*"
TOKEN = re.compile(rb"/(f\d+) [\d.]+ Tf|<([0-9A-Fa-f]+)>|\((" + INNER + rb")\)|(ET)", re.DOTALL)
HEX = re.compile(rb"<([0-9A-Fa-f\s]+)>")


def _objects(pdf: bytes) -> dict[int, bytes]:
    return {int(number): body for number, body in OBJECT.findall(pdf)}


def _stream(body: bytes) -> bytes:
    found = STREAM.search(body)
    if found is None:
        return b""
    return zlib.decompress(found[1]) if b"/FlateDecode" in body else found[1]


def _cmap(body: bytes) -> dict[int, str]:
    """Which words each glyph stands for."""
    table: dict[int, str] = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", body, re.DOTALL):
        codes = HEX.findall(block)
        for glyph, text in zip(codes[::2], codes[1::2], strict=True):
            table[int(glyph, 16)] = bytes.fromhex(text.decode()).decode("utf-16-be")
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", body, re.DOTALL):
        for low, high, text in re.findall(rb"<(\w+)>\s*<(\w+)>\s*<(\w+)>", block):
            first = ord(bytes.fromhex(text.decode()).decode("utf-16-be")[-1])
            for offset in range(int(high, 16) - int(low, 16) + 1):
                table[int(low, 16) + offset] = chr(first + offset)
    return table


def _literal(data: bytes) -> bytes:
    """Undo the escapes of a string in round brackets."""
    simple = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}

    def undo(match: re.Match[bytes]) -> bytes:
        code = match[1]
        return bytes([int(code, 8)]) if code.isdigit() else simple.get(code, code)

    return re.sub(rb"\\([0-7]{1,3}|.)", undo, data, flags=re.DOTALL)


def read(pdf: bytes) -> str:
    """Return the words of all pages, in the order in which they were set."""
    objects = _objects(pdf)
    fonts: dict[bytes, dict[int, str]] = {}
    for name, number in FONT.findall(b"\n".join(objects.values())):
        unicode = re.search(rb"/ToUnicode (\d+) 0 R", objects[int(number)])
        if unicode:
            fonts[name] = _cmap(_stream(objects[int(unicode[1])]))
    words = []
    for body in objects.values():
        content = _stream(body)
        if b" Tf" not in content:
            continue
        current: dict[int, str] = {}
        for font, hexed, literal, end in TOKEN.findall(content):
            if font:
                current = fonts.get(font, {})
            elif end:
                words.append(" ")
            else:
                data = bytes.fromhex(hexed.decode()) if hexed else _literal(literal)
                glyphs = [int.from_bytes(data[at : at + 2]) for at in range(0, len(data), 2)]
                words.append("".join(current.get(glyph, "") for glyph in glyphs))
    return " ".join("".join(words).split())
