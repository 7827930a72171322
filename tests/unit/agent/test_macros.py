"""A command with macros and a config -> arguments: one for each word or key, whatever it holds."""

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gsheet_ml_scheduler.agent import macros
from gsheet_ml_scheduler.errors import CommandError

CONFIG: macros.Config = {
    "lr": 1e-05,
    "n_epoch": 3,
    "augment": True,
    "verbose": False,
    "opt": "adam",
    "tag": "",
}
ENVIRONMENT = {"HOME": "/home/eva", "lower_case": "yes", "EMPTY": ""}
NASTY = [
    "; rm -rf /",
    "$(id)",
    "--help",
    "a\nb",
    "🙂",
    "it's",
    '"',
    "`id`",
    "*",
    "${args}",
    " ",
    "%s",
]


def occasion(config: Any = None, **changes: str) -> macros.Occasion:
    known = {"run_name": "a run", "run_dir": "/runs/a", "config_file": "/runs/a/config.json"}
    return macros.Occasion(
        CONFIG if config is None else config, ENVIRONMENT, **{**known, **changes}
    )


def arguments(*words: str, config: Any = None) -> list[str]:
    return macros.arguments(words, occasion(config))


@pytest.mark.parametrize(
    ("macro", "expected"),
    [
        ("args", ["--lr=1e-05", "--n_epoch=3", "--augment=True", "--verbose=False", "--opt=adam"]),
        ("args_no_hyphens", ["lr=1e-05", "n_epoch=3", "augment=True", "verbose=False", "opt=adam"]),
        (
            "args_no_equals",
            [
                "--lr",
                "1e-05",
                "--n_epoch",
                "3",
                "--augment",
                "True",
                "--verbose",
                "False",
                "--opt",
                "adam",
            ],
        ),
        ("args_no_boolean_flags", ["--lr=1e-05", "--n_epoch=3", "--augment", "--opt=adam"]),
        (
            "args_append_hydra",
            ["+lr=1e-05", "+n_epoch=3", "+augment=True", "+verbose=False", "+opt=adam"],
        ),
        (
            "args_override_hydra",
            ["++lr=1e-05", "++n_epoch=3", "++augment=True", "++verbose=False", "++opt=adam"],
        ),
        ("args_json_file", ["/runs/a/config.json"]),
        ("run_dir", ["/runs/a"]),
        ("run_name", ["a run"]),
        ("opt", ["adam"]),
        ("envvar:HOME", ["/home/eva"]),
        ("envvar:lower_case", ["yes"]),
        ("envvar:EMPTY", [""]),
    ],
)
def test_a_macro_becomes_these_arguments(macro: str, expected: list[str]) -> None:
    assert arguments("train", f"${{{macro}}}") == ["train", *expected]


def test_args_json_is_the_config_as_one_argument() -> None:
    (one,) = arguments("${args_json}")
    assert json.loads(one) == {key: value for key, value in CONFIG.items() if key != "tag"}


def test_a_blank_cell_is_no_argument_so_that_the_scripts_default_holds() -> None:
    assert arguments("${args}", config={"lr": "", "n": 0, "flag": False}) == [
        "--n=0",
        "--flag=False",
    ]
    assert arguments("--tag=${tag}") == ["--tag="]


def test_macros_of_one_value_may_be_a_part_of_a_word() -> None:
    assert arguments("--out=${run_dir}/x", "${opt}-${lr}", "--home=${envvar:HOME}") == [
        "--out=/runs/a/x",
        "adam-1e-05",
        "--home=/home/eva",
    ]


def test_what_a_value_holds_is_never_taken_for_a_macro() -> None:
    assert arguments("${a}", "x${a}", config={"a": "${b}", "b": "no"}) == ["${b}", "x${b}"]


