"""The makers' side: boards, the queue, listings, the changelog, and the API."""

from __future__ import annotations

import struct
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from roadbed.core.workspaces import services as workspaces
from roadbed.modules.portal.models import Board, Listing, News, Remark, StatusNote
from roadbed.modules.portal.selectors import colours
from roadbed.modules.portal.services import listings, remarks
from roadbed.modules.roadmap import services as roadmap
from roadbed.modules.roadmap.models import Status
from tests.people import NOW
from tests.portal import factories


@pytest.fixture
def board(workspace):
    return factories.open_board(workspace, is_moderated=True)


def picture():
    """The smallest PNG there is."""

    def part(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + part(b"IHDR", head)
        + part(b"IDAT", zlib.compress(b"\x00\x00"))
        + part(b"IEND", b"")
    )


class TestBoards:
    def test_a_maker_opens_a_board(self, ben):
        answer = ben.post(
            "portal/boards/new/",
            {"title": "Ideas for Dispatch", "audience": "public", "accent": "#0f6b5c", "takes_posts": "on"},
        )
        board = Board.objects.get()
        assert answer.url == f"/w/northwind/portal/boards/{board.number}/"
        assert board.slug == "ideas-for-dispatch"
        assert factories.browser_of().get("/p/northwind/ideas-for-dispatch/").status_code == 200

    def test_a_private_board_needs_a_circle_that_one_is_in(self, workspace, ben, ada):
        circle = workspaces.make_circle(
            workspace=workspace, name="Others", members=[ada.member.pk], actor=ada.actor, at=NOW
        )
        form = {"title": "Secret", "audience": "private", "accent": "#0f6b5c"}
        assert ben.post("portal/boards/new/", form).status_code == 422
        assert ben.post("portal/boards/new/", {**form, "circle": circle.pk}).status_code == 422
        assert ada.post("portal/boards/new/", {**form, "circle": circle.pk}).status_code == 302
        assert ben.get(f"portal/boards/{Board.objects.get().number}/").status_code == 404

    @pytest.mark.parametrize(
        ("name", "value"),
        [("slug", "me"), ("domain", "not a host"), ("accent", "red;}"), ("guests", "nobody"), ("title", "")],
    )
    def test_what_cannot_be_is_refused_beside_its_field(self, ben, board, name, value):
        form = {"title": "Ideas", "audience": "public", "accent": "#0f6b5c", name: value}
        answer = ben.post(f"portal/boards/{board.number}/edit/", form)
        assert answer.status_code == 422
        assert answer.context["form"].errors[name]

    def test_an_address_is_there_once(self, ben, board):
        form = {"title": "Again", "slug": board.slug, "audience": "public", "accent": "#0f6b5c"}
        assert ben.post("portal/boards/new/", form).status_code == 422

    def test_a_logo_is_a_picture(self, ben, board):
        place = f"portal/boards/{board.number}/logo/"
        script = SimpleUploadedFile("x.svg", b"<svg onload='alert(1)'>", content_type="image/svg+xml")
        ben.post(place, {"logo": script})
        board.refresh_from_db()
        assert board.logo is None
        ben.post(place, {"logo": SimpleUploadedFile("x.png", picture(), content_type="image/png")})
        shown = factories.browser_of().get(f"{factories.base(board)}logo/")
        assert shown.headers["Content-Type"] == "image/png"
        assert shown.content == picture()
        ben.post(place)
        assert factories.browser_of().get(f"{factories.base(board)}logo/").status_code == 404

    def test_strangers_see_nothing(self, board, eve):
        assert eve.get(f"/w/northwind/portal/boards/{board.number}/").status_code == 404


