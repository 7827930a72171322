"""Texts that Excel's files write in a way of their own: strings, formulas, patterns, titles.

Decided here: how each goes over, both ways. Pure. A file is always in Excel's en_US form, which
formulas in transit have too, so that only the prefixes of newer functions and what one program
lacks are at stake.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from openpyxl.styles.numbers import is_datetime, is_timedelta_format
from openpyxl.utils import FORMULAE

from gsheet_ml_scheduler.localsheets.formulas import grammar as formula_text

# Functions younger than the file format; a file names them with a prefix (Microsoft, "Issue: An
# _xlfn. prefix is displayed in front of a formula").
_YOUNGER_NAMES = (
    "ACOT ACOTH AGGREGATE ARABIC BASE BETA.DIST BETA.INV BINOM.DIST BINOM.INV BITAND BITLSHIFT "
    "BITOR BITRSHIFT BITXOR CEILING.MATH CHISQ.DIST CHISQ.INV CHISQ.TEST CHOOSECOLS CHOOSEROWS "
    "COMBINA CONCAT CONFIDENCE.NORM CONFIDENCE.T COT COTH COVARIANCE.P COVARIANCE.S CSC CSCH DAYS "
    "DECIMAL ERF.PRECISE EXPON.DIST F.DIST F.INV F.TEST FILTERXML FLOOR.MATH FORECAST.LINEAR "
    "FORMULATEXT GAMMA GAMMA.DIST GAMMA.INV GAUSS HSTACK IFNA IFS ISFORMULA ISOWEEKNUM LAMBDA LET "
    "LOGNORM.DIST LOGNORM.INV MAXIFS MINIFS MODE.MULT MODE.SNGL NORM.DIST NORM.INV NORM.S.DIST "
    "NORM.S.INV NUMBERVALUE PDURATION PERCENTILE.EXC PERCENTILE.INC PERCENTRANK.EXC "
    "PERCENTRANK.INC PERMUTATIONA PHI POISSON.DIST QUARTILE.EXC QUARTILE.INC RANDARRAY RANK.AVG "
    "RANK.EQ RRI SEC SECH SEQUENCE SHEET SHEETS SKEW.P SORTBY STDEV.P STDEV.S SWITCH T.DIST T.INV "
    "T.TEST TEXTAFTER TEXTBEFORE TEXTJOIN TEXTSPLIT TOCOL TOROW UNICHAR UNICODE UNIQUE VAR.P VAR.S "
    "VSTACK WEIBULL.DIST WRAPCOLS WRAPROWS XLOOKUP XMATCH XOR Z.TEST"
)
_YOUNGER = frozenset(_YOUNGER_NAMES.split())
_OF_SHEETS_TOO = frozenset({"FILTER", "SORT"})  # with a prefix of their own
_PREFIX = re.compile(r"_xlfn\.(?:_xlws\.)?", re.IGNORECASE)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_LONGEST_TITLE = 31
_GENERAL = "General"
_DEFAULT_CODES = {
    "TEXT": "@",
    "NUMBER": "#,##0.00",
    "PERCENT": "0.00%",
    "CURRENCY": '"$"#,##0.00',
    "DATE": "mm-dd-yy",  # number 14 of the file format: the reader's own short date
    "TIME": "h:mm:ss AM/PM",
    "DATE_TIME": "m/d/yy h:mm",
    "SCIENTIFIC": "0.00E+00",
}
_PLAIN_KINDS = {"mm-dd-yy": "DATE", "@": "TEXT"}
_KINDS = {"date": "DATE", "time": "TIME", "datetime": "DATE_TIME"}
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
ERRORS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"})


def escaped(text: str) -> str:
    """A text as a file holds it: signs that XML can't have are written `_x0001_`."""
    return _UNFIT.sub(lambda match: f"_x{ord(match[0]):04X}_", text)


def unescaped(text: str) -> str:
    """The text that a file's string means."""
    if "_x" not in text:
        return text
    found = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    # Some programs escape both halves of an emoji; a half that is left alone is nothing.
    return found.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def formula_from(text: str) -> str:
    """A formula of a file, with its `=`, as Sheets writes it."""
    if "_xl" not in text.lower():
        return text
    pieces = (
        _PREFIX.sub("", piece.text) if piece.kind != formula_text.STRING else piece.text
        for piece in formula_text.tokens(text)
    )
    return f"={''.join(pieces)}"


def formula_to(text: str) -> tuple[str, list[str]]:
    """A formula as a file holds it, and the functions in it that Excel doesn't know."""
    out, unknown = ["="], []
    for piece in formula_text.tokens(text):
        written = piece.text
        if piece.kind == formula_text.FUNCTION:
            name = written[:-1].upper()
            if name in _OF_SHEETS_TOO:
                written = f"_xlfn._xlws.{written}"
            elif name in _YOUNGER:
                written = f"_xlfn.{written}"
            elif name not in FORMULAE:
                unknown.append(name)
        out.append(written)
    return "".join(out), unknown


def number_format_from(code: str) -> dict[str, str] | None:
    """A file's number format as a NumberFormat; None for General."""
    if code in (None, "", _GENERAL):
        return None
    if code in _PLAIN_KINDS:
        return {"type": _PLAIN_KINDS[code]}
    pattern = re.sub(r"\[\$([^\]-]*)(?:-[0-9A-Fa-f]+)?\]", _currency, code)
    pattern = pattern.replace("AM/PM", "am/pm")
    return {"type": _kind(code), "pattern": pattern}


def number_format_to(shape: Mapping[str, Any]) -> str:
    """A NumberFormat as a file's format code."""
    pattern = str(shape.get("pattern", ""))
    if not pattern:
        return _DEFAULT_CODES.get(str(shape.get("type", "")), _GENERAL)
    return pattern.replace("am/pm", "AM/PM")


def _currency(match: re.Match[str]) -> str:
    return f'"{match[1]}"' if match[1] else ""


def _kind(code: str) -> str:
    if is_timedelta_format(code):
        return "TIME"
    kind = is_datetime(code)
    if kind is not None:
        return _KINDS[kind]
    bare = _QUOTED.sub("", code)
    if bare.strip() == "@":
        return "TEXT"
    if "%" in bare:
        return "PERCENT"
    if re.search(r"[Ee][+-]", bare):
        return "SCIENTIFIC"
    return "CURRENCY" if re.search(r"\[\$[^\]-]|[$€£¥₽₹]", code) else "NUMBER"


def titles_for(titles: Iterable[str]) -> dict[str, str]:
    """For each title of a tab the one that Excel allows: 31 letters, none of `[]:*?/\\`, unique."""
    found: dict[str, str] = {}
    wanted = list(titles)
    taken: set[str] = {title.casefold() for title in wanted if _fit(title) == title}
    for title in wanted:
        new = _fit(title)
        if new != title:
            stem, number = new, 2
            while new.casefold() in taken:
                ending = f" {number}"
                new, number = stem[: _LONGEST_TITLE - len(ending)] + ending, number + 1
            taken.add(new.casefold())
        found[title] = new
    return found


def _fit(title: str) -> str:
    new = _FORBIDDEN.sub("-", title)
    while len(new.encode("utf-16-le")) // 2 > _LONGEST_TITLE:  # Excel counts as UTF-16 does
        new = new[:-1]
    if new.startswith("'") or new.endswith("'"):
        new = f"-{new[1:]}" if new.startswith("'") else new
        new = f"{new[:-1]}-" if new.endswith("'") else new
    return "History-" if new.casefold() == "history" else new  # a name that Excel keeps for itself
