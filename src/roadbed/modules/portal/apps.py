"""Registers the module with Django and with the core's registries."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The `portal` module."""

    name = "roadbed.modules.portal"
    label = "portal"

    def ready(self) -> None:
        """Make the kind, the place in the navigation, the deeds, and what listens, known."""
        from roadbed.core import demo
        from roadbed.core.evidence import registry, told
        from roadbed.core.records import deeds, events, kinds, places, today
        from roadbed.core.records import services as records
        from roadbed.core.tables import sources
        from roadbed.core.workspaces import navigation
        from roadbed.core.workspaces.roles import Role
        from roadbed.modules.portal import demo as story
        from roadbed.modules.portal import facade, imports, tasks
        from roadbed.modules.portal.demo import tellings as told_story
        from roadbed.modules.portal.selectors import desk
        from roadbed.modules.portal.services import merging, standings, telling_movers, tellings

        kinds.register(
            kinds.Kind(
                name="board",
                prefixes=("BD",),
                label="Board",
                plural="Boards",
                model_label="portal.Board",
                path="portal/boards/{number}/",
                body=desk.body_of_board,
                describe=desk.describe_board,
                may_be_private=True,
                keeps_circle=True,
            )
        )
        navigation.register(
            navigation.Entry(
                label="Portal", path="portal/", group="Align", order=40, count=desk.count_waiting
            )
        )
        navigation.register(
            navigation.Entry(
                label="Tell people",
                path="portal/tellings/",
                group="Align",
                order=41,
                count=facade.count_waiting,
            )
        )
        for label, path, words, role in (
            ("Tell people", "portal/tellings/?state=waiting", "approve loop mail customers told", Role.MAKER),
            ("Open a board", "portal/boards/new/", "new portal customers ideas votes", Role.MAKER),
            ("Put a record on a board", "portal/put/", "show customers public listing", Role.MAKER),
            ("Read what waits on the portal", "portal/queue/", "moderate publish refuse ideas", Role.MAKER),
            ("Name the portal's standings", "portal/wording/", "status words public", Role.MAKER),
        ):
            deeds.register(deeds.Deed(label=label, path=path, words=words, role=role))
        places.register("portal", desk.places_of)
        merging.register()
        telling_movers.register()
        events.listen(standings.follow)
        events.listen(tellings.follow)
        registry.register(facade.PROVIDER)
        told.register(facade.told_to)
        today.register(facade.waiting_for)
        for source in imports.SOURCES:
            sources.register(source)
        records.on_link_changed(standings.follow_link)
        demo.register("portal", story.load, after=["insights", "roadmap"])
        demo.register("tellings", told_story.load, after=["insights", "roadmap", "portal"])
        assert tasks  # noqa: S101 - imported for its registrations
