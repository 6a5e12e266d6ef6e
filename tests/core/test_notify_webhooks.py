"""Webhooks: signed, tried again, shown, replayed, turned off."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from pytest_django import Settings
from standardwebhooks import Webhook

from roadbed.core.jobs import services as jobs
from roadbed.core.jobs.models import Job
from roadbed.core.notify.models import Delivery, DeliveryState, Endpoint, Notice
from roadbed.core.notify.services import webhooks
from roadbed.core.records import services as records
from roadbed.modules.insights.models import Need
from tests.core.test_net import Receiver, receiver
from tests.people import Someone

assert receiver


@pytest.fixture
def endpoint(ada: Someone, receiver: Receiver, now: datetime) -> Endpoint:
    return webhooks.create_endpoint(
        workspace=ada.member.workspace,
        url=receiver.url,
        events=["need.*"],
        description="Our tracker",
        actor=ada.actor,
        at=now,
    )


def make_need(someone: Someone, title: str = "Night shifts") -> Need:
    need = records.create_record(
        record=Need(workspace=someone.member.workspace, title=title), actor=someone.actor, at=timezone.now()
    )
    jobs.run_waiting()
    return need


def one_delivery(endpoint: Endpoint) -> Delivery:
    return Delivery.objects.select_related("endpoint").get(endpoint=endpoint)


class TestDelivery:
    def test_an_event_arrives_signed_and_in_its_envelope(
        self, ben: Someone, endpoint: Endpoint, receiver: Receiver
    ) -> None:
        need = make_need(ben)
        ((headers, body),) = receiver.heard
        event = Webhook(endpoint.secret).verify(body, headers)
        assert (event["specversion"], event["type"], event["subject"]) == ("1.0", "need.created", need.key)
        assert event["data"]["record"]["title"] == "Night shifts"
        assert event["id"] == headers["webhook-id"]
        assert one_delivery(endpoint).state == DeliveryState.DELIVERED

    def test_events_that_no_pattern_names_stay_here(
        self, ben: Someone, endpoint: Endpoint, receiver: Receiver, now: datetime
    ) -> None:
        Endpoint.objects.update(events=["feature.*"])
        make_need(ben)
        assert receiver.heard == []

    def test_a_refusal_is_tried_again_on_the_standard_schedule(
        self, ben: Someone, endpoint: Endpoint, receiver: Receiver
    ) -> None:
        receiver.status = 503
        make_need(ben)
        delivery = one_delivery(endpoint)
        assert (delivery.state, delivery.tries) == (DeliveryState.PENDING, 1)
        job = Job.objects.get(name="notify.deliver")
        assert timedelta(seconds=3) < job.run_at - timezone.now() < timedelta(seconds=6)
        at = timezone.now()
        pauses = [webhooks.deliver(delivery_id=delivery.pk, at=at) for _ in range(9)]
        assert pauses[:3] == [timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2)]
        assert pauses[-1] is None
        delivery.refresh_from_db()
        assert (delivery.state, delivery.tries) == (DeliveryState.FAILED, 10)

    def test_five_days_of_failure_turn_it_off_and_tell_the_owners(
        self, ada: Someone, ben: Someone, endpoint: Endpoint, receiver: Receiver
    ) -> None:
        receiver.status = 500
        make_need(ben)
        webhooks.deliver(delivery_id=one_delivery(endpoint).pk, at=timezone.now() + timedelta(days=6))
        endpoint.refresh_from_db()
        assert not endpoint.is_on
        assert Notice.objects.get(member=ada.member).text == "The webhook to Our tracker was turned off."

    def test_gone_turns_it_off_at_once(self, ben: Someone, endpoint: Endpoint, receiver: Receiver) -> None:
        receiver.status = 410
        make_need(ben)
        endpoint.refresh_from_db()
        assert endpoint.disabled_reason == "It answered 410 Gone."

    def test_an_address_that_became_private_is_noted_and_not_reached(
        self, ben: Someone, endpoint: Endpoint, receiver: Receiver, settings: Settings
    ) -> None:
        settings.ROADBED_WEBHOOK_ALLOW = []
        make_need(ben)
        assert receiver.heard == []
        attempt = one_delivery(endpoint).attempts.get()
        assert "not a public address" in attempt.error

    def test_while_a_secret_changes_both_sign(
        self, ada: Someone, ben: Someone, endpoint: Endpoint, receiver: Receiver
    ) -> None:
        old = endpoint.secret
        webhooks.rotate_secret(endpoint=endpoint, actor=ada.actor, at=timezone.now())
        make_need(ben)
        ((headers, body),) = receiver.heard
        for secret in (old, endpoint.secret):
            assert Webhook(secret).verify(body, headers)
        later = timezone.now() + timedelta(days=2)
        endpoint.refresh_from_db()
        signed = webhooks.headers_for(endpoint=endpoint, delivery=one_delivery(endpoint), at=later)
        assert len(signed["webhook-signature"].split()) == 1

    def test_a_replay_keeps_its_id(self, ben: Someone, endpoint: Endpoint, receiver: Receiver) -> None:
        make_need(ben)
        webhooks.replay(delivery=one_delivery(endpoint), at=timezone.now())
        jobs.run_waiting()
        first, second = receiver.heard
        assert first[0]["webhook-id"] == second[0]["webhook-id"]
        assert first[1] == second[1]


class TestPages:
    def test_ada_adds_tests_shows_changes_and_removes_one(self, ada: Someone, receiver: Receiver) -> None:
        assert ada.get("settings/webhooks/").status_code == 200
        assert ada.get("settings/webhooks/new/").status_code == 200
        answer = ada.post("settings/webhooks/new/", {"url": receiver.url, "events": "*", "description": ""})
        url = answer.headers["Location"]
        endpoint = Endpoint.objects.get()
        ada.post(f"{url}test/")
        jobs.run_waiting()
        types = [json.loads(body)["type"] for _, body in receiver.heard]
        assert "roadbed.test" in types
        text = ada.get(url).content.decode()
        assert endpoint.secret in text
        assert "Delivered" in text
        delivery = Delivery.objects.filter(type="roadbed.test").get()
        assert ada.post(f"{url}deliveries/{delivery.pk}/replay/").status_code == 302
        assert ada.get(f"{url}change/").status_code == 200
        assert ada.post(f"{url}change/", {"url": receiver.url, "events": "need.*"}).status_code == 302
        assert ada.post(f"{url}rotate/").status_code == 302
        ada.post(f"{url}switch/")
        endpoint.refresh_from_db()
        assert not endpoint.is_on
        assert "Turned off by Ada" in ada.get(url).content.decode()
        assert ada.post(f"{url}delete/").status_code == 302
        assert not Endpoint.objects.exists()

    def test_a_private_address_is_refused_in_words(self, ada: Someone, settings: Settings) -> None:
        settings.ROADBED_WEBHOOK_ALLOW = []
        answer = ada.post("settings/webhooks/new/", {"url": "http://169.254.169.254/", "events": "*"})
        assert answer.status_code == 422
        assert "not a public address" in answer.content.decode()

    def test_only_owners(self, ben: Someone, eve: Someone, endpoint: Endpoint) -> None:
        assert ben.get("settings/webhooks/").status_code == 403
        assert eve.get(f"/w/northwind/settings/webhooks/{endpoint.pk}/").status_code == 404

    def test_a_pattern_that_is_none_is_refused(self) -> None:
        with pytest.raises(ValidationError):
            webhooks.clean_patterns(["need.<script>"])


class TestHosts:
    def add(self, ada: Someone, url: str, now: datetime) -> Endpoint:
        return webhooks.create_endpoint(
            workspace=ada.member.workspace, url=url, events=[], description="", actor=ada.actor, at=now
        )

    @pytest.mark.parametrize("url", ["http://hooks:9000/in", "https://tracker/x", "http://build-7.lan/"])
    def test_of_one_word_are_taken_where_the_operator_opened_a_network(
        self, ada: Someone, now: datetime, settings: Any, url: str
    ) -> None:
        settings.ROADBED_WEBHOOK_ALLOW = ["10.0.0.0/8"]
        assert self.add(ada, url, now).url == url

    @pytest.mark.parametrize(
        "url", ["http://hooks:9000/in", "http://-x/", "http://a b/", "http://hooks/" + "x" * 600]
    )
    def test_are_refused_otherwise(self, ada: Someone, now: datetime, settings: Any, url: str) -> None:
        settings.ROADBED_WEBHOOK_ALLOW = [] if "9000" in url else ["10.0.0.0/8"]
        with pytest.raises(ValidationError):
            self.add(ada, url, now)


class TestApi:
    def test_everything_a_screen_does(self, ada: Someone, ben: Someone, receiver: Receiver) -> None:
        made = ada.api("post", "webhooks", {"url": receiver.url, "events": ["need.*"]})
        assert made.status_code == 201
        number = made.json()["id"]
        assert made.json()["secret"].startswith("whsec_")
        assert "secret" not in ada.api("get", "webhooks").json()[0]
        assert (
            ada.api("put", f"webhooks/{number}", {"url": receiver.url, "events": []}).json()["events"] == []
        )
        assert ada.api("post", f"webhooks/{number}/test", {}).status_code == 202
        jobs.run_waiting()
        (delivery,) = ada.api("get", f"webhooks/{number}/deliveries").json()["items"]
        assert delivery["attempts"][0]["status"] == 200
        assert ada.api("post", f"deliveries/{delivery['id']}/replay", {}).status_code == 202
        assert ada.api("post", f"webhooks/{number}/rotate", {}).json()["secret"] != made.json()["secret"]
        assert ben.api("get", "webhooks").status_code == 403
        assert ada.api("delete", f"webhooks/{number}").status_code == 204

    def test_channels(self, ada: Someone) -> None:
        department = ada.member.workspace.departments.create(name="Support")
        body = {"name": "All", "department_id": department.pk, "kinds": ["need"]}
        made = ada.api("post", "channels", body)
        assert made.status_code == 201
        number = made.json()["id"]
        assert ada.api("put", f"channels/{number}", {**body, "kinds": ["nothing"]}).status_code == 422
        assert ada.api("put", f"channels/{number}", {**body, "department_id": 10**18}).status_code == 404
        assert len(ada.api("get", "channels").json()) == 1
        assert ada.api("delete", f"channels/{number}").status_code == 204
