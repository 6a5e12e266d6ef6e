import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("insights", "0001_initial"),
        ("records", "0001_initial"),
        ("workspaces", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="Vote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "note",
                    models.CharField(
                        blank=True, default="", help_text="Why, or where it was said.", max_length=500
                    ),
                ),
                ("voted_at", models.DateTimeField()),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="votes_cast",
                        to="insights.person",
                    ),
                ),
                (
                    "target",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="votes_for",
                        to="records.record",
                    ),
                ),
                (
                    "voted_by",
                    models.ForeignKey(
                        blank=True,
                        help_text="The member who voted on the person's behalf; empty where they did so themselves.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["target", "-voted_at", "-id"], name="vote_newest"),
                    models.Index(fields=["person", "-voted_at", "-id"], name="vote_of_person"),
                ],
                "constraints": [models.UniqueConstraint("target", "person", name="vote_once")],
            },
        ),
        migrations.CreateModel(
            name="Weighting",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("edition", models.PositiveIntegerField(help_text="Counts from 1 in each workspace.")),
                (
                    "weights",
                    models.JSONField(default=dict, help_text="As `demand.Weights.as_json` writes it."),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="workspaces.workspace",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint("workspace", "edition", name="weighting_edition_once"),
                    models.CheckConstraint(condition=Q(edition__gte=1), name="weighting_edition_counts"),
                ],
            },
        ),
    ]
