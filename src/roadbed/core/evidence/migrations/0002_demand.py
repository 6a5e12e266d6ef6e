from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("evidence", "0001_initial")]
    operations = [
        migrations.AddField("evidencetally", "votes", models.PositiveIntegerField(default=0)),
        migrations.AddField("evidencetally", "voters", models.PositiveIntegerField(default=0)),
        migrations.AddField("evidencetally", "unpriced", models.PositiveIntegerField(default=0)),
        migrations.AddField(
            "evidencetally", "impact", models.DecimalField(decimal_places=2, default=0, max_digits=16)
        ),
        migrations.AddIndex(
            "evidencetally", models.Index(fields=["-impact", "-record"], name="tally_by_impact")
        ),
    ]
