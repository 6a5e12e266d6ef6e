"""The WSGI entry point."""

import os

# Requests run beside each other already; a second thread for each product of vectors waits more than it works.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "roadbed.config.settings")
application = get_wsgi_application()

from roadbed.web import warming  # noqa: E402 - the registrations are made by then

warming.start()
