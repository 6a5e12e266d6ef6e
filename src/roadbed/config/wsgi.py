"""The WSGI entry point."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "roadbed.config.settings")
application = get_wsgi_application()

from roadbed.web import warming  # noqa: E402 - the registrations are made by then

warming.start()
