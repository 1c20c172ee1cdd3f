"""What tasks print: kept for each attempt, and never in the way of what anybody else prints."""

import asyncio
import contextlib
import io
import sys
import threading

import pytest
from house import LONG, outcome, parallel, task

from sfn_notebook.notebook.execution import Execution
from sfn_notebook.runners.output import LONGEST, _Streams, captured


def test_each_attempt_is_kept_apart(house):
    both = threading.Barrier(2)

    def work(name):
        print(name, 1)
        both.wait(LONG)
        print(name, 2)

    run = house.run(
        parallel({"A": task("a")}, {"B": task("b")}), tasks={"a": lambda event: work("a"), "b": lambda event: work("b")}
    )
    assert list(run.take_printed()) == ["a 1\na 2\n", "b 1\nb 2\n"]


def test_it_is_kept_until_somebody_waits_and_shown_once(house, capsys):
    run = house.run({"T": task()}, tasks={"f": lambda event: print("hello")})
    execution = Execution(run, house.service)
    assert capsys.readouterr().out == ""
    execution.wait()
    assert capsys.readouterr().out == "hello\n"
    execution.wait()
    assert capsys.readouterr().out == ""


def test_what_a_failed_attempt_printed_is_kept(house):
    def work(event):
        print("before")
        raise ValueError

    run = house.run({"T": task()}, tasks={"f": work})
    assert outcome(run) == ("FAILED", "ValueError")
    assert list(run.take_printed()) == ["before\n"]


def test_what_was_printed_when_another_branch_failed_is_kept(house):
    def fail(event):
        print("failing")
        raise ValueError

    run = house.run(parallel({"A": task("a")}, {"B": task("b")}), tasks={"a": fail, "b": lambda event: print("well")})
    assert list(run.take_printed()) == ["failing\n", "well\n"]


def test_standard_error_too(house):
    run = house.run({"T": task()}, tasks={"f": lambda event: print("oh", file=sys.stderr)})
    assert list(run.take_printed()) == ["oh\n"]


def test_async_functions_print_each_for_themselves(house):
    async def work(event):
        for n in range(3):
            print(event, n, end=";")
            await asyncio.sleep(0)

    states = parallel({"A": task(Parameters="a")}, {"B": task(Parameters="b")})
    run = house.run(states, tasks={"f": work})
    assert list(run.take_printed()) == ["a 0;a 1;a 2;", "b 0;b 1;b 2;"]


def test_inline_functions_print_straight_out(house, capsys):
    run = house.run({"T": task()}, tasks={"f": lambda event: print("now")}, executor="inline")
    assert (capsys.readouterr().out, list(run.take_printed())) == ("now\n", [])


def test_the_rest_goes_on_printing_while_a_task_runs(house, capsys):
    begun, printed = threading.Event(), threading.Event()

    def work(event):
        begun.set()
        printed.wait(LONG)
        print("task")

    run = house.start({"T": task()}, tasks={"f": work})
    assert begun.wait(LONG)
    print("cell")
    printed.set()
    assert run.wait(LONG)
    assert (capsys.readouterr().out, run.printed) == ("cell\n", ["task\n"])


def test_a_redirection_made_while_a_task_hangs_takes_no_prints_of_tasks(house):
    """%%capture in one cell, a hanging task of another."""
    begun = threading.Event()

    def hang(event):
        begun.set()
        house.hang(event)

    house.start({"T": task()}, tasks={"f": hang})
    assert begun.wait(LONG)
    with contextlib.redirect_stdout(io.StringIO()) as redirected:
        run = house.run({"T": task()}, tasks={"f": lambda event: print("task")})
        print("cell")
    assert (redirected.getvalue(), run.printed) == ("cell\n", ["task\n"])


def test_the_streams_are_given_back_whoever_changed_them(monkeypatch):
    mine = io.StringIO()
    monkeypatch.setattr(sys, "stdout", mine)
    streams = _Streams()  # not the process's own: tasks that other tests left behind may still hold it
    streams.enter()
    assert sys.stdout is not mine
    other = io.StringIO()
    sys.stdout = other
    streams.leave()
    assert sys.stdout is other
    for step in (streams.enter, streams.enter, streams.leave, streams.leave):
        step()
    assert sys.stdout is other


def test_lines_are_prints_too(capsys):
    with captured() as printed:
        sys.stdout.writelines(["a\n", "b\n"])
        sys.stdout.flush()
    assert printed.text() == "a\nb\n"
    assert capsys.readouterr().out == ""


def test_only_text_can_be_written(house):
    run = house.run({"T": task()}, tasks={"f": lambda event: sys.stdout.write(b"bytes")})
    assert outcome(run) == ("FAILED", "TypeError")


@pytest.mark.parametrize("piece", [70, LONGEST, 1_000_000])
def test_a_megabyte_is_cut_and_says_so(piece):
    with captured() as printed:
        for _ in range(1_000_000 // piece):
            sys.stdout.write("x" * piece)
    total = 1_000_000 // piece * piece
    assert printed.text() == "x" * LONGEST + f"\n… {total - LONGEST:,} more characters were printed.\n"


def test_exactly_as_much_as_is_kept_is_not_cut():
    with captured() as printed:
        print("x" * (LONGEST - 1))
    assert printed.text() == "x" * (LONGEST - 1) + "\n"