class TestColours:
    @pytest.mark.parametrize(
        "accent", ["#ffff00", "#000000", "#ffffff", "#14598f", "#ff0000", "#00ff88", "#808080", "#7a3e9d"]
    )
    def test_every_colour_can_be_read_in_both_schemes(self, accent):
        for dark, surface in ((False, colours.LIGHT_SURFACE), (True, colours.DARK_SURFACE)):
            found = colours.scheme(accent, dark=dark)
            assert colours.contrast(found.accent, surface) >= colours.AA
            assert colours.contrast(found.accent, found.soft) >= colours.AA
            assert colours.contrast(found.ink, found.accent) >= colours.AA

    def test_the_style_sheet_is_served_and_holds_only_colours(self, workspace):
        board = factories.open_board(workspace, accent="#ffcc00")
        answer = factories.browser_of().get(f"{factories.base(board)}colours.css")
        assert answer.headers["Content-Type"].startswith("text/css")
        assert "--accent: light-dark(#" in answer.content.decode()

    def test_no_page_carries_styles_or_scripts_in_itself(self, workspace):
        board = factories.open_board(workspace)
        answer = factories.browser_of().get(factories.base(board))
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "style=" not in answer.content.decode()


class TestOwnDomain:
    def test_the_host_leads_to_its_board_and_nothing_else(self, workspace):
        board = factories.open_board(workspace, domain="ideas.example.com")
        listing = factories.submit(board, "Dark screen")
        browser = factories.browser_of()
        front = browser.get("/", headers={"Host": "ideas.example.com"})
        assert front.status_code == 200
        assert f"/entries/{listing.code}/" in front.content.decode()
        assert "/p/northwind" not in front.content.decode()
        entry = browser.get(f"/entries/{listing.code}/", headers={"Host": "ideas.example.com"})
        assert entry.status_code == 200
        for path in ("/accounts/login/", "/w/northwind/", "/api/v1/openapi.json", "/p/northwind/ideas/"):
            assert browser.get(path, headers={"Host": "ideas.example.com"}).status_code == 404

    def test_what_came_from_a_domain_goes_back_to_it(self, workspace):
        board = factories.open_board(workspace, domain="vote.example.com")
        listing = factories.submit(board, "Dark screen")
        answer = factories.browser_of().post(
            f"/entries/{listing.code}/vote/", headers={"Host": "vote.example.com"}
        )
        assert answer.url.startswith("/sign-in/?")


class TestQueue:
    def test_what_waits_is_read_the_oldest_first(self, ben, board):
        factories.submit(board, "First come")
        factories.submit(board, "Second come")
        page = ben.get("portal/queue/")
        assert [line["title"] for line in page.context["lines"]] == ["First come", "Second come"]

    def test_publishing_shows_it_and_can_be_taken_back(self, ben, board):
        listing = factories.submit(board, "Dark screen")
        ben.post(f"portal/listings/{listing.pk}/publish/", {"next": "/w/northwind/portal/queue/"})
        listing.refresh_from_db()
        assert listing.is_published
        ben.post(f"portal/listings/{listing.pk}/wait/")
        listing.refresh_from_db()
        assert not listing.is_published

    def test_the_queue_offers_what_may_be_the_same(self, ben, board):
        known = factories.submit(board, "A dark screen for night tours")
        listings.publish(listing=known, actor=ben.actor, at=NOW)
        new = factories.submit(board, "Dark screen at night please")
        page = ben.get("portal/queue/")
        assert [one.listing.pk for one in page.context["alike"]] == [known.pk]
        ben.post(f"portal/listings/{new.pk}/merge/", {"into": known.pk})
        new.refresh_from_db()
        assert new.merged_into_id == known.pk
        ben.post(f"portal/listings/{new.pk}/unmerge/")
        new.refresh_from_db()
        assert new.merged_into_id is None

    def test_comments_wait_there_too(self, ben, board):
        listing = factories.submit(board, "Dark screen")
        listings.publish(listing=listing, actor=ben.actor, at=NOW)
        said = remarks.say(listing=listing, body="Please", guest="g" * 64, at=NOW)
        assert ben.get("portal/queue/").context["chosen"]["is_remark"]
        ben.post(f"portal/remarks/{said.pk}/publish/")
        assert Remark.objects.get().state == "published"

    def test_viewers_do_not_moderate(self, dan, board):
        assert dan.get("portal/queue/").status_code == 403


