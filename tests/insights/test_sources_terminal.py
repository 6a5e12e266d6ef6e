"""`roadbed mail-in` and `roadbed import --preset`, as the terminal calls them."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from roadbed.cli import environment, mail_in, tables
from roadbed.modules.insights.models import Feedback
from tests.insights.test_sources_intake import make_source
from tests.insights.test_sources_mail import mail


@pytest.fixture(autouse=True)
def prepared_already(monkeypatch):
    monkeypatch.setattr(environment, "prepare", lambda: None)


@pytest.fixture
def source(workspace):
    return make_source(workspace, kind="mail", name="Support mail")


class TestMailIn:
    def test_a_piped_mail_finds_its_source(self, source):
        done = CliRunner().invoke(mail_in.app, ["--json"], input=mail())
        assert done.exit_code == 0, done.output
        assert [each["outcome"] for each in json.loads(done.stdout)] == ["new"]
        again = CliRunner().invoke(mail_in.app, [], input=mail())
        assert "1 mail: 1 known already." in again.stdout
        assert Feedback.objects.count() == 1

    def test_an_mbox_into_a_named_source(self, source, tmp_path):
        box = tmp_path / "old.mbox"
        start = b"From a@x Sun Nov  1 10:00:00 2026\n"
        box.write_bytes(start + mail(id="1") + b"\n" + start + mail("Two.\n", id="2", To="x@y.example"))
        done = CliRunner().invoke(mail_in.app, [str(box), "--source", "support mail"])
        assert (done.exit_code, "2 mails: 2 new." in done.stdout) == (0, True)

    def test_mail_for_nobody_ends_as_a_mail_server_expects(self, source):
        assert CliRunner().invoke(mail_in.app, [], input=mail(To="x@y.example")).exit_code == 3
        done = CliRunner().invoke(mail_in.app, ["--sendmail"], input=mail(To="x@y.example"))
        assert done.exit_code == 67

    def test_a_source_that_is_not_there_is_named_with_those_that_are(self, source):
        done = CliRunner().invoke(mail_in.app, ["--source", "Nothing"], input=mail())
        assert done.exit_code == 3
        assert "Support mail" in done.output

    def test_a_refused_mail_ends_with_1(self, source):
        done = CliRunner().invoke(mail_in.app, [], input=mail("\n", Subject=""))
        assert done.exit_code == 1
        assert "no words" in done.output


class TestImportPreset:
    def test_a_preset_is_named_and_said(self, workspace, tmp_path):
        file = tmp_path / "few.csv"
        file.write_text("Review Text,Star Rating\nToo slow.,1\n", encoding="utf-8")
        done = CliRunner().invoke(
            tables.app, ["import", str(file), "--into", "feedback", "--preset", "play", "--dry-run"]
        )
        assert done.exit_code == 0, done.output
        assert "Read as Google Play reviews." in done.stdout
        wrong = CliRunner().invoke(
            tables.app, ["import", str(file), "--into", "feedback", "--preset", "none"]
        )
        assert (wrong.exit_code, "play" in wrong.output) == (3, True)
