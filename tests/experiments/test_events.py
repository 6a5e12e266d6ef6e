"""Events from a request to the disk: what is taken, what is refused; `benchmarks/event_kills.py` kills the server."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from roadbed.analytics.events import compaction, copying, reading
from roadbed.analytics.events.store import EventStore
from roadbed.config.ofrep.exposures import Exposures
from roadbed.config.ofrep.store import compile_entry
from roadbed.core.workspaces import services as workspaces
from roadbed.modules.experiments import facade, services
from roadbed.modules.experiments.models import ExposureLog
from tests.experiments import factories
from tests.people import NOW

PATH = "/api/v1/events"


@pytest.fixture
def place(workspace, ada, settings, tmp_path):
    settings.ROADBED_DATA = tmp_path
    services.ensure_environments(workspace=workspace, actor=ada.actor, at=NOW)
    return factories.environment(workspace)


@pytest.fixture
def key(place, ada):
    return services.make_key(environment=place, kind="server", name="shop", actor=ada.actor, at=NOW)[1]


def send(secret, body, *, kind="application/json", **headers):
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    headers = {"Authorization": f"Bearer {secret}", **headers}
    return Client().post(PATH, content, content_type=kind, headers=headers)


def kept(workspace):
    rows = reading.ask(services.event_store(workspace.pk), lambda table: table.to_pyarrow().to_pylist())
    return sorted(rows, key=lambda row: (row["name"], row["unit"]))


def token(person, scope="write"):
    return workspaces.create_token(
        member=person.member, name="script", scope=scope, actor=person.actor, at=NOW
    )[1]


class TestTaking:
    def test_a_batch_is_kept_once_however_often_it_is_sent(self, workspace, key):
        batch = {"events": [{"name": "order", "unit": 7, "value": 12.5}, {"name": "visit", "unit": "u8"}]}
        first = send(key, batch, **{"Idempotency-Key": "monday-1"})
        assert (first.status_code, first.json()) == (200, {"events": 2, "again": False})
        assert send(key, batch, **{"Idempotency-Key": "monday-1"}).json() == {"events": 2, "again": True}
        other = {"events": [{"name": "order", "unit": "9"}]}
        assert send(key, other, **{"Idempotency-Key": "monday-1"}).status_code == 409
        assert [(row["unit"], row["environment"]) for row in kept(workspace)] == [
            ("7", "production"), ("u8", "production"),
        ]  # fmt: skip
        services.move_events(workspace_id=workspace.pk, at=datetime.now(UTC))
        assert send(key, batch, **{"Idempotency-Key": "monday-1"}).json()["again"]
        assert len(kept(workspace)) == 2

    def test_cloud_events_come_in_all_three_modes(self, workspace, key):
        one = {
            "specversion": "1.0", "id": "a1", "source": "/shop", "type": "order", "subject": "u1",
            "time": datetime.now(UTC).isoformat(), "data": {"value": 3, "plan": "pro"},
        }  # fmt: skip
        assert send(key, one, kind="application/cloudevents+json; charset=utf-8").status_code == 200
        many = [{**one, "id": "a2", "subject": "u2"}, {**one, "id": "a3", "subject": "u3"}]
        assert send(key, many, kind="application/cloudevents-batch+json").json()["events"] == 2
        head = {
            "ce-specversion": "1.0",
            "ce-id": "a4",
            "ce-source": "/shop",
            "ce-type": "order",
            "ce-subject": "u4",
        }
        assert send(key, {"value": 5}, **head).status_code == 200
        rows = kept(workspace)
        assert [(row["unit"], row["value"]) for row in rows] == [
            ("u1", 3.0),
            ("u2", 3.0),
            ("u3", 3.0),
            ("u4", 5.0),
        ]
        assert json.loads(rows[0]["attributes"]) == {"plan": "pro"}

    def test_what_cannot_be_taken_is_named_and_nothing_of_it_is_kept(self, workspace, key):
        fine = {"name": "visit", "unit": "u1"}
        wrong = {
            "lies in the future": {**fine, "time": "2099-01-01T00:00:00Z"},
            "ten years back": {**fine, "time": "0001-01-01T00:00:00Z"},
            "no offset": {**fine, "time": "2026-03-01T09:30:00"},
            "outside the calendar": {**fine, "time": "0001-01-01T00:00:00+14:00"},
            "infinite or no number": '{"events": [{"name": "v", "unit": "u"}, '
            '{"name": "v", "unit": "u", "value": 1e999}]}',
            "larger than 8192 bytes": {**fine, "attributes": {"a": "x" * 9000}},
            "no field “colour”": {**fine, "colour": 1},
            "“unit” is missing": {"name": "visit"},
            "which “flag”": {**fine, "name": "$exposure"},
            "It is no object": 7,
        }
        missed = []
        for said, event in wrong.items():
            answer = send(key, event if isinstance(event, str) else {"events": [fine, event]})
            problem = answer.json()
            if (
                answer.status_code != 422
                or problem["errors"][0]["field"] != "events.1"
                or said not in problem["errors"][0]["message"]
            ):
                missed.append((said, answer.status_code, problem))
        assert not missed
        many = send(key, {"events": [fine] * (services.MOST_EVENTS + 1)})
        assert (many.status_code, "at most 5,000 events" in many.json()["detail"]) == (422, True)
        assert [send(key, body).status_code for body in ("{", "[" * 100_000, '"text"', "", '{"events":[],"x":1}')] == [
            400, 400, 400, 400, 400,
        ]  # fmt: skip
        assert kept(workspace) == []

    def test_who_may_send(self, workspace, place, key, ada, ben, dan):
        event = {"name": "visit", "unit": "u1"}
        browser = services.make_key(environment=place, kind="browser", name="site", actor=ada.actor, at=NOW)[
            1
        ]
        assert send(browser, event).status_code == 403
        assert send("rbs_nothing", event).status_code == 401
        assert Client().post(PATH, "{}", content_type="application/json").status_code == 401
        assert send(token(ben), event).status_code == 200
        assert [send(token(ben, scope="read"), event).status_code, send(token(dan), event).status_code] == [
            403,
            403,
        ]
        found = place.keys.get(prefix=key[:9])
        services.revoke_key(key=found, actor=ada.actor, at=NOW)
        assert send(key, event).status_code == 401

    def test_too_much_at_once_is_put_off_and_nothing_is_lost(self, workspace, key, monkeypatch):
        store = EventStore(services.events_folder(workspace.pk), most_waiting=1)
        monkeypatch.setattr("roadbed.modules.experiments.services.events.event_store", lambda _: store)
        event = {"name": "visit", "unit": "u1"}
        assert send(key, event, **{"Idempotency-Key": "1"}).status_code == 200
        put_off = send(key, event, **{"Idempotency-Key": "2"})
        assert (put_off.status_code, put_off["Retry-After"]) == (429, "10")
        compaction.compact(store, now=datetime.now(UTC))
        store._looked_at = -1.0
        assert send(key, event, **{"Idempotency-Key": "2"}).json() == {"events": 1, "again": False}


class TestPolicy:
    def test_old_days_go_and_a_unit_can_be_forgotten(self, workspace, place, key, ada):
        old = (datetime.now(UTC) - timedelta(days=30)).isoformat()
        send(key, {"events": [{"name": "visit", "unit": "u1", "time": old}, {"name": "visit", "unit": "u1"}]})
        send(key, {"name": "visit", "unit": "u2"})
        services.move_events(workspace_id=workspace.pk, at=datetime.now(UTC))
        services.change_policy(workspace=workspace, keep_days=20, actor=ada.actor, at=NOW)
        assert services.apply_policy(workspace=workspace, at=datetime.now(UTC)) == 1
        answer = ada.api("post", "event-erasures", {"unit": "u1"})
        assert (answer.status_code, answer.json()) == (200, {"events": 1})
        assert [row["unit"] for row in kept(workspace)] == ["u2"]
        assert ada.api("get", "event-policy").json()["keep_days"] == 20
        assert ada.api("put", "event-policy", {"keep_days": 1}).status_code == 422


class TestExposureLogging:
    def test_evaluations_are_written_down_where_that_is_asked_for(self, workspace, place, ada, ben):
        flag = factories.make_flag(workspace, ben.actor)
        factories.publish(flag, place, ben.actor, rules=[
            {"id": "half", "split": {"on": 1, "off": 1}, "unit": "account"}], default="off", off="off",
        )  # fmt: skip
        noted = Exposures(
            lambda batch, key, at: facade.keep_exposures([_exposure(one) for one in batch], key=key, at=at)
        )

        def ask(context):
            entry = compile_entry(_raw(place), at=NOW)
            answers = entry.compiled.ask_all(context)
            noted.note(entry, answers, context)

        noted._begin = lambda: None
        ask({"targetingKey": "u1", "account": "a1"})
        assert noted.flush() == 0, "off by default"
        services.log_exposures(environment=place, flag=flag, on=True, actor=ada.actor, at=NOW)
        services.log_exposures(environment=place, flag=flag, on=True, actor=ada.actor, at=NOW)
        assert ExposureLog.objects.count() == 1
        for _ in range(3):
            ask({"targetingKey": "u1", "account": "a1"})
        ask({"targetingKey": "u2", "account": "a2"})
        ask({})
        assert noted.flush() == 2
        assert [(row["unit"], row["unit_type"], row["flag"], row["environment"]) for row in kept(workspace)] == [
            ("a1", "account", "new-map", "production"), ("a2", "account", "new-map", "production"),
        ]  # fmt: skip

    def test_a_store_that_refuses_costs_no_answer(self, workspace, place, ada, ben):
        flag = factories.make_flag(workspace, ben.actor)
        services.log_exposures(environment=place, flag=None, on=True, actor=ada.actor, at=NOW)
        services.switch(flag=flag, environment=place, on=True, actor=ben.actor, at=NOW)
        calls = []

        def refuse(batch, key, at):
            calls.append(len(batch))
            raise OSError("the disk is full")

        noted = Exposures(refuse)
        noted._begin = lambda: None
        entry = compile_entry(_raw(place), at=NOW)
        context = {"targetingKey": "u1"}
        noted.note(entry, entry.compiled.ask_all(context), context)
        assert (noted.flush(), calls) == (0, [1])
        assert (noted.flush(), calls) == (0, [1, 1]), "it waits, and is tried again"


def _raw(place):
    found = facade.published(place.pk)
    return {
        "environment_id": found.environment_id, "revision": found.revision, "document": found.document,
        "changed_at": found.changed_at.isoformat(), "workspace_id": found.workspace_id, "exposures": found.exposures,
    }  # fmt: skip


def _exposure(one):
    return facade.Exposure(
        one.workspace_id, one.environment, one.flag, one.variant, one.unit, one.unit_type,
        datetime.fromtimestamp(one.at, tz=UTC),
    )  # fmt: skip


def test_a_backup_holds_the_events_as_of_one_moment(workspace, key, tmp_path):
    send(
        key,
        {"events": [{"name": "visit", "unit": f"u{at}"} for at in range(5)]},
        **{"Idempotency-Key": "old"},
    )
    services.move_events(workspace_id=workspace.pk, at=datetime.now(UTC))
    send(key, {"name": "visit", "unit": "fresh"}, **{"Idempotency-Key": "new"})
    store = services.event_store(workspace.pk)
    copied = tmp_path / "copied"
    for path, name in copying.files_of(store.folder):
        with pytest.raises(compaction.CompactingError):
            compaction.compact(store, now=datetime.now(UTC))
        (copied / name).parent.mkdir(parents=True, exist_ok=True)
        (copied / name).write_bytes(path.read_bytes())
    again = EventStore(copied)
    compaction.compact(again, now=datetime.now(UTC))
    units = reading.ask(again, lambda table: sorted(table.unit.to_pyarrow().to_pylist()))
    assert units == ["fresh", "u0", "u1", "u2", "u3", "u4"]
