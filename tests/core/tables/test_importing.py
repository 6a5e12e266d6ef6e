"""A file on its way in: what becomes of rows, again, stopped, resumed, undone."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest

from roadbed.core.jobs import services as jobs
from roadbed.core.records import services as records
from roadbed.core.records.models import Activity, Record
from roadbed.core.search import selectors as search
from roadbed.core.tables import mapping, rejected, services
from roadbed.core.tables.models import Import, ImportBatch
from roadbed.modules.insights.models import Account, Feedback, Need, Person
from roadbed.modules.insights.services import quotes
from tests.people import NOW

FILE = """Ticket;Created;Requester;E-mail;Company;ARR;Subject;Description;Channel;Labels;Browser
T-1;2025-03-01;Mira Oduya;mira@acme.example;Acme;84000;Late drivers;Drivers come late;e-mail;routing, mobile;Firefox
T-2;2025-03-02;Jon Berg;jon@acme.example;ACME;84000;;The map is slow;call;;Chrome
T-3;2025-03-03;Ida Lind;ida@birch.example;Birch;1200,50;Exports;Exports lack the tariff;e-mail;;
"""


class TestFeedback:
    def test_rows_become_feedback_with_accounts_and_people(self, bring_in, ben):
        run = bring_in(FILE, "tickets.csv")
        assert (run.state, run.created_count, run.rejected_count) == ("done", 3, 0)
        assert run.made_along == {"account": 2, "person": 3}
        first = Feedback.objects.select_related("person", "account").get(external_id="T-1")
        assert (first.title, first.text, first.source) == (
            "Late drivers",
            "Drivers come late",
            "e-mail",
        )
        assert (first.person.email, first.account.title, first.account.revenue) == (
            "mira@acme.example",
            "Acme",
            84000,
        )
        assert first.attributes == {"Browser": "Firefox"}
        assert sorted(tag.tag.name for tag in first.record_tags.all()) == ["mobile", "routing"]
        assert Feedback.objects.get(external_id="T-2").title == "The map is slow"
        assert Account.objects.get(title="Birch").revenue == Decimal("1200.50")
        assert first.home_id == ben.member.workspace.pk
        hits = search.find(workspace_id=ben.member.workspace.pk, workspace_slug="northwind", query="tariff")
        assert [hit.title for hit in hits] == ["Exports"]

    def test_one_activity_a_batch_and_the_chain_holds(self, bring_in, workspace):
        run = bring_in(FILE)
        deed = Activity.objects.get(verb="imported")
        assert deed.changes["import"] == run.pk
        assert (deed.changes["rows"], deed.changes["created"], deed.actor_name) == (3, 3, "Ben")
        assert list(records.verify_chain(workspace_id=workspace.pk)) == []

    def test_the_same_file_again_changes_nothing(self, bring_in):
        bring_in(FILE, source="desk")
        again = bring_in(FILE, source="desk")
        assert (again.created_count, again.changed_count, again.unchanged_count) == (0, 0, 3)
        assert (Feedback.objects.count(), Person.objects.count(), Account.objects.count()) == (3, 3, 2)

    def test_a_changed_row_changes_its_record_and_keeps_the_rest(self, bring_in):
        bring_in(FILE, source="desk")
        before = Feedback.objects.get(external_id="T-2")
        run = bring_in(FILE.replace("The map is slow", "The map is very slow"), source="desk")
        assert (run.changed_count, run.unchanged_count) == (1, 2)
        after = Feedback.objects.get(external_id="T-2")
        assert (after.text, after.number, after.version) == ("The map is very slow", before.number, 2)

    def test_without_an_id_who_when_and_what_tell_rows_apart(self, bring_in):
        text = "Name,Date,Feedback\nMira,2025-03-01,It is slow\nJon,2025-03-01,It is slow\nMira,2025-03-01,It is slow\n"
        run = bring_in(text)
        assert (run.created_count, run.rejected_count) == (2, 1)
        assert run.rejects.get().reason == "Line 4: The same stands already in line 2 of this file."
        assert bring_in(text).created_count == 0

    def test_an_address_finds_its_account_and_the_big_providers_are_nobodys(self, bring_in):
        bring_in("Name,Domain\nAcme,acme.example\nMail,gmail.com\n", "accounts.csv", "accounts")
        bring_in("Email,Text\nmira@acme.example,It is slow\nx@gmail.com,It is fast\n")
        assert Feedback.objects.get(text="It is slow").account.title == "Acme"
        assert Feedback.objects.get(text="It is fast").account is None

    def test_a_merged_person_is_found_under_both_names(self, bring_in, ben):
        bring_in("Email,Text\nmira@acme.example,One\nm.oduya@acme.example,Two\n")
        keep, gone = Person.objects.order_by("pk")
        records.merge_records(survivor=keep, merged=gone, actor=ben.actor, at=NOW)
        bring_in("Email,Text\nm.oduya@acme.example,Three\n")
        assert Feedback.objects.get(text="Three").person_id == keep.pk


class TestBadRows:
    def test_each_is_named_and_nothing_else_is_lost(self, bring_in):
        rows = [
            "id,date,email,rating,text",
            "1,2025-01-01,a@b.example,7,fine",
            "2,31/31/2025,a@b.example,7,unknown date",
            "3,2025-01-01,not an address,7,bad address",
            "4,2025-01-01,a@b.example,99,rating too high",
            "1,2025-01-01,a@b.example,7,the same id",
            "6,2099-01-01,a@b.example,7,the future",
            f"7,2025-01-01,a@b.example,7,{'x' * 20_001}",
            "8,2025-01-01,a@b.example,7,",
            f"9,2025-01-01,a@b.example,7,{'y' * 10_000}",
            "10,2025-01-01,a@b.example,7,=1+1",
        ]
        run = bring_in("\n".join(rows))
        reasons = [each.reason for each in run.rejects.all()]
        assert reasons == [
            "Line 3: date: “31/31/2025” is in no date format that we know.",
            "Line 4: email: “not an address” is no e-mail address.",
            "Line 5: Rating: Ensure this value is less than or equal to 10.",
            "Line 6: The id “1” stands already in line 2 of this file.",
            "Line 7: Date: 2099-01-01 lies in the future.",
            "Line 8: text: 20,001 characters; 20,000 are the most for Text.",
            "Line 9: Text and Title are empty.",
        ]
        assert sorted(Feedback.objects.values_list("external_id", flat=True)) == ["1", "10", "9"]
        assert Feedback.objects.get(external_id="10").text == "=1+1"
        assert Person.objects.count() == 1

    def test_they_come_back_as_a_file_with_reasons_that_can_be_sent_again(self, bring_in):
        run = bring_in("id,date,text\n1,soon,=a\n2,2025-01-01,b\n", source="desk")
        content = b"".join(rejected.as_csv(run)).decode("utf-8-sig")
        assert content.splitlines() == [
            "id,date,text,Row in the file,Why it was rejected",
            "1,soon,'=a,2,Line 2: date: “soon” is in no date format that we know.",
        ]
        again = bring_in(content.replace("soon", "2025-01-02", 1), source="desk")
        assert again.created_count == 1
        assert Feedback.objects.get(external_id="1").text == "=a"

    def test_dates_that_read_both_ways_are_asked_about(self, bring_in):
        text = "id,date,text\n1,03/04/2025,a\n2,05/06/2025,b\n"
        with pytest.raises(services.AmbiguousDatesError, match="such as 03/04/2025"):
            bring_in(text)
        bring_in(text, options={"date_order": "dmy"})
        assert Feedback.objects.get(external_id="1").said_at.month == 4

    def test_one_date_decides_for_its_column(self, bring_in):
        bring_in("id,date,text\n1,03/04/2025,a\n2,25/06/2025,b\n")
        assert Feedback.objects.get(external_id="1").said_at.month == 4

    def test_a_mapping_without_words_is_refused(self, bring_in):
        with pytest.raises(mapping.MappingError, match="Text or Title"):
            bring_in("id,rating\n1,7\n2,8\n")

    def test_words_that_are_quoted_stay(self, bring_in, ben, workspace):
        bring_in("id,text\n1,The map is slow\n", source="desk")
        need = records.create_record(
            record=Need(workspace=workspace, title="Fast maps"), actor=ben.actor, at=NOW
        )
        quotes.quote_words(
            feedback=Feedback.objects.get(), target=need, start=0, end=7, strength=2, actor=ben.actor, at=NOW
        )
        run = bring_in("id,text\n1,The map is fast\n", source="desk")
        assert "they are quoted here" in run.rejects.get().reason
        assert Feedback.objects.get().text == "The map is slow"


class TestOthers:
    def test_accounts_are_found_by_id_domain_or_name(self, bring_in):
        bring_in("id,name,domain,arr\n7,Acme,acme.example,1000\n", target="accounts", source="crm")
        run = bring_in("id,name,domain,arr\n7,Acme Ltd,acme.example,2000\n", target="accounts", source="crm")
        assert (run.created_count, run.changed_count) == (0, 1)
        assert bring_in("name,plan\nacme ltd,Pro\n", target="accounts").changed_count == 1
        account = Account.objects.get()
        assert (account.title, account.revenue, account.plan) == ("acme ltd", 2000, "Pro")

    def test_people_bring_their_accounts(self, bring_in):
        run = bring_in(
            "name,email,company\nMira,mira@acme.example,Acme\nJon,,Acme\nJon,,Birch\n", target="people"
        )
        assert (run.created_count, run.made_along) == (3, {"account": 2})

    def test_needs_get_their_figures(self, bring_in):
        run = bring_in("title,importance,satisfaction\nArrive on time,9,3\nPay later,11,1\n", target="needs")
        assert (run.created_count, run.rejected_count) == (1, 1)
        assert Need.objects.get().tally.people == 0


class TestStopping:
    ROWS = "id,text\n" + "".join(f"{n},row {n}\n" for n in range(1, 51))

    def make(self, ben, source="desk"):
        run = services.create_import(
            workspace=ben.member.workspace, target="feedback", name="file.csv", chunks=[self.ROWS.encode()],
            actor=ben.actor, at=NOW, source=source,
        )  # fmt: skip
        return services.start_import(run=run, actor=ben.actor, at=NOW, is_inline=True)

    def go(self, run, ben, told=None):
        return services.run_import(run=run, actor=ben.actor, now=lambda: NOW, told=told, batch_size=10)

    def test_one_that_was_killed_goes_on_where_it_was(self, ben):
        run = self.make(ben)

        def die(done, total):
            if done == 30:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            self.go(run, ben, die)
        run.refresh_from_db()
        assert (run.state, run.rows_done, Feedback.objects.count()) == ("running", 30, 30)
        run = self.go(services.start_import(run=run, actor=ben.actor, at=NOW, is_inline=True), ben)
        assert (run.state, run.rows_done, run.created_count) == ("done", 50, 50)
        assert Feedback.objects.count() == 50
        assert ImportBatch.objects.count() == 5

    def test_a_duplicate_of_a_row_before_the_stop_is_still_seen(self, ben):
        self.ROWS = "id,text\n" + "".join(f"{n % 25},row {n}\n" for n in range(50))
        run = self.make(ben)

        def die(done, total):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            self.go(run, ben, die)
        run = self.go(run, ben)
        assert (run.created_count, run.rejected_count) == (25, 25)

    def test_stopping_keeps_what_is_in(self, ben):
        run = self.make(ben)
        run = self.go(run, ben, lambda done, total: services.cancel_import(run=run) if done == 20 else None)
        assert (run.state, run.rows_done, Feedback.objects.count()) == ("cancelled", 20, 20)

    def test_a_dry_run_writes_nothing_and_tells_the_same(self, ben):
        run = self.make(ben)
        found = services.check_import(run=run, actor=ben.actor, now=lambda: NOW)
        assert (found["created"], found["rejected"], Feedback.objects.count()) == (50, 0, 0)
        assert Activity.objects.count() == 0

    @pytest.mark.django_db(transaction=True)
    def test_two_at_once_write_it_once(self, ben):
        run = self.make(ben)
        workers = [threading.Thread(target=_run_and_close, args=(run, ben.actor)) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        run.refresh_from_db()
        assert (run.state, run.rows_done, Feedback.objects.count()) == ("done", 50, 50)


def _run_and_close(run, actor):
    from django.db import connection

    try:
        services.run_import(run=run, actor=actor, now=lambda: NOW, batch_size=5)
    finally:
        connection.close()


class TestUndo:
    def undo(self, run, ben):
        services.start_undo(run=run, actor=ben.actor, is_inline=True)
        return services.undo_import(run=run, actor=ben.actor, now=lambda: NOW)

    def test_what_was_made_goes_and_what_was_changed_is_as_before(self, bring_in, ben, workspace):
        bring_in("id,text,company,arr\n1,The map is slow,Acme,100\n", source="desk")
        run = bring_in("id,text,company,arr\n1,The map is fast,Acme,900\n2,New,Birch,5\n", source="desk")
        undone = self.undo(run, ben)
        assert (undone.state, undone.kept_count) == ("undone", 0)
        assert [
            (each.text, each.account.revenue) for each in Feedback.objects.in_workspace(workspace.pk)
        ] == [("The map is slow", 100)]
        assert [each.title for each in Account.objects.in_workspace(workspace.pk)] == ["Acme"]
        hits = search.find(workspace_id=workspace.pk, workspace_slug="northwind", query="fast")
        assert hits == []
        assert list(records.verify_chain(workspace_id=workspace.pk)) == []

    def test_what_somebody_worked_on_since_stays(self, bring_in, ben, workspace):
        run = bring_in(FILE)
        kept = Feedback.objects.get(external_id="T-1")
        records.add_comment(record=kept, body="Look at this", actor=ben.actor, at=NOW)
        undone = self.undo(run, ben)
        assert list(Feedback.objects.in_workspace(workspace.pk)) == [kept]
        assert [each.title for each in Account.objects.in_workspace(workspace.pk)] == ["Acme"]
        assert undone.kept_count == 3

    def test_importing_again_brings_the_same_records_back(self, bring_in, ben):
        run = bring_in(FILE, source="desk")
        keys = sorted(each.key for each in Feedback.objects.all())
        self.undo(run, ben)
        again = bring_in(FILE, source="desk")
        assert (again.created_count, again.changed_count) == (0, 3)
        assert sorted(each.key for each in Feedback.objects.filter(deleted_at__isnull=True)) == keys

    def test_what_people_deleted_stays_deleted(self, bring_in, ben):
        bring_in(FILE, source="desk")
        records.delete_record(record=Feedback.objects.get(external_id="T-2"), actor=ben.actor, at=NOW)
        again = bring_in(FILE, source="desk")
        assert (again.created_count, again.changed_count, again.unchanged_count) == (0, 0, 3)
        assert Record.objects.get(external_id="T-2").is_deleted


class TestJobs:
    def test_it_runs_as_a_job(self, ben):
        run = services.create_import(
            workspace=ben.member.workspace,
            target="feedback",
            name="f.csv",
            chunks=[FILE.encode()],
            actor=ben.actor,
            at=NOW,
        )
        services.start_import(run=run, actor=ben.actor, at=NOW)
        jobs.run_waiting()
        assert Import.objects.get().state == "done"
        services.start_undo(run=run, actor=ben.actor)
        jobs.run_waiting()
        assert Import.objects.get().state == "undone"
