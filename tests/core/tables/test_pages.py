"""The way of a file through the pages and the API, and lists as files."""

from __future__ import annotations

import csv
import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from roadbed.core.jobs import services as jobs
from roadbed.core.tables.models import Import
from roadbed.modules.insights.models import Feedback

FILE = b"id,date,text,who\n1,03/04/2025,The map is slow,Mira\n2,05/06/2025,=1+1,Jon\n3,soon,Late,Jon\n"


def upload(someone, content=FILE, name="tickets.csv", target="feedback"):
    return someone.post("import/new/", {"file": SimpleUploadedFile(name, content), "target": target})


@pytest.fixture
def imported(bring_in):
    return bring_in(
        "id,date,text,who,Browser\n1,2025-03-04,The map is slow,Mira,Firefox\n2,2025-03-05,=1+1,Jon,\n3,soon,x,J,\n"
    )


class TestUpload:
    def test_the_page_and_the_list_that_teaches(self, ben):
        assert "Nothing was imported yet" in ben.get("import/").content.decode()
        assert "What does each row hold?" in ben.get("import/new/").content.decode()

    def test_a_file_becomes_a_mapping_with_a_preview(self, ben):
        answer = upload(ben)
        assert answer.status_code == 302
        page = ben.get(answer.url).content.decode()
        assert "The map is slow" in page
        assert "may have the day or the month first" in page

    def test_what_is_no_table_is_refused_with_the_reason(self, ben):
        answer = upload(ben, b"%PDF-1.7", "file.pdf")
        assert answer.status_code == 422
        assert "This is no table" in answer.content.decode()
        assert Import.objects.count() == 0

    def test_a_file_too_large_is_refused(self, ben, settings):
        settings.ROADBED_UPLOAD_MAX_MB = 0
        assert "larger than" in upload(ben).content.decode()


class TestMapping:
    def test_asked_for_the_order_it_runs_and_shows_what_became_of_it(self, ben):
        url = upload(ben).url
        fields = {"column-0": "external_id", "column-1": "said_at", "column-2": "text", "column-3": "person"}
        refused = ben.post(f"{url}mapping/", {**fields, "then": "run"})
        assert refused.status_code == 422
        assert "day first or month first" in refused.content.decode()
        assert ben.post(f"{url}mapping/", {**fields, "date_order": "dmy", "then": "check"}).status_code == 302
        assert ben.get(url).status_code == 200
        jobs.run_waiting()
        assert "2 would be new" in ben.get(url).content.decode()
        assert ben.post(f"{url}mapping/", {**fields, "date_order": "dmy", "then": "run"}).status_code == 302
        assert ben.get(url).status_code == 200
        jobs.run_waiting()
        page = ben.get(url).content.decode()
        assert "Line 4: date: “soon” is in no date format that we know." in page
        assert "Undo this import" in page
        rejects = ben.get(f"{url}rejects/")
        assert b"Why it was rejected" in b"".join(rejects.streaming_content)
        assert ben.post(f"{url}undo/").status_code == 302
        jobs.run_waiting()
        assert "can be restored" in ben.get(url).content.decode()
        assert "tickets.csv" in ben.get("import/").content.decode()

    def test_another_layout_is_another_reading(self, ben):
        url = upload(ben).url
        assert (
            ben.post(f"{url}layout/", {"encoding": "cp1252", "delimiter": ",", "header": "0"}).status_code
            == 302
        )
        assert Import.objects.get().columns[0] == "Column 1"

    def test_two_columns_cannot_be_the_same(self, ben):
        url = upload(ben).url
        answer = ben.post(f"{url}mapping/", {"column-0": "text", "column-2": "text", "then": "run"})
        assert "are both mapped to Text" in answer.content.decode()

    @pytest.mark.parametrize(
        "place", ["", "mapping/", "layout/", "check/", "run/", "cancel/", "undo/", "rejects/"]
    )
    def test_strangers_see_nothing_and_viewers_may_not(self, ben, dan, eve, place):
        path = f"import/{upload(ben).url.split('/')[-2]}/{place}"
        ask = "get" if place in {"", "rejects/"} else "post"
        assert getattr(eve, ask)(path).status_code == 404
        assert getattr(dan, ask)(path).status_code == 403
        assert getattr(eve, ask)(ben.base + path).status_code == 404


class TestApi:
    def test_upload_map_run_and_read(self, ben, dan):
        base = f"/api/v1/{ben.member.workspace.slug}/imports"
        file = SimpleUploadedFile("tickets.csv", FILE)
        made = ben.browser.post(base, {"file": file, "target": "feedback"})
        assert made.status_code == 201, made.content
        one = f"{base}/{made.json()['id']}"
        assert ben.api("post", f"{one}/run", {}).status_code == 422
        changed = ben.api("patch", one, {"mapping": {"who": "person"}, "date_order": "dmy"})
        assert changed.status_code == 200, changed.content
        assert ben.api("post", f"{one}/run", {}).status_code == 202
        jobs.run_waiting()
        found = ben.api("get", one).json()
        assert (found["state"], found["created"], found["rejected"]) == ("done", 2, 1)
        assert ben.api("patch", one, {"date_order": "mdy"}).status_code == 409
        assert ben.api("post", f"{one}/cancel").status_code == 409
        assert ben.api("get", base).json()["items"][0]["id"] == found["id"]
        assert dan.api("get", base).status_code == 403
        assert b"soon" in b"".join(ben.api("get", f"{one}/rejects").streaming_content)


class TestExport:
    def test_every_format_and_no_formula(self, imported, dan):
        text = b"".join(dan.get("export/feedback/").streaming_content).decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text)))
        assert [(row["Id"], row["Text"], row["Browser"]) for row in rows] == [
            ("1", "The map is slow", "Firefox"),
            ("2", "'=1+1", ""),
        ]
        items = json.loads(b"".join(dan.get("export/feedback/?as=json").streaming_content))
        assert items[1]["Text"] == "=1+1"
        for name in ("feedback", "people"):
            for format_ in ("csv", "tsv", "xlsx", "json", "ndjson"):
                assert b"".join(dan.get(f"export/{name}/?as={format_}").streaming_content)
        assert dan.get("export/feedback/?as=exe").status_code == 404
        assert dan.get("export/secrets/").status_code == 404

    @pytest.mark.parametrize("format_", ["csv", "tsv", "xlsx", "json", "ndjson"])
    def test_what_is_exported_is_read_back_as_it_was(self, imported, bring_in, dan, format_):
        before = list(
            Feedback.objects.order_by("pk").values("title", "text", "said_at", "source", "attributes")
        )
        data = b"".join(dan.get(f"export/feedback/?as={format_}").streaming_content)
        run = bring_in(data, f"feedback.{format_}", source="elsewhere")
        assert (run.created_count, run.rejected_count) == (2, 0)
        fresh = Feedback.objects.filter(external_source="elsewhere").order_by("pk")
        after = list(fresh.values("title", "text", "said_at", "source", "attributes"))
        for old, new in zip(before, after, strict=True):
            kept = {name: new["attributes"].get(name) for name in old["attributes"]}
            assert {**new, "attributes": kept} == old

    def test_the_api_exports_too(self, imported, dan):
        answer = dan.api("get", "exports/people?format=ndjson")
        assert answer.status_code == 200
        assert b"Mira" in b"".join(answer.streaming_content)
