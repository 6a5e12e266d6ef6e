"""Feedback from tables: what was said, who said it, and for which account."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q

from roadbed.core.tables.record_writer import Draft, RecordWriter
from roadbed.core.tables.targets import Field, ImportTarget, Outcome, ParsedRow, Run
from roadbed.modules.insights.imports.directory import Directory, fold
from roadbed.modules.insights.imports.presets import PRESETS
from roadbed.modules.insights.models import Quote
from roadbed.modules.insights.models.domains import domain_of
from roadbed.modules.insights.services import cleaning, readings, tally
from roadbed.modules.insights.services.feedback import first_words

FIELDS = (
    Field("external_id", "Id", aliases=("external id", "feedback id", "ticket id", "ticket", "issue id", "issue key",
          "case number", "question id", "response id", "review id", "message id", "uuid", "key", "nummer",
          "identifiant", "número", "nr"), is_key=True, max_length=200,
          help="Stays the same from export to export, so that importing again changes instead of doubling."),
    Field("text", "Text", "long_text", aliases=("feedback", "body", "comment", "comments", "description", "message",
          "content", "review", "question", "answer", "verbatim", "note", "response", "details", "quote", "kommentar",
          "nachricht", "beschreibung", "rückmeldung", "commentaire", "avis", "texte", "comentario", "mensaje", "texto",
          "opmerking", "bericht", "commento", "mensagem", "komentarz"), max_length=20_000,
          help="What was said, in their words."),
    Field("title", "Title", aliases=("subject", "summary", "headline", "betreff", "titel", "sujet", "objet", "asunto",
          "oggetto", "onderwerp", "assunto", "tytuł"), max_length=300, help="Its first words, where there is none."),
    Field("said_at", "Date", "datetime", aliases=("said at", "created", "created at", "created on", "creation date",
          "timestamp", "time", "submitted at", "submitted", "received", "received at", "posted at", "date created",
          "datum", "erstellt", "erstellt am", "zeitpunkt", "fecha", "data", "date de création", "créé le", "creado"),
          help="When it was said. Rows without one get the day of the import."),
    Field("person", "Person", aliases=("name", "author", "user", "username", "customer name", "contact", "contact name",
          "requester", "reporter", "from", "full name", "submitter", "autor", "benutzer", "kontakt", "nom", "auteur",
          "nombre", "nome", "naam", "who", "said by"), max_length=300, help="Who said it."),
    Field("email", "E-mail", "email", aliases=("email", "e-mail address", "mail", "email address", "user email",
          "customer email", "contact email", "requester email", "author email", "correo", "courriel", "e post")),
    Field("account", "Account", aliases=("company", "organisation", "organization", "customer", "client", "firm",
          "account name", "company name", "firma", "unternehmen", "kunde", "société", "entreprise", "empresa",
          "cliente", "azienda", "bedrijf", "klant"), max_length=300, help="The customer organisation they speak for."),
    Field("account_domain", "Account’s domain", aliases=("domain", "website", "company domain", "web site", "webseite"),
          max_length=300),
    Field("account_id", "Account’s id", aliases=("company id", "organization id", "customer id", "client id"),
          max_length=200),
    Field("revenue", "Yearly revenue", "money", aliases=("arr", "annual revenue", "yearly revenue", "account revenue",
          "acv", "contract value", "umsatz", "jahresumsatz", "chiffre d'affaires", "ingresos", "ricavi", "omzet"),
          help="What the account pays in a year."),
    Field("plan", "Plan", aliases=("tier", "subscription", "package", "edition", "account plan", "tarif", "abo"),
          max_length=60),
    Field("source", "Source", aliases=("channel", "origin", "kanal", "quelle", "canal", "fuente", "fonte"),
          max_length=60, help="Where it was said: e-mail, call, app store…"),
    Field("rating", "Rating", "number", aliases=("score", "stars", "nps", "csat", "bewertung", "note client",
          "calificación", "valutazione"), help="From 0 to 10."),
    Field("url", "Link", "url", aliases=("url", "address", "permalink", "href", "web address", "enlace", "lien"),
          max_length=500),
    Field("locale", "Language", aliases=("locale", "lang", "sprache", "langue", "idioma", "lingua", "taal"),
          max_length=12),
    Field("tags", "Tags", "list", aliases=("tag", "labels", "label", "keywords", "schlagworte", "étiquettes",
          "etiquetas")),
    Field("votes", "Votes", aliases=("vote count", "votes count", "num votes", "upvotes", "likes", "stimmen", "votos"),
          max_length=20, help="How many said the same, where it came from."),
    Field("version", "Version", aliases=("app version", "app version name", "product version", "release",
          "version mentioned"), max_length=60, help="Of the product that it is about."),
    Field("circle", "Circle", aliases=("private to",), max_length=80,
          help="The name of one of your circles: only its members see the row. Empty rows are open to everybody."),
)  # fmt: skip


COUNT = re.compile(r"(\d{1,9})(?:\.0+)?$")


def identity(row: ParsedRow) -> str:
    """Return an id made of who, when and what, for rows that have none of their own."""
    values = row.values
    who = values.get("email") or fold(values.get("person", ""))
    when = values["said_at"].isoformat() if "said_at" in values else ""
    words = values.get("text") or values.get("title", "")
    return "sha256:" + hashlib.sha256("\x1f".join((who, when, words)).encode()).hexdigest()[:40]


def _feedback(run: Run, index: int, row: ParsedRow, cleaner: cleaning.Cleaner | None) -> Draft:
    values = row.values
    text = values.get("text") or values.get("title", "")
    title = values.get("title", "")
    extras: Mapping[str, Any] = row.extras
    if cleaner is not None:
        text, title, extras = cleaner.text(text), cleaner.text(title), cleaner.facts(extras)
    own: dict[str, Any] = {"version": values["version"]} if "version" in values else {}
    if "votes" in values:
        count = COUNT.match(values["votes"])
        own["votes"] = int(count[1]) if count else values["votes"]
    title = title or first_words(text)
    said = {name: values[name] for name in ("url", "locale", "rating", "said_at") if name in values}
    defaults: dict[str, Any] = {"said_at": run.started_at, "source": run.source}
    if "source" in values:
        said["source"] = values["source"]
    return Draft(
        index=index,
        title=title,
        values={"text": text, **said},
        defaults=defaults,
        attributes={**extras, **own},
        tags=values.get("tags", ()),
        external_id=row.key,
    )


def _account_key(values: Mapping[str, Any]) -> tuple[str, str, str]:
    return (
        values.get("account_id", ""),
        domain_of(values["account_domain"]) if "account_domain" in values else "",
        values.get("account", ""),
    )


class _Batch:
    """The rows of one batch on their way into three kinds of record."""

    def __init__(self, run: Run, rows: Sequence[ParsedRow]) -> None:
        self.run, self.rows = run, rows
        self.directory = Directory.of(run)
        self.outcome = Outcome()
        self.writer = RecordWriter(run, kind="feedback")
        self.drafts: dict[int, Draft] = {}
        self.accounts: dict[int, int] = {}
        self.people: dict[int, int] = {}
        self.circles = {fold(name): pk for pk, name in run.circles.items()}

    def write(self) -> Outcome:
        """Understand every row first, so that a refused row makes neither account nor person."""
        cleaner = cleaning.cleaner_for(workspace_id=self.run.workspace_id)
        for index, row in enumerate(self.rows):
            try:
                draft = _feedback(self.run, index, row, cleaner)
            except ValidationError as error:
                self.outcome.rejects.append((index, " ".join(error.messages)))
                continue
            problem = self.writer.check(draft)
            said_at = draft.values.get("said_at")
            if said_at is not None and said_at > self.run.at:
                problem = f"Date: {said_at:%Y-%m-%d} lies in the future."
            named = row.values.get("circle", "")
            if named:
                draft.circle_id = self.circles.get(fold(named))
                problem = problem or ("" if draft.circle_id else f"Circle: you are in none called {named}.")
            if problem:
                self.outcome.rejects.append((index, problem))
            else:
                self.drafts[index] = draft
        if cleaner is not None and not self.run.is_dry:
            cleaner.note()
        self._refuse_quoted()
        self._write_accounts()
        self._write_people()
        for index, draft in self.drafts.items():
            if index in self.people:
                draft.values["person_id"] = self.people[index]
            if index in self.accounts:
                draft.values["account_id"] = self.accounts[index]
        written = self.writer.write(list(self.drafts.values()))
        self.outcome.add(written.outcome)
        self.outcome.rejects += written.outcome.rejects
        self.outcome.unchanged = written.outcome.unchanged
        return self.outcome

    def _refuse(self, index: int, reason: str) -> None:
        self.drafts.pop(index, None)
        self.outcome.rejects.append((index, reason))

    def _refuse_quoted(self) -> None:
        """Words that somebody quoted are not changed under them."""
        keys = {draft.external_id: index for index, draft in self.drafts.items() if draft.external_id}
        quoted = (
            Quote.objects.filter(
                Q(feedback__circle__isnull=True) | Q(feedback__circle_id__in=list(self.run.circles)),
                feedback__workspace_id=self.run.workspace_id,
                feedback__kind="feedback",
                feedback__external_source=self.run.source,
                feedback__external_id__in=list(keys),
            )
            .values_list("feedback__external_id", "feedback__text")
            .distinct()
        )
        for key, text in quoted:
            index = keys[key]
            if self.drafts[index].values["text"] != text:
                self._refuse(
                    index, "Its words were changed, but they are quoted here: they stay as they were."
                )

    def _write_accounts(self) -> None:
        """Find or make the account of each row. Where rows of a batch differ, the last one stands."""
        drafts: dict[Any, Draft] = {}
        wanted: dict[int, Any] = {}
        for index in self.drafts:
            values = self.rows[index].values
            external_id, domain, name = _account_key(values)
            if not (external_id or domain or name):
                continue
            pk = self.directory.account(external_id=external_id, domain=domain, name=name)
            facts = {key: values[key] for key in ("revenue", "plan") if key in values}
            mark = pk if pk is not None else external_id or domain or fold(name)
            wanted[index] = mark
            if pk is not None and not facts:
                continue
            draft = drafts.setdefault(
                mark, Draft(index=index, external_id="" if pk else external_id, record_id=pk)
            )
            draft.values.update(facts)
            if pk is None:
                draft.title = draft.title or name or domain or external_id
                draft.defaults = {"domain": domain} if domain else draft.defaults
        writer = RecordWriter(self.run, kind="account")
        written = writer.write(list(drafts.values()))
        reasons = dict(written.outcome.rejects)
        for mark, draft in drafts.items():
            if draft.index in written.new:
                self.directory.learn_account(
                    written.ids[draft.index],
                    name=draft.title,
                    domain=draft.defaults.get("domain", ""),
                    external_id=draft.external_id,
                )
            for index in (
                [each for each, its in wanted.items() if its == mark] if draft.index in reasons else []
            ):
                self._refuse(index, f"Account: {reasons[draft.index]}")
        for index, mark in wanted.items():
            found = mark if mark not in drafts else written.ids.get(drafts[mark].index)
            if isinstance(found, int) and index in self.drafts:
                self.accounts[index] = found
        self.outcome.add(written.outcome)

    def _write_people(self) -> None:
        drafts: dict[Any, Draft] = {}
        wanted: dict[int, Any] = {}
        account_of = self.directory.account_of
        for index in self.drafts:
            values = self.rows[index].values
            name, email = values.get("person", ""), values.get("email", "")
            if not (name or email):
                continue
            account_id = self.accounts.get(index)
            if account_id is None and email:
                account_id = self.directory.account_of_email(email)
            pk = self.directory.person(name=name, email=email, account_id=account_id)
            mark = pk if pk is not None else email or (fold(name), account_id)
            wanted[index] = mark
            if pk is not None:
                if account_of.get(pk) is None and account_id is not None:
                    drafts.setdefault(pk, Draft(index=index, record_id=pk)).values["account_id"] = account_id
                    account_of[pk] = account_id
                continue
            draft = drafts.setdefault(mark, Draft(index=index, title=name or email.partition("@")[0]))
            if email:
                draft.values["email"] = email
            if account_id is not None:
                draft.values.setdefault("account_id", account_id)
        written = RecordWriter(self.run, kind="person").write(list(drafts.values()))
        reasons = dict(written.outcome.rejects)
        for draft in drafts.values():
            if draft.index in written.new:
                self.directory.learn_person(
                    written.ids[draft.index],
                    name=draft.title,
                    email=draft.values.get("email", ""),
                    account_id=draft.values.get("account_id"),
                )
        for index, mark in wanted.items():
            made = drafts.get(mark)
            if made is not None and made.index in reasons:
                self._refuse(index, f"Person: {reasons[made.index]}")
                continue
            found = written.ids[made.index] if made is not None else mark
            self.people[index] = found
            belongs = account_of.get(found)
            if index not in self.accounts and belongs is not None:
                self.accounts[index] = belongs
        self.outcome.add(written.outcome)


def write(run: Run, rows: Sequence[ParsedRow]) -> Outcome:
    """Write a batch of feedback, with the accounts and people in it."""
    return _Batch(run, rows).write()


def in_use(workspace_id: int, ids: Sequence[int]) -> Collection[int]:
    """Return the pieces whose words back something."""
    return set(Quote.objects.filter(feedback_id__in=list(ids)).values_list("feedback_id", flat=True))


def follow(
    workspace_id: int,
    created: Mapping[str, Sequence[int]],
    changed: Mapping[str, Sequence[int]],
    at: datetime,
) -> None:
    """Have new words read, and count the evidence anew whose speakers or accounts changed."""
    readings.forget(workspace_id=workspace_id, ids=list(changed.get("feedback", ())))
    if created.get("feedback") or changed.get("feedback"):
        readings.ask_for_reading(workspace_id=workspace_id)
    accounts, people = changed.get("account", ()), changed.get("person", ())
    touched = Q(feedback_id__in=list(changed.get("feedback", ())))
    touched |= Q(feedback__account_id__in=list(accounts)) | Q(feedback__person__account_id__in=list(accounts))
    touched |= Q(feedback__person_id__in=list(people))
    if any(changed.values()):
        found = set(Quote.objects.filter(touched).values_list("target_id", flat=True))
        if found:
            tally.recount(workspace_id=workspace_id, record_ids=found, at=at)


FEEDBACK = ImportTarget(
    name="feedback",
    label="Feedback",
    kind="feedback",
    fields=FIELDS,
    write=write,
    help="One row for each thing that somebody said. Accounts and people are found, or made.",
    order=10,
    keeps_other_columns=True,
    presets=PRESETS,
    needs_one_of=("text", "title"),
    identity=identity,
    keeps_identity=True,
    in_use=in_use,
    follow=follow,
    clean=cleaning.clean_text_for,
)
