"""Writing to a tracker what changed here, and making the issues that features ask for."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from roadbed.modules.roadmap import facade as roadmap
from roadbed.modules.roadmap.facade import FeatureState
from roadbed.modules.trackers.models import Binding, Connection
from roadbed.modules.trackers.services import reconciling, runs
from roadbed.modules.trackers.services.connectors.base import Connector, Gone, Issue, TrackerError
from roadbed.modules.trackers.services.pulling import Puller
from roadbed.modules.trackers.services.runs import Deed, Log
from roadbed.modules.trackers.services.translating import CannotSayError, Said, Translator
from roadbed_engines.merging import Base, Move

CHUNK = 100
CLOCKS_APART = timedelta(minutes=10)
State = Binding.State


@dataclass
class Pusher:
    """Brings out what the roadmap says."""

    connection: Connection
    connector: Connector
    puller: Puller
    log: Log
    told: runs.Told
    who: str

    def __post_init__(self) -> None:
        self._translator = Translator(self.connection)
        self._done = 0

    def everything(self) -> None:
        """Write what changed, make what is new, then what could only be said once that was made."""
        if self.log.is_dry:
            self._say_new()  # what changed was said when its issue was read: a dry run reads every one
            return
        self.follow_life()
        self._finish_made()
        self._changed()
        if self._make_new():
            self._changed()

    def _waiting(self) -> Any:
        return (
            Binding.objects.filter(
                connection=self.connection, state=State.LIVE, record__deleted_at__isnull=True
            )
            .filter(Q(needs_push=True) | Q(record__version__gt=F("seen_version")))
            .order_by("pk")
        )

    def _changed(self) -> None:
        last = 0
        while rows := list(self._waiting().filter(pk__gt=last)[:CHUNK]):
            last = rows[-1].pk
            states = roadmap.states(
                workspace_id=self.connection.workspace_id,
                record_ids=[each.record_id for each in rows if each.record_id],
            )
            bound = self._bound(states)
            for binding in rows:
                state = states.get(binding.record_id or 0)
                if state is not None:
                    self._push(binding, state, bound)
                    self._done += 1
                    self.told(self._done, "Writing to the tracker")

    def _bound(self, states: Mapping[int, FeatureState]) -> dict[int, str]:
        ids = {state.parent for state in states.values() if state.parent}
        rows = Binding.objects.filter(connection=self.connection, record_id__in=ids, state=State.LIVE)
        return {pk: key for pk, key in rows.values_list("record_id", "external_id") if pk is not None}

    def _push(self, binding: Binding, state: FeatureState, bound: Mapping[int, str]) -> None:
        ours = self._translator.ours(state, bound=bound)
        guess = reconciling.look(
            rules=self.connection.rules, binding=binding, ours=ours, theirs=reconciling.remembered(binding)
        )
        if binding.theirs and not guess.gives:
            # Nothing of what changed travels: no call is spent on it.
            if not self.log.is_dry and all(
                each.move is not Move.CONFLICT for each in guess.decisions.values()
            ):
                Binding.objects.filter(pk=binding.pk).update(needs_push=False, seen_version=state.version)
                return
            if self.log.is_dry:
                return
        issue = self.connector.get(binding.external_id)
        if isinstance(issue, Gone):
            self.puller.lose(issue, binding)
            return
        said = self._said(issue)
        seen = said.values
        found = reconciling.look(rules=self.connection.rules, binding=binding, ours=ours, theirs=said)
        wanted, held = self._words(found, issue, bound)
        given: dict[str, Any] = {}
        if wanted:
            issue, given, refused = self._write(binding, issue, wanted, found)
            held |= refused
            said = self._said(issue)
        self._keep(
            binding, issue, said, given=given, held=held, before=found, seen=seen, ours_before=ours.values
        )

    def _said(self, issue: Issue) -> Said:
        parents = {}
        if issue.parent:
            rows = Binding.objects.filter(
                connection=self.connection, external_id=issue.parent, state=State.LIVE
            )
            parents = {key: pk for key, pk in rows.values_list("external_id", "record_id") if pk is not None}
        return self._translator.theirs(issue, bound=parents)

    def _words(
        self, found: reconciling.Look, issue: Issue, bound: Mapping[int, str]
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Return what is to be written in the tracker's words, and what cannot be said there."""
        wanted: dict[str, Any] = {}
        held: dict[str, str] = {}
        for name, each in found.of(Move.GIVE, Move.MERGE).items():
            if name in issue.locked:
                held[name] = issue.locked[name]
                continue
            try:
                wanted[name] = self._translator.to_theirs(name, each.theirs, bound=bound)
            except CannotSayError as error:
                held[name] = str(error)
        return wanted, held

    def _write(
        self, binding: Binding, issue: Issue, wanted: Mapping[str, Any], found: reconciling.Look
    ) -> tuple[Issue, dict[str, Any], dict[str, str]]:
        """Write the fields together; where the tracker refuses, each for itself: one must not stop the others."""
        runs.take_hold(connection=self.connection, who=self.who, at=self.log.now())
        ours = {name: found.decisions[name].ours for name in wanted}
        different = {name: value for name, value in wanted.items() if value != getattr(issue, name)}
        if not different:
            return issue, ours, {}
        try:
            return self.connector.change(issue, different), ours, {}
        except TrackerError as error:
            if len(different) == 1:
                return (
                    issue,
                    {n: v for n, v in ours.items() if n not in different},
                    {next(iter(different)): str(error)},
                )
        refused: dict[str, str] = {}
        for name, value in different.items():
            try:
                issue = self.connector.change(issue, {name: value})
            except TrackerError as error:
                refused[name] = str(error)
        return issue, {name: value for name, value in ours.items() if name not in refused}, refused

    @transaction.atomic
    def _keep(
        self,
        binding: Binding,
        issue: Issue,
        said: Said,
        *,
        given: Mapping[str, Any],
        held: Mapping[str, str],
        before: reconciling.Look,
        seen: Mapping[str, Any],
        ours_before: Mapping[str, Any],
    ) -> None:
        """Move the base on for what went out, then bring in what came back with it, in one transaction."""
        Connection.objects.select_for_update().get(pk=self.connection.pk)
        binding = Binding.objects.select_for_update().get(pk=binding.pk)
        bases = binding.bases
        for name, value in given.items():
            if name not in said.values:
                continue
            now, was = said.values[name], bases.get(name)
            if before.decisions[name].move is Move.MERGE:
                # Theirs has ours now; what they added or took away comes in below, seen from this base.
                had = reconciling.half_merged(was=was.theirs if was else (), had=seen[name], now=now)
                bases[name] = Base(ours_before[name], had)
            else:
                bases[name] = Base(value, now)
            self.log.note(Deed.GIVEN, issue=issue, binding=binding, name=name, before=seen[name], after=now)
        binding.keep(bases)
        for name, reason in held.items():
            if binding.held.get(name) != reason:
                self.log.note(Deed.REFUSED, issue=issue, binding=binding, name=name,
                              after=before.decisions[name].ours, note=reason)  # fmt: skip
        states = roadmap.states(
            workspace_id=self.connection.workspace_id, record_ids=[binding.record_id or 0]
        )
        state = states.get(binding.record_id or 0)
        if state is not None:
            bound = self._bound(states)
            found = reconciling.look(
                rules=self.connection.rules,
                binding=binding,
                ours=self._translator.ours(state, bound=bound),
                theirs=said,
            )
            reconciling.settle_ours(
                connection=self.connection,
                binding=binding,
                state=state,
                issue=issue,
                said=said,
                found=found,
                translator=self._translator,
                bound=bound,
                log=self.log,
                at=self.log.now(),
            )
            still = {name: reason for name, reason in held.items() if name in found.of(Move.GIVE, Move.MERGE)}
            binding.held = {**binding.held, **still}
            # What cannot be said over there would be tried at each look; it is tried again when the feature changes.
            binding.needs_push = any(name not in still for name in found.of(Move.GIVE, Move.MERGE))
            binding.save(update_fields=["held", "needs_push"])
        self.log.write()

    # Making issues

    def _new_ids(self) -> Any:
        asked = self.connection.outgoing
        if asked.get("which", "none") == "none":
            return
        filters = {name: asked.get(name) for name in ("lanes", "levels", "statuses", "tag")}
        filters["product_id"] = self.connection.product_id if asked.get("own_product") else None
        after = 0
        while ids := roadmap.ids_that_fit(
            workspace_id=self.connection.workspace_id, filters=filters, after=after, limit=CHUNK
        ):
            after = ids[-1]
            bound = set(
                Binding.objects.filter(connection=self.connection, record_id__in=ids).values_list(
                    "record_id", flat=True
                )
            )
            yield [each for each in ids if each not in bound]

    def _say_new(self) -> None:
        for ids in self._new_ids():
            states = roadmap.states(workspace_id=self.connection.workspace_id, record_ids=ids)
            with transaction.atomic():
                for state in states.values():
                    self.log.note(
                        Deed.MADE_THERE, record_id=state.record_id, before=state.key, after=state.title
                    )
                self.log.write()

    def _make_new(self) -> int:
        count = 0
        for ids in self._new_ids():
            for record_id in ids:
                runs.take_hold(connection=self.connection, who=self.who, at=self.log.now())
                self._make(Binding(connection=self.connection, record_id=record_id))
                count += 1
                self.told(count, "Making issues")
        return count

    def make_one(self, record_id: int) -> None:
        """Make an issue of one feature, whatever the filter says, unless it has one."""
        bound = Binding.objects.filter(
            connection=self.connection, record_id=record_id, state__in=[State.LIVE, State.CREATING]
        )
        if not bound.exists():
            self._make(Binding(connection=self.connection, record_id=record_id))

    def _finish_made(self) -> None:
        """Go on with issues that we were about to make when we were interrupted: look for each before making it."""
        for binding in Binding.objects.filter(connection=self.connection, state=State.CREATING).order_by(
            "pk"
        ):
            found = self.connector.find_made(binding.nonce, since=binding.made_at - CLOCKS_APART)
            if found is None:
                self._make(binding)
            else:
                self._keep_made(binding, found, bases=binding.bases)

    def _make(self, binding: Binding) -> None:
        """Make an issue. What we are about to send is kept first, so that it is neither made twice nor misread."""
        states = roadmap.states(
            workspace_id=self.connection.workspace_id, record_ids=[binding.record_id or 0]
        )
        state = states.get(binding.record_id or 0)
        if state is None:
            if binding.pk:
                binding.delete()
            return
        bound, values, sent = self._bound(states), {}, {}
        for name, value in self._translator.ours(state, bound=bound).values.items():
            if self.connection.rules[name].direction.value == "off" and name != "title":
                continue
            try:
                said = self._translator.to_theirs(name, value, bound=bound)
            except CannotSayError:
                continue  # the first look at the pair says why
            sent[name] = Base(value, self._translator.echo(name, value, said))
            if said not in ("", None, ()):
                values[name] = said
        binding.state, binding.seen_version = State.CREATING, state.version
        binding.nonce, binding.made_at = str(uuid.uuid4()), self.log.now()
        binding.keep(sent)
        binding.save()
        try:
            issue = self.connector.make(values, nonce=binding.nonce)
        except TrackerError as error:
            self._refuse_made(binding, state, str(error))
            return
        read = self._said(issue).values
        self._keep_made(
            binding,
            issue,
            bases={name: Base(base.ours, read.get(name, base.theirs)) for name, base in sent.items()},
        )

    @transaction.atomic
    def _refuse_made(self, binding: Binding, state: FeatureState, reason: str) -> None:
        """Say why the tracker would not have it; the next look searches for a half-made issue, then tries again."""
        self.log.note(
            Deed.REFUSED, record_id=state.record_id, before=state.key, after=state.title, note=reason
        )
        Binding.objects.filter(pk=binding.pk).update(note=reason[:400])
        self.log.write()

    @transaction.atomic
    def _keep_made(self, binding: Binding, issue: Issue, *, bases: dict[str, Base]) -> None:
        reconciling.remember(binding, issue, self._said(issue))
        binding.state, binding.synced_at, binding.seen_at = State.LIVE, self.log.now(), self.log.now()
        binding.note, binding.needs_push = "", True
        binding.keep(bases)
        binding.save()
        self.log.note(Deed.MADE_THERE, issue=issue, binding=binding, after=issue.title)
        self.log.write()

    # Features that went away, and came back

    def follow_life(self) -> None:
        """Let go of issues whose features were deleted, and take them up again where these came back."""
        rows = Binding.objects.filter(connection=self.connection)
        back = rows.filter(state=State.ORPHAN, record__deleted_at__isnull=True, record__isnull=False)
        back.update(state=State.LIVE, note="", needs_push=True)
        words = "The feature was deleted; the issue stays."
        for binding in rows.filter(state=State.LIVE, record__deleted_at__isnull=False).order_by("pk")[:CHUNK]:
            closes = self.connection.outgoing.get("when_deleted") == "close"
            note = self._close(binding) if closes else words
            with transaction.atomic():
                Binding.objects.filter(pk=binding.pk).update(state=State.ORPHAN, note=note, needs_push=False)
                self.log.note(Deed.ORPHAN, binding=binding, note=note)
                self.log.write()

    def _close(self, binding: Binding) -> str:
        issue = self.connector.get(binding.external_id)
        word = self.connection.statuses_out.get("dropped")
        if isinstance(issue, Gone) or not word:
            return "The feature was deleted; the issue stays."
        try:
            self.connector.change(issue, {"status": word})
        except TrackerError as error:
            return f"The feature was deleted; the issue could not be closed: {error}"[:400]
        return f"The feature was deleted; the issue is “{word}” now."
