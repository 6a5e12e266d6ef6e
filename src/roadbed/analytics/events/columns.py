"""The columns of an event, and events as a table of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from roadbed.analytics.events.event import Event

MOMENT = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("time", MOMENT, nullable=False),
        pa.field("received_at", MOMENT, nullable=False),
        pa.field("unit", pa.string(), nullable=False),
        pa.field("unit_type", pa.string(), nullable=False),
        pa.field("value", pa.float64()),
        pa.field("flag", pa.string(), nullable=False),
        pa.field("variant", pa.string(), nullable=False),
        pa.field("environment", pa.string(), nullable=False),
        pa.field("attributes", pa.string(), nullable=False),
    ]
)
NAMES = tuple(SCHEMA.names)
FEW = ["name", "unit_type", "flag", "variant", "environment"]
"""Columns with few different words."""


def table_of(events: Sequence[Event], *, received_at: datetime) -> pa.Table:
    """Return events as a table of `SCHEMA`."""
    columns: dict[str, list[object]] = {name: [] for name in NAMES if name != "received_at"}
    for event in events:
        for name, values in columns.items():
            values.append(getattr(event, name))
    return pa.table({**columns, "received_at": [received_at] * len(events)}, schema=SCHEMA)


def write_table(table: pa.Table, path: Path, *, said: Mapping[str, str] | None = None) -> None:
    """Write a table to a file, with words about it in the file's head."""
    if said:
        table = table.replace_schema_metadata({key.encode(): value.encode() for key, value in said.items()})
    pq.write_table(
        table,
        path,
        compression="zstd",
        use_dictionary=["name", "unit_type", "flag", "variant", "environment"],
    )


def head_of(path: Path) -> dict[str, str]:
    """Return the words in the head of a file."""
    found = pq.read_schema(path).metadata or {}
    return {key.decode(): value.decode() for key, value in found.items() if not key.startswith(b"ARROW")}
