"""Pages and API of metrics and of where data lie, as people and programs use them."""

from __future__ import annotations

import io
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from roadbed.core.jobs import services as jobs
from roadbed.core.records.models import Activity
from roadbed.modules.experiments import selectors, services
from roadbed.modules.experiments.models import DataSource, ExperimentMetric, Metric, Readout
from tests.experiments import happenings
from tests.people import NOW

FORM = {
    "title": "Spent in the first week", "kind": "mean", "desired": "up", "source": "events", "how": "sum",
    "column": "value", "filters": "name = order", "from_days": "0", "to_days": "7", "upper": "99", "matters": "2",
}  # fmt: skip
ROWS = "who,arm,at,spent\n" + "\n".join(
    f"u{n},{'AB'[n % 2]},2026-10-0{n % 9 + 1} 10:00:00,{n}.5" for n in range(40)
)


@pytest.fixture(autouse=True)
def room(settings, tmp_path):
    settings.ROADBED_DATA = tmp_path
    storage = "django.core.files.storage.FileSystemStorage"
    kept = {"BACKEND": storage, "OPTIONS": {"location": tmp_path / "files"}}
    settings.STORAGES = {**settings.STORAGES, "default": kept}
    return tmp_path


class TestMetricPages:
    def test_from_the_first_definition_to_its_history(self, workspace, ben, dan, eve):
        happenings.fill(workspace.pk)
        assert "No metrics yet" in ben.get("experiments/metrics/").content.decode()
        assert "Events sent to Roadbed" in ben.get("experiments/metrics/new/").content.decode()
        refused = ben.post("experiments/metrics/new/", {**FORM, "filters": "orders please"})
        assert (refused.status_code, "compares nothing" in refused.content.decode()) == (422, True)
        made = ben.post("experiments/metrics/new/", FORM)
        metric = Metric.objects.get()
        assert (made.status_code, made["Location"]) == (302, f"{ben.base}experiments/metrics/m-1/")
        version = selectors.current_version(metric)
        assert version.definition["facts"]["filters"] == [
            {"column": "name", "compared": "==", "value": "order"}
        ]
        assert (version.matters, version.definition["winsorise"]["upper"]) == (0.02, 0.99)
        services.measure_days(version=version, at=happenings.END, days=12)
        services.metric_history(metric, weeks=services.WEEKS, at=happenings.END)
        page = dan.get("experiments/metrics/m-1/").content.decode()
        for words in (
            "the sum of value in events, where name is order",
            "What planning rests on",
            "new units a week",
        ):
            assert words in page
        assert "chart-days" in page
        assert "Measure now" not in page, "Dan only looks"
        assert dan.get("experiments/metrics/m-1/?chart=days&as=csv").content.count(b"\n") == 7
        assert eve.get(f"{ben.base}experiments/metrics/m-1/").status_code == 404

    def test_a_used_definition_gets_a_next_version(self, workspace, ben):
        ben.post("experiments/metrics/new/", FORM)
        metric = Metric.objects.get()
        services.use_metric_version(version=selectors.current_version(metric), at=NOW)
        assert "this makes version 2" in ben.get("experiments/metrics/m-1/define/").content.decode()
        ben.post("experiments/metrics/m-1/define/", {**FORM, "to_days": "14", "note": "Two weeks"})
        page = ben.get("experiments/metrics/m-1/?version=1").content.decode()
        assert "An older definition" in page
        assert "Two weeks" in page
        assert Activity.objects.filter(record_id=metric.pk, verb="defined anew").exists()

    def test_what_experiments_found_is_shown(self, workspace, ben):
        ben.post("experiments/metrics/new/", FORM)
        metric = Metric.objects.get()
        fields = services.ExperimentFields(
            title="Shorter checkout", settings={"hypothesis": "It sells more."}
        )
        tried = services.create_experiment(workspace=workspace, fields=fields, actor=ben.actor, at=NOW)
        ExperimentMetric.objects.create(experiment=tried, metric=metric, role="primary")
        assert "Not read yet." in ben.get("experiments/metrics/m-1/").content.decode()
        line = {
            "metric": metric.title,
            "variant": "new",
            "text": "+3.0% (1.0 to 5.0)",
            "shown": [0.01, 0.03, 0.05],
        }
        Readout.objects.create(
            experiment=tried, number=1, at=NOW, as_of=NOW, digest="0" * 64, verdict="ship", summary=[line]
        )
        page = ben.get("experiments/metrics/m-1/").content.decode()
        assert "Shorter checkout" in page
        assert "new: +3.0% (1.0 to 5.0)" in page
        assert "chart-results" in page

    def test_lists_cost_the_same_whatever_their_length(self, workspace, ben):
        def queries():
            with CaptureQueriesContext(connection) as seen:
                assert ben.get("experiments/metrics/").status_code == 200
            return len(seen)

        ben.post("experiments/metrics/new/", FORM)
        queries()
        few = queries()
        for number in range(6):
            ben.post("experiments/metrics/new/", {**FORM, "title": f"Spent {number}"})
        assert queries() == few


