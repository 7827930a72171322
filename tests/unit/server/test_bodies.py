"""Bodies: what counts as JSON, and how much is read."""

import json
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsheet_ml_scheduler.localsheets.errors import ApiError
from gsheet_ml_scheduler.server.bodies import (
    MAX_BYTES,
    MAX_DEPTH,
    Allowance,
    BodyReader,
    ClientGoneError,
    parse_json,
)

Message = MutableMapping[str, Any]

_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    # a surrogate alone is no character
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), _json), st.booleans())
def test_every_json_object_is_read_as_it_was_written(found: dict[str, Any], ascii_: bool) -> None:
    assert parse_json(json.dumps(found, ensure_ascii=ascii_).encode()) == found


def test_no_body_is_no_object() -> None:
    assert parse_json(b"") is None
    assert parse_json(b"{}") == {}
    assert parse_json(b"\xef\xbb\xbf{}") == {}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "line 1 column 2"),
        (b'{"a":\n\n}', "line 3 column 1"),
        (b"values=1&more=2", "line 1 column 1"),
        (b"   ", "line 1 column 4"),
        (b"[1, 2]", "An object is expected, not a list."),
        (b'"text"', "not text"),
        (b"null", "not null"),
        (b"17", "not a number"),
        (b'{"a": NaN}', "NaN is not a JSON number"),
        (b'{"a": -Infinity}', "-Infinity is not a JSON number"),
        (b'{"a": "\xff"}', "It isn't UTF-8 (byte 7)."),
        (b'{"a": "\\ud83d"}', "half of a surrogate pair"),
        (b'{"\\uDC00": 1}', "half of a surrogate pair"),
        (b'{"a": ' + b"9" * 6000 + b"}", "digits"),
        (b'{"a": 1} {"b": 2}', "Extra data"),
    ],
)
def test_what_is_no_json_object_is_refused_with_the_reason(body: bytes, said: str) -> None:
    with pytest.raises(ApiError) as refused:
        parse_json(body)
    assert (refused.value.code, refused.value.status) == (400, "INVALID_ARGUMENT")
    assert refused.value.message.startswith("Invalid JSON payload received. ")
    assert said in refused.value.message


def test_a_whole_surrogate_pair_is_one_character() -> None:
    assert parse_json(b'{"a": "\\ud83d\\ude00"}') == {"a": "\N{GRINNING FACE}"}


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 900, 5_000, 100_000])
def test_deep_nesting_is_refused_and_breaks_nothing(opening: bytes, depth: int) -> None:
    closing = {b"[": b"]", b'{"a":': b"}", b'[{"a":': b"}]"}[opening]
    with pytest.raises(ApiError, match="more than 100 deep"):
        parse_json(b'{"a":' + opening * depth + b"1" + closing * depth + b"}")


def test_nesting_up_to_the_limit_is_read() -> None:
    depth = MAX_DEPTH - 1
    assert parse_json(b'{"a":' + b"[" * depth + b"]" * depth + b"}") is not None


def wire(parts: Sequence[bytes | None]) -> Callable[[], Awaitable[Message]]:
    """An ASGI `receive` that delivers these parts; None is a client that went away."""
    waiting = list(parts)

    async def receive() -> Message:
        part = waiting.pop(0)
        if part is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": part, "more_body": bool(waiting)}

    return receive


def read(
    parts: Sequence[bytes | None], allowance: Allowance, announced: str | None = None
) -> bytes:
    async def run() -> bytes:
        return await BodyReader(wire(parts), allowance).read(announced)

    return anyio.run(run)


def test_a_body_is_put_together_from_its_parts() -> None:
    assert read([b"ab", b"", b"cd"], Allowance()) == b"abcd"


def test_a_body_that_announces_too_much_is_refused_before_it_is_kept() -> None:
    allowance = Allowance(total=1000)
    with pytest.raises(ApiError, match="exceeds the limit: 10485760 bytes"):
        read([b"x" * 500] * 4, allowance, announced=str(MAX_BYTES + 1))
    assert allowance.free == 1000


def test_a_body_that_announces_nothing_is_refused_when_it_becomes_too_large() -> None:
    allowance = Allowance()
    before = allowance.free
    with pytest.raises(ApiError, match="Send it in parts"):
        read([b"x" * 1024 * 1024] * 12, allowance)
    assert allowance.free == before


def test_bodies_together_take_no_more_than_the_allowance() -> None:
    allowance = Allowance(total=10)
    assert read([b"12345678"], allowance) == b"12345678"
    with pytest.raises(ApiError) as refused:
        read([b"123"], allowance)
    assert (refused.value.code, refused.value.status) == (503, "UNAVAILABLE")


def test_what_a_body_took_is_given_back() -> None:
    allowance = Allowance(total=10)

    async def run() -> None:
        for _ in range(5):
            reader = BodyReader(wire([b"12345678"]), allowance)
            await reader.read(None)
            reader.release()

    anyio.run(run)
    assert allowance.free == 10


def test_a_client_that_goes_away_is_told_from_one_that_finished() -> None:
    with pytest.raises(ClientGoneError):
        read([b"half", None], Allowance())
