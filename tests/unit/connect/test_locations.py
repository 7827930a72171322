"""Which kind of place does a location name?"""

from pathlib import Path

import pytest

from gsheet_ml_scheduler.connect.locations import (
    GoogleSheet,
    ServedWorkbook,
    WorkbookFile,
    parse_location,
)
from gsheet_ml_scheduler.errors import LocationError
from tests.unit.connect.loopback import KEY


@pytest.mark.parametrize(
    "link",
    [
        f"https://docs.google.com/spreadsheets/d/{KEY}/edit?usp=sharing",
        f"https://docs.google.com/spreadsheets/d/{KEY}",
        f"https://docs.google.com/spreadsheets/d/{KEY}/edit#gid=12",
        f"https://docs.google.com/spreadsheets/d/{KEY}/edit?gid=12#gid=12",
        f"https://docs.google.com/spreadsheets/u/1/d/{KEY}/edit",
        f"https://docs.google.com/a/example.org/spreadsheets/d/{KEY}/edit",
        f"https://docs.google.com/spreadsheet/ccc?key={KEY}&usp=drive_web",
        f"https://spreadsheets.google.com/ccc?key={KEY}",
        f"https://drive.google.com/open?id={KEY}",
        f"https://drive.google.com/file/d/{KEY}/view",
        f"http://docs.google.com/spreadsheets/d/{KEY}",
        f"  https://docs.google.com/spreadsheets/d/{KEY}/edit\n",
        f"docs.google.com/spreadsheets/d/{KEY}/edit",
        KEY,
    ],
)
def test_every_form_of_a_google_link_names_the_same_sheet(link: str) -> None:
    assert parse_location(link) == GoogleSheet(KEY)


def test_a_file_with_the_shape_of_a_google_key_is_meant_when_it_has_a_folder() -> None:
    assert parse_location(f"./{KEY}") == WorkbookFile(Path(KEY))
    assert parse_location(Path(KEY)) == WorkbookFile(Path(KEY))


@pytest.mark.parametrize("text", ["runs.sheet", "runs", "my runs/1.sheet", "/data/ünï.sheet"])
def test_a_text_without_a_scheme_is_a_file(text: str) -> None:
    assert parse_location(text) == WorkbookFile(Path(text))


def test_a_tilde_is_the_home_folder(home: Path) -> None:
    assert parse_location("~/runs.sheet") == WorkbookFile(home / "runs.sheet")
    assert parse_location(Path("~/runs.sheet")) == WorkbookFile(home / "runs.sheet")


def test_a_served_workbook_has_a_base_a_key_and_perhaps_a_token() -> None:
    assert parse_location("http://gpu-1:8765/spreadsheets/d/abc") == ServedWorkbook(
        "http://gpu-1:8765", "abc"
    )
    assert parse_location("https://hub/user/x/proxy/8765/spreadsheets/d/a-b_c/?token=s3#gid=0") == (
        ServedWorkbook("https://hub/user/x/proxy/8765", "a-b_c", "s3")
    )


def test_the_link_that_is_shown_to_people_never_holds_the_token() -> None:
    place = parse_location("http://gpu-1:8765/spreadsheets/d/abc?token=s3cret")
    assert isinstance(place, ServedWorkbook)
    assert place.link == "http://gpu-1:8765/spreadsheets/d/abc"
    with pytest.raises(LocationError) as caught:
        parse_location("http://gpu-1:8765/sheets/abc?token=s3cret")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("", "The location is empty. A location is a Google Sheet's link"),
        ("  ", "The location is empty"),
        ("https://docs.google.com/document/d/1abc/edit", "isn't the link of a Google Sheet"),
        ("https://docs.google.com/spreadsheets/", "isn't the link of a Google Sheet"),
        (
            "https://docs.google.com/spreadsheets/d/e/2PACX-1vQ/pubhtml",
            "is the link of a published copy, which nobody can write to",
        ),
        ("https://example.org/runs", "https://example.org/runs isn't the address of a sheet"),
        ("postgresql://db/runs", "postgresql:// isn't known"),
        ("s3://bucket/runs.sheet", "s3:// isn't known"),
        ("~nobody-of-that-name/runs.sheet", "can't be opened"),
    ],
)
def test_what_can_be_no_sheet_is_said_at_once(location: str, words: str) -> None:
    with pytest.raises(LocationError) as caught:
        parse_location(location)
    assert words in str(caught.value)
