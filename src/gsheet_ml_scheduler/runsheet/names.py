"""A worker's name: six letters and digits, enough to tell the workers of one sheet apart."""

import secrets
import string

_LETTERS = string.ascii_letters + string.digits


def new_worker_name() -> str:
    """A name that nobody else has, with near certainty: `dF53M7`."""
    return "".join(secrets.choice(_LETTERS) for _ in range(6))
