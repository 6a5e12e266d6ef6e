"""Who is told of what, and what they do with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from roadbed.core.accounts.actors import Actor
from roadbed.core.jobs import services as jobs
from roadbed.core.notify import selectors
from roadbed.core.notify.models import Channel, Digest, Frequency, Notice, Preference, Reason
from roadbed.core.notify.services import channels, mails, notices
from roadbed.core.records import services as records
from roadbed.core.workspaces import access
from roadbed.core.workspaces.models import Department
from roadbed.modules.insights.models import Need
from tests.people import Someone


@pytest.fixture
def need(ben: Someone, now: datetime) -> Need:
    """A need that Ben made, and so follows."""
    need = records.create_record(
        record=Need(workspace=ben.member.workspace, title="Reach the yard sooner"), actor=ben.actor, at=now
    )
    jobs.run_waiting()
    return need


def told(someone: Someone) -> list[tuple[str, str]]:
    return [
        (notice.reason, notice.text) for notice in Notice.objects.filter(member=someone.member).order_by("id")
    ]


class TestSpreading:
    def test_who_follows_is_told_and_who_did_it_is_not(
        self, ben: Someone, cleo: Someone, need: Need, now: datetime
    ) -> None:
        records.add_comment(record=need, body="Is this urgent?", actor=cleo.actor, at=now)
        jobs.run_waiting()
        assert told(ben) == [(Reason.WATCH, f"Cleo commented on {need.key} Reach the yard sooner")]
        assert told(cleo) == []

    def test_who_is_mentioned_is_told_once_and_why(
        self, ben: Someone, cleo: Someone, dan: Someone, need: Need, now: datetime
    ) -> None:
        records.add_comment(record=need, body="Ask @dan, @ben", actor=cleo.actor, at=now)
        jobs.run_waiting()
        assert [reason for reason, _ in told(dan)] == [Reason.MENTION]
        assert [reason for reason, _ in told(ben)] == [Reason.MENTION]

    def test_a_removed_member_is_not_told(
        self, ben: Someone, cleo: Someone, need: Need, now: datetime
    ) -> None:
        ben.member.removed_at = now + timedelta(days=1)
        ben.member.save()
        records.add_comment(record=need, body="Anybody?", actor=cleo.actor, at=now)
        jobs.run_waiting()
        assert told(ben) == []

    def test_reading_the_same_history_twice_tells_once(
        self, ben: Someone, cleo: Someone, need: Need, now: datetime
    ) -> None:
        records.add_comment(record=need, body="Hello", actor=cleo.actor, at=now)
        for _ in range(2):
            jobs.enqueue("notify.spread", workspace_id=need.workspace_id, key="spread", sequence=1)
            jobs.run_waiting()
        assert len(told(ben)) == 1

    def test_an_import_tells_no_watcher_of_each_row(
        self, ben: Someone, cleo: Someone, need: Need, now: datetime
    ) -> None:
        machine = Actor(user_id=cleo.user.pk, name="Cleo", via="import")
        for number in range(5):
            records.change_record(record=need, changes={"description": f"{number}"}, actor=machine, at=now)
        jobs.run_waiting()
        assert told(ben) == []

    def test_many_deeds_cost_no_more_reading_than_few(
        self, ben: Someone, cleo: Someone, need: Need, now: datetime
    ) -> None:
        from roadbed.core.notify.services import spreading

        def cost(count: int) -> int:
            for number in range(count):
                records.add_comment(record=need, body=f"{number}", actor=cleo.actor, at=now)
            with CaptureQueriesContext(connection) as queries:
                spreading.spread(workspace_id=need.workspace_id, first=1, at=now)
            return len(queries)

        assert cost(2) == cost(30)


class TestChannels:
    def channel(self, ada: Someone, dan: Someone, now: datetime, **fields: object) -> Channel:
        support = Department.objects.create(workspace=ada.member.workspace, name="Support")
        dan.member.department = support
        dan.member.save()
        channel = Channel(
            workspace=ada.member.workspace, department=support, name="Needs to support", **fields
        )
        return channels.save_channel(channel=channel, actor=ada.actor, at=now)

    def test_a_department_is_told_of_what_its_channel_names(
        self, ada: Someone, ben: Someone, dan: Someone, now: datetime
    ) -> None:
        self.channel(ada, dan, now, kinds=["need"], verbs=["created"], email="support@northwind.example")
        need = records.create_record(
            record=Need(workspace=ben.member.workspace, title="Night shifts"), actor=ben.actor, at=now
        )
        records.change_record(record=need, changes={"title": "Night shift"}, actor=ben.actor, at=now)
        jobs.run_waiting()
        # What is told is the record as it is when the mail is written.
        assert told(dan) == [(Reason.CHANNEL, f"Ben created {need.key} Night shift")]
        assert [message.to for message in mail.outbox] == [["support@northwind.example"]]

    def test_a_channel_for_a_tag_passes_over_the_rest(
        self, ada: Someone, ben: Someone, dan: Someone, need: Need, now: datetime
    ) -> None:
        self.channel(ada, dan, now, tags=["Urgent"])
        records.change_record(record=need, changes={"title": "Other"}, actor=ben.actor, at=now)
        jobs.run_waiting()
        assert told(dan) == []

    def test_ada_makes_one_on_the_page_and_the_others_may_not(
        self, ada: Someone, ben: Someone, now: datetime
    ) -> None:
        support = Department.objects.create(workspace=ada.member.workspace, name="Support")
        sent = {
            "name": "All to support",
            "department": support.pk,
            "kinds": ["need"],
            "verbs": "Created, changed",
            "to_inbox": "on",
        }
        assert ada.get("settings/channels/new/").status_code == 200
        assert ada.post("settings/channels/new/", sent).status_code == 302
        channel = Channel.objects.get()
        assert channel.verbs == ["created", "changed"]
        assert ada.get(f"settings/channels/{channel.pk}/").status_code == 200
        assert "All to support" in ada.get("settings/channels/").content.decode()
        assert ada.post("settings/channels/new/", {**sent, "to_inbox": ""}).status_code == 422
        assert ben.get("settings/channels/").status_code == 403
        assert ada.post(f"settings/channels/{channel.pk}/delete/").status_code == 302


class TestInbox:
    @pytest.fixture
    def notice(self, ben: Someone, cleo: Someone, need: Need, now: datetime) -> Notice:
        records.add_comment(record=need, body="Is this urgent?", actor=cleo.actor, at=now)
        jobs.run_waiting()
        return Notice.objects.get(member=ben.member)

    def test_unread_first_then_read_then_undone(self, ben: Someone, notice: Notice) -> None:
        way = access.find_access(user=ben.user, workspace="northwind", via="page")
        assert way is not None
        assert selectors.count_unread(way) == 1
        assert "Is this urgent?" in ben.get("inbox/").content.decode()
        ben.post("inbox/read/", {"everything": "yes"})
        assert "All read" in ben.get("inbox/").content.decode()
        notice.refresh_from_db()
        assert notice.read_at is not None
        assert notices.mark_unread(member=ben.member, read_at=notice.read_at) == 1
        assert selectors.count_unread(way) == 1

    def test_opening_leads_to_the_record_and_marks_it_as_read(self, ben: Someone, notice: Notice) -> None:
        answer = ben.post(f"inbox/{notice.pk}/open/")
        assert answer.headers["Location"] == notice.url
        notice.refresh_from_db()
        assert notice.read_at is not None

    def test_nobody_elses_notice(self, ada: Someone, eve: Someone, notice: Notice) -> None:
        assert ada.post(f"inbox/{notice.pk}/open/").status_code == 404
        assert eve.post(f"/w/northwind/inbox/{notice.pk}/open/").status_code == 404

    def test_the_api_lists_and_marks(self, ben: Someone, notice: Notice) -> None:
        assert [item["id"] for item in ben.api("get", "notices?unread=true").json()["items"]] == [notice.pk]
        assert ben.api("post", "notices/read", {"ids": [notice.pk]}).json() == {"marked": 1}
        assert ben.api("get", "notices?unread=true").json()["items"] == []


class TestMail:
    def prefer(self, someone: Someone, **fields: object) -> Preference:
        preference = Preference(member=someone.member, **fields)
        preference.save()
        return preference

    def talk(self, cleo: Someone, need: Need, at: datetime, times: int = 1) -> None:
        for number in range(times):
            records.add_comment(record=need, body=f"Remark {number}", actor=cleo.actor, at=at)
        jobs.run_waiting(now=at)

    def test_a_days_news_comes_in_one_mail_at_the_hour_chosen(
        self, ben: Someone, cleo: Someone, need: Need, now: datetime
    ) -> None:
        preference = self.prefer(ben, watch=Frequency.DAILY, hour=8)
        self.talk(cleo, need, now, times=3)
        assert mail.outbox == []
        morning = datetime(2026, 11, 3, 8, 5, tzinfo=UTC)
        assert not mails.send_due(
            preference=preference, frequency="daily", now=morning - timedelta(minutes=10)
        )
        assert mails.send_due(preference=preference, frequency="daily", now=morning)
        assert not mails.send_due(
            preference=preference, frequency="daily", now=morning + timedelta(minutes=5)
        )
        (message,) = mail.outbox
        assert "3 things in the last day" in message.subject
        assert "Remark 2" in str(message.body)
        assert "List-Unsubscribe" in message.extra_headers

    def test_the_hour_is_the_persons_own(self, ben: Someone, now: datetime) -> None:
        ben.user.time_zone = "America/New_York"
        preference = self.prefer(ben, hour=8)
        slot = mails.slot_of(
            preference=preference, frequency="daily", now=datetime(2026, 11, 2, 14, tzinfo=UTC)
        )
        assert slot == datetime(2026, 11, 2, 13, tzinfo=UTC)

    def test_the_weekly_mail_comes_on_its_day(self, ben: Someone) -> None:
        preference = self.prefer(ben, hour=8, weekday=4)
        slot = mails.slot_of(
            preference=preference, frequency="weekly", now=datetime(2026, 11, 4, 9, tzinfo=UTC)
        )
        assert slot == datetime(2026, 10, 30, 8, tzinfo=UTC)

    def test_a_crash_between_claim_and_mail_never_sends_twice(
        self, ben: Someone, cleo: Someone, need: Need, now: datetime
    ) -> None:
        preference = self.prefer(ben, watch=Frequency.DAILY, hour=8)
        self.talk(cleo, need, now)
        morning = datetime(2026, 11, 3, 8, 5, tzinfo=UTC)
        slot = mails.slot_of(preference=preference, frequency="daily", now=morning)
        Digest.objects.create(member=ben.member, frequency="daily", slot_at=slot, claimed_at=morning)
        assert not mails.send_due(preference=preference, frequency="daily", now=morning)
        assert mail.outbox == []
        assert mails.send_due(preference=preference, frequency="daily", now=morning + timedelta(days=1))

    def test_a_refused_mail_is_tried_again(
        self, ben: Someone, cleo: Someone, need: Need, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        preference = self.prefer(ben, watch=Frequency.DAILY, hour=8)
        self.talk(cleo, need, now)
        morning = datetime(2026, 11, 3, 8, 5, tzinfo=UTC)

        def refuse(*args: object, **kwargs: object) -> None:
            raise OSError("no such host")

        with monkeypatch.context() as patched:
            patched.setattr(mail.EmailMultiAlternatives, "send", refuse)
            with pytest.raises(OSError, match="no such host"):
                mails.send_due(preference=preference, frequency="daily", now=morning)
        assert mails.send_due(preference=preference, frequency="daily", now=morning)

    def test_a_mention_comes_at_once(self, ben: Someone, cleo: Someone, need: Need, now: datetime) -> None:
        records.add_comment(record=need, body="@ben look", actor=cleo.actor, at=now)
        jobs.run_waiting(now=now)
        assert [message.to for message in mail.outbox] == [[ben.user.email]]

    def test_who_wants_none_gets_none(self, ben: Someone, cleo: Someone, need: Need, now: datetime) -> None:
        notices.turn_mail_off(member=ben.member)
        records.add_comment(record=need, body="@ben look", actor=cleo.actor, at=now)
        jobs.run_waiting(now=now)
        assert mail.outbox == []

    def test_the_link_in_a_mail_stops_it_without_signing_in(self, ben: Someone) -> None:
        token = mails.unsubscribe_token(member=ben.member)
        visitor = Client(enforce_csrf_checks=True)
        assert "Stop all mail" in visitor.get(f"/notify/off/{token}/").content.decode()
        assert Preference.objects.count() == 0
        assert visitor.post(f"/notify/off/{token}/").status_code == 200
        assert notices.preference_of(member=ben.member).mention == Frequency.OFF
        assert visitor.get("/notify/off/forged/").status_code == 404

    def test_ben_chooses_on_the_page_and_through_the_api(self, ben: Someone) -> None:
        assert ben.get("settings/notifications/").status_code == 200
        chosen = {
            "mention": "daily",
            "watch": "off",
            "channel": "weekly",
            "system": "daily",
            "hour": "17",
            "weekday": "4",
        }
        assert ben.post("settings/notifications/", chosen).status_code == 302
        assert ben.api("get", "notification-preferences").json() == {**chosen, "hour": 17, "weekday": 4}
        assert ben.post("settings/notifications/", {**chosen, "hour": "25"}).status_code == 422
        assert (
            ben.api("put", "notification-preferences", {**chosen, "hour": 6, "weekday": 0}).json()["hour"]
            == 6
        )
