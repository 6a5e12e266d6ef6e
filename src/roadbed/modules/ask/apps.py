"""Registers the module with Django and with the core's registries."""

from django.apps import AppConfig


class AskConfig(AppConfig):
    """The `ask` module."""

    name = "roadbed.modules.ask"
    label = "ask"

    def ready(self) -> None:
        """Make the kind, the place in the navigation, what the palette offers and what waits for a member known."""
        from roadbed.core import demo
        from roadbed.core.records import deeds, kinds, today
        from roadbed.core.workspaces import navigation
        from roadbed.core.workspaces.roles import Role
        from roadbed.modules.ask import demo as story
        from roadbed.modules.ask import tasks
        from roadbed.modules.ask.selectors import kept

        kinds.register(
            kinds.Kind(
                name="question",
                prefixes=("Q",),
                label="Question",
                plural="Questions",
                model_label="ask.Question",
                path="ask/questions/{number}/",
                body=kept.body_of,
            )
        )
        navigation.register(
            navigation.Entry(
                label="Ask",
                path="ask/",
                group="Align",
                order=10,
                count=tasks.count_waiting,
            )
        )
        deeds.register_query(deeds.QueryDeed(label="Ask", path="ask/?q=", icon="comment"))
        deeds.register(
            deeds.Deed(
                label="Ask a person",
                path="ask/questions/new/",
                words="question answer unknown",
                role=Role.CONTRIBUTOR,
            )
        )
        today.register(tasks.waiting)
        demo.register("ask", story.load, after=["insights", "roadmap"])
