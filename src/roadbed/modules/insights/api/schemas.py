"""What the API of this module takes and gives."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from ninja import Field, Schema

from roadbed.core.api import problems
from roadbed.core.api.paging import PageQuery
from roadbed.modules.insights.models import Account, Feedback, Need, Person, Quote, Strength

READ_PROBLEMS = problems.READ
WRITE_PROBLEMS = problems.WRITE
CHANGE_PROBLEMS = problems.CHANGE

Attributes = dict[str, str | int | float | bool | None]


class ListQuery(PageQuery):
    """Which rows; `filter` takes the query string of the list page, so that a page's address can be pasted."""

    q: str = Field("", max_length=200, description="Words, or a key.")
    filter: str = Field(
        "",
        max_length=2000,
        description="Filters as the list page writes them, such as `state=new&source=mail`.",
    )


class InsightOut(Schema):
    """What every kind of this module has."""

    key: str
    title: str
    version: int
    external_source: str
    external_id: str
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None


class FeedbackOut(InsightOut):
    """One thing one person said."""

    text: str
    state: Literal["new", "skipped", "done"]
    person: str | None = Field(description="Key of who said it.")
    account: str | None = Field(description="Key of the customer organisation.")
    product: str | None
    source: str
    url: str
    locale: str
    rating: Decimal | None
    said_at: datetime
    attributes: dict[str, Any]
    circle: int | None = Field(
        None, alias="circle_id", description="Only this circle sees it; null: everybody."
    )

    @staticmethod
    def resolve_person(piece: Feedback) -> str | None:
        """The person's key."""
        return piece.person.key if piece.person else None

    @staticmethod
    def resolve_account(piece: Feedback) -> str | None:
        """The account's key."""
        return piece.account.key if piece.account else None

    @staticmethod
    def resolve_product(piece: Feedback) -> str | None:
        """The product's slug."""
        return piece.product.slug if piece.product else None


class FeedbackFields(Schema):
    """What may be known of a piece besides its words."""

    person: str | None = Field(None, max_length=16, description="Key of the person.")
    account: str | None = Field(None, max_length=16, description="Key of the account.")
    product: str | None = Field(None, max_length=40, description="Slug of the product.")
    source: str = Field("", max_length=60)
    url: str = Field("", max_length=500)
    locale: str = Field("", max_length=12)
    rating: Decimal | None = Field(None, ge=0, le=10, max_digits=4, decimal_places=1)
    said_at: datetime | None = Field(None, description="Now, where it is left out.")
    attributes: Attributes = {}


class FeedbackIn(FeedbackFields):
    """One thing one person said. Who said it comes as keys, or as names that are found or made."""

    text: str = Field(min_length=1, max_length=20_000)
    person_name: str = Field("", max_length=300)
    person_email: str = Field("", max_length=254)
    account_name: str = Field("", max_length=300)
    external_source: str = Field("", max_length=60)
    external_id: str = Field("", max_length=200)
    circle: int | None = Field(
        None, ge=1, le=2**62, description="Only this circle, one of your own, sees it."
    )


class StateIn(Schema):
    """Where a piece shall stand."""

    state: Literal["new", "skipped", "done"]


class QuoteIn(Schema):
    """Words of a piece that back a need or a feature."""

    target: str = Field(max_length=16, description="Key of a need or a feature.")
    start: int = Field(0, ge=0, le=20_000, description="First character, counted in code points.")
    end: int | None = Field(
        None, ge=1, le=20_000, description="One past the last; the end of the text by default."
    )
    strength: int = Field(Strength.USEFUL, ge=0, le=3, description="0 nice to have … 3 deal-breaker.")
    note: str = Field("", max_length=300, description="Why this strength.")


class QuoteFields(Schema):
    """What may change on a quote."""

    strength: int | None = Field(None, ge=0, le=3)
    note: str | None = Field(None, max_length=300)


class QuoteOut(Schema):
    """Words that are evidence."""

    id: int
    target: str
    start: int
    end: int
    text: str
    strength: int
    note: str
    created_at: datetime

    @staticmethod
    def resolve_target(quote: Quote) -> str:
        """The target's key."""
        return quote.target.key