class TestDataPages:
    def test_a_file_is_uploaded_mapped_and_tried(self, workspace, ada, ben, monkeypatch):
        assert (
            ada.post("settings/data/sources/?kind=files", {"name": "Shop", "key": "shop"}).status_code == 302
        )
        file = io.BytesIO(ROWS.encode())
        file.name = "2026 shown.csv"
        ada.post("settings/data/sources/shop/files/", {"file": file})
        assert "t_2026_shown" in ada.get("settings/data/sources/shop/").content.decode()
        mapped = {
            "name": "Shown", "key": "shown", "data_source": "shop", "unit": "who", "unit_type": "user",
            "at": "at", "variant": "arm", "table": "t_2026_shown",
        }  # fmt: skip
        tried = ben.post(
            "settings/data/exposures/new/", {**mapped, "variant": "armm", "deed": "try"}
        ).content.decode()
        assert "There is no column armm for the variant. Did you mean arm?" in tried
        assert (
            "It works" in ben.post("settings/data/exposures/new/", {**mapped, "deed": "try"}).content.decode()
        )
        wrong = {
            "drop table x": "Only a SELECT",
            "select * from read_csv('/etc/passwd')": "not allowed",
            "select * from '/etc/passwd'": "There is no table",
            "select 1; select 2": "nothing after it",
            "with a as (delete from x returning *) select * from a": "more than read",
            "select * from orders": "There are: t_2026_shown",
        }
        for sql, said in wrong.items():
            answer = ben.post(
                "settings/data/exposures/new/", {**mapped, "table": "", "sql": sql, "deed": "try"}
            )
            assert said in answer.content.decode(), sql
        endless = "select count(*) as who from t_2026_shown, range(1000000000000) r(x) where hash(x) = 7"
        with monkeypatch.context() as hurried:
            hurried.setattr("roadbed.analytics.sources.trying.SECONDS", 1)
            answer = ben.post(
                "settings/data/exposures/new/", {**mapped, "table": "", "sql": endless, "deed": "try"}
            )
        assert "longer than 1 seconds" in answer.content.decode()
        assert ben.post("settings/data/exposures/new/", {**mapped, "deed": "save"}).status_code == 302
        sql = 'select who, "at", spent * 2 as double from t_2026_shown'
        facts = {**mapped, "key": "orders", "table": "", "sql": sql, "values": "double", "deed": "save"}
        assert ben.post("settings/data/facts/new/", facts).status_code == 302
        page = ben.get("settings/data/").content.decode()
        assert "Shown" in page
        made = ben.api(
            "post", "metrics",
            {"title": "Double", "kind": "mean", "definition": {"facts": {"source": "orders", "column": "double"}}},
        ).json()  # fmt: skip
        answer = ben.api("post", f"metrics/{made['key']}/history", {"weeks": 12})
        assert answer.status_code in {200, 422}, "the file's days may be long ago by now"
        ada.post("settings/data/sources/shop/remove/")
        assert DataSource.objects.get(key="shop").removed_at is None, "M-1 reads it"

    def test_a_folder_must_be_one_that_the_operator_opened(self, workspace, ada, settings, room):
        (room / "open").mkdir()
        (room / "open" / "orders.csv").write_text(ROWS)
        (room / "secret.csv").write_text(ROWS)
        (room / "open" / "link.csv").symlink_to(room / "secret.csv")
        settings.ROADBED_DATA_FOLDERS = [str(room / "open")]
        for folder in (str(room), "/etc", "open", str(room / "open" / ".." / "files")):
            answer = ada.api(
                "post",
                "data-sources",
                {"key": "f", "kind": "files", "name": "F", "settings": {"folder": folder}},
            )
            assert answer.status_code == 422, folder
        ada.api(
            "post",
            "data-sources",
            {"key": "f", "kind": "files", "name": "F", "settings": {"folder": str(room / "open")}},
        )
        trial = {"data_source": "f", "table": "orders", "unit": "who", "at": "at", "values": ["spent", "arm"]}
        tried = ada.api("post", "fact-source-trials", trial).json()
        assert tried["problems"] == ["The value column arm is text, and no number."]
        assert len(tried["rows"]) == 8
        lost = ada.api("post", "fact-source-trials", {**trial, "table": "link"})
        assert "There are: orders." in lost.content.decode(), "a link does not lead out of the folder"

    def test_a_warehouse_keeps_its_secret_and_is_reached_by_the_rules_of_webhooks(self, workspace, ada, ben):
        wanted = {"key": "dwh", "kind": "postgres", "name": "Warehouse", "password": "pssst", "settings": {
            "host": "127.0.0.1", "database": "sales", "user": "reader"}}  # fmt: skip
        refused = ada.api("post", "data-sources", wanted)
        assert "not a public address" in refused.content.decode()
        wanted["settings"]["host"] = "93.184.215.14"
        assert ada.api("post", "data-sources", wanted).status_code == 201
        source = DataSource.objects.get(key="dwh")
        assert (source.secrets, "pssst" in source.sealed) == ({"password": "pssst"}, False)
        for text in (ada.api("get", "data-sources").content, ada.get("settings/data/sources/dwh/").content):
            assert b"pssst" not in text
        moved = ada.api("patch", "data-sources/dwh", {"settings": {"host": "93.184.215.15"}})
        assert "type the password in again" in moved.content.decode()
        assert b"pssst" not in json.dumps(list(Activity.objects.values_list("changes", flat=True))).encode()

    def test_policy_and_logs(self, workspace, ada, ben):
        services.ensure_environments(workspace=workspace, actor=ada.actor, at=NOW)
        ada.post("settings/data/policy/", {"keep_days": "90"})
        ben.post("settings/data/exposure-logs/", {"environment": "production", "on": "yes"})
        page = ben.get("settings/data/").content.decode()
        assert "Kept for 90 days" in page
        assert "All flags" in page


def test_metrics_go_out_and_come_into_another_workspace(workspace, ben, eve):
    ben.post("experiments/metrics/new/", FORM)
    exported = b"".join(ben.get("export/metrics/?as=csv").streaming_content)
    file = io.BytesIO(exported)
    file.name = "metrics.csv"
    made = eve.browser.post(
        f"/api/v1/{eve.member.workspace.slug}/imports", {"target": "metrics", "file": file, "start": "true"}
    )
    assert made.status_code < 300, made.content
    jobs.run_waiting()
    found = Metric.objects.filter(workspace=eve.member.workspace)
    if not found.exists():
        number = made.json()["id"]
        eve.api("post", f"imports/{number}/run", {})
        jobs.run_waiting()
    assert [selectors.current_version(one).definition["to_hours"] for one in found] == [168]
