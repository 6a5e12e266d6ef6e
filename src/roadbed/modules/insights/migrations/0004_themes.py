"""Themes, which feedback is in which, the weekly counts and the alerts."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Make the tables."""

    dependencies = [
        ("insights", "0003_sources"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Theme',
            fields=[
                ('record', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, related_name='insights_theme', serialize=False, to='records.record')),
                ('is_broad', models.BooleanField(default=False, help_text='Holds themes, and no feedback of its own.')),
                ('origin', models.CharField(choices=[('machine', 'Found'), ('person', 'Made by hand')], default='machine', max_length=8)),
                ('description', models.TextField(blank=True, default='', max_length=5000)),
                ('words', models.JSONField(blank=True, default=list, help_text='Feedback with one of these words belongs here.')),
                ('terms', models.JSONField(blank=True, default=list, help_text='Words that tell it from all others, most telling first.')),
                ('nearest', models.JSONField(blank=True, default=list, help_text='Feedback nearest the middle of it, by id, nearest first.')),
                ('is_pinned', models.BooleanField(default=False, help_text='Its feedback stays where it is.')),
                ('is_named', models.BooleanField(default=False, help_text='A person chose its name.')),
                ('is_joined', models.BooleanField(default=False, help_text='A person merged it: it is not split again.')),
                ('is_placed', models.BooleanField(default=False, help_text='A person chose the theme above it.')),
                ('retired_at', models.DateTimeField(blank=True, editable=False, help_text='When a run found nothing left of it.', null=True)),
                ('x', models.FloatField(blank=True, editable=False, null=True)),
                ('y', models.FloatField(blank=True, editable=False, null=True)),
                ('weekly', models.JSONField(blank=True, default=list, editable=False, help_text='Pieces in each of the last 26 weeks.')),
                ('mood', models.JSONField(blank=True, default=dict, editable=False, help_text='How many pieces are of each intent and sentiment.')),
                ('recent', models.PositiveIntegerField(default=0, editable=False, help_text='People in the last four weeks.')),
                ('usual', models.FloatField(default=0, editable=False, help_text='People in four weeks, over the twelve before.')),
                ('change', models.FloatField(blank=True, editable=False, help_text='Recent share over usual share.', null=True)),
                ('direction', models.CharField(blank=True, default='', editable=False, max_length=8)),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='children', to='insights.theme')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('is_broad', False), ('parent__isnull', True), _connector='OR'), name='theme_of_two_levels', violation_error_message='A broad theme stands at the top.'), models.CheckConstraint(condition=models.Q(('parent__isnull', True), models.Q(('parent', models.F('record')), _negated=True), _connector='OR'), name='theme_not_above_itself', violation_error_message='A theme cannot hold itself.')],
            },
            bases=('records.record',),
        ),
        migrations.CreateModel(
            name='ThemeChoice',
            fields=[
                ('workspace', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='workspaces.workspace')),
                ('resolution', models.FloatField(blank=True, help_text='From 2, few broad, to 30, many fine ones; empty: as the feedback falls apart.', null=True, validators=[django.core.validators.MinValueValidator(2.0), django.core.validators.MaxValueValidator(30.0)])),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('resolution__isnull', True), models.Q(('resolution__gte', 2.0), ('resolution__lte', 30.0)), _connector='OR'), name='theme_choice_in_reach', violation_error_message='From 2, few broad themes, to 30, many fine ones.')],
            },
        ),
        migrations.CreateModel(
            name='ThemeRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('started_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
                ('resolution', models.FloatField(default=0, help_text='How fine the themes were made.')),
                ('model', models.CharField(blank=True, max_length=60)),
                ('pieces', models.PositiveIntegerField(default=0)),
                ('unassigned', models.PositiveIntegerField(default=0)),
                ('themes', models.PositiveIntegerField(default=0)),
                ('added', models.PositiveIntegerField(default=0, help_text='Themes that were not there before.')),
                ('retired', models.PositiveIntegerField(default=0, help_text='Themes of which nothing was left.')),
                ('held', models.PositiveIntegerField(default=0, help_text='Pieces that stayed because a person put them there.')),
                ('moved', models.PositiveIntegerField(default=0, help_text='Pieces that changed their theme.')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='theme_runs', to='workspaces.workspace')),
            ],
            options={
                'indexes': [models.Index(fields=['workspace', '-started_at'], name='theme_run_latest')],
            },
        ),
        migrations.CreateModel(
            name='WeekCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('dimension', models.CharField(choices=[('all', 'Everything'), ('theme', 'Theme'), ('segment', 'Segment'), ('version', 'Version'), ('source', 'Source')], max_length=8)),
                ('value', models.CharField(blank=True, help_text="The record's id for themes and segments, else the words.", max_length=120)),
                ('week', models.DateField(help_text='The Monday.')),
                ('pieces', models.PositiveIntegerField()),
                ('people', models.PositiveIntegerField()),
                ('home', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'indexes': [models.Index(fields=['home', 'dimension', 'week'], name='week_count_by_week')],
                'constraints': [models.UniqueConstraint(models.F('home'), models.F('dimension'), models.F('value'), models.F('week'), name='week_count_once')],
            },
        ),
        migrations.CreateModel(
            name='Assignment',
            fields=[
                ('feedback', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='assignment', serialize=False, to='insights.feedback')),
                ('origin', models.CharField(choices=[('machine', 'Found'), ('person', 'Made by hand')], default='machine', max_length=8)),
                ('rule', models.CharField(choices=[('group', 'It lies among others that say the same'), ('near', 'What is nearest to it is there'), ('words', 'It has a word of the theme'), ('examples', 'It is like an example of the theme'), ('hand', 'A person put it there')], default='group', max_length=8)),
                ('confidence', models.FloatField(default=0, help_text='From 0 to 1.', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1)])),
                ('near', models.JSONField(default=list, help_text='The nearest pieces of the same theme, by id.')),
                ('said_at', models.DateTimeField(help_text="The feedback's, again, so that one index walks a theme in order.")),
                ('assigned_at', models.DateTimeField()),
                ('home', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
                ('theme', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='assignments', to='insights.theme')),
            ],
            options={
                'indexes': [models.Index(fields=['home', 'theme', '-said_at', '-feedback'], name='assignment_newest'), models.Index(fields=['theme', '-confidence', '-feedback'], name='assignment_surest'), models.Index(condition=models.Q(('origin', 'person')), fields=['home', 'feedback'], name='assignment_by_hand')],
            },
        ),
        migrations.CreateModel(
            name='TrendAlert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('dimension', models.CharField(choices=[('all', 'Everything'), ('theme', 'Theme'), ('segment', 'Segment'), ('version', 'Version'), ('source', 'Source')], max_length=8)),
                ('value', models.CharField(blank=True, max_length=120)),
                ('name', models.CharField(help_text='What it was about, as it was called when it was found.', max_length=300)),
                ('week', models.DateField()),
                ('seen', models.PositiveIntegerField()),
                ('expected', models.FloatField()),
                ('z', models.FloatField()),
                ('marker', models.CharField(blank=True, help_text='The release shortly before it.', max_length=300)),
                ('words', models.JSONField(default=list, help_text='What was said that week more than in others.')),
                ('pieces', models.JSONField(default=list, help_text='A few of the pieces, by id.')),
                ('state', models.CharField(choices=[('new', 'New'), ('known', 'Acknowledged'), ('no', 'Dismissed')], default='new', max_length=6)),
                ('note', models.CharField(blank=True, max_length=300)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('found_at', models.DateTimeField()),
                ('told_at', models.DateTimeField(blank=True, help_text='When people were told of it.', null=True)),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('home', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
                ('theme', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='alerts', to='insights.theme')),
            ],
            options={
                'indexes': [models.Index(fields=['home', 'state', '-week'], name='trend_alert_newest'), models.Index(fields=['home', '-z'], name='trend_alert_loudest')],
                'constraints': [models.UniqueConstraint(models.F('home'), models.F('dimension'), models.F('value'), models.F('week'), name='trend_alert_once'), models.CheckConstraint(condition=models.Q(('seen__gte', 8)), name='trend_alert_never_from_three', violation_error_message='An alert takes eight pieces at least.')],
            },
        ),
    ]
