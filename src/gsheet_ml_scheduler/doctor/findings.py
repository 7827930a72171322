"""What the doctor finds: a topic, how bad it is, a sentence, and what to do."""

from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """How bad a finding is."""

    GOOD = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    `remedy` says what to do, "" where nothing is to be done. `answer` is what a probe found out, as
    one word for programs.
    """

    topic: str
    verdict: Verdict
    sentence: str
    remedy: str = ""
    answer: str = ""

    @property
    def text(self) -> str:
        """The sentence and what to do."""
        return f"{self.sentence} {self.remedy}".strip()


def good(topic: str, sentence: str) -> Finding:
    """All is well."""
    return Finding(topic, Verdict.GOOD, sentence)


def note(topic: str, sentence: str, remedy: str = "") -> Finding:
    """Worth knowing; nothing has to be done."""
    return Finding(topic, Verdict.NOTE, sentence, remedy)


def problem(topic: str, sentence: str, remedy: str = "") -> Finding:
    """Something has to be done; an error's own sentence says what, where `remedy` doesn't."""
    return Finding(topic, Verdict.PROBLEM, sentence, remedy)
