"""What the text after a key's `=` means: Hydra's grammar, as far as a cell goes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsheet_ml_scheduler.errors import GSheetMLError, SweepError
from gsheet_ml_scheduler.runsheet.values import Scalar
from gsheet_ml_scheduler.sweep import Choices, Interval, parse_values

MEANINGS: list[tuple[str, tuple[Scalar, ...]]] = [
    ("adam", ("adam",)),
    ("adam,sgd", ("adam", "sgd")),
    ("0.1, 0.01", (0.1, 0.01)),
    ("1_000,1e3,.5,1.,-5,+3", (1000, 1000.0, 0.5, 1.0, -5, 3)),
    ("007,12345678901234567890", ("007", "12345678901234567890")),
    ("true,FALSE,null,nan", (True, False, "null", "nan")),
    (" x y , z ", ("x y", "z")),
    ("", ("",)),
    ("'',b", ("", "b")),
    ("'a, b',\"it's\"", ("a, b", "it's")),
    (r"'it\'s','back\\slash','other\n'", ("it's", "back\\slash", "other\\n")),
    ("'1','true'", ("1", "true")),
    (r"a\,b,c\ ,\(d\)", ("a,b", "c ", "(d)")),
    ("it's,ü😀,x=y,a@b?%|#c", ("it's", "ü😀", "x=y", "a@b?%|#c")),
    ("http://host:80/x,C:\\data", ("http://host:80/x", "C:\\data")),
    ("[64,64],[128],{a: [1,'],']}", ("[64,64]", "[128]", "{a: [1,'],']}")),
    ("choice(adam,sgd)", ("adam", "sgd")),
    ("choice( 'x y' , 3 )", ("x y", 3)),
    ("range(32,129,32)", (32, 64, 96, 128)),
    ("range(3)", (0, 1, 2)),
    ("range (1, 4 )", (1, 2, 3)),
    ("range(start=1,stop=4)", (1, 2, 3)),
    ("range(1,0,-0.25)", (1.0, 0.75, 0.5, 0.25)),
    ("range(0,1,0.1)", (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)),
    ("float(range(1,3))", (1.0, 2.0)),
    ("str(range(1,3))", ("1", "2")),
    ("int(1.5),2", (1, 2)),
    ("bool(choice(0,1))", (False, True)),
    ("sort(3,1,2)", (1, 2, 3)),
    ("sort(range(3),reverse=true)", (2, 1, 0)),
    ("tag(any,choice(1,2))", (1, 2)),
    ("0,range(10,31,10)", (0, 10, 20, 30)),
]


@pytest.mark.parametrize(("text", "values"), MEANINGS, ids=[text for text, _ in MEANINGS])
def test_a_text_means_these_values(text: str, values: tuple[Scalar, ...]) -> None:
    found = parse_values(text)
    assert isinstance(found, Choices)
    assert found.values == values
    assert list(map(type, found.values)) == list(map(type, values))


@pytest.mark.parametrize(
    ("text", "interval"),
    [
        ("interval(1,4)", Interval(1, 4)),
        ("interval(start=1,end=2)", Interval(1, 2)),
        ("tag(log, interval(1e-5,1e-2))", Interval(1e-5, 1e-2, log=True)),
        ("int(interval(1,8))", Interval(1, 8, whole=True)),
        ("tag(int,log,interval(1,8))", Interval(1, 8, log=True, whole=True)),
    ],
)
def test_an_interval_is_any_number_between_two(text: str, interval: Interval) -> None:
    assert parse_values(text) == interval


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x,", "a value is missing; an empty one is written ''"),
        ("'abc", "the quotation mark ' isn't closed: 'abc"),
        ("[1,[2]", "the bracket [ isn't closed"),
        ("choice(a,b", "',' or ')' is missing: choice(a,b ⟶ "),
        ("'x'y", "',' is missing: 'x' ⟶ y"),
        ("a)b", r"in a text, write \) or quote the text: a ⟶ )b"),
        ("uniform(1,2)", "there is no function uniform; there are choice, range, interval,"),
        ("choice()", "there is no value to choose from"),
        ("range(1,2,0)", "a step of 0 never gets to the end"),
        ("range(1,5,-1)", "there is nothing from 1 up to 5 in steps of -1"),
        ("range(a,b)", "range(…): a is no number"),
        ("range(1,2,3,4)", "it has no more than 3 arguments"),
        ("range(step=1)", "where it stops is missing"),
        ("range(1e9)", "more than 100,000 values"),
        ("interval(4,1)", "the interval begins at 4 and ends at 1"),
        ("interval(1)", "it has two bounds"),
        ("tag(log,interval(0,1))", "begins above 0, not at 0"),
        ("int(interval(0.5,2))", "an interval of whole numbers has whole bounds"),
        ("interval(1,2),3", "an interval stands alone"),
        ("tag(log)", "the last argument is what is tagged"),
        ("int(a)", "'a' is no whole number"),
        ("sort(1,a)", "numbers and texts can't be sorted together"),
        ("choice(list=1)", "it has no argument list"),
    ],
)
def test_what_cannot_be_understood_is_a_sentence_that_shows_where(text: str, sentence: str) -> None:
    with pytest.raises(SweepError) as caught:
        parse_values(text)
    assert sentence in str(caught.value)


def test_the_error_is_one_of_ours_and_a_value_error() -> None:
    assert issubclass(SweepError, GSheetMLError) and issubclass(SweepError, ValueError)


@given(st.lists(st.text(), min_size=1))
def test_any_quoted_text_arrives_as_it_is(texts: list[str]) -> None:
    quoted = [text.replace("\\", "\\\\").replace("'", "\\'") for text in texts]
    assert parse_values(",".join(f"'{text}'" for text in quoted)) == Choices(tuple(texts))


@given(st.lists(st.integers(-(10**15), 10**15) | st.floats(allow_nan=False), min_size=1))
def test_any_number_arrives_as_it_is(numbers: list[float]) -> None:
    found = parse_values(",".join(map(repr, numbers)))
    assert isinstance(found, Choices)
    for value, number in zip(found.values, numbers, strict=True):
        assert value == number or isinstance(value, str)  # what a cell can't hold stays text
        assert isinstance(value, str) is (str(value) in (repr(number), str(number))) or (
            type(value) is type(number)
        )


@given(st.text(alphabet="abé1.,()[]{}'\"\\ =range-"))
def test_any_text_is_understood_or_refused_with_a_sentence(text: str) -> None:
    try:
        found = parse_values(text)
    except SweepError as error:
        assert str(error)
    else:
        assert isinstance(found, Choices | Interval)


@given(
    st.integers(-1000, 1000),
    st.integers(1, 500),
    st.integers(1, 50),
)
def test_a_range_is_pythons(start: int, length: int, step: int) -> None:
    stop = start + length
    found = parse_values(f"range({start},{stop},{step})")
    assert found == Choices(tuple(range(start, stop, step)))
