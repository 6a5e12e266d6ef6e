"""Documentation that cannot drift: settings and commands are compared with the code."""

from __future__ import annotations

import re

import pytest
import typer.main

from roadbed.cli import reference
from roadbed.cli.app import app
from roadbed.config import options
from tests.architecture import house

COMMANDS = dict(reference.walk(typer.main.get_command(app), path="roadbed"))


class TestReference:
    @pytest.mark.parametrize("page", ["settings.md", "cli.md"])
    def test_the_page_is_what_the_code_says(self, page):
        written = (house.ROOT / "docs" / "reference" / page).read_text(encoding="utf-8")
        assert written == reference.pages()[page], "run: bin/roadbed config docs"

    def test_every_setting_says_what_it_is(self):
        assert [option.name for option in options.OPTIONS if len(option.help) < 10] == []

    def test_every_setting_that_is_read_is_in_the_table(self):
        known = {option.name for option in options.OPTIONS}
        read = set()
        for path in house.files(".py", below="src/roadbed/config"):
            read |= set(re.findall(r"_values\[\"([A-Z_]+)\"\]", path.read_text(encoding="utf-8")))
        assert read <= known

    @pytest.mark.parametrize("path", COMMANDS)
    def test_every_command_has_examples(self, path):
        command = COMMANDS[path]
        assert "Examples:" in (command.help or "") + (command.epilog or "")

    @pytest.mark.parametrize("path", COMMANDS)
    def test_every_option_says_what_it_does(self, path):
        silent = [
            part.name
            for part in COMMANDS[path].params
            if part.name != "help" and not getattr(part, "help", "")
        ]
        assert silent == []
