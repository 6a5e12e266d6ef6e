"""What must not be kept: taken out before a word is stored, or later, with one key, wherever it was repeated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import kinds
from roadbed.core.records import services as records
from roadbed.core.records.models import Record
from roadbed.core.search import services as search
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights.models import Feedback, Quote, Reading, ReadingSettings, RedactionRule
from roadbed.modules.insights.services import cleaning
from roadbed.modules.insights.services import feedback as pieces
from roadbed_engines.text import redaction

KEEPS_ITS_OWN = frozenset(
    {
        "insights.Feedback",
        "insights.Quote",
        "insights.Person",
        "insights.Account",
        "insights.Reading",
        "insights.RedactionRule",
        "records.Record",
        "search.SearchEntry",
    }
)
"""Tables that are dealt with by themselves, or where an address is a fact and no slip."""
Mode = ReadingSettings.Redaction


@transaction.atomic
def choose_redaction(
    *, workspace: Workspace, mode: str, kinds: Collection[str], region: str, actor: Actor, at: datetime
) -> ReadingSettings:
    """Say what becomes of private words from now on.

    Raises
    ------
    ValidationError
        If there is no such mode, kind or country.
    """
    if mode not in Mode.values:
        raise ValidationError({"redaction": "Redaction is off, suggested or on."})
    strange = set(kinds) - set(redaction.KINDS)
    if strange:
        raise ValidationError({"kinds": f"{sorted(strange)[0]} is nothing that is looked for."})
    region = region.strip().upper()
    if region and (len(region) != 2 or not region.isascii() or not region.isalpha()):
        raise ValidationError({"region": "A country is two letters, such as DE."})
    ReadingSettings.objects.get_or_create(workspace=workspace, defaults={"kinds": list(redaction.KINDS)})
    held = ReadingSettings.objects.select_for_update().get(workspace=workspace)
    chosen = [kind for kind in redaction.KINDS if kind in kinds]
    changes = {
        "redaction": [held.redaction, mode],
        "kinds": [held.kinds, chosen],
        "region": [held.region, region],
    }
    differences = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
    if not differences:
        return held
    if "redaction" in differences:
        held.redaction_since = at if mode != Mode.OFF else None
    held.redaction, held.kinds, held.region = mode, chosen, region
    held.version += 1
    held.full_clean()
    held.save()
    records.record_activity(
        workspace_id=workspace.pk, actor=actor, verb="changed redaction", at=at, changes=differences
    )
    return held


@transaction.atomic
def add_rule(*, workspace: Workspace, name: str, pattern: str, actor: Actor, at: datetime) -> RedactionRule:
    """Look for a pattern of one's own from now on.

    Raises
    ------
    ValidationError
        If the name is taken, or the pattern cannot be run safely on every text.
    """
    rule = RedactionRule(
        workspace=workspace,
        name=name.strip(),
        pattern=pattern.strip(),
        created_at=at,
        created_by_id=actor.user_id,
    )
    rule.full_clean(exclude={"created_by"})
    rule.save(force_insert=True)
    _grow(workspace)
    facts = {"name": rule.name, "pattern": rule.pattern}
    records.record_activity(
        workspace_id=workspace.pk, actor=actor, verb="added redaction pattern", at=at, changes=facts
    )
    return rule


@transaction.atomic
def remove_rule(*, rule: RedactionRule, actor: Actor, at: datetime) -> None:
    """Look for it no longer. What was taken out stays out."""
    facts = {"name": rule.name, "pattern": rule.pattern}
    _grow(rule.workspace)
    rule.delete()
    records.record_activity(
        workspace_id=rule.workspace_id, actor=actor, verb="removed redaction pattern", at=at, changes=facts
    )


def _grow(workspace: Workspace) -> None:
    ReadingSettings.objects.get_or_create(workspace=workspace, defaults={"kinds": list(redaction.KINDS)})
    ReadingSettings.objects.filter(workspace=workspace).update(version=F("version") + 1)


def _moved(place: int, findings: tuple[redaction.Finding, ...], *, is_end: bool) -> int:
    """Return where a place of the text lies once the marks are in; within a finding, its edge."""
    shift = 0
    for one in findings:
        if place >= one.end:
            shift += len(one.mark) - (one.end - one.start)
        elif place > one.start:
            return one.start + shift + (len(one.mark) if is_end else 0)
        else:
            break
    return place + shift


def _move_quotes(
    piece: Feedback, text: str, findings: tuple[redaction.Finding, ...]
) -> list[tuple[str, str]]:
    """Let the quotes of a piece follow its new words; return their old and new words."""
    replaced = []
    for quote in Quote.objects.filter(feedback_id=piece.pk).order_by("-strength", "pk"):
        start, end = _moved(quote.start, findings, is_end=False), _moved(quote.end, findings, is_end=True)
        words = text[start:end]
        replaced.append((quote.text, words))
        try:
            with transaction.atomic():
                Quote.objects.filter(pk=quote.pk).update(start=start, end=end, text=words)
        except IntegrityError:
            # Two quotes of neighbouring words became the same mark: the stronger stays.
            quote.delete()
    return replaced


@transaction.atomic
def redact_feedback(*, feedback: Feedback, actor: Actor, at: datetime) -> dict[str, int]:
    """Take private words out of a piece, and of what was merged into it, for good; and out of all that repeats them.

    Its quotes, the index, its history and notices of it hold marks from then on. There is no way back.

    Returns
    -------
    dict
        How much of each kind was taken out.

    Raises
    ------
    ValidationError
        If there is nothing private in it.
    """
    merged = Feedback.objects.filter(merged_into_id=feedback.pk).values_list("pk", flat=True)
    total: Counter[str] = Counter()
    for pk in [feedback.pk, *merged]:
        total.update(_take_out(pk, actor=actor, at=at))
    if not total:
        raise ValidationError(f"There is nothing private in {feedback.key}.")
    whole = Feedback.objects.get(pk=feedback.pk)
    for name in ("text", "title", "attributes", "version", "updated_at", "updated_by_id"):
        setattr(feedback, name, getattr(whole, name))
    return dict(total)


def _take_out(pk: int, *, actor: Actor, at: datetime) -> dict[str, int]:
    piece = Feedback.objects.select_for_update(of=("self",)).get(pk=pk)
    cleaner = cleaning.cleaner_of(cleaning.settings_of(workspace_id=piece.workspace_id))
    findings = cleaner.find(piece.text)
    text = cleaner.text(piece.text)
    own_title = piece.title == pieces.first_words(piece.text)
    title = pieces.first_words(text) if own_title else cleaner.text(piece.title)
    attributes = cleaner.facts(piece.attributes or {})
    counts = dict(cleaner.counts)
    if not counts:
        return {}
    replaced = [(piece.text[one.start : one.end], one.mark) for one in findings]
    for source in (piece.title, *(value for value in piece.attributes.values() if isinstance(value, str))):
        replaced += [(source[one.start : one.end], one.mark) for one in cleaner.find(source)]
    replaced += [(piece.text, text), (piece.title, title)]
    replaced += _move_quotes(piece, text, findings)
    Feedback.objects.filter(pk=piece.pk).update(text=text, attributes=attributes)
    Record.objects.filter(pk=piece.pk).update(
        title=title, version=F("version") + 1, updated_at=at, updated_by_id=actor.user_id
    )
    whole = Feedback.objects.get(pk=piece.pk)
    if not whole.is_deleted:
        search.put_record(record=whole, body=kinds.get(whole.kind).body(whole))
    records.erase_words(
        record=whole, replacements=replaced, facts={"kinds": counts}, actor=actor, at=at, skip=KEEPS_ITS_OWN
    )
    search.reindex_comments(record_id=whole.pk)
    Reading.objects.filter(pk=piece.pk).update(has_private=False, private=[], private_left=False, version=0)
    cleaner.note()
    return counts


@transaction.atomic
def leave_private(*, feedback: Feedback, actor: Actor, at: datetime) -> bool:
    """Say that the words pointed out may stay as they are; returns whether any were pointed out."""
    left = Reading.objects.filter(pk=feedback.pk, has_private=True).update(
        has_private=False, private_left=True
    )
    if left:
        records.record_activity(record=feedback, actor=actor, verb="left private words", at=at)
    return bool(left)
