"""Keys combined: how many runs, which ones, and that a sample is what was asked for."""

import math
import subprocess
import sys

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gsheet_ml_scheduler.errors import SweepError
from gsheet_ml_scheduler.runsheet.values import Scalar
from gsheet_ml_scheduler.sweep import Choices, Interval, grid, paired, sampled, with_seeds
from gsheet_ml_scheduler.sweep.combining import Spec
from gsheet_ml_scheduler.sweep.drawing import METHODS

values = st.lists(
    st.integers(-5, 5) | st.booleans() | st.text("ab", max_size=2), min_size=1, max_size=4
)
specs = st.dictionaries(st.text("xyz", min_size=1, max_size=2), values, max_size=4)
methods = st.sampled_from(METHODS)
bounds = st.floats(-1e6, 1e6).flatmap(
    lambda low: st.tuples(st.just(low), st.floats(low, 2e6, exclude_min=True))
)


def kinds(config: dict[str, Scalar]) -> tuple[tuple[str, bool, Scalar], ...]:
    """A config as something that can be counted; True isn't 1."""
    return tuple((key, isinstance(value, bool), value) for key, value in config.items())


def test_a_grid_is_every_combination_and_the_last_key_changes_fastest() -> None:
    assert grid({"lr": "0.1,0.01", "opt": ["adam", "sgd"], "n": 3}) == [
        {"lr": 0.1, "opt": "adam", "n": 3},
        {"lr": 0.1, "opt": "sgd", "n": 3},
        {"lr": 0.01, "opt": "adam", "n": 3},
        {"lr": 0.01, "opt": "sgd", "n": 3},
    ]


@given(specs)
def test_a_grid_has_as_many_runs_as_the_product_of_its_values(
    spec: dict[str, list[Scalar]],
) -> None:
    configs = grid(spec)
    assert len(configs) == math.prod(len(values) for values in spec.values())
    assert all(list(config) == list(spec) for config in configs)


def test_a_sweep_without_keys_is_one_run_with_the_defaults() -> None:
    assert grid({}) == paired({}) == [{}]


def test_pairs_go_together_and_a_single_value_goes_with_all() -> None:
    assert paired({"lr": "0.1,0.01", "batch": "32,64", "opt": "adam"}) == [
        {"lr": 0.1, "batch": 32, "opt": "adam"},
        {"lr": 0.01, "batch": 64, "opt": "adam"},
    ]


def test_pairs_of_different_length_are_refused() -> None:
    with pytest.raises(SweepError, match="as many values as the others: lr has 2, batch has 3"):
        paired({"lr": "0.1,0.01", "batch": "range(3)", "opt": "adam"})


@pytest.mark.parametrize("combine", [grid, paired])
def test_an_interval_needs_a_sample(combine: object) -> None:
    assert callable(combine)
    with pytest.raises(
        SweepError, match=r"lr: there is no end to the numbers from 0 to 1\. Draw a"
    ):
        combine({"lr": "interval(0,1)"})


def test_a_key_that_cannot_be_understood_is_named() -> None:
    with pytest.raises(SweepError, match="lr: the quotation mark ' isn't closed"):
        grid({"lr": "'0.1"})


def test_a_sweep_that_is_too_large_is_refused_before_it_is_made() -> None:
    with pytest.raises(SweepError, match="that would be 1,000,000,000,000 runs, more than the"):
        grid(dict.fromkeys("abcd", "range(1000)"))


@given(specs, st.integers(1, 5))
def test_seeds_repeat_each_config_with_a_seed_of_its_own(
    spec: dict[str, list[Scalar]], number: int
) -> None:
    configs = grid(spec)
    seeded = with_seeds(configs, number)
    assert len(seeded) == number * len(configs)
    for at, config in enumerate(seeded):
        assert config == {**configs[at // number], "seed": at % number}


def test_seeds_beside_a_seed_are_refused() -> None:
    with pytest.raises(SweepError, match="the key seed has values already"):
        with_seeds([{"seed": 1}], 3)


@settings(deadline=None, max_examples=60)
@given(specs, methods, st.integers(1, 30), st.integers(0, 2**32))
def test_a_sample_of_choices_has_different_runs_out_of_the_grid(
    spec: dict[str, list[Scalar]], method: str, number: int, random_seed: int
) -> None:
    whole = {kinds(config) for config in grid(spec)}
    assume(number <= len(whole))
    drawn = [kinds(it) for it in sampled(spec, number, method=method, random_seed=random_seed)]
    assert len(drawn) == len(set(drawn)) == number
    assert {tuple(sorted(it, key=str)) for it in drawn} <= {
        tuple(sorted(it, key=str)) for it in whole
    }


@settings(deadline=None, max_examples=60)
@given(bounds, st.booleans(), methods, st.integers(0, 2**32))
def test_a_drawn_number_lies_within_its_bounds(
    ends: tuple[float, float], log: bool, method: str, random_seed: int
) -> None:
    low, high = ends
    assume(high - low > 1e-9 * max(1e-290, abs(low), abs(high)) and not (log and low <= 0))
    spec = {"x": Interval(low, high, log=log)}
    for config in sampled(spec, 5, method=method, random_seed=random_seed):
        assert low <= float(config["x"]) <= high


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 50), st.integers(1, 50), st.booleans(), methods, st.integers(0, 2**32))
def test_a_drawn_whole_number_is_whole_and_both_ends_can_come(
    low: int, span: int, log: bool, method: str, random_seed: int
) -> None:
    spec = {"n": Interval(low, low + span, log=log, whole=True)}
    drawn = [
        it["n"] for it in sampled(spec, span + 1, method=method, random_seed=random_seed)
    ]  # all there are
    assert sorted(drawn) == list(range(low, low + span + 1))
    assert all(type(it) is int for it in drawn)