class TestListings:
    @pytest.fixture
    def feature(self, workspace, ben):
        made, _ = roadmap.create_feature(
            workspace=workspace, draft=roadmap.Draft(title="Internal name"), actor=ben.actor, at=NOW
        )
        roadmap.change_status(feature=made, status=Status.DISCOVERY, reason="Zebra", actor=ben.actor, at=NOW)
        return made

    def test_a_feature_is_put_on_a_board_in_public_words(self, ben, board, feature):
        ben.post("portal/put/", {"board": board.pk, "key": feature.key, "title": "Public name", "text": ""})
        listing = Listing.objects.get()
        page = factories.browser_of().get(f"{factories.base(board)}entries/{listing.code}/").content.decode()
        assert "Public name" in page
        assert "Internal name" not in page
        assert "Zebra" not in page
        assert list(StatusNote.objects.values_list("standing", flat=True)) == ["open", "exploring"]

    def test_the_feature_says_where_it_is_shown(self, ben, board, feature):
        ben.post("portal/put/", {"board": board.pk, "key": feature.key, "title": "Public name", "text": ""})
        page = ben.get(f"roadmap/features/{feature.key.lower()}/").content.decode()
        assert "On the portal" in page
        assert f"/portal/listings/{Listing.objects.get().pk}/" in page

    def test_it_stands_there_once(self, ben, board, feature):
        form = {"board": board.pk, "key": feature.key, "title": "Public name", "text": ""}
        ben.post("portal/put/", form)
        assert ben.post("portal/put/", form).status_code == 422

    def test_makers_answer_and_say_where_it_stands(self, ben, board):
        listing = factories.submit(board, "Dark screen")
        place = f"portal/listings/{listing.pk}/"
        ben.post(f"{place}publish/")
        ben.post(f"{place}answer/", {"answer": "We **build** it."})
        ben.post(f"{place}standing/", {"standing": "declined", "reason": ""})
        ben.post(f"{place}standing/", {"standing": "exploring", "reason": "We ask around."})
        ben.post(f"{place}say/", {"body": "Soon."})
        page = factories.browser_of().get(f"{factories.base(board)}entries/{listing.code}/").content.decode()
        assert "<strong>build</strong>" in page
        assert "We ask around." in page
        assert "Soon." in page

    def test_what_a_visitor_wrote_is_not_taken_off_silently(self, workspace, ben, board):
        listing = factories.submit(board, "Dark screen", visitor=factories.visitor_of(workspace))
        ben.post(f"portal/listings/{listing.pk}/take-off/")
        assert Listing.objects.filter(pk=listing.pk).exists()


class TestNews:
    def test_a_release_is_told_of_and_fed(self, workspace, ben, board):
        release, _ = roadmap.create_release(
            workspace=workspace, draft=roadmap.ReleaseDraft(title="4.1"), actor=ben.actor, at=NOW
        )
        feature, _ = roadmap.create_feature(
            workspace=workspace,
            draft=roadmap.Draft(title="Dark screen", release=release),
            actor=ben.actor,
            at=NOW,
        )
        roadmap.ship_release(release=release, shipped_at=NOW, unfinished="ship", actor=ben.actor, at=NOW)
        news = f"portal/boards/{board.number}/news/"
        assert [out.key for out in ben.get(news).context["untold"]] == [release.key]
        form = ben.get(f"{news}new/?key={release.key}").context["form"]
        assert form.initial["text"] == f"- {feature.title}"
        ben.post(f"{news}new/", {"title": "4.1", "text": "Zebra **stripes**", "key": release.key})
        entry = News.objects.get()
        visitor = factories.browser_of()
        assert "Zebra" not in visitor.get(f"{factories.base(board)}changelog/").content.decode()
        ben.post(f"portal/news/{entry.pk}/publish/")
        assert "Zebra" in visitor.get(f"{factories.base(board)}changelog/").content.decode()
        for form_name in ("atom", "rss"):
            fed = visitor.get(f"{factories.base(board)}changelog/{form_name}.xml")
            assert fed.headers["Content-Type"].startswith(f"application/{form_name}+xml")
            assert "Zebra" in fed.content.decode()
        assert ben.get(news).context["untold"] == []


