"""`make bench`: every benchmark, one after the other; `make bench ARGS=queue_speed` only one.

Options after the name go to the benchmark: `make bench ARGS="queue_speed --runs 300"`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ALL = sorted(path.stem for path in HERE.glob("*_speed.py"))


def main() -> int:
    """Run the named benchmark, or all; 2 if there is none of that name."""
    name, *options = sys.argv[1:] or [""]
    if name.startswith("-") or (name and name not in ALL):
        print(f"{__doc__}\nThere are: {', '.join(ALL)}.")
        return 0 if name in ("-h", "--help") else 2
    for one in [name] if name else ALL:
        code = subprocess.run(
            [sys.executable, str(HERE / f"{one}.py"), *options], check=False
        ).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
