"""Filters and tags for every template: ``{% load roadbed_web %}``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms, template
from django.contrib.messages import get_messages
from django.http import HttpRequest
from django.template.context import Context
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from roadbed.web import context as browser
from roadbed.web import fields, filters, formats, icons, parts, receipts, toasts

register = template.Library()


def _request(context: Context) -> HttpRequest | None:
    found = context.get("request")
    return found if isinstance(found, HttpRequest) else None


def _serial(context: Context) -> int:
    """Return a number that no other part of this answer has."""
    request = _request(context)
    if request is None:
        return 0
    value: int = getattr(request, "roadbed_serial", 0) + 1
    request.roadbed_serial = value  # type: ignore[attr-defined]  # a counter that lives as long as the request
    return value


# Figures and dates

register.filter("initials", formats.initials)
register.filter("duration", formats.duration)
register.filter("filesize_short", formats.size)
register.filter("compact", formats.compact)


@register.filter
def number(value: formats.Number | None, digits: int = 0) -> str:
    """``{{ 1234|number }}`` → 1,234."""
    return formats.number(value, digits=digits)


@register.filter
def money(value: formats.Number | None, currency: str = "EUR") -> str:
    """``{{ 1240000|money:"EUR" }}`` → €1.24M."""
    return formats.money(value, currency=currency)


@register.filter
def money_exact(value: formats.Number | None, currency: str = "EUR") -> str:
    """``{{ 1240000|money_exact:"EUR" }}`` → €1,240,000."""
    return formats.money_exact(value, currency=currency)


@register.filter
def percent(value: formats.Number | None, digits: int = 0) -> str:
    """``{{ 0.72|percent }}`` → 72%."""
    return formats.percent(value, digits=digits)


@register.filter
def signed(value: formats.Number | None, digits: int = 1) -> str:
    """``{{ -11.4|signed }}`` → −11.4."""
    return formats.signed(value, digits=digits)


@register.filter
def day(value: dt.date | dt.datetime | None) -> str:
    """``{{ date|day }}`` → 12 Nov, with the year where it could be mistaken."""
    if isinstance(value, dt.datetime):
        value = timezone.localtime(value)
    return formats.day(value, today=timezone.localdate())


@register.filter
def age(value: dt.datetime | None) -> str:
    """``{{ moment|age }}`` → 2 h."""
    return formats.age(value, now=timezone.now())


@register.filter
def plural(count: int, nouns: str) -> str:
    """``{{ 3|plural:"person,people" }}`` → 3 people."""
    one, _, many = nouns.partition(",")
    return formats.plural(count, one, many)


# Small parts

register.simple_tag(icons.icon, name="icon")
register.simple_tag(parts.key, name="key")
register.simple_tag(parts.chip, name="chip")
register.simple_tag(parts.chips, name="chips")
register.simple_tag(parts.bead, name="bead")
register.simple_tag(parts.avatar, name="avatar")
register.simple_tag(parts.person, name="person")
register.simple_tag(parts.when, name="when")
register.simple_tag(parts.meter, name="meter")
register.simple_tag(parts.sparkline, name="sparkline")


@register.simple_tag
def keys(*names: str) -> SafeString:
    """``{% keys "J" "K" %}`` → key caps, hidden where there is no keyboard or where shortcuts are off."""
    return format_html(
        '<span class="keys">{}</span>', parts.joined(format_html("<kbd>{}</kbd>", name) for name in names)
    )


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: object) -> str:
    """``{% query page=2 q=None %}`` → this address with parameters changed; None takes one away."""
    request = _request(context)
    values = request.GET.copy() if request is not None else None
    if values is None:
        return "?"
    for name, value in changes.items():
        if value is None or value == "":
            values.pop(name, None)
        else:
            values[name] = str(value)
    return f"?{values.urlencode()}"


@register.simple_tag(takes_context=True)
def unique_id(context: Context, prefix: str = "part") -> str:
    """``{% unique_id "menu" as menu_id %}`` → an id that no other part of this answer has."""
    return f"{prefix}-{_serial(context)}"


@register.simple_tag(takes_context=True)
def theme(context: Context) -> str:
    """Return auto, light or dark, as chosen for this browser."""
    return browser.theme(_request(context))


@register.simple_tag(takes_context=True)
def shortcuts(context: Context) -> str:
    """Return on or off: whether single keys do anything."""
    return browser.shortcuts(_request(context))


@register.simple_tag(takes_context=True)
def waiting_toasts(context: Context) -> list[toasts.Toast]:
    """``{% waiting_toasts as found %}`` → the notices kept for this page."""
    request = _request(context)
    return toasts.from_messages(get_messages(request)) if request is not None else []


# Parts with a template of their own


@register.inclusion_tag("components/receipt.html", takes_context=True)
def receipt(context: Context, figure: receipts.Receipt, value: str = "") -> dict[str, Any]:
    """``{% receipt figure %}`` → the figure, which opens to its parts."""
    return {
        "figure": figure,
        "value": value or figure.value,
        "id": f"receipt-{figure.digest}-{_serial(context)}",
    }


@register.inclusion_tag("components/field.html")
def field(bound: forms.BoundField, **options: Any) -> dict[str, Any]:
    """``{% field form.title %}`` → label, hint, error and control, tied together for screen readers."""
    return fields.describe(bound, **options)


@register.inclusion_tag("components/error_summary.html")
def error_summary(form: forms.BaseForm) -> dict[str, Any]:
    """``{% error_summary form %}`` → "There is a problem", with a link to each field; it takes the focus."""
    return {"problems": fields.problems(form)}


@register.inclusion_tag("components/empty.html")
def empty(kind: str, title: str, text: str = "", **options: Any) -> dict[str, Any]:
    """``{% empty "first" "No feedback yet" "…" url=… action="Import feedback" icon="inbox" %}``.

    The four kinds: ``first`` (teach), ``cleared`` (praise), ``nothing`` (no match), ``error``.
    """
    ornaments = {"first": "sparkle", "cleared": "check", "nothing": "search", "error": "warning"}
    return {
        "kind": kind,
        "title": title,
        "text": text,
        "ornament": options.pop("icon", ornaments[kind]),
        **options,
    }


# Blocks


@register.simple_block_tag
def card(content: str, title: str = "", note: str = "", **options: str) -> SafeString:
    """``{% card "Evidence" note="…" tone="warn" id="evidence" %}…{% endcard %}`` → a card with a header.

    The content is written as it is: put it into ``<div class="card__body">`` where it needs room around it.
    """
    tone, anchor, level = options.get("tone", ""), options.get("id", ""), options.get("level", "h2")
    if level not in {"h2", "h3"}:
        raise template.TemplateSyntaxError("a card's title is h2 or h3")
    head = SafeString("")
    if title or note:
        head = format_html(
            '<header class="card__header">{}{}</header>',
            format_html("<{0}>{1}</{0}>", SafeString(level), title) if title else SafeString(""),
            format_html('<span class="card__note">{}</span>', note) if note else SafeString(""),
        )
    return format_html(
        '<section class="card{}"{}>{}{}</section>',
        f" card--{tone}" if tone else "",
        format_html(' id="{}"', anchor) if anchor else "",
        head,
        SafeString(content),
    )


@register.simple_block_tag(takes_context=True)
def menu(context: Context, content: str, label: str, **options: Any) -> SafeString:
    """``{% menu "More" icon="more" %}<li><a href="…">Edit</a></li>{% endmenu %}`` → a button and its menu.

    With ``hide_label=True`` only the icon is seen; the label is then its name.
    """
    anchor = f"menu-{options.get('id') or _serial(context)}"
    picture = icons.icon(options["icon"]) if options.get("icon") else SafeString("")
    hidden = bool(options.get("hide_label"))
    return format_html(
        '<button type="button" class="btn {}{}" popovertarget="{}" aria-haspopup="true"{}>{}{}</button>'
        '<div class="popover{}" id="{}" popover><ul class="menu">{}</ul></div>',
        options.get("style", "btn--quiet"),
        " btn--icon" if hidden else "",
        anchor,
        format_html(' aria-label="{}"', label) if hidden else "",
        picture,
        "" if hidden else label,
        " popover--end" if options.get("end", True) else "",
        anchor,
        SafeString(content),
    )


@register.filter
def get(mapping: Mapping[str, Any] | Sequence[Any], name: str) -> Any:
    """``{{ row.cells|get:column.key }}`` → the value under a name that is itself a variable."""
    if isinstance(mapping, Mapping):
        return mapping.get(name, "")
    return ""


@register.filter
def split(text: str, by: str = ",") -> list[str]:
    """``{{ "csv,xlsx"|split }}`` → a list."""
    return text.split(by)


@register.filter
def has_option(chip: filters.Chip, value: str) -> bool:
    """Whether a choice of a filter is chosen."""
    return value in {written for _, written in chip.filter.write(chip.value)} if chip.active else False
