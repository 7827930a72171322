"""A key's text -> what the key can be: the sweep grammar of Hydra, as far as a cell goes.

    value1,value2            one of these            range(32,129,32)    32, 64, 96, 128
    choice(adam,sgd)         the same                range(3)            0, 1, 2
    interval(1e-5,1e-2)      any number between      tag(log, interval(1e-5,1e-2))
    'a, b'   "c"   a\\,b      text with commas        int(interval(1,8))  whole numbers only

Decided here: this grammar and what each of its sentences means, by a parser of one page. Hydra's
own would bring a parser generator's run time, pinned to one version, into everybody's environment,
to read one argument; and its values aren't a cell's. Lists and dicts (`[64,64]`) stay the text they
are, because a cell holds text. Elsewhere: what the functions do (`functions`), how keys are
combined (`combining`).
"""

import re

from gsheet_ml_scheduler.errors import SweepError
from gsheet_ml_scheduler.sweep.functions import FUNCTIONS, Argument, Arguments, Word, choices
from gsheet_ml_scheduler.sweep.space import Choices, Values

_FUNCTION = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*\(")
_NAMED = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*")
_ESCAPED = frozenset("\\,()[]{}:= \t'\"")
_PAIRS = {"[": "]", "{": "}"}
_BLANKS = " \t"


def parse_values(text: str) -> Values:
    """What the text after a key's `=` means.

    Raises:
        SweepError: it can't be understood; the message shows where.
    """
    return _Reader(text).read()


class _Reader:
    """Reads one text from left to right."""

    def __init__(self, text: str) -> None:
        """Nothing is read yet."""
        self._text = text
        self._at = 0

    def read(self) -> Values:
        """The whole text."""
        self._skip_blanks()
        if self._ended:
            return Choices(("",))  # key=  empties the cell: the default holds
        found = [self._element("")]
        while not self._ended:
            self._expect(",")
            found.append(self._element(""))
        return self._one_of(found)

    # ------------------------------------------------------------ the parts

    def _element(self, closing: str) -> Argument:
        """One value or function, with the blanks around it; it ends before `,` or `closing`."""
        self._skip_blanks()
        start = self._at
        sign = self._text[start : start + 1]
        if sign in ("'", '"') and sign:
            found: Argument = Word(self._quoted(sign), quoted=True)
        elif sign in _PAIRS:
            found = Word(self._bracketed(), quoted=True)
        elif (function := _FUNCTION.match(self._text, start)) is not None:
            self._at = function.end()
            found = self._call(function["name"], self._arguments(), start)
        else:
            found = Word(self._unquoted(closing))
        self._skip_blanks()
        return found

    def _quoted(self, mark: str) -> str:
        start = self._at
        letters: list[str] = []
        self._at += 1
        while not self._ended:
            letter = self._next()
            if letter == mark:
                return "".join(letters)
            if letter == "\\" and self._text[self._at : self._at + 1] in (mark, "\\"):
                letter = self._next()
            letters.append(letter)
        raise self._wrong(f"the quotation mark {mark} isn't closed", start)

    def _bracketed(self) -> str:
        """A list or a dict, as it stands there."""
        start = self._at
        waiting: list[str] = []
        while not self._ended:
            sign = self._text[self._at]
            if sign in ("'", '"'):
                self._quoted(sign)
                continue
            self._at += 1
            if sign in _PAIRS:
                waiting.append(_PAIRS[sign])
            elif waiting and sign == waiting[-1]:
                waiting.pop()
                if not waiting:
                    return self._text[start : self._at]
        raise self._wrong(f"the bracket {self._text[start]} isn't closed", start)

    def _unquoted(self, closing: str) -> str:
        start = self._at
        letters: list[str] = []
        kept = 0  # up to here blanks were meant
        while not self._ended and self._text[self._at] not in f",{closing}":
            letter = self._next()
            if letter in "()":
                raise self._wrong(
                    f"{letter!r} means a function; in a text, write \\{letter} or quote the text",
                    self._at - 1,
                )
            escaped = letter == "\\" and self._text[self._at : self._at + 1] in _ESCAPED
            if escaped and not self._ended:
                letter = self._next()
                kept = len(letters) + 1
            letters.append(letter)
        text = "".join(letters)
        text = text[:kept] + text[kept:].rstrip(_BLANKS)
        if not text:
            raise self._wrong("a value is missing; an empty one is written ''", start)
        return text

    def _arguments(self) -> Arguments:
        found: Arguments = []
        self._skip_blanks()
        if self._text[self._at : self._at + 1] == ")":
            self._at += 1
            return found
        while True:
            named = _NAMED.match(self._text, self._at)
            if named is not None:
                self._at = named.end()
            found.append((named["name"] if named else "", self._element(")")))
            if self._text[self._at : self._at + 1] == ")":
                self._at += 1
                return found
            self._expect(",", or_else="')'")
            self._skip_blanks()

    def _call(self, name: str, arguments: Arguments, start: int) -> Values:
        function = FUNCTIONS.get(name)
        if function is None:
            known = ", ".join(FUNCTIONS)
            raise self._wrong(f"there is no function {name}; there are {known}", start)
        try:
            return function(arguments)
        except SweepError as error:
            raise self._wrong(f"{name}(…): {error}", start) from error

    def _one_of(self, found: list[Argument]) -> Values:
        if len(found) == 1 and not isinstance(found[0], Word):
            return found[0]
        try:
            return choices(found)
        except SweepError as error:
            raise self._wrong(str(error), 0) from error

    # ------------------------------------------------------------ letters

    @property
    def _ended(self) -> bool:
        return self._at >= len(self._text)

    def _next(self) -> str:
        self._at += 1
        return self._text[self._at - 1]

    def _skip_blanks(self) -> None:
        while not self._ended and self._text[self._at] in _BLANKS:
            self._at += 1

    def _expect(self, sign: str, *, or_else: str = "") -> None:
        if self._text[self._at : self._at + 1] != sign:
            wanted = f"{sign!r} or {or_else}" if or_else else repr(sign)
            raise self._wrong(f"{wanted} is missing", self._at)
        self._at += 1

    def _wrong(self, what: str, at: int) -> SweepError:
        if not self._text:
            return SweepError(what)
        shown = f"{self._text[:at]} ⟶ {self._text[at:]}" if at else self._text
        return SweepError(f"{what}: {shown}")
