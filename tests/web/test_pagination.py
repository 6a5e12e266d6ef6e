"""Pages by position: complete, without repeats, in both directions, with values missing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadbed.core.workspaces.models import Product, Workspace
from roadbed.modules.insights.models import Need
from roadbed.web import pagination
from roadbed.web.pagination import BadCursorError, Cursor
from tests.insights.factories import need

VALUES = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**53), max_value=2**53)
    | st.text(max_size=30)
    | st.dates()
    | st.datetimes(timezones=st.just(dt.UTC))
    | st.decimals(allow_nan=False, allow_infinity=False)
)


class TestCursor:
    @given(values=st.lists(VALUES, min_size=1, max_size=3), backwards=st.booleans())
    def test_what_is_encoded_is_decoded(self, values: list[object], backwards: bool) -> None:  # noqa: FBT001 - hypothesis
        cursor = Cursor(values=tuple(values), backwards=backwards)
        assert pagination.decode(pagination.encode(cursor), length=len(values)) == cursor

    def test_a_cursor_that_somebody_else_wrote_is_refused(self) -> None:
        text = pagination.encode(Cursor(values=(Decimal("1.50"), 7)))
        with pytest.raises(BadCursorError):
            pagination.decode(text[:-1] + ("a" if text[-1] != "a" else "b"), length=2)
        with pytest.raises(BadCursorError):
            pagination.decode(text, length=1)

    @given(st.text(max_size=80))
    def test_no_text_is_taken_for_a_cursor(self, text: str) -> None:
        with pytest.raises(BadCursorError):
            pagination.decode(text, length=1)


@pytest.fixture
def products(workspace: Workspace) -> list[Product]:
    """Eleven products, some archived on the same day, some never."""
    days = [3, None, 1, 3, None, 2, 2, None, 5, 1, None]
    return [
        Product.objects.create(
            workspace=workspace,
            slug=f"p{index}",
            name=f"Product {index % 4}",
            archived_at=None if day is None else dt.datetime(2026, 1, day, tzinfo=dt.UTC),
        )
        for index, day in enumerate(days)
    ]


ORDERS = [
    ("-archived_at", "-pk"),
    ("archived_at", "-pk"),
    ("name", "-pk"),
    ("-workspace__name", "pk"),
    ("pk",),
]


@pytest.mark.django_db
class TestPaginate:
    @pytest.mark.parametrize("order", ORDERS)
    @pytest.mark.parametrize("size", [1, 2, 3, 10, 11, 50])
    def test_walking_forwards_sees_every_row_once(
        self, products: list[Product], order: tuple[str, ...], size: int
    ) -> None:
        expected = [row.pk for row in Product.objects.order_by(*pagination.order_by(order))]
        seen: list[int] = []
        cursor = ""
        while True:
            page = pagination.paginate(Product.objects.all(), order=order, cursor=cursor, size=size)
            seen += [row.pk for row in page.rows]
            cursor = page.next
            if not cursor:
                break
        assert seen == expected

    @pytest.mark.parametrize("order", ORDERS)
    @pytest.mark.parametrize("size", [1, 2, 3, 4])
    def test_walking_back_shows_the_same_pages(
        self, products: list[Product], order: tuple[str, ...], size: int
    ) -> None:
        forwards = []
        page = pagination.paginate(Product.objects.all(), order=order, size=size)
        assert page.previous == ""
        while True:
            forwards.append([row.pk for row in page.rows])
            if not page.next:
                break
            page = pagination.paginate(Product.objects.all(), order=order, cursor=page.next, size=size)
        backwards = [[row.pk for row in page.rows]]
        while page.previous:
            page = pagination.paginate(Product.objects.all(), order=order, cursor=page.previous, size=size)
            backwards.append([row.pk for row in page.rows])
        assert [pk for part in reversed(backwards) for pk in part] == [pk for part in forwards for pk in part]

    def test_a_row_that_goes_away_moves_nothing(self, products: list[Product]) -> None:
        first = pagination.paginate(Product.objects.all(), order=("pk",), size=3)
        Product.objects.filter(pk=first.rows[-1].pk).delete()
        second = pagination.paginate(Product.objects.all(), order=("pk",), cursor=first.next, size=3)
        assert [row.slug for row in second.rows] == ["p3", "p4", "p5"]

    def test_the_count_stops_at_the_cap(self, products: list[Product]) -> None:
        page = pagination.paginate(Product.objects.all(), order=("pk",), count_cap=10)
        assert (page.total, page.capped, page.count_text) == (10, True, "10+")
        page = pagination.paginate(Product.objects.all(), order=("pk",), count_cap=11)
        assert (page.total, page.capped, page.count_text) == (11, False, "11")

    def test_a_damaged_cursor_leads_to_the_first_page(self, products: list[Product]) -> None:
        page = pagination.paginate(Product.objects.all(), order=("pk",), cursor="junk", size=2)
        assert [row.slug for row in page.rows] == ["p0", "p1"]

    def test_two_queries_whatever_the_depth(self, products: list[Product], django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]  # pytest-django's fixture
        page = pagination.paginate(Product.objects.all(), order=("pk",), size=2)
        with django_assert_num_queries(2):
            pagination.paginate(Product.objects.all(), order=("pk",), cursor=page.next, size=2)

    def test_children_are_walked_along_their_parents_index(self, workspace: Workspace) -> None:
        made = [need(workspace, f"Need {index % 2}") for index in range(5)]
        rows = Need.objects.in_workspace(workspace.pk)
        for order in (("-updated_at", "-pk"), ("title", "pk"), ("importance", "-pk")):
            seen: list[int] = []
            page = pagination.paginate(rows, order=order, size=2)
            while True:
                seen += [row.pk for row in page.rows]
                if not page.next:
                    break
                page = pagination.paginate(rows, order=order, cursor=page.next, size=2)
            assert seen == list(rows.order_by(*order).values_list("pk", flat=True))
            assert len(seen) == len(made)
        walked = rows.order_by(
            *pagination.order_by(("-updated_at", "-pk"), always={"updated_at", "pk"}, model=Need)
        )
        assert str(walked.query).endswith('"records_record"."updated_at" DESC, "records_record"."id" DESC')
