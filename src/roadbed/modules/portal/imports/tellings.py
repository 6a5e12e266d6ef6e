"""Who was told what, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from roadbed.core.tables.sources import Asked, ExportSource
from roadbed.core.tables.writing import Cells, Column
from roadbed.modules.portal.selectors import tellings as reads

CHUNK = 1000
HEADERS = (
    "Told",
    "Person",
    "Person’s key",
    "E-mail",
    "Record",
    "Title",
    "Change",
    "Subject",
    "How",
    "Because",
)


def _columns(asked: Asked) -> Sequence[Column]:
    return [Column(header, 36 if header in {"Title", "Subject"} else 18) for header in HEADERS]


def _rows(asked: Asked, wanted: Sequence[Column]) -> Iterator[Cells]:
    stream = reads.letters_in(workspace_id=asked.workspace_id).iterator(chunk_size=CHUNK)
    while chunk := list(islice(stream, CHUNK)):
        subjects = reads.subjects_of(telling_ids={letter.telling_id for letter in chunk})
        for letter in chunk:
            record = letter.telling.record
            yield [
                letter.told_at,
                letter.person.title,
                letter.person.key,
                letter.email,
                record.key,
                record.title,
                letter.telling.get_change_display(),
                subjects.get(letter.telling_id, ""),
                letter.get_channel_display(),
                letter.reason,
            ]


TOLD = ExportSource(name="tellings", label="Who was told", columns=_columns, rows=_rows)
