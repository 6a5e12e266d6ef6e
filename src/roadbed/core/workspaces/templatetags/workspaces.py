"""Tags that know the workspace: ``{% load workspaces %}``."""

from __future__ import annotations

from django import template
from django.template.context import Context

from roadbed.core.workspaces import settings_tabs

register = template.Library()


@register.simple_tag(takes_context=True)
def settings_groups(context: Context) -> list[settings_tabs.Group]:
    """``{% settings_groups as groups %}`` → the settings pages that this member may open."""
    return settings_tabs.build(access=context["access"], path=context["request"].path)


@register.filter
def in_workspace(key: str, workspace: str) -> str:
    """``{{ "F-12"|in_workspace:slug }}`` → the address that leads to the record."""
    return f"/w/{workspace}/{key}/"
