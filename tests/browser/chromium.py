"""A real Chromium for the tests: the system's, else Playwright's own, else one is installed.

Chromium needs no network: what it would ask Google on its own is switched off.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Playwright

# The last list counts, so it begins with what Playwright's own would switch off, as far as it
# matters here. The rest are the address bar's lists: a page of 180 scripts that the browser reads
# for each new window, at the same time as ours.
_FEATURES_OFF = [
    "HttpsUpgrades",
    "MediaRouter",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxPopup",
]
ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
    f"--disable-features={','.join(_FEATURES_OFF)}",
    # Whoever drives a page inspects it, and in an inspected page V8 reads the whole script again
    # while it starts, to know its lines; in a page that nobody inspects it doesn't. Known from the
    # beginning they cost next to nothing, and the page is as fast as for a person.
    "--js-flags=--no-enable-lazy-source-positions",
    *(["--no-sandbox"] if os.geteuid() == 0 else []),  # Chromium refuses it as root
]
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MINUTES = 10


class NoBrowserError(Exception):
    """There is no Chromium, and none could be had."""


def launch(playwright: Playwright) -> Browser:
    """Start the browser that there is.

    Raises:
        NoBrowserError: see its sentence.
    """
    return playwright.chromium.launch(executable_path=_executable(playwright), args=ARGUMENTS)


def _executable(playwright: Playwright) -> str:
    found = _installed(playwright)
    if found is not None:
        return found
    with (Path(tempfile.gettempdir()) / "chromium-for-tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes
        return _installed(playwright) or _newly_installed(playwright)


def _newly_installed(playwright: Playwright) -> str:
    tried = [
        words
        for words, command in (
            ("playwright install chromium", _playwright_download()),
            ("apt-get install chromium", _apt()),
        )
        if command and _run(command)
    ]
    found = _installed(playwright)
    if found is None:
        raise NoBrowserError(
            "The browser tests need Chromium, and there is none: neither one of the system's "
            f"({', '.join(_NAMES)}) nor Playwright's own. These worked and brought none: "
            f"{', '.join(tried) or 'nothing'}. Install one, for instance with "
            "apt-get install chromium, or leave these tests out: --ignore tests/browser"
        )
    return found


def _installed(playwright: Playwright) -> str | None:
    system = next((path for name in _NAMES if (path := shutil.which(name))), None)
    own = Path(playwright.chromium.executable_path)
    return system or (str(own) if own.is_file() else None)


def _playwright_download() -> list[list[str]]:
    return [[sys.executable, "-m", "playwright", "install", "chromium"]]


def _apt() -> list[list[str]]:
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return []
    return [[apt, "update"], [apt, "install", "--yes", "--no-install-recommends", "chromium"]]


def _run(commands: list[list[str]]) -> bool:
    for command in commands:
        try:
            done = subprocess.run(command, timeout=60 * _MINUTES, capture_output=True, check=False)
        except subprocess.TimeoutExpired:
            return False
        if done.returncode != 0:
            return False
    return True
