"""What OFREP sends: answers, errors and their headers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from roadbed.config.ofrep.store import Entry
from roadbed_engines.flags.answers import Answer

REASONS = {"DEFAULT": "STATIC", "ERROR": "UNKNOWN"}
"""OFREP has fewer reasons than OpenFeature; a client refuses any other. Our own word for it is in the metadata."""
CODES = {"FLAG_NOT_FOUND": "FLAG_NOT_FOUND", "TARGETING_KEY_MISSING": "TARGETING_KEY_MISSING"}


def evaluation(answer: Answer, *, is_public: bool) -> dict[str, Any]:
    """Return an answer as OFREP has it. Without a value the caller's own default counts.

    `variant` is always there, and a float keeps its point: clients tell 1.0 from 1.
    """
    if answer.error:
        return failure(answer)
    metadata: dict[str, Any] = {}
    if not is_public:
        metadata["why"] = answer.why
        if answer.rule:
            metadata["rule"] = answer.rule
    if answer.experiment:
        metadata["experiment"] = answer.experiment
    if answer.keep is not None:
        place, name, _ = answer.keep
        metadata |= {"keepIn": place, "keepAs": name}
    found: dict[str, Any] = {
        "key": answer.flag,
        "reason": REASONS.get(answer.reason, answer.reason),
        "variant": answer.variant,
    }
    if answer.has_value:
        found["value"] = answer.value
    return {**found, "metadata": metadata}


def failure(answer: Answer) -> dict[str, Any]:
    """Return an answer that is an error."""
    return {
        "key": answer.flag,
        "errorCode": CODES.get(answer.error, "GENERAL"),
        "errorDetails": answer.why or "It cannot be answered.",
    }


def fragment(entry: Entry, answer: Answer, *, is_public: bool) -> str:
    """Return an answer as JSON. Most answers are made once, at compiling; so is their JSON."""
    if answer.keep is not None or answer.error:
        return json.dumps(evaluation(answer, is_public=is_public))
    place = (id(answer), is_public)
    found = entry.fragments.get(place)
    if found is None:
        found = entry.fragments[place] = json.dumps(evaluation(answer, is_public=is_public))
    return found


def etag(context: Mapping[str, Any], body: str) -> str:
    """Return a tag over context and result: a client keeps it while other attributes than the targeting key change."""
    asked = json.dumps(context, sort_keys=True, default=str)
    seen = hashlib.blake2b(asked.encode("utf-8", "surrogatepass"), digest_size=16)
    seen.update(body.encode("utf-8", "surrogatepass"))
    return f'"{seen.hexdigest()}"'
