"""What README and docs/ say is true: their code runs, their links lead somewhere.

The Python blocks of a page run in order, in one fresh interpreter and an empty folder, as a reader
would run them; so do the lines of its console blocks that begin with `gsheet-ml`. A block of `text`
right below is what was printed. `<!-- needs Google -->` above a block means that it can't run
without an account, `<!-- not run -->` that a test of its own runs it, or that it never ends.
"""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup

from gsheet_ml_scheduler.cli import app

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NOT_RUN = ("<!-- needs Google -->", "<!-- not run -->")
_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_IMAGE = re.compile(r"!\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#+ (?P<text>.+)$", re.MULTILINE)
END = "-- end of block --"  # printed between blocks, to tell their outputs apart


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    language: str
    body: str
    line: int
    runs: bool
    directly_below: bool


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    blocks, end = [], 0
    for fence in _FENCE.finditer(text):
        between = text[end : fence.start()].strip()
        blocks.append(
            Block(
                fence["language"],
                fence["body"],
                text.count("\n", 0, fence.start()) + 2,
                runs=fence["language"] in ("python", "console") and not between.endswith(NOT_RUN),
                directly_below=not between,
            )
        )
        end = fence.end()
    return blocks


def runnable(page: Path) -> list[tuple[Block, str | None]]:
    """The page's blocks that run, each with the output that the page shows for it."""
    blocks = blocks_of(page)
    following = (*blocks[1:], None)
    return [
        (block, below.body if below and below.directly_below and below.language == "text" else None)
        for block, below in zip(blocks, following, strict=bool(blocks))
        if block.runs
    ]


RUN_BLOCKS = """
import json, shlex, sys
from tests.acceptance.console import gsheet_ml
page, blocks, end = sys.argv[1:]
names = {"__name__": "__main__"}
for language, line, body in json.loads(blocks):
    if language == "python":
        exec(compile("\\n" * (line - 1) + body, page, "exec"), names)
    else:
        for words in map(shlex.split, body.splitlines()):
            if words[:1] == ["gsheet-ml"]:
                gsheet_ml(words[1:])
    print(end, flush=True)
"""


@pytest.mark.parametrize("page", [p for p in PAGES if runnable(p)], ids=name_of)
def test_the_code_of_a_page_runs_and_prints_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    blocks = runnable(page)
    code = json.dumps([(block.language, block.line, block.body) for block, _ in blocks])
    here = Path(sys.executable).parent
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUN_BLOCKS, name_of(page), code, END],
        cwd=tmp_path,
        env={
            **os.environ,
            "PATH": f"{here}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
        },
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, f"{name_of(page)}:\n{done.stdout}\n{done.stderr}"
    for (block, shown), printed in zip(blocks, done.stdout.split(f"{END}\n"), strict=False):
        if shown is not None:
            assert printed.strip() == shown.strip(), f"{name_of(page)}, line {block.line}"


def commands() -> list[str]:
    """The commands that gsheet-ml really has."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return sorted(group.commands)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_all_python_on_a_page_is_valid_also_where_it_needs_google(page: Path) -> None:
    for block in blocks_of(page):
        if block.language == "python":
            compile(block.body, f"{name_of(page)}, line {block.line}", "exec")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_links_of_a_page_lead_to_files_and_headings_that_exist(page: Path) -> None:
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    for link in _LINK.finditer(text):
        target, _, anchor = link["target"].partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), f"{name_of(page)} links to {link['target']}"
        if anchor:
            assert anchor in anchors_of(file), f"{name_of(page)} links to {link['target']}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_pictures_of_a_page_are_there_and_say_what_they_show(page: Path) -> None:
    for image in _IMAGE.finditer(_FENCE.sub("", page.read_text(encoding="utf-8"))):
        assert (page.parent / image["target"]).is_file(), f"{name_of(page)}: {image['target']}"
        assert image["text"], (
            f"{name_of(page)}: {image['target']} has no words for who can't see it"
        )


def anchors_of(page: Path) -> set[str]:
    """The anchors that headings get when the page is shown as a web page."""
    headings = _HEADING.findall(_FENCE.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


def test_every_page_of_the_docs_is_reached_from_the_readme() -> None:
    reached, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md" or not page.exists():
            continue
        reached.add(page)
        targets = (m["target"].partition("#")[0] for m in _LINK.finditer(page.read_text("utf-8")))
        waiting += [(page.parent / t).resolve() for t in targets if t and ":" not in t]
    assert {name_of(page) for page in PAGES} - {name_of(page) for page in reached} == set()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_make_targets_that_a_page_names_exist(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", text, re.MULTILINE))
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_commands_that_a_page_names_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^|`)gsheet-ml ([a-z]+)", text, re.MULTILINE))
    assert named <= set(commands())


@pytest.mark.parametrize("command", commands())
def test_every_command_has_its_place_on_the_page_of_commands(command: str) -> None:
    page = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    assert f"## gsheet-ml {command}\n" in page
