"""An Excel file, opened: what is one, what is not, and what openpyxl would change on the way.

Decided here: that strings are taken as the file means them and numbers as they are: openpyxl makes
dates of numbers that look like dates, to the millisecond, and forgets that a text was escaped.
Decided elsewhere: what is made of it (`xlsx_source`).
"""

from __future__ import annotations

import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl.cell.text import Text
from openpyxl.chartsheet import Chartsheet
from openpyxl.packaging.manifest import Manifest
from openpyxl.reader.excel import ExcelReader
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

from gsheet_ml_scheduler.errors import LocationError
from gsheet_ml_scheduler.transfer.stream import Report

_OLD_OR_LOCKED = b"\xd0\xcf\x11\xe0"
_ZIP = b"PK"
_LARGEST = 4 * 2**30  # bytes, unpacked
_ITEM = f"{{{SHEET_MAIN_NS}}}si"


class _Reader(ExcelReader):  # type: ignore[misc]  # openpyxl has no annotations
    """openpyxl's reader, with strings as they stand in the file and dates as numbers."""

    package: Manifest

    def read_strings(self) -> None:
        kind = self.package.find(SHARED_STRINGS)
        if kind is None:
            return
        found: list[str] = []
        with self.archive.open(kind.PartName[1:]) as stream:
            for _, node in iterparse(stream):
                if node.tag == _ITEM:
                    found.append(Text.from_tree(node).content)
                    node.clear()
        self.shared_strings = found

    def read_chartsheet(self, sheet: Any, rel: Any) -> None:
        del rel  # what is on it isn't carried, and openpyxl stumbles over an empty one
        self.wb._add_sheet(Chartsheet(parent=self.wb, title=sheet.name))

    def read_worksheets(self) -> None:
        self.wb._date_formats = set()
        self.wb._timedelta_formats = set()
        super().read_worksheets()


def open_xlsx(path: Path, report: Report) -> Any:
    """A file as an openpyxl Workbook; what openpyxl warns of is noted.

    Raises:
        LocationError: it isn't there, is something else, encrypted, damaged or too large.
    """
    _require_xlsx(path)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            # Opened here: openpyxl leaves it open where it fails half-way.
            with path.open("rb") as file:
                reader = _Reader(file, keep_links=False)
                reader.read()
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise _damaged(path, error) from error
    except InvalidFileException as error:
        raise LocationError(f"{path} can't be read: {error}") from error
    except KeyError as error:  # a part that isn't there
        raise LocationError(
            f"{path} is a zip file, but not an Excel workbook: {error.args[0]}"
        ) from error
    except (ValueError, TypeError, AttributeError, IndexError, ParseError, RuntimeError) as error:
        # openpyxl raises whatever it stumbles over in a part that isn't as it should be
        raise _damaged(path, error) from error
    for warning in caught:
        if issubclass(warning.category, UserWarning):
            report.say(f"{path.name}: {str(warning.message).strip()}")
    return reader.wb


def _require_xlsx(path: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except FileNotFoundError as error:
        raise LocationError(f"There is no file {path}.") from error
    except OSError as error:
        raise LocationError(f"{path} can't be read: {error.strerror}.") from error
    if head.startswith(_OLD_OR_LOCKED):
        raise LocationError(
            f"{path} is encrypted with a password, or of an Excel before 2007. Save it in Excel as "
            ".xlsx, without a password."
        )
    if not head.startswith(_ZIP):
        what = f"it begins with {head!r}" if head else "it is empty"
        raise LocationError(f"{path} isn't an Excel workbook: {what}. Save it as .xlsx first.")
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError) as error:
        raise _damaged(path, error) from error
    if size > _LARGEST:
        raise LocationError(f"{path} unpacks to {size // 2**20} MB, which is too large to read.")


def _damaged(path: Path, error: Exception) -> LocationError:
    said = " ".join(str(error).split())[:200] or type(error).__name__
    return LocationError(
        f"{path} is damaged ({said}). Open it in Excel and save it again, or restore it from a "
        "copy."
    )
