"""What load balancers, containers and `roadbed up` ask: is it alive, is it ready, which version is it."""

from __future__ import annotations

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from roadbed import __version__
from roadbed.core.jobs import worker


@require_safe
@never_cache
def alive(request: HttpRequest) -> HttpResponse:
    """Answer as long as the process can answer at all."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database is there and migrated, 503 otherwise; the worker is told beside it."""
    try:
        executor = MigrationExecutor(connection)
        pending = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        silence = worker.silence(now=timezone.now()) if not pending else None
    except DatabaseError:
        return JsonResponse({"ready": False, "database": "unreachable"}, status=503)
    facts = {
        "ready": not pending,
        "database": "reachable",
        "pending_migrations": pending,
        "worker_silent_seconds": None if silence is None else round(silence.total_seconds()),
    }
    return JsonResponse(facts, status=503 if pending else 200)


@require_safe
def version(request: HttpRequest) -> JsonResponse:
    """Name the version."""
    return JsonResponse({"version": __version__})


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Keep crawlers to the customers' pages; each of those says itself whether it may be kept."""
    return HttpResponse(
        "User-agent: *\nAllow: /p/\nAllow: /static/\nDisallow: /\n", content_type="text/plain"
    )
