"""Let the database itself refuse to change history."""

from django.db import migrations

SQLITE = """
CREATE TRIGGER activity_is_append_only BEFORE UPDATE ON records_activity
BEGIN SELECT RAISE(ABORT, 'activity is append-only'); END
"""

POSTGRES = """
CREATE FUNCTION activity_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'activity is append-only'; END $$;
CREATE TRIGGER activity_is_append_only BEFORE UPDATE ON records_activity
FOR EACH ROW EXECUTE FUNCTION activity_is_append_only();
"""


def forwards(apps, schema_editor):
    schema_editor.execute(SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRES)


def backwards(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER activity_is_append_only")
    else:
        schema_editor.execute("DROP TRIGGER activity_is_append_only ON records_activity")
        schema_editor.execute("DROP FUNCTION activity_is_append_only()")


class Migration(migrations.Migration):
    dependencies = [("records", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
