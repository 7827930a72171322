"""The example trains for real: what its rows say decides what it learns."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sklearn", reason="the examples need scikit-learn")

EXAMPLE = Path(__file__).parents[2] / "examples" / "digits.py"
CONFIG = {"learning_rate": 0.03, "n_epoch": 8, "hidden": 32, "batch_size": 32, "seed": 1}


@pytest.fixture(scope="module")
def digits() -> Any:
    spec = importlib.util.spec_from_file_location("digits_example", EXAMPLE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def learn(digits: Any, rates: list[float], **changes: float) -> list[dict[str, float]]:
    """What validation says after every epoch, one epoch for each learning rate."""
    classifier = digits.DigitClassifier({**CONFIG, **changes})
    history = []
    for rate in rates:
        classifier.train_epoch(rate)
        history.append(classifier.validate())
    return history


def test_a_sensible_run_reads_nine_digits_in_ten(digits: Any) -> None:
    history = learn(digits, [0.03] * 8)
    assert history[-1]["accuracy"] > 0.93
    assert history[-1]["loss"] < history[0]["loss"] / 3


def test_the_same_seed_gives_the_same_numbers(digits: Any) -> None:
    assert learn(digits, [0.03] * 3) == learn(digits, [0.03] * 3)


def test_another_seed_gives_other_numbers(digits: Any) -> None:
    assert learn(digits, [0.03], seed=2) != learn(digits, [0.03], seed=1)


def test_a_changed_learning_rate_is_used_from_the_next_epoch_on(digits: Any) -> None:
    steady = learn(digits, [0.03, 0.03, 0.03, 0.03])
    slowed = learn(digits, [0.03, 0.03, 1e-9, 0.03])
    assert slowed[:2] == steady[:2]
    assert slowed[2]["loss"] == pytest.approx(slowed[1]["loss"], rel=1e-6)  # it stood still
    assert steady[2]["loss"] < 0.9 * steady[1]["loss"]  # where the other one learned
    assert slowed[3]["loss"] < 0.9 * slowed[2]["loss"]  # and it goes on when the rate is back


def test_a_rate_that_is_far_too_high_learns_nothing(digits: Any) -> None:
    assert learn(digits, [3.0] * 3)[-1]["accuracy"] < 0.5


@pytest.mark.parametrize(("key", "value"), [("hidden", 8), ("batch_size", 256)])
def test_the_row_decides_the_network_and_the_batches(digits: Any, key: str, value: int) -> None:
    assert learn(digits, [0.03], **{key: value}) != learn(digits, [0.03])


def test_the_images_validated_on_are_never_trained_on(digits: Any) -> None:
    classifier = digits.DigitClassifier(CONFIG)
    assert len(classifier.train_digits) + len(classifier.digits) == 1797
    assert len(classifier.digits) == pytest.approx(1797 / 4, abs=1)
    trained = {image.tobytes() for image in classifier.train_images}
    assert not any(image.tobytes() in trained for image in classifier.images)
