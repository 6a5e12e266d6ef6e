"""Registers the module with Django and with the core's registries."""

from django.apps import AppConfig


class AlignmentConfig(AppConfig):
    """The `alignment` module."""

    name = "roadbed.modules.alignment"
    label = "alignment"

    def ready(self) -> None:
        """Make the kind, the place in the navigation, the deed and the demo known."""
        from roadbed.core import demo
        from roadbed.core.records import deeds, kinds, standings
        from roadbed.core.workspaces import navigation
        from roadbed.core.workspaces.roles import Role
        from roadbed.modules.alignment import demo as story
        from roadbed.modules.alignment.selectors import results
        from roadbed.modules.alignment.views import standing

        kinds.register(
            kinds.Kind(
                name="session",
                prefixes=("TR",),
                label="Session",
                plural="Sessions",
                model_label="alignment.Session",
                path="alignment/sessions/{number}/",
                body=results.body,
                describe=results.describe,
            )
        )
        navigation.register(navigation.Entry(label="Team radar", path="alignment/", group="Align", order=30))
        deeds.register(
            deeds.Deed(
                label="Begin a session of the team radar",
                path="alignment/sessions/new/",
                words="vote poker agree score alignment",
                role=Role.MAKER,
            )
        )
        standings.register("alignment", standing.standing, order=20)
        demo.register("alignment", story.load, after=["priorities"])
