"""Workspaces: opening, people, invitations, departments, teams, products, closing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from roadbed.core.accounts.models import User
from roadbed.core.records.models import Activity
from roadbed.core.records.services import verify_chain
from roadbed.core.workspaces import services
from roadbed.core.workspaces.models import Department, Invitation, Member, Product, Team, View, Workspace
from roadbed.core.workspaces.roles import Role
from tests.people import NOW, Someone


def last(workspace: Workspace) -> Activity:
    return Activity.objects.filter(workspace=workspace).latest("sequence")


class TestOpening:
    def test_it_comes_with_owner_departments_and_a_product(self, ada: Someone) -> None:
        made = services.create_workspace(name="Halden Freight", owner=ada.user, actor=ada.actor, at=NOW)
        assert made.slug == "halden-freight"
        assert Member.objects.get(workspace=made).role == Role.OWNER
        assert set(Department.objects.filter(workspace=made).values_list("name", flat=True)) == set(
            services.DEPARTMENTS
        )
        assert Product.objects.get(workspace=made).name == "Halden Freight"
        assert last(made).verb == "opened workspace"

    def test_the_same_name_twice_gets_another_address(self, ada: Someone) -> None:
        for slug in ("halden", "halden-2", "halden-3"):
            made = services.create_workspace(name="Halden", owner=ada.user, actor=ada.actor, at=NOW)
            assert made.slug == slug

    def test_a_name_without_letters_gets_one_too(self, ada: Someone) -> None:
        assert (
            services.create_workspace(name="東京", owner=ada.user, actor=ada.actor, at=NOW).slug
            == "workspace"
        )

    def test_a_bad_currency_is_refused(self, ada: Someone) -> None:
        with pytest.raises(ValidationError):
            services.create_workspace(name="X", currency="euro", owner=ada.user, actor=ada.actor, at=NOW)


class TestClosing:
    def test_nobody_gets_in_until_an_owner_reopens_it(self, ada: Someone, dan: Someone) -> None:
        assert ada.post("settings/danger/close/", {"confirmation": "Northwind"}).status_code == 302
        assert ada.get("settings/").status_code == dan.get("settings/").status_code == 404
        assert dan.post("/workspaces/northwind/reopen/").status_code == 404
        assert ada.post("/workspaces/northwind/reopen/").status_code == 302
        assert dan.get("settings/").status_code == 200

    def test_the_name_must_be_typed(self, ada: Someone) -> None:
        assert ada.post("settings/danger/close/", {"confirmation": "northwind"}).status_code == 422


class TestMembers:
    def test_a_role_changes_with_its_history(self, ada: Someone, dan: Someone) -> None:
        ada.post(f"settings/members/{dan.member.pk}/change/", {"role": "maker", "department": ""})
        dan.member.refresh_from_db()
        assert dan.member.role == Role.MAKER
        assert last(ada.member.workspace).changes["role"] == ["viewer", "maker"]

    def test_the_last_owner_stays(self, ada: Someone, ben: Someone) -> None:
        with pytest.raises(services.LastOwnerError):
            services.remove_member(member=ada.member, actor=ada.actor, at=NOW)
        with pytest.raises(services.LastOwnerError):
            services.change_member(
                member=ada.member, role=Role.MAKER, department=None, actor=ada.actor, at=NOW
            )
        services.change_member(member=ben.member, role=Role.OWNER, department=None, actor=ada.actor, at=NOW)
        services.remove_member(member=ada.member, actor=ada.actor, at=NOW)
        assert ada.get("settings/").status_code == 404

    def test_a_removed_member_is_out_at_once_and_can_come_back(self, ada: Someone, ben: Someone) -> None:
        _, secret = services.create_token(
            member=ben.member,
            name="x",
            scope="read",
            actor=ben.actor,
            at=NOW,  # type: ignore[arg-type]  # its value
        )
        bearer = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
        assert Client().get("/api/v1/northwind/products", **bearer).status_code == 200  # type: ignore[arg-type]  # CGI names
        assert ada.post(f"settings/members/{ben.member.pk}/remove/").status_code == 302
        assert ben.get("settings/").status_code in {302, 404}
        assert Client().get("/api/v1/northwind/products", **bearer).status_code == 401  # type: ignore[arg-type]  # CGI names
        ada.post(f"settings/members/{ben.member.pk}/restore/")
        assert Member.objects.get(pk=ben.member.pk).removed_at is None
        assert Client().get("/api/v1/northwind/products", **bearer).status_code == 401  # type: ignore[arg-type]  # CGI names

    def test_a_department_of_elsewhere_is_refused(self, ada: Someone, eve: Someone) -> None:
        theirs = Department.objects.create(workspace=eve.member.workspace, name="Spies")
        with pytest.raises(ValidationError):
            services.change_member(
                member=ada.member, role=Role.OWNER, department=theirs, actor=ada.actor, at=NOW
            )

    def test_members_of_elsewhere_are_not_there(self, ada: Someone, eve: Someone) -> None:
        assert ada.post(f"settings/members/{eve.member.pk}/remove/").status_code == 404


class TestInvitations:
    def ask(self, ada: Someone, email: str = "new@example.com") -> str:
        _, path = services.invite(
            workspace=ada.member.workspace, email=email, role=Role.MAKER, actor=ada.actor, at=timezone.now()
        )
        return path

    @pytest.mark.django_db(transaction=True)
    def test_the_link_is_mailed_and_shown_once(self, ada: Someone, mailoutbox: list[Any]) -> None:
        answer = ada.post("settings/members/invite/", {"email": "new@example.com", "role": "maker"})
        assert b"/invitations/" in answer.content
        assert "/invitations/" in mailoutbox[0].body
        assert b"testserver/invitations/" not in ada.get("settings/members/").content

    def test_a_new_person_makes_an_account_and_joins(self, ada: Someone) -> None:
        path, browser = self.ask(ada), Client()
        assert b"Make an account" in browser.get(path).content
        entrance = browser.post(path + "accept/").headers["Location"]
        assert entrance.startswith("/accounts/signup/")
        after = browser.post(
            entrance, {"email": "new@example.com", "password1": "correct horse battery", "next": path}
        )
        assert after.headers["Location"] == path
        assert browser.post(path + "accept/").headers["Location"] == "/w/northwind/"
        assert Member.objects.get(user__email="new@example.com").role == Role.MAKER
        assert last(ada.member.workspace).verb == "joined"

    def test_it_works_once(self, ada: Someone, eve: Someone) -> None:
        path = self.ask(ada)
        assert eve.post(path + "accept/").headers["Location"] == "/w/northwind/"
        assert Client().get(path).status_code == 410

    def test_it_ends_after_14_days(self, ada: Someone) -> None:
        path = self.ask(ada)
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert Client().get(path).status_code == 410

    def test_taking_it_back_ends_it(self, ada: Someone) -> None:
        path = self.ask(ada)
        ada.post(f"settings/invitations/{Invitation.objects.get().pk}/revoke/")
        assert Client().get(path).status_code == 410

    def test_asking_again_replaces_the_first(self, ada: Someone) -> None:
        first, second = self.ask(ada), self.ask(ada)
        assert Client().get(first).status_code == 410
        assert Client().get(second).status_code == 200

    def test_members_are_not_asked(self, ada: Someone, ben: Someone) -> None:
        with pytest.raises(ValidationError):
            self.ask(ada, email=ben.user.email)


class TestStructure:
    def test_a_removed_department_comes_back_with_its_people(self, ada: Someone, ben: Someone) -> None:
        place = ada.member.workspace
        made = services.add_department(workspace=place, name="Legal", actor=ada.actor, at=NOW)
        Member.objects.filter(pk=ben.member.pk).update(department=made)
        trail = services.remove_department(department=made, actor=ada.actor, at=NOW)
        assert Member.objects.get(pk=ben.member.pk).department is None
        again = services.restore_department(workspace=place, trail=trail, actor=ada.actor, at=NOW)
        assert Member.objects.get(pk=ben.member.pk).department == again

    def test_two_departments_do_not_share_a_name(self, ada: Someone) -> None:
        ada.post("settings/departments/add/", {"name": "Legal"})
        assert ada.post("settings/departments/add/", {"name": "LEGAL"}).status_code == 422

    def test_a_team_is_a_name_and_its_people(self, ada: Someone, ben: Someone, eve: Someone) -> None:
        place = ada.member.workspace
        team = services.add_team(
            workspace=place, name="Routing", members=[ben.member.pk, eve.member.pk], actor=ada.actor, at=NOW
        )
        assert [member.pk for member in team.members.all()] == [ben.member.pk]
        services.change_team(team=team, name="Routing", members=[], actor=ada.actor, at=NOW)
        assert last(place).changes["members"] == [["Ben"], []]
        trail = services.remove_team(team=team, actor=ada.actor, at=NOW)
        services.restore_team(workspace=place, trail=trail, actor=ada.actor, at=NOW)
        assert Team.objects.get().name == "Routing"

    def test_a_product_put_away_is_nobodys_any_more(self, ada: Someone, product: Product) -> None:
        services.switch_product(member=ada.member, product=product, actor=ada.actor, at=NOW)
        services.archive_product(product=product, actor=ada.actor, at=NOW)
        assert Member.objects.get(pk=ada.member.pk).product is None
        assert ada.post("product/", {"product": product.slug}).status_code == 404


class TestSwitches:
    def test_the_view_changes(self, dan: Someone) -> None:
        dan.post("view/", {"view": "technical"})
        assert Member.objects.get(pk=dan.member.pk).view == View.TECHNICAL
        assert dan.post("view/", {"view": "sideways"}).status_code == 404

    def test_the_profile_changes_and_the_first_paint_with_it(self, dan: Someone) -> None:
        answer = dan.post("me/", {"name": "Daniel", "time_zone": "Europe/Berlin", "theme": "dark"})
        assert answer.cookies["roadbed_theme"].value == "dark"
        assert answer.cookies["roadbed_shortcuts"].value == "off"
        assert User.objects.get(pk=dan.user.pk).name == "Daniel"

    def test_leaving_is_ones_own_choice(self, ada: Someone, dan: Someone) -> None:
        assert dan.post("me/leave/").status_code == 302
        assert Member.objects.get(pk=dan.member.pk).removed_at is not None
        assert last(ada.member.workspace).verb == "left"


class TestActivityPage:
    def test_it_filters_exports_and_verifies(self, ada: Someone, dan: Someone) -> None:
        ada.post("settings/departments/add/", {"name": "=Legal"})
        ada.post(f"settings/members/{dan.member.pk}/change/", {"role": "maker", "department": ""})
        page = ada.get("settings/activity/", {"verb": "added department"}).content.decode()
        assert "added department" in page
        assert "changed member</p>" not in page
        text = b"".join(ada.get("settings/activity/export/").streaming_content).decode()
        assert text.count("\n") == 3
        assert b"The history holds: 2 deeds" in ada.get("settings/activity/verify/").content
        assert not list(verify_chain(workspace_id=ada.member.workspace_id))

    def test_what_cannot_be_read_is_left_out(self, ada: Someone) -> None:
        answer = ada.get("settings/activity/", {"person": "9" * 30, "before": "-1", "kind": "none"})
        assert answer.status_code == 200


@pytest.mark.parametrize(
    "path",
    ["me/", "settings/", "settings/security/", "settings/tokens/", "settings/members/", "settings/departments/",
     "settings/teams/", "settings/products/", "settings/activity/", "settings/activity/verify/",
     "settings/deleted/", "settings/danger/"],
)  # fmt: skip
def test_settings_pages_open_and_mark_their_tab(
    path: str, ada: Someone, ben: Someone, product: Product
) -> None:
    text = ada.get(path).content.decode()
    assert text.count('<a href="/w/northwind/settings/members/"') == 1
    assert "aria-current" in text
