"""A command with macros, and a config -> the arguments of one process.

Decided here: which macros there are, how a value is written as an argument, and what can't be one.
The macros and the spelling of values are those of W&B's agent, so that commands carry over; what it
doesn't have is `${key}` anywhere in a word, and `$${` for a `${` that is meant as it stands.

There is no shell: a word of the command becomes one argument, or with `${args}` and its like one
for each key, whatever stands in the cells. A blank cell is no argument, so the script's own default
holds. Elsewhere: what a cell is worth (`runsheet.values`), who starts the process (`supervisor`).
"""

import json
import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from gsheet_ml_scheduler.errors import CommandError
from gsheet_ml_scheduler.runsheet.values import Scalar

Config = Mapping[str, Scalar]

_MACRO = re.compile(r"\$?\$\{(?P<name>[^{}]*)\}")
_ESCAPED = "$$"
_ENVVAR = "envvar:"


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a command is completed with, for one run."""

    config: Config
    environment: Mapping[str, str]
    run_name: str
    run_dir: str
    config_file: str


def given(config: Config) -> dict[str, Scalar]:
    """The config without what is blank: that is left to the script's own defaults."""
    return {key: value for key, value in config.items() if value != ""}


def spelled(value: Scalar) -> str:
    """A value as Python writes it: `True`, `3`, `1e-05`, text as it is."""
    return str(value)


def _no_boolean_flags(config: Config) -> list[str]:
    flags = []
    for key, value in config.items():
        if value is True:
            flags.append(f"--{key}")
        elif value is not False:
            flags.append(f"--{key}={spelled(value)}")
    return flags


def _each(pattern: str) -> Callable[[Config], list[str]]:
    return lambda config: [pattern.format(k=key, v=spelled(config[key])) for key in config]


MANY: Mapping[str, Callable[[Config], list[str]]] = {
    "args": _each("--{k}={v}"),
    "args_no_hyphens": _each("{k}={v}"),
    "args_no_equals": lambda config: [
        word for key, value in config.items() for word in (f"--{key}", spelled(value))
    ],
    "args_no_boolean_flags": _no_boolean_flags,
    "args_append_hydra": _each("+{k}={v}"),
    "args_override_hydra": _each("++{k}={v}"),
}
"""Macros that become any number of arguments, and so must be a word of their own."""

ONE: Mapping[str, Callable[[Occasion], str]] = {
    "args_json": lambda occasion: json.dumps(given(occasion.config)),
    "args_json_file": lambda occasion: occasion.config_file,
    "run_name": lambda occasion: occasion.run_name,
    "run_dir": lambda occasion: occasion.run_dir,
}
"""Macros that become one text, and so may be a part of a word."""

_NOT_PARAMETERS = frozenset(["run_name", "run_dir"])
"""Macros that pass nothing of the config."""


def with_args(words: Sequence[str]) -> list[str]:
    """The command, with `${args}` at its end if it has no macro that passes parameters.

    Raises:
        CommandError: there is no command.
    """
    if not words or not words[0].strip():
        raise CommandError("There is no command. Put it behind --, as in: -- python train.py")
    names = [name for word in words for name in _names(word)]
    passes = any(not name.startswith(_ENVVAR) and name not in _NOT_PARAMETERS for name in names)
    return list(words) if passes else [*words, "${args}"]


def check(words: Iterable[str], keys: Collection[str], environment: Mapping[str, str]) -> None:
    """Refuses a command that no run could be started with, before one is claimed.

    Args:
        words: the command.
        keys: the sheet's hyperparameters.
        environment: the environment variables.

    Raises:
        CommandError: a macro is unknown, or stands inside a word where it can't.
    """
    for word in words:
        for name in _names(word):
            if name in MANY and word != f"${{{name}}}":
                raise CommandError(
                    f"{word!r}: ${{{name}}} becomes one argument for each hyperparameter, so it "
                    "must stand alone. For one value, write its name: --lr=${lr}"
                )
            if name.startswith(_ENVVAR):
                _variable(name, word, environment)
            elif name not in MANY and name not in ONE and name not in keys:
                raise _unknown(name, word, keys)


def arguments(words: Iterable[str], occasion: Occasion) -> list[str]:
    """The arguments of one run's process; the first is the program.

    Raises:
        CommandError: a macro names no column, or a value can't be an argument.
    """
    passed = given(occasion.config)
    found: list[str] = []
    for word in words:
        name = _alone(word)
        found += MANY[name](passed) if name in MANY else [_completed(word, occasion)]
    for argument in found:
        _refuse_impossible(argument)
    return found


def _completed(word: str, occasion: Occasion) -> str:
    def text(match: re.Match[str]) -> str:
        whole, name = match[0], match["name"]
        if whole.startswith(_ESCAPED):
            return whole[1:]
        if name in ONE:
            return ONE[name](occasion)
        if name.startswith(_ENVVAR):
            return _variable(name, word, occasion.environment)
        if name in occasion.config:
            return spelled(occasion.config[name])
        raise _unknown(name, word, occasion.config)

    return _MACRO.sub(text, word)


def _names(word: str) -> list[str]:
    return [m["name"] for m in _MACRO.finditer(word) if not m[0].startswith(_ESCAPED)]


def _alone(word: str) -> str:
    match = _MACRO.fullmatch(word)
    return match["name"] if match and not word.startswith(_ESCAPED) else ""


def _variable(name: str, word: str, environment: Mapping[str, str]) -> str:
    variable = name[len(_ENVVAR) :]
    if variable not in environment:
        raise CommandError(
            f"{word!r}: the environment variable {variable!r} isn't set. Set it where "
            "gsheet-ml work is started."
        )
    return environment[variable]


def _unknown(name: str, word: str, keys: Collection[str]) -> CommandError:
    macros = ", ".join(f"${{{macro}}}" for macro in (*MANY, *ONE, "envvar:NAME"))
    columns = ", ".join(keys) or "none"
    return CommandError(
        f"{word!r}: ${{{name}}} is neither a macro ({macros}) nor a hyperparameter of the sheet "
        f"({columns}). If the command means it as it stands, write $${{{name}}}."
    )


def _refuse_impossible(argument: str) -> None:
    shown = argument if len(argument) <= 60 else f"{argument[:59]}…"
    if "\0" in argument:
        raise CommandError(
            f"{shown!r} holds a NUL character, which no argument can. Correct the cell, or pass "
            "the config as a file: ${args_json_file}"
        )
    try:
        os.fsencode(argument)
    except UnicodeEncodeError as error:
        raise CommandError(
            f"{shown!r} holds half a character, which no argument can. Correct the cell, or pass "
            "the config as a file: ${args_json_file}"
        ) from error
