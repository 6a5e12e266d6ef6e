"""Sample records of the gallery: the evidence, figures and edits of an invented feature."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

from roadbed.web import receipts
from roadbed.web.edits import InlineEdit
from roadbed.web.evidence_steps import Quote, Step


def revenue_receipt() -> receipts.Receipt:
    """Return the sample figure with its parts."""
    return receipts.Receipt(
        value="€1.24M",
        title="Revenue behind N-31",
        parts=(
            receipts.Part("Halden Freight", "€412,000", url="#"),
            receipts.Part("Copperline Foods", "€238,000", url="#"),
            receipts.Part("15 other customers", "€590,000"),
        ),
        total=receipts.Part("A year", "€1,240,000"),
        method="The yearly revenue of each customer with at least one linked quote, counted once.",
        as_of="23 Nov, 09:00",
        more_url="#",
        more_label="See the 17 customers",
    )


def chain(*, today: dt.date) -> list[Step]:
    """Return the sample evidence chain."""
    people = receipts.Receipt(
        value="41 people at 17 customers",
        title="Who asked",
        parts=(
            receipts.Part("Dispatchers", "23"),
            receipts.Part("Drivers", "12"),
            receipts.Part("Fleet owners", "6"),
        ),
        total=receipts.Part("People", "41"),
        method="Distinct people among 58 linked quotes; 3 anonymous quotes are not counted.",
    )

    def ago(days: int) -> dt.date:
        return today - dt.timedelta(days=days)

    return [
        Step(
            "Heard",
            "full",
            "41 people at 17 customers",
            figure=people,
            detail="· €1.24M a year between them",
            at=ago(72),
            quote=Quote(
                "When a road closes we phone every driver. Twice last week a van went to the wrong depot."
            ),
        ),
        Step(
            "Needed",
            "full",
            "Change a run without calling the driver",
            key="N-31",
            url="#",
            detail="importance 8.6, satisfaction 3.1",
            at=ago(70),
        ),
        Step(
            "Worth",
            "some",
            "Acceptable price €6–€11 a van a month",
            detail="Van Westendorp, n = 212",
            at=ago(64),
        ),
        Step(
            "Usable",
            "full",
            "14 of 16 finished the task",
            detail="95% interval 64–97%, median 38 s",
            at=ago(52),
        ),
        Step("Works", "full", "Missed drops −11.4%", detail="−18.0 to −4.1, always-valid 95%", at=ago(14)),
        Step(
            "Survives",
            "none",
            "No beta yet. The gate needs ten testers and no open blocker.",
            next_url="#",
            next_label="Start one",
        ),
    ]


FACTS = (
    SimpleNamespace(label="Reach", value="17 of 61", figure=None, note=""),
    SimpleNamespace(label="Effort, weeks", value="7–13", figure=None, note="80% sure"),
    SimpleNamespace(label="Alignment", value="81%", figure=None, note=""),
    SimpleNamespace(label="Revenue", value="", figure=revenue_receipt(), note=""),
)


def edits() -> dict[str, InlineEdit]:
    """Return the sample inline edits."""
    return {
        "title": InlineEdit(
            id="edit-title", label="Title", name="title", value="Reroute a courier", url="do/edit/"
        ),
        "status": InlineEdit(
            id="edit-status",
            label="Status",
            name="status",
            value="building",
            url="do/edit/",
            kind="select",
            options=(
                ("idea", "Idea"),
                ("planned", "Planned"),
                ("building", "In development"),
                ("shipped", "Shipped"),
            ),
        ),
        "weeks": InlineEdit(
            id="edit-weeks",
            label="Effort in weeks",
            name="weeks",
            value="",
            url="do/edit/",
            kind="number",
            placeholder="Add an estimate",
        ),
        "due": InlineEdit(
            id="edit-due",
            label="Date promised",
            name="due",
            value="2027-03-01",
            display="1 March 2027",
            url="do/edit/",
            kind="date",
        ),
        "fixed": InlineEdit(id="edit-fixed", label="Key", name="key", value="F-128"),
        "wrong": InlineEdit(
            id="edit-wrong",
            label="Owner’s e-mail",
            name="email",
            value="mira@",
            url="do/edit/",
            error="This is not an e-mail address.",
        ),
    }
