"""The tree of errors is the one that is drawn at the top of `errors.py`, and callers rely on it."""

import inspect
import re

import pytest

from gsheet_ml_scheduler import errors

DRAWN = re.compile(r"^ {4}(?P<branch>[│ ├└─]*)(?P<name>[A-Z]\w+)\b.*$", re.MULTILINE)


def drawn() -> dict[str, str | None]:
    """Each error of the drawing with the one that it hangs from."""
    tree: dict[str, str | None] = {}
    path: list[str] = []
    for line in DRAWN.finditer(errors.__doc__ or ""):
        depth = len(line["branch"]) // 4
        del path[depth:]
        tree[line["name"]] = path[-1] if path else None
        path.append(line["name"])
    return tree


def defined() -> dict[str, type[Exception]]:
    return {
        name: thing
        for name, thing in inspect.getmembers(errors, inspect.isclass)
        if thing.__module__ == errors.__name__ and issubclass(thing, Exception)
    }


def test_the_drawing_shows_every_error_and_no_other() -> None:
    assert set(drawn()) == set(defined())


def test_every_error_hangs_where_the_drawing_shows_it() -> None:
    for name, parent in drawn().items():
        bases = [base.__name__ for base in defined()[name].__mro__[1:] if base.__name__ in drawn()]
        assert bases[:1] == ([parent] if parent else []), name


def test_one_except_clause_catches_them_all() -> None:
    assert all(issubclass(error, errors.GSheetMLError) for error in defined().values())


def test_every_error_says_in_its_docstring_what_happened() -> None:
    assert all((error.__doc__ or "").strip().endswith(".") for error in defined().values())


@pytest.mark.parametrize(
    ("error", "builtin"),
    [(errors.ConfigError, ValueError), (errors.NoSuchRunError, IndexError)],
)
def test_what_python_has_a_word_for_is_also_pythons_error(
    error: type[Exception], builtin: type[Exception]
) -> None:
    assert issubclass(error, builtin)


def test_no_access_is_a_kind_of_wrong_location_but_no_answer_is_not() -> None:
    assert issubclass(errors.AccessError, errors.LocationError)
    assert not issubclass(errors.SheetUnreachableError, errors.LocationError)
