"""Votes from tables: who wants which need, feature or piece of feedback."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from roadbed.core.records.models import Record
from roadbed.core.tables.record_writer import Draft, RecordWriter
from roadbed.core.tables.sources import Asked, ExportSource
from roadbed.core.tables.targets import Field, ImportTarget, Outcome, ParsedRow, Run
from roadbed.core.tables.writing import Cells, Column
from roadbed.modules.insights.imports.customers import people_in_use
from roadbed.modules.insights.imports.directory import Directory, fold
from roadbed.modules.insights.models import Vote
from roadbed.modules.insights.services import tally

CHUNK = 1000
MEMORY = "insights:voted"
HEADERS = ("Target", "Title", "Person", "E-mail", "Account", "Note", "Date", "On behalf by")


def _targets(run: Run, keys: Sequence[str]) -> dict[str, int]:
    """Return the records that take votes, by key, in one query a prefix."""
    wanted: dict[str, set[int]] = {}
    for key in keys:
        prefix, _, number = key.upper().rpartition("-")
        if prefix and number.isdecimal() and len(number) < 10:
            wanted.setdefault(prefix, set()).add(int(number))
    found: dict[str, int] = {}
    for prefix, numbers in wanted.items():
        rows = Record.objects.in_workspace(run.workspace_id).filter(
            prefix=prefix, number__in=numbers, kind__in=sorted(tally.target_kinds() | {"feedback"})
        )
        found |= {f"{prefix}-{number}": pk for number, pk in rows.values_list("number", "pk")}
    return found


def write(run: Run, rows: Sequence[ParsedRow]) -> Outcome:
    """Write a batch of votes. People are found by address, or by name and account, or made."""
    outcome, directory = Outcome(), Directory.of(run)
    targets = _targets(run, [row.values["target"] for row in rows])
    drafts: dict[tuple[str, str], Draft] = {}
    voters: list[tuple[int, int, int | None, tuple[str, str]]] = []
    for index, row in enumerate(rows):
        target = targets.get(row.values["target"].strip().upper())
        if target is None:
            outcome.rejects.append(
                (index, f"there is nothing to vote for called {row.values['target'][:40]}")
            )
            continue
        name, email = row.values.get("person", ""), row.values.get("email", "").lower()
        account = directory.account(name=row.values["account"]) if row.values.get("account") else None
        if account is None and email:
            account = directory.account_of_email(email)
        pk = directory.person(name=name, email=email, account_id=account)
        identity = (email or fold(name), str(account or ""))
        if pk is None and identity not in drafts:
            values: dict[str, Any] = {"email": email} if email else {}
            if account is not None:
                values["account_id"] = account
            drafts[identity] = Draft(index, name or email.partition("@")[0], values)
        voters.append((index, target, pk, identity))
    made = RecordWriter(run, kind="person").write(list(drafts.values()))
    outcome.add(made.outcome)
    new = {identity: made.ids[draft.index] for identity, draft in drafts.items() if draft.index in made.ids}
    for draft in drafts.values():
        if draft.index in made.new:
            directory.learn_person(
                made.ids[draft.index],
                name=draft.title,
                email=draft.values.get("email", ""),
                account_id=draft.values.get("account_id"),
            )
    outcome.others += _put(
        run, rows, [(index, target, pk or new.get(identity)) for index, target, pk, identity in voters]
    )
    return outcome


def _put(run: Run, rows: Sequence[ParsedRow], voters: Sequence[tuple[int, int, int | None]]) -> list[int]:
    """Write the votes that are new, count what they are for, and return their ids; a dry run leaves all as it is."""
    if run.is_dry:
        return []
    votes = [
        Vote(
            person_id=person,
            target_id=target,
            note=rows[index].values.get("note", "")[:500],
            voted_at=min(rows[index].values.get("date", run.at), run.at),
            voted_by_id=run.actor.user_id,
        )
        for index, target, person in voters
        if person is not None and person > 0
    ]
    there = _ids(votes)
    Vote.objects.bulk_create(votes, ignore_conflicts=True)
    voted = {vote.target_id for vote in votes}
    _recount(run.workspace_id, voted, run.at)
    return sorted(_ids(votes) - there)


def _ids(votes: Sequence[Vote]) -> set[int]:
    """Return the ids of the votes in the table that are the same as these."""
    wanted = {(vote.target_id, vote.person_id) for vote in votes}
    rows = Vote.objects.filter(
        target_id__in={target for target, _ in wanted}, person_id__in={person for _, person in wanted}
    )
    found = rows.values_list("pk", "target_id", "person_id")
    return {pk for pk, target, person in found if (target, person) in wanted}


def take_back(workspace_id: int, ids: Sequence[int], at: datetime) -> None:
    """Remove votes that an import brought, and count what they were for anew."""
    rows = Vote.objects.filter(person__workspace_id=workspace_id, pk__in=ids)
    voted = set(rows.values_list("target_id", flat=True))
    rows.delete()
    _recount(workspace_id, voted, at)


def _recount(workspace_id: int, voted: set[int], at: datetime) -> None:
    touched = voted | tally.targets_of_feedback(record_ids=voted)
    tally.recount(workspace_id=workspace_id, record_ids=touched, at=at)


def follow(
    workspace_id: int,
    created: Mapping[str, Sequence[int]],
    changed: Mapping[str, Sequence[int]],
    at: datetime,
) -> None:
    """Nothing more: the votes were counted with their batch."""


VOTES = ImportTarget(
    name="votes",
    label="Votes",
    kind="person",
    fields=(
        Field("target", "Target", aliases=("key", "idea", "post", "feature", "need", "issue"), required=True,
              max_length=20, help="Key of a need, a feature or a piece of feedback, such as N-31."),
        Field("person", "Person", aliases=("name", "voter", "user", "full name"), max_length=300),
        Field("email", "E-mail", "email", aliases=("email", "mail", "voter email", "user email")),
        Field("account", "Account", aliases=("company", "organisation", "organization", "customer"), max_length=300),
        Field("note", "Note", aliases=("comment", "reason"), max_length=500),
        Field("date", "Date", "datetime", aliases=("voted at", "created", "created at")),
    ),
    write=write,
    help="One row for each vote. People are found by their address, or made; voting twice is voting once.",
    order=45,
    needs_one_of=("person", "email"),
    in_use=people_in_use,
    follow=follow,
    remove_others=take_back,
)  # fmt: skip


def _columns(asked: Asked) -> Sequence[Column]:
    return [Column(header, 36 if header in {"Title", "Note"} else 20) for header in HEADERS]


def _rows(asked: Asked, wanted: Sequence[Column]) -> Iterator[Cells]:
    votes = Vote.objects.filter(
        person__workspace_id=asked.workspace_id,
        person__deleted_at__isnull=True,
        person__circle__isnull=True,
        target__deleted_at__isnull=True,
        target__circle__isnull=True,
    ).select_related("person__account", "target", "voted_by")
    stream = votes.order_by("pk").iterator(chunk_size=CHUNK)
    while chunk := list(islice(stream, CHUNK)):
        for vote in chunk:
            person = vote.person
            yield [
                vote.target.key,
                vote.target.title,
                person.title,
                person.email,
                person.account.title if person.account else "",
                vote.note,
                vote.voted_at,
                vote.voted_by.display_name if vote.voted_by else "",
            ]


VOTES_OUT = ExportSource(name="votes", label="Votes", columns=_columns, rows=_rows)
