"""Points between 0 and 1 in several dimensions, by which a sample is drawn.

Decided here: the methods. `random` is plain chance. `sobol` and `lhs` spread the points, so that
few of them leave no large gaps; SciPy makes them. Randomness is an argument: the same state gives
the same points. Elsewhere: what a point means (`space`).
"""

from collections.abc import Sequence
from random import Random

from gsheet_ml_scheduler.errors import SweepError

RANDOM, SOBOL, LATIN = "random", "sobol", "lhs"
METHODS = (RANDOM, SOBOL, LATIN)


def points(number: int, dimensions: int, method: str, rng: Random) -> Sequence[Sequence[float]]:
    """So many points, each with a number from 0 up to, but not including, 1 for each dimension.

    Raises:
        SweepError: there is no such method, or SciPy isn't installed.
    """
    if method not in METHODS:
        raise SweepError(f"there is no method {method!r}; there are {', '.join(METHODS)}")
    if method == RANDOM or not dimensions:
        return [[rng.random() for _ in range(dimensions)] for _ in range(number)]
    return _spread(number, dimensions, method, rng.getrandbits(64))


def _spread(number: int, dimensions: int, method: str, seed: int) -> Sequence[Sequence[float]]:
    try:
        import numpy
        from scipy.stats import qmc
    except ImportError as error:
        raise SweepError(
            f"the method {method} needs SciPy, which isn't installed. This installs it: "
            "pip install 'gsheet-ml-scheduler[sweep]'. The method random needs nothing."
        ) from error
    rng = numpy.random.default_rng(seed)
    if method == LATIN:
        found: list[list[float]] = qmc.LatinHypercube(dimensions, rng=rng).random(number).tolist()
        return found
    # Sobol's points are balanced in powers of two, so SciPy is asked for one, and the rest is cut.
    sobol = qmc.Sobol(dimensions, rng=rng)
    cut: list[list[float]] = sobol.random_base2((number - 1).bit_length())[:number].tolist()
    return cut
