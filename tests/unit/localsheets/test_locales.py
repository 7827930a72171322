"""A locale's conventions, as far as the API shows them."""

from __future__ import annotations

import pytest

from gsheet_ml_scheduler.localsheets.errors import ApiError
from gsheet_ml_scheduler.localsheets.text.locales import conventions
from gsheet_ml_scheduler.localsheets.text.number_format import display
from gsheet_ml_scheduler.localsheets.text.user_entered import parse


@pytest.mark.parametrize(
    ("locale", "signs", "patterns"),
    [
        ("en_US", (".", ",", "mdy"), ("M/d/yyyy", "h:mm:ss am/pm", '"$"#,##0.00')),
        ("en_GB", (".", ",", "dmy"), ("dd/MM/yyyy", "HH:mm:ss", '"£"#,##0.00')),
        ("de_DE", (",", ".", "dmy"), ("dd.MM.yyyy", "HH:mm:ss", '#,##0.00 "€"')),
        ("fr_FR", (",", "\u202f", "dmy"), ("dd/MM/yyyy", "HH:mm:ss", '#,##0.00 "€"')),
        ("sv_SE", (",", "\u00a0", "ymd"), ("yyyy-MM-dd", "HH:mm:ss", '#,##0.00 "kr"')),
    ],
)
def test_a_locale_decides_signs_orders_and_patterns(
    locale: str, signs: tuple[str, str, str], patterns: tuple[str, str, str]
) -> None:
    found = conventions(locale)
    assert (found.decimal, found.group, found.date_order) == signs
    assert (found.date_pattern, found.time_pattern, found.money()) == patterns


def test_a_hyphen_and_a_language_alone_are_understood() -> None:
    assert conventions("de-DE") == conventions("de_DE")
    assert conventions("en").decimal == "."


@pytest.mark.parametrize("locale", ["", "xx_YY", "not a locale", "../en"])
def test_a_locale_that_there_isnt_is_refused(locale: str) -> None:
    with pytest.raises(ApiError, match="Unsupported locale: "):
        conventions(locale)


@pytest.mark.parametrize("locale", ["ar_EG", "en_IN", "fa_IR", "hi_IN", "ja_JP", "ko_KR", "zh_CN"])
def test_a_locale_of_another_script_shows_and_reads_its_own_dates(locale: str) -> None:
    shown = display(43831, {"type": "DATE"}, locale)
    assert parse(shown, locale).value == 43831
