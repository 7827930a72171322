"""Formats as they are kept: colours in 8 bits, a colour beside its ColorStyle, nulls gone."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsheet_ml_scheduler.localsheets import styles
from gsheet_ml_scheduler.localsheets.errors import ApiError


def test_a_half_is_kept_as_the_recordings_show_it() -> None:
    assert styles.colour({"red": 0.5, "green": 1, "blue": 0}) == {"red": 0.49803922, "green": 1}


@given(st.floats(0, 1))
def test_a_channel_is_rounded_down_to_8_bits_and_stays_there(share: float) -> None:
    kept = styles.colour({"red": share})
    value = kept.get("red", 0)
    bits = round(value * 255)
    assert value == pytest.approx(bits / 255, abs=1e-7)
    assert bits <= share * 255 + 1e-4
    assert bits + 1 > share * 255 - 1e-4
    assert styles.colour(kept) == kept, "writing back what was read changes the colour"


@pytest.mark.parametrize("bits", range(256))
def test_every_one_of_the_256_shades_survives_writing_and_reading(bits: int) -> None:
    kept = styles.colour({"red": bits / 255})
    single = struct.unpack("f", struct.pack("f", bits / 255))[0]
    assert styles.colour({"red": single}) == kept, "as a float of 32 bits, as Google answers it"
    assert kept == ({} if not bits else {"red": kept["red"]})
    assert round(kept.get("red", 0) * 255) == bits


@pytest.mark.parametrize("share", [-0.1, 1.1, "0.5", True, [0.5]])
def test_a_share_that_is_none_is_refused_by_its_name(share: object) -> None:
    with pytest.raises(ApiError, match="Invalid colour: green is"):
        styles.colour({"green": share})


def test_a_colour_has_its_style_beside_it_whichever_was_sent() -> None:
    red = {"red": 1}
    for sent in ({"backgroundColor": red}, {"backgroundColorStyle": {"rgbColor": red}}):
        assert styles.normal(sent) == {
            "backgroundColor": red,
            "backgroundColorStyle": {"rgbColor": red},
        }


def test_what_is_null_is_not_kept() -> None:
    assert styles.normal({"textFormat": {"bold": True, "italic": None}, "wrapStrategy": None}) == {
        "textFormat": {"bold": True}
    }
