"""Drive's `q`: which files a listing is to show.

Decided here: the grammar, and what a term asks of a file (Drive API, "Search for files and
folders"): comparisons joined by `and`, `or`, `not` and brackets; text in single quotes, or in
double ones as gspread sends it. A field that local files don't have is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import ApiError

File = Mapping[str, Any]
Test = Callable[[File], bool]

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")|(?P<sign><=|>=|!=|[=<>()])"
    r"|(?P<word>[A-Za-z][\w.]*))"
)
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: bool(a == b),
    "!=": lambda a, b: bool(a != b),
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
}
_TEXTS = ("name", "mimeType")
_TIMES = ("modifiedTime", "createdTime")
_FLAGS = ("trashed", "starred", "sharedWithMe")
_LISTS = ("parents", "owners", "writers", "readers")


def parse(query: str) -> Test:
    """The test that a query means.

    Raises:
        ApiError: 400, it can't be read, or asks for what local files don't have.
    """
    reader = _Reader(query)
    test = reader.either()
    if reader.peek():
        raise reader.refusal()
    return test


class _Reader:
    """Recursive descent over a query's tokens; `at` is the next one."""

    def __init__(self, query: str) -> None:
        self.query = query
        self.at = 0
        self.tokens: list[tuple[str, str]] = []
        end = 0
        while query[end:].strip():
            match = _TOKEN.match(query, end)
            if match is None:
                raise self.refusal()
            self.tokens.append((str(match.lastgroup), match[match.lastgroup or 0]))
            end = match.end()

    def peek(self) -> str:
        """The next token; "" at the end."""
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, *kinds: str) -> str:
        """The next token, which has to be of one of these kinds."""
        if self.at >= len(self.tokens) or self.tokens[self.at][0] not in kinds:
            raise self.refusal()
        self.at += 1
        return self.tokens[self.at - 1][1]

    def refusal(self) -> ApiError:
        """What is said of a query that can't be read."""
        return ApiError(400, "INVALID_ARGUMENT", f"Invalid Value: the query {self.query}")

    def either(self) -> Test:
        """`a or b`; Drive gives `and` and `or` the same rank, from the left."""
        test = self.term()
        while self.peek() in ("and", "or"):
            test = _joined(self.take("word"), test, self.term())
        return test

    def term(self) -> Test:
        """`not a`, `(a)`, or a comparison."""
        if self.peek() == "not":
            self.take("word")
            negated = self.term()
            return lambda file: not negated(file)
        if self.peek() == "(":
            self.take("sign")
            test = self.either()
            if self.take("sign") != ")":
                raise self.refusal()
            return test
        if self.tokens[self.at : self.at + 1] and self.tokens[self.at][0] == "text":
            value = _unquoted(self.take("text"))  # 'id' in parents
            if self.take("word") != "in":
                raise self.refusal()
            return self.member(self.take("word"), value)
        return self.comparison(self.take("word"))

    def comparison(self, name: str) -> Test:
        """`name contains 'x'`, `trashed = false`, and gspread's `parents in "id"`."""
        sign = self.take("sign", "word")
        if name in _FLAGS:
            wanted = self.take("word")
            if sign not in ("=", "!=") or wanted not in ("true", "false"):
                raise self.refusal()
            return lambda file: _SIGNS[sign](bool(file.get(name)), wanted == "true")
        value = _unquoted(self.take("text"))
        if sign == "in":
            return self.member(name, value)
        if sign == "contains" and name in (*_TEXTS, "fullText"):
            folded = value.casefold()
            # For `name`, Drive looks at the beginnings of words.
            starts = re.compile(rf"(?<!\w){re.escape(folded)}")
            return lambda file: bool(starts.search(str(file.get(name, "")).casefold()))
        if sign not in _SIGNS or name not in (*_TEXTS, *_TIMES):
            raise self.refusal()
        return lambda file: _SIGNS[sign](file[name], value)

    def member(self, name: str, value: str) -> Test:
        """`'id' in parents`."""
        if name not in _LISTS:
            raise self.refusal()
        if name == "parents":
            return lambda file: value in file["parents"]
        mine = ("me", "owners", "writers", "readers")
        return lambda file: value in mine or value in [o["emailAddress"] for o in file["owners"]]


def _joined(word: str, first: Test, second: Test) -> Test:
    if word == "and":
        return lambda file: first(file) and second(file)
    return lambda file: first(file) or second(file)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])
