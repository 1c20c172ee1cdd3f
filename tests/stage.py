"""An execution on stage: a start record, stimuli given by hand, and the histories that come of them."""

import json
from itertools import islice

from sfn_notebook.asl.parse import parse
from sfn_notebook.engine.commands import Continue, KeepGuard, RunTask, StartTimer
from sfn_notebook.engine.execution import Execution, replay
from sfn_notebook.engine.program import Program
from sfn_notebook.engine.stimuli import (
    Entry,
    Start,
    Stopped,
    TaskFailed,
    TaskScheduled,
    TaskStarted,
    TaskSubmitted,
    TaskSucceeded,
    TimerFired,
)
from sfn_notebook.values import JSONText, dumps, size

NOON = 1_704_110_400_000
"""2024-01-01T12:00:00Z"""

NO_INPUT = {}

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
CALLBACK = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
ACTIVITY = "arn:aws:states:us-east-1:123456789012:activity:work"
INVOKE = "arn:aws:states:::lambda:invoke"
PUBLISH = "arn:aws:states:::sns:publish"


def program(states, start=None, **fields):
    """The program of a machine with these states; the first one starts."""
    definition = {"StartAt": start or next(iter(states)), "States": states, **fields}
    machine, diagnostics = parse(json.dumps(definition))
    assert machine is not None, [str(found) for found in diagnostics if found.severity == "error"]
    return Program(machine)


def inner(states):
    """A branch or item processor."""
    return {"StartAt": next(iter(states)), "States": states}


def start_record(given, value="{}", **fields):
    """The start record of an execution that begins at NOON."""
    return Start(
        now=NOON,
        execution_arn="arn:aws:states:us-east-1:123456789012:execution:m:run",
        name="run",
        input=JSONText(value),
        state_machine_arn="arn:aws:states:us-east-1:123456789012:stateMachine:m",
        state_machine_name="m",
        role_arn="arn:aws:iam::123456789012:role/r",
        definition_sha256=given.definition_sha256,
        **{"seed": 7, **fields},
    )


class Stage:
    """Runs an execution by hand. `tasks` and `timers` are what it waits for; `journal` is what it was told.

    Names of states stand for targets: the first task (or timer) that waits in that state.
    """

    def __init__(self, states, input=NO_INPUT, *, budget=10_000, given=None, machine=None, workers=True, **fields):
        """`fields`: of the start record; `machine`: the definition's other fields; workers: activities have some, who
        take each task at once.
        """
        self.workers = workers
        self.program = given if given is not None else program(states, **(machine or {}))
        self.start = start_record(self.program, dumps(input), **fields)
        self.execution = Execution(self.program, self.start)
        self.journal = []
        self.tasks, self.timers = {}, {}
        self.budget = budget
        self.now = NOON
        self.unfinished = False
        self.commands = self.advance()

    def advance(self, budget=None):
        """Run to the next wait, or for `budget` transitions; the commands that were given."""
        commands = self.execution.advance(self.budget if budget is None else budget)
        unattended = []
        self.unfinished = False
        for command in commands:
            if isinstance(command, RunTask):
                self.tasks[command.target] = command
                unattended += [command.target] * (self.workers and command.resource.kind == "activity")
            elif isinstance(command, StartTimer):
                self.timers[command.target, command.timer] = command.due
            elif isinstance(command, KeepGuard):
                self.journal.append(Entry(self.execution.transitions, command.stimulus))
            elif isinstance(command, Continue):
                self.unfinished = True
            elif hasattr(command, "timer"):
                self.timers.pop((command.target, command.timer), None)
            else:
                self.tasks.pop(command.target, None)
        for target in unattended:
            self.tell(TaskScheduled(self.now, target))
            self.tell(TaskStarted(self.now, target, None))
        return commands

    def tell(self, stimulus):
        """Hand over any stimulus, then run to the next wait."""
        self.journal.append(Entry(self.execution.transitions, stimulus))
        self.execution.handle(stimulus)
        self.commands = self.advance()
        return self.commands

    # ------------------------------------------------------------ in the words of a script

    def task(self, state, nth=0):
        """The target of the n-th task that waits in `state`."""
        return next(islice((target for target in self.tasks if target.state == state), nth, None))

    def succeed(self, state, output=None, *, nth=0):
        """The n-th task that waits in `state` gives `output`."""
        target = self.task(state, nth)
        del self.tasks[target]
        return self.tell(TaskSucceeded(self.now, target, output, size(output)))

    def fail(self, state, error, cause=None, *, nth=0):
        """The n-th task that waits in `state` fails."""
        target = self.task(state, nth)
        del self.tasks[target]
        return self.tell(TaskFailed(self.now, target, error, cause))

    def submit(self, state, output=None):
        """The service accepts the job."""
        return self.tell(TaskSubmitted(self.now, self.task(state), output))

    def ring(self):
        """The next timer runs out, and it is as late as that; how many seconds have passed."""
        target, timer = min(self.timers, key=self.timers.get)
        due = self.timers.pop((target, timer))
        waited, self.now = (due - self.now) / 1000, max(due, self.now)
        self.tell(TimerFired(self.now, target, timer))
        return waited

    def stop(self, error=None, cause=None):
        return self.tell(Stopped(self.now, error, cause))

    # ------------------------------------------------------------ what became of it

    @property
    def status(self):
        return self.execution.status

    @property
    def output(self):
        return self.execution.output

    @property
    def failure(self):
        """(error, cause), or None."""
        failure = self.execution.failure
        return None if failure is None else (failure.error, failure.cause)

    @property
    def history(self):
        return self.execution.history()

    @property
    def chain(self):
        """The events as in spec/history-events: `3<2 PassStateExited`."""
        return [f"{event['id']}<{event['previousEventId']} {event['type']}" for event in self.history]

    def details(self, id):
        """The details of an event."""
        return next(value for key, value in self.history[id - 1].items() if key.endswith("EventDetails"))


def rebuilt(given, start, journal, until):
    """The execution that a journal tells of, run on until it has made as many transitions as before the end."""
    execution = replay(given, start, journal)
    execution.advance(until - execution.transitions)
    return execution