@pytest.mark.parametrize("method", METHODS)
def test_the_same_random_seed_gives_the_same_runs_and_another_gives_others(method: str) -> None:
    spec = {"lr": "tag(log,interval(1e-5,1e-2))", "hidden": "32,64,96"}
    drawn = [sampled(spec, 20, method=method, random_seed=seed) for seed in (7, 7, 8)]
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.parametrize("method", ["sobol", "lhs"])
def test_the_spread_methods_leave_no_half_empty(method: str) -> None:
    drawn = sampled(
        {"lr": "tag(log,interval(1e-5,1e-1))", "opt": "a,b"}, 16, method=method, random_seed=0
    )
    assert sum(float(it["lr"]) < 1e-3 for it in drawn) == 8
    assert sum(it["opt"] == "a" for it in drawn) == 8


def test_a_logarithmic_interval_gives_each_power_of_ten_its_share() -> None:
    drawn = sampled({"lr": "tag(log,interval(1e-4,1))"}, 4000, random_seed=1)
    counts = [sum(10**at <= float(it["lr"]) < 10 ** (at + 1) for it in drawn) for at in (-4, -1)]
    assert all(800 < count < 1200 for count in counts)


def test_drawn_numbers_can_be_read() -> None:
    drawn = sampled({"lr": "tag(log,interval(1e-5,1e-2))"}, 50, random_seed=3)
    assert all(len(f"{it['lr']:g}") <= 11 for it in drawn)
    assert all(float(f"{float(it['lr']):.7g}") == it["lr"] for it in drawn)


def test_an_interval_that_is_narrow_still_has_many_values() -> None:
    for log in (False, True):
        spec = {"x": Interval(0.9999, 0.99991, log=log)}
        assert len({it["x"] for it in sampled(spec, 1000, random_seed=1)}) == 1000


def test_a_sample_that_is_larger_than_the_grid_is_refused() -> None:
    with pytest.raises(SweepError, match="there are only 6 different runs, so a sample can't have"):
        sampled({"a": "1,2,3", "b": "x,y", "c": "1,1,1"}, 7)


@pytest.mark.parametrize("method", METHODS)
def test_a_sample_of_everything_is_everything(method: str) -> None:
    spec: dict[str, Spec] = {
        "a": Choices((1, 2, 3)),
        "b": "true,1",
        "c": "int(interval(1,4))",
    }
    drawn = sampled(spec, 24, method=method, random_seed=0)
    assert len({kinds(it) for it in drawn}) == 24


def test_true_and_1_are_two_values() -> None:
    drawn = sampled({"a": [True, 1]}, 2, random_seed=0)
    assert sorted(type(it["a"]).__name__ for it in drawn) == ["bool", "int"]


def test_a_method_that_does_not_exist_is_refused() -> None:
    with pytest.raises(SweepError, match="there is no method 'halton'; there are random, sobol"):
        sampled({"a": "interval(0,1)"}, 2, method="halton")


def test_a_method_that_needs_scipy_says_how_to_get_it() -> None:
    program = (
        "import sys\n"
        "sys.modules['scipy'] = None\n"  # as if it weren't installed
        "from gsheet_ml_scheduler.errors import SweepError\n"
        "from gsheet_ml_scheduler.sweep import sampled\n"
        "print(len(sampled({'a': 'interval(0,1)'}, 3)))\n"
        "try: sampled({'a': 'interval(0,1)'}, 3, method='sobol')\n"
        "except SweepError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "3",
        "the method sobol needs SciPy, which isn't installed. This installs it: pip install "
        "'gsheet-ml-scheduler[sweep]'. The method random needs nothing.",
    ]
