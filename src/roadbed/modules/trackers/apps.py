"""Registers the module with Django and with the core's registries."""

from django.apps import AppConfig


class TrackersConfig(AppConfig):
    """The `trackers` module."""

    name = "roadbed.modules.trackers"
    label = "trackers"

    def ready(self) -> None:
        """Make the place in the settings, the listener and what follows a merge known."""
        from roadbed.core import demo
        from roadbed.core.records import events, places
        from roadbed.core.records import services as records
        from roadbed.core.workspaces import navigation
        from roadbed.modules.trackers import demo as story
        from roadbed.modules.trackers import tasks
        from roadbed.modules.trackers.services import hearing
        from roadbed.modules.trackers.views.places import places_of

        navigation.register(navigation.Entry(label="Trackers", path="trackers/", group="Decide", order=28))
        places.register("trackers", places_of)
        events.listen(hearing.listen)
        records.register_mover(hearing.MOVER)
        demo.register("trackers", story.load, after=["roadmap"])
        assert tasks  # noqa: S101 - imported for its registrations
