"""Reading a tracker page by page: what changed there comes in, together with how far it was read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q

from roadbed.modules.roadmap import facade as roadmap
from roadbed.modules.roadmap.facade import FeatureState
from roadbed.modules.trackers.models import Binding, Conflict, Connection
from roadbed.modules.trackers.services import reconciling, runs
from roadbed.modules.trackers.services.connectors.base import Connector, Gone, Issue, TrackerError
from roadbed.modules.trackers.services.runs import Deed, Log
from roadbed.modules.trackers.services.translating import Said, Translator
from roadbed_engines.merging import Base, Move

SWEEP_EVERY = timedelta(days=1)
"""So often everything is read anew, whatever the tracker says has changed; only so are deletions seen for sure."""
WHO_MOST = 50
"""Conflicts of a page for which the tracker is asked who wrote theirs."""
State = Binding.State


@dataclass
class Puller:
    """Brings in what a tracker says."""

    connection: Connection
    connector: Connector
    log: Log
    told: runs.Told
    who: str

    def __post_init__(self) -> None:
        self._translator = Translator(self.connection)

    def everything(self) -> None:
        """Read all that changed since the last look; once a day, all there is.

        Each page is one transaction with the place to read on from: a process that is killed goes on there.
        """
        kept = dict(self.connection.cursor)
        now = self.log.now()
        swept, begun = kept.get("swept_at"), kept.get("sweep_from")
        if begun is None and (swept is None or now - datetime.fromisoformat(swept) >= SWEEP_EVERY):
            begun, kept = now.isoformat(), {**kept, "at": {}, "sweep_from": now.isoformat()}
        if self.log.is_dry:
            kept["at"] = {}
        for page in self.connector.pages(kept.get("at", {})):
            kept = {**kept, "at": page.cursor}
            if page.is_last and begun is not None and not self.log.is_dry:
                self._miss(datetime.fromisoformat(begun))
                kept = {name: value for name, value in kept.items() if name != "sweep_from"} | {
                    "swept_at": begun
                }
            self.take_page(page.issues, cursor=kept)
        self._lay_parents()

    def take_page(self, issues: Sequence[Issue], *, cursor: Mapping[str, Any] | None) -> None:
        """Take in some issues and remember how far we have read, in one transaction."""
        with transaction.atomic():
            held: Connection = Connection.objects.select_for_update().get(pk=self.connection.pk)
            if not self.log.is_dry:
                runs.take_hold(connection=held, who=self.who, at=self.log.now())
            bindings = self._bindings(issues)
            parents = self._features_of({issue.parent for issue in issues if issue.parent})
            states = roadmap.states(
                workspace_id=held.workspace_id,
                record_ids=[each.record_id for each in bindings.values() if each.record_id],
            )
            issues_of = self._issues_of({state.parent for state in states.values() if state.parent})
            for issue in issues:
                self._take(issue, bindings.get(issue.id), states=states, parents=parents, issues_of=issues_of)
            self.log.run.issues += len(issues)
            if not self.log.is_dry:
                Binding.objects.filter(pk__in=[each.pk for each in bindings.values()]).update(
                    seen_at=self.log.now()
                )
                if cursor is not None:
                    held.cursor = dict(cursor)
                    held.save(update_fields=["cursor"])
                    self.connection.cursor = held.cursor
            self.log.write()
        self._ask_who(issues)
        self.told(self.log.run.issues, "Reading issues")

    def _bindings(self, issues: Sequence[Issue]) -> dict[str, Binding]:
        rows = Binding.objects.filter(connection=self.connection)
        found = {
            each.external_id: each for each in rows.filter(external_id__in=[issue.id for issue in issues])
        }
        marks = {
            str(issue.raw.get("mark")): issue.id
            for issue in issues
            if issue.id not in found and isinstance(issue.raw, dict) and issue.raw.get("mark")
        }
        for each in rows.filter(nonce__in=marks, state=State.CREATING):
            found[marks[each.nonce]] = each
        urls = {issue.url: issue.id for issue in issues if issue.id not in found and issue.url}
        moved = Binding.objects.filter(
            connection__workspace_id=self.connection.workspace_id, state=State.MOVED, moved_to__in=urls
        )
        for each in moved:
            found[urls[each.moved_to]] = each
        return found

    def _features_of(self, ids: set[str]) -> dict[str, int]:
        """Return the features of issues, by the issues' ids."""
        rows = Binding.objects.filter(
            connection=self.connection, external_id__in=ids, state=State.LIVE, record__isnull=False
        )
        return {key: pk for key, pk in rows.values_list("external_id", "record_id") if pk is not None}

    def _issues_of(self, ids: set[int]) -> dict[int, str]:
        """Return the issues of features, by the features' ids."""
        rows = Binding.objects.filter(connection=self.connection, record_id__in=ids, state=State.LIVE)
        return {pk: key for pk, key in rows.values_list("record_id", "external_id") if pk is not None}

    def _take(
        self,
        issue: Issue,
        binding: Binding | None,
        *,
        states: Mapping[int, FeatureState],
        parents: Mapping[str, int],
        issues_of: Mapping[int, str],
    ) -> None:
        said = self._translator.theirs(issue, bound=parents)
        if binding is None:
            self._take_new(issue, said, parents)
            return
        if binding.state == State.CUT:
            return
        if (
            binding.theirs_at is not None
            and issue.updated_at < binding.theirs_at
            and binding.state == State.LIVE
        ):
            return  # read before what we know already
        state = states.get(binding.record_id or 0)
        if state is None:
            self._orphan(binding, issue)
            return
        if binding.state != State.LIVE:
            self._adopt(binding, issue)
        ours = self._translator.ours(state, bound=issues_of)
        found = reconciling.look(rules=self.connection.rules, binding=binding, ours=ours, theirs=said)
        if self.log.is_dry:
            self.say(found, issue=issue, binding=binding, ours=ours, theirs=said)
            return
        quiet = all(each.move in {Move.NONE, Move.HOLD} for each in found.decisions.values())
        same = binding.theirs_at == issue.updated_at and binding.held == dict(found.held) and binding.pk
        if (
            quiet
            and same
            and binding.seen_version == state.version
            and reconciling.remembered(binding).values == said.values
        ):
            return
        reconciling.settle_ours(
            connection=self.connection,
            binding=binding,
            state=state,
            issue=issue,
            said=said,
            found=found,
            translator=self._translator,
            bound=issues_of,
            log=self.log,
            at=self.log.now(),
        )

    def _adopt(self, binding: Binding, issue: Issue) -> None:
        """Take up an issue again: made just before we were interrupted, moved here, or back from the dead."""
        if binding.state == State.CREATING:
            # Its base is what we sent, kept before it was sent: whatever changed since on either side is still seen.
            self.log.note(Deed.MADE_THERE, issue=issue, binding=binding, after=issue.title)
        binding.connection, binding.state, binding.moved_to, binding.note = (
            self.connection,
            State.LIVE,
            "",
            "",
        )

    def _orphan(self, binding: Binding, issue: Issue) -> None:
        if binding.state == State.ORPHAN:
            return
        self.log.note(
            Deed.ORPHAN, issue=issue, binding=binding, note="The feature was deleted; the issue stays."
        )
        if not self.log.is_dry:
            binding.state, binding.note = State.ORPHAN, "The feature was deleted; the issue stays."
            binding.needs_push = False
            binding.save()

    def wants(self, issue: Issue, said: Said) -> bool:
        """Whether an issue that is no feature yet becomes one."""
        asked = self.connection.incoming
        if asked.get("which", "none") == "none":
            return False
        if asked.get("open_only") and said.values.get("status") in {"shipped", "dropped"}:
            return False
        kinds = {each.casefold() for each in asked.get("kinds") or ()}
        if kinds and issue.kind.casefold() not in kinds:
            return False
        if asked.get("which") == "labelled":
            wanted = {each.casefold() for each in asked.get("labels") or ()}
            return any(each.casefold() in wanted for each in issue.labels or ())
        return True

    def _take_new(self, issue: Issue, said: Said, parents: Mapping[str, int]) -> None:
        if not self.wants(issue, said):
            return
        if self.log.is_dry:
            self.log.note(Deed.MADE_HERE, issue=issue, after=issue.title, note="; ".join(said.held.values()))
            return
        rules, asked = self.connection.rules, self.connection.incoming
        values = {
            name: value
            for name, value in said.values.items()
            if rules[name].direction.value != "off" or name == "title"
        }
        levels = {str(kind).casefold(): level for kind, level in (asked.get("levels") or {}).items()}
        try:
            with transaction.atomic():
                record_id = roadmap.take_in(
                    workspace=self.connection.workspace,
                    values=values,
                    product=self.connection.product,
                    lane=asked.get("lane") or "product",
                    level=levels.get(issue.kind.casefold()) or asked.get("level") or "feature",
                    reason=f"{issue.key} is “{issue.status}” at {self.connection.name}.",
                    actor=reconciling.actor_of(self.connection),
                    at=self.log.now(),
                )
        except ValidationError as error:
            self.log.note(Deed.REFUSED, issue=issue, after=issue.title, note=" ".join(error.messages))
            return
        state = roadmap.states(workspace_id=self.connection.workspace_id, record_ids=[record_id])[record_id]
        ours = self._translator.ours(state, bound={pk: key for key, pk in parents.items()}).values
        binding = Binding(connection=self.connection, record_id=record_id, made_at=self.log.now())
        binding.keep(
            {
                name: Base(ours.get(name, value), value)
                for name, value in said.values.items()
                if name in values
            }
        )
        binding.held = {name: why for name, why in said.held.items() if rules[name].direction.value != "off"}
        binding.seen_version, binding.synced_at, binding.seen_at = (
            state.version,
            self.log.now(),
            self.log.now(),
        )
        reconciling.remember(binding, issue, said)
        binding.save()
        self.log.note(Deed.MADE_HERE, issue=issue, binding=binding, after=issue.title)

    def say(
        self, found: reconciling.Look, *, issue: Issue, binding: Binding, ours: Said, theirs: Said
    ) -> None:
        """Write down what would be done."""
        deeds = {
            Move.TAKE: Deed.TAKEN,
            Move.GIVE: Deed.GIVEN,
            Move.MERGE: Deed.MERGED,
            Move.CONFLICT: Deed.CONFLICT,
        }
        for name, each in found.decisions.items():
            if each.move in deeds:
                before = theirs.values[name] if each.move is Move.GIVE else ours.values[name]
                after = each.theirs if each.move in {Move.GIVE, Move.CONFLICT} else each.ours
                self.log.note(
                    deeds[each.move], issue=issue, binding=binding, name=name, before=before, after=after
                )

    def _lay_parents(self) -> None:
        """Lay features under their parents that came in after them."""
        if self.log.is_dry or self.connection.rules["parent"].direction.value not in {"in", "both"}:
            return
        waiting = Binding.objects.filter(connection=self.connection, state=State.LIVE, held__has_key="parent")
        last = 0
        while rows := list(waiting.filter(pk__gt=last).order_by("pk")[:200]):
            last = rows[-1].pk
            ids = {str(each.theirs.get("words", {}).get("parent") or "") for each in rows} - {""}
            parents = self._features_of(ids)
            with transaction.atomic():
                for binding in rows:
                    parent = parents.get(str(binding.theirs.get("words", {}).get("parent") or ""))
                    if parent is not None and binding.record_id is not None:
                        self._lay(binding, parent)
                self.log.write()

    def _lay(self, binding: Binding, parent: int) -> None:
        base = binding.bases.get("parent")
        states = roadmap.states(
            workspace_id=self.connection.workspace_id, record_ids=[binding.record_id or 0]
        )
        state = states.get(binding.record_id or 0)
        if (
            state is None
            or (state.parent is not None and base is None)
            or (base and state.parent != base.ours)
        ):
            return  # somebody here has laid it elsewhere
        refused = roadmap.take_over(
            workspace=self.connection.workspace,
            record_id=state.record_id,
            values={"parent": parent},
            actor=reconciling.actor_of(self.connection),
            at=self.log.now(),
        )
        binding.held = {name: why for name, why in binding.held.items() if name != "parent"} | refused
        if not refused:
            binding.keep({**binding.bases, "parent": Base(parent, parent)})
            binding.theirs["values"]["parent"] = parent
            self.log.note(Deed.TAKEN, binding=binding, name="parent", after=parent)
        fresh = roadmap.states(workspace_id=self.connection.workspace_id, record_ids=[state.record_id])
        binding.seen_version = fresh[state.record_id].version
        binding.save(update_fields=["held", "base", "theirs", "seen_version"])

    def _miss(self, since: datetime) -> None:
        """Ask after each issue that a reading of everything did not show."""
        rows = Binding.objects.filter(connection=self.connection, state=State.LIVE).filter(
            Q(seen_at__isnull=True) | Q(seen_at__lt=since)
        )
        last = 0
        while found := list(rows.filter(pk__gt=last).order_by("pk")[:100]):
            last = found[-1].pk
            for binding in found:
                there = self.connector.get(binding.external_id)
                if isinstance(there, Gone):
                    self.lose(there, binding)

    def lose(self, gone: Gone, binding: Binding) -> None:
        """Remember that an issue was deleted or moved away; the feature stays, and a person is asked."""
        moved = bool(gone.moved_to)
        words = "The issue moved away." if moved else "The issue was deleted there."
        with transaction.atomic():
            Binding.objects.filter(pk=binding.pk).update(
                state=State.MOVED if moved else State.GONE,
                moved_to=gone.moved_to[:500],
                note=words,
                needs_push=False,
                synced_at=self.log.now(),
            )
            self.log.note(Deed.MOVED if moved else Deed.GONE, binding=binding, note=words)
            self.log.write()

    def _ask_who(self, issues: Sequence[Issue]) -> None:
        """Ask the tracker who wrote their half of the conflicts that a page brought."""
        if self.log.is_dry:
            return
        by_id = {issue.id: issue for issue in issues}
        rows = Conflict.objects.filter(
            binding__connection=self.connection,
            binding__external_id__in=by_id,
            settled_at__isnull=True,
            theirs_by="",
        ).annotate(issue_id=F("binding__external_id"))
        for conflict in rows[:WHO_MOST]:
            try:
                found = self.connector.who_changed(by_id[conflict.issue_id], conflict.field)
            except TrackerError:
                continue
            if found is not None:
                Conflict.objects.filter(pk=conflict.pk).update(theirs_by=found[0][:120], theirs_at=found[1])
