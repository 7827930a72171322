"""Worker processes on this machine: started, watched, stopped.

Decided here: that a worker is a process group of its own (a Ctrl-C in the terminal reaches it once,
through us, so that it can give its run back in peace), where its output goes, how long it gets to
end. Decided elsewhere: what it runs and when there is work (`demo`).
"""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SECONDS_TO_END = 20.0
_LAST_LINES = 6


@dataclass
class Worker:
    """One process and the file that its output goes to."""

    number: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def name(self) -> str:
        """What people read: `worker 2`."""
        return f"worker {self.number}"

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self.process.poll() is None

    def last_words(self) -> str:
        """How the process ended, and the end of its output."""
        code = self.process.poll()
        how = f"exit code {code}"
        if code is not None and code < 0:
            how = f"signal {signal.Signals(-code).name}"
        lines = self.log.read_text(errors="replace").splitlines()[-_LAST_LINES:]
        said = "".join(f"\n    {line}" for line in lines) or " nothing"
        return f"{self.name} died ({how}). The last lines of {self.log}:{said}"


class Crew:
    """The workers that this process started; when it ends, they have ended."""

    def __init__(self, command: Sequence[str], logs: Path) -> None:
        """Nothing is started yet.

        Args:
            command: what every worker runs.
            logs: the folder for `worker-1.log` and so on; it exists.
        """
        self._command = list(command)
        self.logs = logs
        self.workers: list[Worker] = []
        self._told: set[int] = set()

    @property
    def alive(self) -> list[Worker]:
        """The workers whose process runs."""
        return [worker for worker in self.workers if worker.alive]

    @property
    def has_failed(self) -> bool:
        """Whether a worker ended with an error."""
        return any(worker.process.poll() not in (None, 0) for worker in self.workers)

    def start(self) -> Worker:
        """Start one more worker."""
        number = len(self.workers) + 1
        log = self.logs / f"worker-{number}.log"
        # One thread each: workers share the cores, and small matrices gain nothing from more.
        environment = {"OMP_NUM_THREADS": "1", **os.environ, "PYTHONUNBUFFERED": "1"}
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and script
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
        worker = Worker(number, process, log)
        self.workers.append(worker)
        return worker

    def deaths(self) -> list[str]:
        """What to tell about the workers that failed since the last call."""
        failed = [
            worker
            for worker in self.workers
            if worker.number not in self._told and worker.process.poll() not in (None, 0)
        ]
        self._told.update(worker.number for worker in failed)
        return [worker.last_words() for worker in failed]

    def stop(self, seconds: float = SECONDS_TO_END) -> list[Worker]:
        """Ask all workers to end as on Ctrl-C, wait, and kill those that don't.

        Returns:
            The workers that had to be killed: a run of theirs may still say `running`.
        """
        for worker in self.alive:
            worker.process.send_signal(signal.SIGINT)
        killed: list[Worker] = []
        deadline = time.monotonic() + seconds
        try:
            for worker in self.workers:
                try:
                    worker.process.wait(max(0.0, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    killed.append(worker)
        except KeyboardInterrupt:  # a second Ctrl-C: somebody is in a hurry
            killed = self.alive
        for worker in killed:
            os.killpg(worker.process.pid, signal.SIGKILL)
            worker.process.wait()
        return killed
