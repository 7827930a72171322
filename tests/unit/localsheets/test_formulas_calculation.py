"""The calculator process: it answers, and its end is not ours."""

from __future__ import annotations

import os
import signal

import pytest

from gsheet_ml_scheduler.localsheets.formulas.calculation import Calculation, CalculatorLostError

OPEN = {"open": {"zone": "Europe/Berlin", "sheets": ["Sheet1", "Data"]}}


def test_it_answers_only_what_shows_something_else() -> None:
    calculation = Calculation()
    cells = [[0, 1, 1, 2], [1, 1, 1, "x"]]
    formulas = [
        [0, 2, 1, "=@(A1*2)", None, None],
        [0, 3, 1, "=@(Data!A1&TRUE)", None, None],
        [0, 4, 1, "=@(A1)", 2, None],
        [0, 5, 1, "=@(1/0)", {"e": "#DIV/0!"}, None],
    ]
    assert calculation.ask({**OPEN, "cells": cells, "formulas": formulas}) == [
        [0, 2, 1, 4],
        [0, 3, 1, "xTRUE"],
    ]
    assert calculation.ask({"cells": [[0, 1, 1, 2]]}) == []
    assert calculation.ask({"cells": [[0, 1, 1, 2.25]]}) == [[0, 2, 1, 4.5], [0, 4, 1, 2.25]]
    assert calculation.ask({"cells": [[0, 2, 1, None]]}) == []
    calculation.close()


def test_a_formula_without_end_ends_the_calculator_and_not_us() -> None:
    calculation = Calculation()
    endless = "=@(LET(f,LAMBDA(g,g(g)),f(f)))"
    with pytest.raises(CalculatorLostError, match="the calculator ended") as lost:
        calculation.ask({**OPEN, "formulas": [[0, 1, 1, endless, None, None]]})
    assert not lost.value.slow


def test_a_formula_that_takes_too_long_is_given_up() -> None:
    calculation = Calculation()
    slow = "=@(SUM(SEQUENCE(20000)*TRANSPOSE(SEQUENCE(10000))))"
    with pytest.raises(CalculatorLostError, match="took too long") as lost:
        calculation.ask({**OPEN, "formulas": [[0, 1, 1, slow, None, None]]}, patience=0.2)
    assert lost.value.slow
    with pytest.raises(CalculatorLostError):
        calculation.ask(OPEN)


def test_a_forked_child_leaves_its_parents_calculator_alone() -> None:
    calculation = Calculation()
    calculation.ask(OPEN)
    child = os.fork()
    if child == 0:
        calculation.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert calculation.ask({"formulas": [[0, 1, 1, "=@(1+1)", None, None]]}) == [[0, 1, 1, 2]]
    calculation.close()


def test_a_calculator_outlives_the_interrupt_that_is_for_its_parent() -> None:
    calculation = Calculation()
    calculation.ask(OPEN)
    assert os.getpgid(calculation.pid) != os.getpgrp()
    os.kill(calculation.pid, signal.SIGKILL)
    with pytest.raises(CalculatorLostError):
        calculation.ask(OPEN)
