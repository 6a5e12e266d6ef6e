"""Registers the module with Django and with the core's registries."""

from django.apps import AppConfig


class PrioritiesConfig(AppConfig):
    """The `priorities` module."""

    name = "roadbed.modules.priorities"
    label = "priorities"

    def ready(self) -> None:
        """Make the kinds, the place in the navigation, the tables, the deeds and what listens known."""
        from roadbed.core import demo
        from roadbed.core.records import deeds, events, kinds, standings
        from roadbed.core.tables import sources, targets
        from roadbed.core.workspaces import navigation
        from roadbed.core.workspaces.roles import Role
        from roadbed.modules.priorities import demo as story
        from roadbed.modules.priorities import imports, services, tasks
        from roadbed.modules.priorities.selectors import reading
        from roadbed.modules.priorities.views import standing

        kinds.register(
            kinds.Kind(
                name="lens",
                prefixes=("LN",),
                label="Lens",
                plural="Lenses",
                model_label="priorities.Lens",
                path="priorities/lenses/{number}/",
                body=reading.lens_body,
                describe=reading.describe_lens,
            )
        )
        kinds.register(
            kinds.Kind(
                name="portfolio",
                prefixes=("PF",),
                label="Portfolio",
                plural="Portfolios",
                model_label="priorities.Portfolio",
                path="priorities/portfolios/{number}/",
                body=reading.portfolio_body,
                describe=reading.describe_portfolio,
            )
        )
        navigation.register(
            navigation.Entry(label="Priorities", path="priorities/", group="Decide", order=22)
        )
        for label, path, words, role in (
            ("Rank by a new lens", "priorities/lenses/new/", "rice ice wsjf score prioritise", Role.MAKER),
            ("Choose a portfolio", "priorities/portfolios/new/", "capacity budget select plan", Role.MAKER),
            ("Compare lenses", "priorities/compare/", "rank side by side", Role.VIEWER),
        ):
            deeds.register(deeds.Deed(label=label, path=path, words=words, role=role))
        for target in imports.TARGETS:
            targets.register(target)
        for source in imports.SOURCES:
            sources.register(source)
        standings.register("priorities", standing.standing, order=10)
        events.listen(services.follow)
        demo.register("priorities", story.load, after=["insights", "roadmap"])
        assert tasks  # noqa: S101 - imported for its registrations
