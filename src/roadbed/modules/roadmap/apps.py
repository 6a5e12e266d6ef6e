"""Registers the module with Django and with the core's registries."""

from django.apps import AppConfig


class RoadmapConfig(AppConfig):
    """The `roadmap` module."""

    name = "roadbed.modules.roadmap"
    label = "roadmap"

    def ready(self) -> None:
        """Make the kinds, the place in the navigation, the tree and the part of the evidence chain known."""
        from roadbed.core import demo, doctor
        from roadbed.core.evidence import registry, rollup
        from roadbed.core.records import events, kinds
        from roadbed.core.records import services as records
        from roadbed.core.tables import sources, targets
        from roadbed.core.workspaces import navigation
        from roadbed.core.workspaces import services as workspaces
        from roadbed.modules.roadmap import demo as story
        from roadbed.modules.roadmap import facade, imports, selectors, services, tasks

        assert tasks  # noqa: S101 - imported for its registrations
        kinds.register(
            kinds.Kind(
                name="feature",
                prefixes=("F", "T"),
                label="Feature",
                plural="Features",
                model_label="roadmap.Feature",
                path="roadmap/features/{key}/",
                body=selectors.feature_body,
                describe=selectors.describe_feature,
            )
        )
        kinds.register(
            kinds.Kind(
                name="release",
                prefixes=("R",),
                label="Release",
                plural="Releases",
                model_label="roadmap.Release",
                path="roadmap/releases/{number}/",
                body=selectors.release_body,
                describe=selectors.describe_release,
            )
        )
        for kind in (
            kinds.Kind(
                name="external",
                prefixes=("X",),
                label="External dependency",
                plural="External dependencies",
                model_label="roadmap.External",
                path="roadmap/externals/{number}/",
                body=selectors.external_body,
                describe=selectors.describe_external,
            ),
            kinds.Kind(
                name="objective",
                prefixes=("O",),
                label="Objective",
                plural="Objectives",
                model_label="roadmap.Objective",
                path="roadmap/objectives/{number}/",
                body=selectors.objective_body,
                describe=selectors.describe_objective,
            ),
            kinds.Kind(
                name="risk",
                prefixes=("K",),
                label="Risk",
                plural="Risks",
                model_label="roadmap.Risk",
                path="roadmap/risks/{number}/",
                body=selectors.risk_body,
                describe=selectors.describe_risk,
            ),
            kinds.Kind(
                name="branch",
                prefixes=("B",),
                label="Branch",
                plural="Branches",
                model_label="roadmap.Branch",
                path="roadmap/branches/{number}/",
                body=selectors.branch_body,
                describe=selectors.describe_branch,
            ),
        ):
            kinds.register(kind)
        navigation.register(navigation.Entry(label="Roadmap", path="roadmap/", group="Decide", order=20))
        rollup.register_tree(selectors.TREE)
        registry.register(facade.PROVIDER)
        records.register_mover(services.FEATURE_MOVER)
        events.listen(services.follow_life)
        workspaces.register_team_part(services.TEAM_PART)
        for target in imports.TARGETS:
            targets.register(target)
        for source in imports.SOURCES:
            sources.register(source)
        doctor.register(
            "roadmap-tree", facade.check_tree, about="The roadmap’s tree holds together.", needs=("database",)
        )
        demo.register("roadmap", story.load, after=["insights"])
