"""Who is known already: accounts and people by every name they go by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from roadbed.core.records.models import ActivityHead, Record
from roadbed.core.tables import revival
from roadbed.core.tables.targets import Run
from roadbed.modules.insights.models import Account, Person
from roadbed.modules.insights.models.domains import OPEN_MAIL, domain_of

MEMORY = "insights:directory"


def fold(name: str) -> str:
    """Return a name as it is compared: case and spacing do not matter."""
    return " ".join(name.split()).casefold()


class Directory:
    """The accounts and people of a workspace, kept for the batches of one import."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.sequence = -1
        self.account_ids: dict[str, int] = {}
        self.account_domains: dict[str, int] = {}
        self.account_names: dict[str, int] = {}
        self.emails: dict[str, int] = {}
        self.names: dict[tuple[str, int | None], int] = {}
        self.account_of: dict[int, int | None] = {}

    @classmethod
    def of(cls, run: Run) -> Directory:
        """The directory of this import, read anew where somebody else wrote since the batch before.

        Every write of another appends to the workspace's history; our own batches append exactly one activity each.
        """
        known = run.memory.get(MEMORY)
        directory = known if isinstance(known, Directory) else cls(run)
        head = (
            ActivityHead.objects.filter(workspace_id=run.workspace_id)
            .values_list("sequence", flat=True)
            .first()
        )
        if run.is_dry:
            head = 0
        if directory.sequence != (head or 0):
            directory._read()
        directory.sequence = (head or 0) + (0 if run.is_dry else 1)
        run.memory[MEMORY] = directory
        return directory

    def _read(self) -> None:
        for table in (
            self.account_ids, self.account_domains, self.account_names, self.emails, self.names, self.account_of
        ):  # fmt: skip
            table.clear()
        for row in self._rows(Account, "account", ("domain", "external_source", "external_id")):
            own = row["external_id"] if row["external_source"] == self._run.source else ""
            self.learn_account(row["pk"], name=row["title"], domain=row["domain"], external_id=own)
        for row in self._rows(Person, "person", ("email", "account_id")):
            self.learn_person(row["pk"], name=row["title"], email=row["email"], account_id=row["account_id"])

    def _rows(self, model: type[Record], kind: str, names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
        """Yield the live ones first, then those merged away under their survivor's id, then those an undo removed."""
        rows = model.objects.filter(workspace_id=self._run.workspace_id, kind=kind).order_by("pk")
        fields = ("pk", "title", *names)
        yield from rows.filter(deleted_at__isnull=True).values(*fields).iterator(chunk_size=2000)
        gone = list(rows.filter(deleted_at__isnull=False).values(*fields, "deleted_at", "merged_into_id"))
        merged = {row["pk"]: row["merged_into_id"] for row in gone if row["merged_into_id"]}
        for row in gone:
            if row["merged_into_id"]:
                survivor = row["merged_into_id"]
                for _ in range(20):
                    survivor = merged.get(survivor, survivor)
                yield {**row, "pk": survivor}
        deleted = [row for row in gone if not row["merged_into_id"]]
        back = revival.revivable(self._run.workspace_id, [(row["pk"], row["deleted_at"]) for row in deleted])
        yield from (row for row in deleted if row["pk"] in back)

    def learn_account(self, pk: int, *, name: str = "", domain: str = "", external_id: str = "") -> None:
        """Remember an account under its names; who was there first keeps a name."""
        if external_id:
            self.account_ids.setdefault(external_id, pk)
        if domain:
            self.account_domains.setdefault(domain.lower(), pk)
        if name:
            self.account_names.setdefault(fold(name), pk)

    def learn_person(
        self, pk: int, *, name: str = "", email: str = "", account_id: int | None = None
    ) -> None:
        """Remember a person under their names."""
        if email:
            self.emails.setdefault(email.lower(), pk)
        if name:
            self.names.setdefault((fold(name), account_id), pk)
        self.account_of.setdefault(pk, account_id)

    def account(self, *, name: str = "", domain: str = "", external_id: str = "") -> int | None:
        """Return the account: by its id, else by its domain, else by its name."""
        found = self.account_ids.get(external_id) if external_id else None
        if found is None and domain:
            found = self.account_domains.get(domain)
        if found is None and name:
            found = self.account_names.get(fold(name))
        return found

    def account_of_email(self, email: str) -> int | None:
        """Return the account whose domain an address is at; the big mail providers are nobody's account."""
        domain = domain_of(email)
        return None if domain in OPEN_MAIL else self.account_domains.get(domain)

    def person(self, *, name: str = "", email: str = "", account_id: int | None = None) -> int | None:
        """Return the person with that address; without one, the person of that name at that account."""
        if email:
            return self.emails.get(email)
        return self.names.get((fold(name), account_id)) if name else None
