# Short names for what a developer does often. Nothing here is needed to run Roadbed.

# Start the demo
demo *arguments:
    bin/roadbed demo {{arguments}}

# Everything that must hold before a change lands; `just test quick` for the first minute of it
test *arguments:
    bin/test {{arguments}}

# Mend what can be mended by a program
format:
    .venv/bin/ruff check --fix .
    .venv/bin/ruff format .
    npm run format

# Bundle the front end again at each change of it
watch:
    npm run watch

# Write the lock files from pyproject.toml; what is pinned stays pinned, `just lock --upgrade` moves it
lock *arguments:
    #!/bin/sh
    set -eu
    export UV_CUSTOM_COMPILE_COMMAND="just lock"
    uv=$(sh bin/bring-up uv)
    lock() {
        file=$1
        shift
        "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
            --output-file "$file" "$@"
    }
    lock requirements.lock pyproject.toml {{arguments}}
    lock requirements-dev.lock pyproject.toml --group dev --constraint requirements.lock {{arguments}}
    lock requirements-build.lock --group build --constraint requirements-dev.lock

# Write the pages of docs/reference that come out of the code
reference:
    bin/roadbed config docs