class AccountFields(Schema):
    """What may be known of an account."""

    domain: str = Field("", max_length=120)
    plan: str = Field("", max_length=60)
    country: str = Field("", max_length=60)
    revenue: Decimal | None = Field(None, ge=0, max_digits=14, decimal_places=2)
    attributes: Attributes = {}


class AccountIn(AccountFields):
    """A customer organisation."""

    title: str = Field(min_length=1, max_length=300)
    external_source: str = Field("", max_length=60)
    external_id: str = Field("", max_length=200)


class AccountChange(AccountFields):
    """What changes on an account; what is left out stays."""

    title: str = Field("", max_length=300)


class AccountOut(InsightOut):
    """A customer organisation."""

    domain: str
    plan: str
    country: str
    revenue: Decimal | None
    attributes: dict[str, Any]


class PersonFields(Schema):
    """What may be known of a person."""

    email: str = Field("", max_length=254)
    job_title: str = Field("", max_length=120)
    account: str | None = Field(None, max_length=16, description="Key of the account.")
    attributes: Attributes = {}


class PersonIn(PersonFields):
    """Somebody who says things."""

    title: str = Field(min_length=1, max_length=300)
    external_source: str = Field("", max_length=60)
    external_id: str = Field("", max_length=200)


class PersonChange(PersonFields):
    """What changes on a person; what is left out stays."""

    title: str = Field("", max_length=300)


class PersonOut(InsightOut):
    """Somebody who says things."""

    email: str
    job_title: str
    account: str | None
    attributes: dict[str, Any]

    @staticmethod
    def resolve_account(person: Person) -> str | None:
        """The account's key."""
        account: Account | None = person.account
        return account.key if account else None


class ConditionIn(Schema):
    """One line of a rule."""

    field: str = Field(max_length=120)
    operator: str = Field(max_length=20)
    value: str = Field("", max_length=500)


class RuleIn(Schema):
    """Conditions over accounts."""

    match: Literal["all", "any"] = "all"
    conditions: list[ConditionIn] = Field([], max_length=20)


class SegmentIn(Schema):
    """A rule under a name."""

    title: str = Field(min_length=1, max_length=300)
    note: str = Field("", max_length=5000)
    rule: RuleIn


class SegmentChange(Schema):
    """What changes on a segment; what is left out stays."""

    title: str = Field("", max_length=300)
    note: str = Field("", max_length=5000)
    rule: RuleIn | None = None


class SegmentOut(InsightOut):
    """A rule under a name."""

    note: str
    rule: dict[str, Any]


class MembershipOut(Schema):
    """Whom a segment takes in now."""

    accounts: int
    people: int
    revenue: Decimal


class NeedFields(Schema):
    """What may be known of a need."""

    description: str = Field("", max_length=20_000)
    expectation: str = Field("", max_length=5_000)
    product: str | None = Field(None, max_length=40, description="Slug of the product.")
    importance: Decimal | None = Field(None, ge=0, le=10, max_digits=3, decimal_places=1)
    satisfaction: Decimal | None = Field(None, ge=0, le=10, max_digits=3, decimal_places=1)
    rated_from: str = Field("", max_length=200)


class NeedIn(NeedFields):
    """What people want to get done."""

    title: str = Field(min_length=1, max_length=300)
    external_source: str = Field("", max_length=60)
    external_id: str = Field("", max_length=200)


class NeedChange(NeedFields):
    """What changes on a need; what is left out stays."""

    title: str = Field("", max_length=300)


class NeedOut(InsightOut):
    """What people want to get done, and how much stands behind it."""

    description: str
    expectation: str
    product: str | None
    importance: Decimal | None
    satisfaction: Decimal | None
    rated_from: str
    people: int
    accounts: int
    revenue: Decimal

    @staticmethod
    def resolve_product(need: Need) -> str | None:
        """The product's slug."""
        return need.product.slug if need.product else None

    @staticmethod
    def resolve_people(need: Need) -> int:
        """Distinct people behind it."""
        return int(getattr(getattr(need, "tally", None), "people", 0))

    @staticmethod
    def resolve_accounts(need: Need) -> int:
        """Distinct accounts behind it."""
        return int(getattr(getattr(need, "tally", None), "accounts", 0))

    @staticmethod
    def resolve_revenue(need: Need) -> Decimal:
        """What these accounts pay in a year."""
        return Decimal(getattr(getattr(need, "tally", None), "revenue", 0))
