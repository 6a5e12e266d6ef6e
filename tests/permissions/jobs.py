"""Who may do what: jobs."""

WORKSPACE = {
    "jobs/": "GET viewer",
    "jobs/<int:job_id>/": "GET viewer/own",
    "jobs/<int:job_id>/cancel/": "POST contributor",
    "jobs/<int:job_id>/progress/": "GET viewer/own",
    "jobs/<int:job_id>/retry/": "POST contributor",
}

PROGRAMS = {
    "jobs": "GET viewer",
    "jobs/<int:job_id>": "GET viewer/own",
    "jobs/<int:job_id>/cancel": "POST contributor",
    "jobs/<int:job_id>/retry": "POST contributor",
}
