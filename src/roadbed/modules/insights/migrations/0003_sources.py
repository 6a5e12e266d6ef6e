import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("insights", "0002_votes"),
        ("records", "0001_initial"),
        ("workspaces", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Source',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('form', 'Form and widget'), ('mail', 'E-mail'), ('hook', 'Webhook'), ('github', 'GitHub issues')], max_length=8)),
                ('name', models.CharField(help_text='Stands with each piece as its source.', max_length=60)),
                ('origin', models.CharField(editable=False, help_text='The external source of its records; never changes.', max_length=60)),
                ('settings', models.JSONField(blank=True, default=dict)),
                ('sealed', models.TextField(blank=True, default='', help_text="Its secrets, readable with this installation's key.")),
                ('token_digest', models.CharField(blank=True, default='', editable=False, max_length=64)),
                ('cursor', models.JSONField(blank=True, default=dict, help_text='How far it has been read.')),
                ('created_at', models.DateTimeField()),
                ('paused_at', models.DateTimeField(blank=True, null=True)),
                ('deleted_at', models.DateTimeField(blank=True, null=True)),
                ('last_arrival_at', models.DateTimeField(blank=True, null=True)),
                ('last_run_at', models.DateTimeField(blank=True, null=True)),
                ('next_run_at', models.DateTimeField(blank=True, null=True)),
                ('last_error', models.CharField(blank=True, default='', max_length=400)),
                ('last_error_at', models.DateTimeField(blank=True, null=True)),
                ('failures', models.PositiveIntegerField(default=0, help_text='Runs that failed since the last good one.')),
                ('new_count', models.PositiveIntegerField(default=0)),
                ('changed_count', models.PositiveIntegerField(default=0)),
                ('known_count', models.PositiveIntegerField(default=0)),
                ('refused_count', models.PositiveIntegerField(default=0)),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('product', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='workspaces.product')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'ordering': ['name', 'pk'],
                'indexes': [models.Index(fields=['next_run_at'], name='source_due')],
                'constraints': [models.UniqueConstraint(models.F('workspace'), models.F('origin'), name='source_origin_once'), models.UniqueConstraint(models.F('token_digest'), condition=models.Q(('token_digest', ''), _negated=True), name='source_token_once')],
            },
        ),
        migrations.CreateModel(
            name='Arrival',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('external_id', models.CharField(blank=True, default='', max_length=200)),
                ('outcome', models.CharField(choices=[('new', 'New'), ('changed', 'Changed'), ('known', 'Known already'), ('refused', 'Refused'), ('removed', 'Taken away'), ('left_out', 'Left out')], max_length=8)),
                ('detail', models.CharField(blank=True, default='', max_length=400)),
                ('lag_seconds', models.PositiveIntegerField(blank=True, help_text='Between being said and being here.', null=True)),
                ('payload', models.TextField(blank=True, default='', help_text='What was refused, sealed, so that it can be tried again.')),
                ('retried_at', models.DateTimeField(blank=True, null=True)),
                ('record', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='records.record')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='arrivals', to='insights.source')),
            ],
            options={
                'indexes': [models.Index(fields=['source', '-id'], name='arrival_of_source'), models.Index(fields=['source', 'outcome', '-id'], name='arrival_by_outcome'), models.Index(fields=['at'], name='arrival_by_time')],
            },
        ),
    ]
