"""Trains a small neural network on real handwritten digits, one run per row of a sheet.

    python examples/digits.py LOCATION [--seconds-per-epoch 0.5]

LOCATION is a workbook file or a link. Start it as often as you like, on as many machines as you
like: every process claims runs that are `ready` until none is left. The sheet needs the columns
`learning_rate`, `n_epoch`, `hidden`, `batch_size` and `seed`. Change a `learning_rate` while its
run is training, and the next epoch trains with it.

The 1,797 images (8 × 8 pixels) come with scikit-learn; a quarter of them is kept for validation.
"""

import argparse
import signal
import time
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from gsheet_ml_scheduler.scheduler import GSheetMLScheduler


class DigitClassifier:
    """One hidden layer, trained by stochastic gradient descent; the seed fixes everything."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        images, digits = load_digits(return_X_y=True)
        self.train_images, self.images, self.train_digits, self.digits = train_test_split(
            images / 16, digits, test_size=0.25, random_state=config["seed"], stratify=digits
        )
        self.network = MLPClassifier(
            hidden_layer_sizes=(config["hidden"],),
            solver="sgd",
            batch_size=config["batch_size"],
            random_state=np.random.RandomState(config["seed"]),
            warm_start=True,  # fit() goes on from the weights that are there ...
            max_iter=1,  # ... for one epoch
        )

    def train_epoch(self, learning_rate: float) -> None:
        """Goes once through the training images, in mini-batches."""
        self.network.set_params(learning_rate_init=learning_rate)
        with warnings.catch_warnings():
            # One epoch isn't meant to converge: scikit-learn needn't say so after each.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.network.fit(self.train_images, self.train_digits)

    def validate(self) -> dict[str, float]:
        """The mean log loss, and the share of digits read correctly, of the validation images."""
        chances = self.network.predict_proba(self.images)
        return {
            "loss": float(log_loss(self.digits, chances)),
            "accuracy": float(self.network.score(self.images, self.digits)),
        }


def end(signal_number: int, _: object) -> None:
    """Leave by an exception: `with run:` then gives the run back, `ready` for the next worker.

    Python's own KeyboardInterrupt won't do: scikit-learn catches it inside fit() and goes on.
    """
    raise SystemExit(128 + signal_number)


def main() -> None:
    """Works through the queue, then ends."""
    arguments = argparse.ArgumentParser(description="Trains the runs of a sheet on digits.")
    arguments.add_argument("location", help="a workbook file or a link to a sheet")
    arguments.add_argument(
        "--seconds-per-epoch", type=float, default=0.0, help="slow down, so that one can watch"
    )
    options = arguments.parse_args()
    signal.signal(signal.SIGINT, end)  # Ctrl-C
    signal.signal(signal.SIGTERM, end)  # how a cluster stops its jobs

    scheduler = GSheetMLScheduler(options.location)
    for run in scheduler.runs():
        with run:
            classifier = DigitClassifier(run.config)
            for _ in run.track(range(run.config["n_epoch"])):
                started = time.monotonic()
                classifier.train_epoch(run.config["learning_rate"])
                run.log(**classifier.validate())
                time.sleep(max(0.0, options.seconds_per_epoch - (time.monotonic() - started)))


if __name__ == "__main__":
    main()