class TestFast:
    @pytest.mark.parametrize("path", ["", "?sort=top&q=wish", "roadmap/"])
    def test_the_number_of_queries_does_not_grow_with_listings(self, workspace, path):
        board = factories.open_board(workspace)
        browser = factories.browser_of(factories.visitor_of(workspace))
        counts = []
        for size in (3, 12):
            while Listing.objects.count() < size:
                factories.submit(board, f"Wish number {Listing.objects.count()}")
            with CaptureQueriesContext(connection) as queries:
                assert browser.get(f"{factories.base(board)}{path}").status_code == 200
            counts.append(len(queries))
        assert counts[0] == counts[1]
        assert counts[1] <= 12

    def test_nor_inside(self, ben, board):
        counts = []
        for size in (2, 9):
            while Listing.objects.count() < size:
                factories.submit(board, f"Wish number {Listing.objects.count()}")
            for path in (f"portal/boards/{board.number}/", "portal/queue/", "portal/"):
                with CaptureQueriesContext(connection) as queries:
                    assert ben.get(path).status_code == 200
                counts.append(len(queries))
        assert counts[:3] == counts[3:]

    def test_pages_go_on_by_cursor(self, workspace):
        board = factories.open_board(workspace)
        for number in range(23):
            factories.submit(board, f"Wish number {number}")
        first = factories.browser_of().get(f"{factories.base(board)}?sort=new")
        assert len(first.context["lines"]) == 20
        rest = factories.browser_of().get(
            f"{factories.base(board)}?sort=new&cursor={first.context['page'].next}"
        )
        assert len(rest.context["lines"]) == 3


class TestPrograms:
    def test_a_board_is_opened_and_changed_with_its_etag(self, ben, workspace):
        made = ben.api("post", "boards", {"title": "Ideas", "audience": "public"})
        assert made.status_code == 201
        key = made.json()["key"]
        assert ben.api("patch", f"boards/{key}", {"intro": "Hello"}).status_code == 428
        changed = ben.api("patch", f"boards/{key}", {"intro": "Hello"}, If_Match=made.headers["ETag"])
        assert changed.json()["intro"] == "Hello"
        assert ben.api("patch", f"boards/{key}", {"intro": "x"}, If_Match='"1"').status_code == 412

    def test_moderation_goes_by_program_too(self, ben, board):
        listing = factories.submit(board, "Dark screen")
        waiting = ben.api("get", "listings?state=waiting").json()["items"]
        assert [item["id"] for item in waiting] == [listing.pk]
        assert ben.api("put", f"listings/{listing.pk}/state", {"state": "refused"}).status_code == 422
        told = ben.api("put", f"listings/{listing.pk}/state", {"state": "published"})
        assert told.json()["state"] == "published"
        said = ben.api("post", f"listings/{listing.pk}/remarks", {"body": "Soon."})
        assert said.status_code == 201
        standing = ben.api(
            "put", f"listings/{listing.pk}/standing", {"standing": "planned", "reason": "Next."}
        )
        assert standing.json()["standing"] == "planned"

    def test_a_private_board_is_missing_to_the_api_as_well(self, workspace, ben, cleo):
        circle = workspaces.make_circle(
            workspace=workspace, name="Partners", members=[ben.member.pk], actor=ben.actor, at=NOW
        )
        board = factories.open_board(
            workspace, title="Partners", audience="private", circle=circle, guests="mira@halden.example"
        )
        listing = factories.submit(board, "Zebra price")
        assert cleo.api("get", f"boards/{board.key}").status_code == 404
        assert cleo.api("get", f"listings/{listing.pk}").status_code == 404
        assert cleo.api("get", "listings").json()["items"] == []
        assert ben.api("get", f"listings/{listing.pk}").json()["title"] == "Zebra price"

    def test_news_are_drafted_and_published(self, ben, board):
        made = ben.api("post", "news", {"board": board.key, "title": "Out", "text": "It is out."})
        assert made.json()["published_at"] is None
        out = ben.api("patch", f"news/{made.json()['id']}", {"is_published": True})
        assert out.json()["published_at"] is not None
