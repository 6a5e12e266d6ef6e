"""Registers the module with Django and with the core's registries."""

from django.apps import AppConfig


class InsightsConfig(AppConfig):
    """The `insights` module."""

    name = "roadbed.modules.insights"
    label = "insights"

    def ready(self) -> None:
        """Make the kinds known."""
        from roadbed.core import demo
        from roadbed.core.records import kinds
        from roadbed.modules.insights import demo as story

        kinds.register(
            kinds.Kind(
                name="feedback",
                prefixes=("FB",),
                label="Feedback",
                plural="Feedback",
                model_label="insights.Feedback",
                path="insights/feedback/{number}/",
                body=lambda record: record.text,
                targets=frozenset({"need", "feature"}),
            )
        )
        kinds.register(
            kinds.Kind(
                name="need",
                prefixes=("N",),
                label="Need",
                plural="Needs",
                model_label="insights.Need",
                path="insights/needs/{number}/",
                body=lambda record: f"{record.description}\n{record.expectation}",
            )
        )
        kinds.register(
            kinds.Kind(
                name="account",
                prefixes=("A",),
                label="Account",
                plural="Accounts",
                model_label="insights.Account",
                path="insights/accounts/{number}/",
                body=lambda record: f"{record.domain} {record.plan} {record.country}",
            )
        )
        kinds.register(
            kinds.Kind(
                name="person",
                prefixes=("P",),
                label="Person",
                plural="People",
                model_label="insights.Person",
                path="insights/people/{number}/",
                body=lambda record: f"{record.email} {record.job_title}",
            )
        )
        kinds.register(
            kinds.Kind(
                name="segment",
                prefixes=("S",),
                label="Segment",
                plural="Segments",
                model_label="insights.Segment",
                path="insights/segments/{number}/",
                body=lambda record: record.note,
            )
        )
        demo.register("insights", story.load)
