"""Accounts and people from tables."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import Q

from roadbed.core.tables.record_writer import Draft, RecordWriter
from roadbed.core.tables.targets import Field, ImportTarget, Outcome, ParsedRow, Run
from roadbed.modules.insights.imports.directory import Directory, fold
from roadbed.modules.insights.imports.feedback import follow
from roadbed.modules.insights.models import Feedback, Person
from roadbed.modules.insights.models.domains import domain_of

ID = Field("external_id", "Id", aliases=("external id", "key", "uuid", "crm id", "nummer", "kundennummer"), is_key=True,
           max_length=200, help="Stays the same from export to export.")  # fmt: skip
TAGS = Field("tags", "Tags", "list", aliases=("tag", "labels", "label"))


def account_identity(row: ParsedRow) -> str:
    """Return what makes two accounts the same."""
    return fold(row.values.get("name", ""))


def write_accounts(run: Run, rows: Sequence[ParsedRow]) -> Outcome:
    """Write a batch of accounts: found by id, domain or name."""
    directory = Directory.of(run)
    drafts = []
    for index, row in enumerate(rows):
        values = {name: row.values[name] for name in ("plan", "country", "revenue") if name in row.values}
        domain = domain_of(row.values["domain"]) if "domain" in row.values else ""
        if domain:
            values["domain"] = domain
        name = row.values["name"]
        pk = directory.account(external_id=row.key, domain=domain, name=name)
        drafts.append(Draft(index, name, values, {}, row.extras, row.values.get("tags", ()), row.key, pk))
    written = RecordWriter(run, kind="account").write(drafts)
    for draft in drafts:
        if draft.index in written.new:
            directory.learn_account(
                written.ids[draft.index],
                name=draft.title,
                domain=draft.values.get("domain", ""),
                external_id=draft.external_id,
            )
    return written.outcome


def accounts_in_use(workspace_id: int, ids: Sequence[int]) -> Collection[int]:
    """Return the accounts that people or feedback still belong to."""
    live = {"deleted_at__isnull": True, "account_id__in": list(ids)}
    return set(Feedback.objects.filter(**live).values_list("account_id", flat=True)) | set(
        Person.objects.filter(**live).values_list("account_id", flat=True)
    )


def person_identity(row: ParsedRow) -> str:
    """Return what makes two people the same."""
    values = row.values
    return str(values.get("email") or (fold(values.get("name", "")), fold(values.get("account", ""))))


def write_people(run: Run, rows: Sequence[ParsedRow]) -> Outcome:
    """Write a batch of people: found by address, or by name and account. Their accounts are found, or made."""
    directory = Directory.of(run)
    outcome = Outcome()
    new_accounts: dict[str, Draft] = {}
    places: list[tuple[int | None, str]] = []
    for index, row in enumerate(rows):
        name = row.values.get("account", "")
        account_id = directory.account(name=name) if name else None
        if account_id is None and not name and "email" in row.values:
            account_id = directory.account_of_email(row.values["email"])
        if account_id is None and name:
            new_accounts.setdefault(fold(name), Draft(index, name))
        places.append((account_id, fold(name)))
    made = RecordWriter(run, kind="account").write(list(new_accounts.values()))
    for draft in new_accounts.values():
        directory.learn_account(made.ids[draft.index], name=draft.title)
    outcome.add(made.outcome)
    drafts = []
    for index, (row, (account_id, account_name)) in enumerate(zip(rows, places, strict=True)):
        if account_id is None and account_name:
            account_id = directory.account_names.get(account_name)
        values: dict[str, Any] = {
            name: row.values[name] for name in ("email", "job_title") if name in row.values
        }
        if account_id is not None:
            values["account_id"] = account_id
        name, email = row.values.get("name", ""), row.values.get("email", "")
        pk = directory.person(name=name, email=email, account_id=account_id)
        title = name or ("" if pk else email.partition("@")[0])
        drafts.append(Draft(index, title, values, {}, row.extras, row.values.get("tags", ()), row.key, pk))
    written = RecordWriter(run, kind="person").write(drafts)
    for draft in drafts:
        if draft.index in written.new:
            directory.learn_person(
                written.ids[draft.index],
                name=draft.title,
                email=draft.values.get("email", ""),
                account_id=draft.values.get("account_id"),
            )
    outcome.add(written.outcome)
    outcome.rejects = written.outcome.rejects
    return outcome


def people_in_use(workspace_id: int, ids: Sequence[int]) -> Collection[int]:
    """Return the people who said something that still stands."""
    said = Feedback.objects.filter(Q(person_id__in=list(ids)), deleted_at__isnull=True)
    return set(said.values_list("person_id", flat=True))


ACCOUNTS = ImportTarget(
    name="accounts",
    label="Accounts",
    kind="account",
    fields=(
        ID,
        Field("name", "Name", aliases=("title", "account", "account name", "company", "company name", "organisation",
              "organization", "customer", "client", "firma", "kunde", "unternehmen", "entreprise", "empresa",
              "cliente"), required=True, max_length=300),
        Field("domain", "Domain", aliases=("website", "web site", "url", "company domain", "webseite"), max_length=300),
        Field("plan", "Plan", aliases=("tier", "subscription", "package", "edition", "tarif", "abo"), max_length=60),
        Field("revenue", "Yearly revenue", "money", aliases=("revenue", "arr", "annual revenue", "acv",
              "contract value", "umsatz", "jahresumsatz", "ingresos", "omzet")),
        Field("country", "Country", aliases=("land", "pays", "país", "paese", "region"), max_length=60),
        TAGS,
    ),
    write=write_accounts,
    help="One row for each customer organisation.",
    order=20,
    keeps_other_columns=True,
    identity=account_identity,
    in_use=accounts_in_use,
    follow=follow,
)  # fmt: skip
PEOPLE = ImportTarget(
    name="people",
    label="People",
    kind="person",
    fields=(
        ID,
        Field("name", "Name", aliases=("title", "full name", "contact", "contact name", "person", "kontakt", "nom",
              "nombre", "nome", "naam"), max_length=300),
        Field("email", "E-mail", "email", aliases=("email", "mail", "email address", "e-mail address", "correo")),
        Field("job_title", "Job title", aliases=("job", "position", "role", "funktion", "poste", "cargo"),
              max_length=120),
        Field("account", "Account", aliases=("company", "company name", "organisation", "organization", "customer",
              "firma", "kunde", "entreprise", "empresa"), max_length=300),
        TAGS,
    ),
    write=write_people,
    help="One row for each person. Their accounts are found by name, or made.",
    order=30,
    keeps_other_columns=True,
    needs_one_of=("name", "email"),
    identity=person_identity,
    in_use=people_in_use,
    follow=follow,
)  # fmt: skip
