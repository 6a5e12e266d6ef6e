"""Files that bring in what only a circle may see."""

from __future__ import annotations

from typing import Any

import pytest

from roadbed.core.tables.models import Import
from roadbed.core.workspaces import services as workspaces
from roadbed.core.workspaces.models import Circle
from roadbed.modules.insights.models import Feedback
from tests.people import NOW, Someone

FILE = """Id,Text,Circle
1,Roads close,
2,The merger closes in March,counsel
3,Hush the wombat,Board
"""


@pytest.fixture
def counsel(ada: Someone, ben: Someone) -> Circle:
    return workspaces.make_circle(
        workspace=ada.member.workspace, name="Counsel", members=[ben.member.pk], actor=ada.actor, at=NOW
    )


class TestPrivateRows:
    def test_go_into_a_circle_of_the_importer_and_no_other(
        self, bring_in: Any, ada: Someone, ben: Someone, counsel: Circle
    ) -> None:
        run = bring_in(FILE, "deal.csv", source="desk")
        assert (run.created_count, run.rejected_count) == (2, 1)
        assert run.rejects.get().reason == "Line 4: Circle: you are in none called Board."
        assert Feedback.objects.get(external_id="2").circle == counsel
        assert Feedback.objects.get(external_id="1").circle is None
        assert "merger" in ben.get("export/feedback/").getvalue().decode()
        assert "merger" not in ada.get("export/feedback/").getvalue().decode()

    def test_the_import_is_seen_by_its_owner_alone(
        self, bring_in: Any, ada: Someone, ben: Someone, counsel: Circle
    ) -> None:
        run = bring_in(FILE, "deal.csv")
        for path in (f"import/{run.pk}/", f"import/{run.pk}/rejects/"):
            assert ben.get(path).status_code == 200, path
            assert ada.get(path).status_code == 404, path
        assert "deal.csv" in ben.get("import/").content.decode()
        assert "deal.csv" not in ada.get("import/").content.decode()
        assert ada.api("GET", f"imports/{run.pk}").status_code == 404
        assert ada.api("GET", "imports").json()["items"] == []
        assert "deal.csv" not in ada.get("settings/activity/").content.decode()

    def test_a_file_of_somebody_outside_cannot_touch_them(
        self, bring_in: Any, ada: Someone, ben: Someone, counsel: Circle
    ) -> None:
        bring_in(FILE, "deal.csv", source="desk")
        counsel.members.clear()
        again: Import = bring_in("Id,Text\n2,Nothing at all\n", "open.csv", source="desk")
        assert (again.changed_count, again.rejected_count) == (0, 1)
        assert Feedback.objects.get(external_id="2").text == "The merger closes in March"
