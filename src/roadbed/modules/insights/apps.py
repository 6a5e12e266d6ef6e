"""Registers the module with Django and with the core's registries."""

from django.apps import AppConfig


class InsightsConfig(AppConfig):
    """The `insights` module."""

    name = "roadbed.modules.insights"
    label = "insights"

    def ready(self) -> None:
        """Make the kinds, the places in the navigation, the counting and the part of the evidence chain known."""
        from roadbed.core import demo
        from roadbed.core.evidence import registry, rollup
        from roadbed.core.records import deeds, events, kinds, today
        from roadbed.core.records import services as records
        from roadbed.core.tables import sources, targets
        from roadbed.core.vectors import events as vector_events
        from roadbed.core.workspaces import navigation, settings_tabs
        from roadbed.core.workspaces.roles import Role
        from roadbed.modules.insights import demo as story
        from roadbed.modules.insights import facade, imports, tasks
        from roadbed.modules.insights.demo import readings as readings_story
        from roadbed.modules.insights.demo import themes as themes_story
        from roadbed.modules.insights.selectors import bodies, inbox, trends, walls
        from roadbed.modules.insights.selectors import doubles as doubles_seen
        from roadbed.modules.insights.services import doubles, movers, quotes, readings, tally, theme_walls

        for kind in (
            kinds.Kind(
                name="feedback",
                prefixes=("FB",),
                label="Feedback",
                plural="Feedback",
                model_label="insights.Feedback",
                path="insights/feedback/{number}/",
                body=bodies.body_of_feedback,
                targets=frozenset({"need", "feature"}),
                may_be_private=True,
            ),
            kinds.Kind(
                name="need",
                prefixes=("N",),
                label="Need",
                plural="Needs",
                model_label="insights.Need",
                path="insights/needs/{number}/",
                body=bodies.body_of_need,
            ),
            kinds.Kind(
                name="account",
                prefixes=("A",),
                label="Account",
                plural="Accounts",
                model_label="insights.Account",
                path="insights/accounts/{number}/",
                body=bodies.body_of_account,
            ),
            kinds.Kind(
                name="person",
                prefixes=("P",),
                label="Person",
                plural="People",
                model_label="insights.Person",
                path="insights/people/{number}/",
                body=bodies.body_of_person,
            ),
            kinds.Kind(
                name="segment",
                prefixes=("S",),
                label="Segment",
                plural="Segments",
                model_label="insights.Segment",
                path="insights/segments/{number}/",
                body=bodies.body_of_segment,
            ),
            kinds.Kind(
                name="theme",
                prefixes=("TH",),
                label="Theme",
                plural="Themes",
                model_label="insights.Theme",
                path="insights/themes/{number}/",
                body=bodies.body_of_theme,
            ),
        ):
            kinds.register(kind)

        for entry in (
            navigation.Entry(
                label="Inbox", path="insights/", group="Discover", order=10, count=inbox.count_waiting
            ),
            navigation.Entry(label="Feedback", path="insights/feedback/", group="Discover", order=11),
            navigation.Entry(label="Themes", path="insights/themes/", group="Discover", order=11),
            navigation.Entry(
                label="Trends", path="insights/trends/", group="Discover", order=11, count=trends.count_new
            ),
            navigation.Entry(
                label="Duplicates",
                path="insights/duplicates/",
                group="Discover",
                order=12,
                count=doubles_seen.count_waiting,
            ),
            navigation.Entry(label="Needs", path="insights/needs/", group="Discover", order=12),
            navigation.Entry(label="Outline", path="insights/outline/", group="Discover", order=12),
            navigation.Entry(label="Customers", path="insights/accounts/", group="Discover", order=13),
            navigation.Entry(label="People", path="insights/people/", group="Discover", order=14),
            navigation.Entry(
                label="Segments",
                path="insights/segments/",
                group="Discover",
                order=15,
                also=("insights/compare/",),
            ),
            navigation.Entry(label="Sources", path="insights/sources/", group="Discover", order=16),
        ):
            navigation.register(entry)
        for label, path, words, role in (
            ("Add feedback", "insights/feedback/new/", "new write somebody said", Role.CONTRIBUTOR),
            ("Write a need", "insights/needs/new/", "new want job problem", Role.MAKER),
            ("Add an account", "insights/accounts/new/", "new customer organisation", Role.MAKER),
            ("Add a person", "insights/people/new/", "new contact customer", Role.MAKER),
            ("Make a segment", "insights/segments/new/", "new rule customers", Role.MAKER),
            ("Compare segments", "insights/compare/", "side by side difference demand", Role.VIEWER),
            ("Weigh demand", "settings/demand/", "impact score weights votes revenue", Role.VIEWER),
            ("Decide duplicates", "insights/duplicates/", "merge same twice double", Role.MAKER),
            (
                "Redact private words",
                "settings/reading/",
                "pii privacy mask mail phone card pattern",
                Role.OWNER,
            ),
            (
                "See how well intent is read",
                "settings/reading/",
                "sentiment accuracy learn train",
                Role.VIEWER,
            ),
            ("Triage feedback", "insights/", "inbox", Role.MAKER),
            ("Make a theme", "insights/themes/new/", "new topic cluster words", Role.MAKER),
            ("See the map of themes", "insights/themes/map/", "topics clusters overview", Role.VIEWER),
            ("See what rises", "insights/trends/", "trends alerts anomalies weeks", Role.VIEWER),
            ("See feedback in no theme", "insights/themes/unassigned/", "pool unassigned", Role.VIEWER),
            ("Open a source", "insights/sources/new/", "new form widget mail webhook github", Role.MAKER),
        ):
            deeds.register(deeds.Deed(label=label, path=path, words=words, role=role))

        settings_tabs.register(
            settings_tabs.Tab(label="Demand", path="settings/demand/", group="Workspace", order=60)
        )

        settings_tabs.register(
            settings_tabs.Tab(label="Reading", path="settings/reading/", group="Workspace", order=61)
        )

        for target in imports.TARGETS:
            targets.register(target)
        for source in imports.SOURCES:
            sources.register(source)
        movers.register()
        rollup.register_counter(tally.count)
        events.listen(tally.follow)
        events.listen(theme_walls.follow)
        events.listen(readings.follow)
        events.listen(doubles.follow)
        records.on_link_changed(tally.follow_link)
        records.on_link_changed(quotes.guard_link)
        registry.register(facade.PROVIDER)
        registry.register_beside(walls.within)
        today.register(inbox.waiting_for)
        demo.register("insights", story.load)
        demo.register("insights readings", readings_story.load, after=["insights"])
        demo.register(
            "insights themes", themes_story.load, after=["insights", "insights readings", "roadmap"]
        )
        vector_events.listen(tasks.follow_reading)
        assert tasks  # noqa: S101 - imported for its registrations
