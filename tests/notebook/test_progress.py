"""What is said to whoever waits long."""

import threading

import pytest

import sfn_notebook as sfn
from sfn_notebook.notebook import progress

WAIT = 30


@pytest.fixture
def watched(monkeypatch):
    """Somebody watches, and is told at once."""
    monkeypatch.setattr(progress, "PATIENCE", 0.02)
    monkeypatch.setattr(progress, "is_watched", lambda: True)


def many(**fields):
    work = {"Type": "Task", "Resource": "arn:aws:lambda:REGION:ACCOUNT_ID:function:work", "End": True}
    config = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}}
    processor = {**config, "StartAt": "W", "States": {"W": work}}
    states = {"Each": {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}}
    return sfn.StateMachine({"StartAt": "Each", "States": states})


class Gate:
    """A task that holds the second item until something was said."""

    def __init__(self, capsys):
        self.capsys, self.said = capsys, ""
        self.open = threading.Event()

    def __call__(self, event):
        if event == 2:
            self.open.wait(WAIT)
        return event


@pytest.mark.usefixtures("watched")
def test_a_map_run_says_how_far_it_has_come_and_takes_it_back(monkeypatch, capsys):
    gate = Gate(capsys)
    show = progress.ProgressLine.show

    def heard(line, text):
        show(line, text)
        if "1 of 2" in text:
            gate.open.set()

    monkeypatch.setattr(progress.ProgressLine, "show", heard)
    run = many(MaxConcurrency=1).run([1, 2], tasks={"work": gate}, clock="real")
    assert run.output == [1, 2]
    said = capsys.readouterr().err
    assert "Each: 1 of 2 items read so far" in said
    assert said.rpartition("\r")[2] == ""
    assert said.rsplit("\r", 2)[1].strip() == ""


@pytest.mark.usefixtures("watched")
def test_many_executions_say_how_many_are_done(capsys):
    machine = sfn.StateMachine({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 1, "End": True}}})
    machine.map([1, 2, 3], clock=5)
    assert "of 3 executions" in capsys.readouterr().err


def test_machines_and_files_are_told_nothing(capsys, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 0.01)
    machine = sfn.StateMachine({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 1, "End": True}}})
    machine.run(clock=10)
    assert capsys.readouterr().err == ""