def test_two_dollar_signs_keep_what_looks_like_a_macro() -> None:
    assert arguments("hydra.dir=$${now:%Y}", "$${args}") == ["hydra.dir=${now:%Y}", "${args}"]


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (["train.py"], ["train.py", "${args}"]),
        (["train.py", "--fast"], ["train.py", "--fast", "${args}"]),
        (["train.py", "--home=${envvar:HOME}"], ["train.py", "--home=${envvar:HOME}", "${args}"]),
        (["train.py", "--out=${run_dir}"], ["train.py", "--out=${run_dir}", "${args}"]),
        (["train.py", "$${args}"], ["train.py", "$${args}", "${args}"]),
        (["train.py", "--lr=${lr}"], ["train.py", "--lr=${lr}"]),
        (["train.py", "${args_json_file}"], ["train.py", "${args_json_file}"]),
    ],
)
def test_a_command_that_passes_no_parameters_gets_args_at_its_end(
    words: list[str], completed: list[str]
) -> None:
    assert macros.with_args(words) == completed


@pytest.mark.parametrize("words", [[], [""], [" "]])
def test_without_a_command_there_is_a_sentence(words: list[str]) -> None:
    with pytest.raises(CommandError, match=r"There is no command\. Put it behind --"):
        macros.with_args(words)


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("x${args}", "so it must stand alone"),
        ("${args}${args}", "so it must stand alone"),
        ("${learning_rate}", "is neither a macro .* nor a hyperparameter of the sheet .lr, opt.*"),
        ("${}", "is neither a macro"),
        ("${program}", r"If the command means it as it stands, write \$\$\{program\}"),
        ("${envvar:NOT_SET}", "the environment variable 'NOT_SET' isn't set"),
    ],
)
def test_a_command_that_no_run_could_be_started_with_is_refused(word: str, sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        macros.check(["train.py", word], ["lr", "opt"], ENVIRONMENT)


def test_a_command_with_known_macros_is_not_refused() -> None:
    words = [
        "${envvar:HOME}",
        "${args}",
        "a${lr}",
        "${args_json_file}",
        "$${x}",
        "${run_dir}/${opt}",
    ]
    macros.check(words, ["lr", "opt"], ENVIRONMENT)


def test_a_column_that_vanished_meanwhile_is_named() -> None:
    with pytest.raises(CommandError, match=r"'--lr=\$\{lr\}': \$\{lr\} is neither"):
        arguments("--lr=${lr}", config={"opt": "adam"})


@pytest.mark.parametrize("value", ["a\0b", "\ud83d"])
def test_what_no_argument_can_hold_is_refused_with_advice(value: str) -> None:
    with pytest.raises(CommandError, match=r"pass the config as a file: \$\{args_json_file\}"):
        arguments("${args}", config={"a": value})


def test_bytes_that_a_variable_holds_reach_the_script_as_they_are() -> None:
    raw = b"\xff".decode(errors="surrogateescape")
    assert macros.arguments(["${envvar:RAW}"], macros.Occasion({}, {"RAW": raw}, "", "", "")) == [
        raw
    ]


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
values = st.one_of(
    texts.filter(bool),
    st.sampled_from(NASTY),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
)
configs = st.dictionaries(texts.filter(bool), values, max_size=6)


@given(configs)
def test_whatever_stands_in_the_cells_each_key_is_one_argument(config: dict[str, Any]) -> None:
    assert arguments("p", "${args}", config=config) == [
        "p",
        *(f"--{key}={value}" for key, value in config.items()),
    ]
    assert arguments("p", "${args_no_hyphens}", config=config) == [
        "p",
        *(f"{key}={value}" for key, value in config.items()),
    ]


@given(configs)
def test_a_json_argument_carries_every_value_exactly(config: dict[str, Any]) -> None:
    (one,) = arguments("${args_json}", config=config)
    carried = json.loads(one)
    assert carried == config
    assert [type(value) for value in carried.values()] == [type(it) for it in config.values()]


@given(texts, values)
def test_a_word_with_a_key_stays_one_word(before: str, value: Any) -> None:
    word = before.replace("$", "") + "${key}"
    assert arguments(word, config={"key": value}) == [before.replace("$", "") + str(value)]


@settings(max_examples=15, deadline=None)
@given(st.lists(values, min_size=1, max_size=5))
def test_a_real_process_gets_exactly_these_arguments(found: list[Any]) -> None:
    config = {f"key{number}": value for number, value in enumerate(found)}
    program = "import sys, json; print(json.dumps(sys.argv[1:]))"
    words = arguments(sys.executable, "-c", program, "${args}", config=config)
    done = subprocess.run(words, capture_output=True, check=True)
    assert json.loads(done.stdout) == [f"--{key}={value}" for key, value in config.items()]
