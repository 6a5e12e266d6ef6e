import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('insights', '0004_themes'),
        ('records', '0004_redacted_activities'),
        ('workspaces', '0003_circles'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ReadingSettings',
            fields=[
                ('workspace', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='reading_settings', serialize=False, to='workspaces.workspace')),
                ('redaction', models.CharField(choices=[('off', 'Off'), ('suggest', 'Suggest'), ('on', 'On')], default='off', max_length=7)),
                ('kinds', models.JSONField(blank=True, default=list, help_text='What is looked for.')),
                ('region', models.CharField(blank=True, default='', help_text='Country whose phone numbers come without their code.', max_length=2)),
                ('redaction_since', models.DateTimeField(blank=True, null=True)),
                ('counts', models.JSONField(blank=True, default=dict, help_text='How much was redacted, by kind.')),
                ('merges_doubles', models.BooleanField(default=False)),
                ('merge_from', models.FloatField(default=0.9, help_text='Pairs at least this alike are merged by themselves.', validators=[django.core.validators.MinValueValidator(0.6), django.core.validators.MaxValueValidator(1.0)])),
                ('doubles_seen', models.BigIntegerField(default=0, help_text='The last piece that was compared with the others.')),
                ('version', models.PositiveIntegerField(default=1, help_text='Grows with each change; readings follow it.')),
            ],
            options={
                'verbose_name_plural': 'reading settings',
            },
        ),
        migrations.CreateModel(
            name='Double',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('score', models.FloatField()),
                ('why', models.CharField(max_length=200)),
                ('state', models.CharField(choices=[('open', 'To decide'), ('merged', 'Merged'), ('different', 'Not a duplicate'), ('skipped', 'Skipped')], default='open', max_length=9)),
                ('is_automatic', models.BooleanField(default=False, help_text='Merged without a person.')),
                ('found_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('merge', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='records.merge')),
                ('newer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='doubles_earlier', to='insights.feedback')),
                ('older', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='doubles_later', to='insights.feedback')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'indexes': [models.Index(fields=['workspace', 'state', '-score', '-id'], name='double_to_decide')],
                'constraints': [models.UniqueConstraint(models.F('older'), models.F('newer'), name='double_once'), models.CheckConstraint(condition=models.Q(('newer__gt', models.F('older'))), name='double_in_order')],
            },
        ),
        migrations.CreateModel(
            name='Reading',
            fields=[
                ('feedback', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='reading', serialize=False, to='insights.feedback')),
                ('language', models.CharField(blank=True, default='', max_length=12)),
                ('language_confidence', models.FloatField(default=0)),
                ('language_why', models.CharField(blank=True, default='', max_length=200)),
                ('language_by', models.CharField(choices=[('machine', 'Machine'), ('person', 'Person')], default='machine', max_length=7)),
                ('intent', models.CharField(blank=True, choices=[('problem', 'Problem'), ('request', 'Request'), ('praise', 'Praise'), ('question', 'Question')], default='', max_length=8)),
                ('intent_confidence', models.FloatField(default=0)),
                ('intent_why', models.CharField(blank=True, default='', max_length=200)),
                ('intent_by', models.CharField(choices=[('machine', 'Machine'), ('person', 'Person')], default='machine', max_length=7)),
                ('sentiment', models.CharField(blank=True, choices=[('negative', 'Negative'), ('neutral', 'Neutral'), ('positive', 'Positive')], default='', max_length=8)),
                ('sentiment_confidence', models.FloatField(default=0)),
                ('sentiment_why', models.CharField(blank=True, default='', max_length=200)),
                ('sentiment_by', models.CharField(choices=[('machine', 'Machine'), ('person', 'Person')], default='machine', max_length=7)),
                ('statements', models.JSONField(blank=True, default=list, help_text='Places of its statements: [start, end, intent, confidence].')),
                ('private', models.JSONField(blank=True, default=list, help_text='Places of what looks private: [kind, start, end].')),
                ('has_private', models.BooleanField(default=False, help_text='Whether somebody should look at that.')),
                ('private_left', models.BooleanField(default=False, help_text='Somebody looked, and left the words as they are.')),
                ('text_digest', models.CharField(help_text='Of the words that were read.', max_length=32)),
                ('version', models.PositiveIntegerField(default=1, help_text='Grows with the rules and the trained models.')),
                ('read_at', models.DateTimeField()),
                ('home', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'indexes': [models.Index(fields=['home', 'intent', 'feedback'], name='reading_by_intent'), models.Index(fields=['home', 'sentiment', 'feedback'], name='reading_by_sentiment'), models.Index(fields=['home', 'language', 'feedback'], name='reading_by_language'), models.Index(fields=['home', 'version'], name='reading_version'), models.Index(condition=models.Q(('has_private', True)), fields=['home', 'feedback'], name='reading_private')],
            },
        ),
        migrations.CreateModel(
            name='ReadingModel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('aspect', models.CharField(max_length=12)),
                ('kept', models.BinaryField(help_text='Plain arrays; no pickle.')),
                ('quality', models.JSONField(default=dict)),
                ('rules_quality', models.JSONField(default=dict, help_text='Of the rules, on the same labels.')),
                ('is_used', models.BooleanField(default=False, help_text='Only where it beats the rules.')),
                ('trained_at', models.DateTimeField()),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(models.F('workspace'), models.F('aspect'), name='reading_model_once')],
            },
        ),
        migrations.CreateModel(
            name='RedactionRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.SlugField(help_text='Stands in place of what is found: [name].', max_length=40)),
                ('pattern', models.CharField(max_length=200)),
                ('created_at', models.DateTimeField()),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='redaction_rules', to='workspaces.workspace')),
            ],
            options={
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(models.F('workspace'), models.F('name'), name='redaction_rule_once', violation_error_message='There is a pattern of this name.')],
            },
        ),
    ]
