"""Registers the module with Django and with the core's registries."""

from django.apps import AppConfig


class ExperimentsConfig(AppConfig):
    """The `experiments` module."""

    name = "roadbed.modules.experiments"
    label = "experiments"

    def ready(self) -> None:
        """Make flags, their place in the navigation and their part of the evidence chain known."""
        from roadbed.core import demo
        from roadbed.core.evidence import registry
        from roadbed.core.records import events, kinds
        from roadbed.core.tables import sources, targets
        from roadbed.core.workspaces import navigation, settings_tabs
        from roadbed.core.workspaces.roles import Role
        from roadbed.modules.experiments import demo as story
        from roadbed.modules.experiments import facade, imports, selectors, services, tasks
        from roadbed.modules.experiments.demo import trials

        kinds.register(
            kinds.Kind(
                name="flag",
                prefixes=("FL",),
                label="Flag",
                plural="Flags",
                model_label="experiments.Flag",
                path="experiments/flags/{key}/",
                body=selectors.flag_body,
                describe=selectors.describe_flag,
            )
        )
        kinds.register(
            kinds.Kind(
                name="metric",
                prefixes=("M",),
                label="Metric",
                plural="Metrics",
                model_label="experiments.Metric",
                path="experiments/metrics/{key}/",
                body=selectors.metric_body,
                describe=selectors.describe_metric,
            )
        )
        kinds.register(
            kinds.Kind(
                name="experiment",
                prefixes=("E",),
                label="Experiment",
                plural="Experiments",
                model_label="experiments.Experiment",
                path="experiments/{key}/",
                body=selectors.experiment_body,
                describe=selectors.describe_experiment,
            )
        )
        navigation.register(
            navigation.Entry(label="Experiments", path="experiments/", group="Prove", order=20)
        )
        navigation.register(
            navigation.Entry(label="Flags", path="experiments/flags/", group="Prove", order=30)
        )
        navigation.register(
            navigation.Entry(label="Metrics", path="experiments/metrics/", group="Prove", order=25)
        )
        settings_tabs.register(
            settings_tabs.Tab(label="Flags", path="settings/flags/", group="Connections", role=Role.MAKER)
        )
        settings_tabs.register(
            settings_tabs.Tab(
                label="Events and data", path="settings/data/", group="Connections", role=Role.MAKER
            )
        )
        targets.register(imports.METRICS)
        targets.register(imports.PAST)
        sources.register(imports.EXPORT)
        registry.register(facade.PROVIDER)
        registry.register(facade.WORKS)
        events.listen(services.follow_life)
        demo.register("experiments", story.load, after=["roadmap"])
        assert tasks  # noqa: S101 - imported for its registrations
        demo.register("trials", trials.load, after=["experiments"])
