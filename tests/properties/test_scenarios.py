"""Published machines with mocked tasks and a known outcome.  (../shared/corpus/README.md, Formats)"""

import json
from collections import Counter
from pathlib import Path

import pytest
from histories import Chain, check, details, inside, is_entered
from stage import rebuilt

from sfn_notebook.engine.program import Program
from sfn_notebook.notebook.machine import StateMachine
from sfn_notebook.notebook.workspace import service

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"


def scenarios():
    """Every scenario, with the text of its machine."""
    for path in sorted((CORPUS / "scenarios").glob("*.json")):
        scenario = json.loads(path.read_text())
        text = (CORPUS / "real" / scenario["definition"]).read_text()
        yield pytest.param(scenario, text, id=scenario["id"])


pytestmark = pytest.mark.skipif(not CORPUS.exists(), reason="../shared/corpus is not beside the project")

every_scenario = pytest.mark.parametrize(("scenario", "text"), list(scenarios()) if CORPUS.exists() else [])


def test_there_are_twenty_five():
    assert len(list(scenarios())) == 25


class Reading:
    """What a scenario asks of a history: calls, task inputs, waits before retries, the way at the top."""

    def __init__(self, history):
        self.chain = Chain(history)
        self.path, self.inputs, self.calls, self.retry_delays = [], {}, Counter(), []
        for event in history:
            if is_entered(event) and inside(self.chain, event) is None:
                self.path.append(details(event)["name"])
            elif event["type"].endswith("Scheduled"):
                self._scheduled(event)

    def _scheduled(self, event):
        before = self.chain.by_id[event["previousEventId"]]
        entered = before if is_entered(before) else next(filter(is_entered, self.chain.back(before)))
        state = details(entered)["name"]
        self.calls[state] += 1
        given = details(event)
        self.inputs.setdefault(state, []).append(json.loads(given.get("parameters", given.get("input"))))
        if before is not entered:
            self.retry_delays.append((event["timestamp"] - before["timestamp"]).total_seconds())


class Asked:
    """Mocks that write down how often they are called, and with what: in children of Distributed Maps too."""

    def __init__(self, mocks):
        self.inputs = {state: [] for state in mocks}
        self.mocks = {state: self._mock(state, responses) for state, responses in mocks.items()}

    def _mock(self, state, responses):
        def answer(event):
            self.inputs[state].append(event)
            return responses[min(len(self.inputs[state]), len(responses)) - 1]

        return answer

    @property
    def calls(self):
        return Counter({state: len(inputs) for state, inputs in self.inputs.items()})


def subset(part, whole):
    """Is everything of `part` in `whole`? Lists in full, objects by the keys that are asked for."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(key in whole and subset(part[key], whole[key]) for key in part)
    if isinstance(part, list):
        return isinstance(whole, list) and len(part) == len(whole) and all(map(subset, part, whole))
    return part == whole and isinstance(part, bool) == isinstance(whole, bool)


@pytest.mark.parametrize("executor", ["inline", "threads"])
@every_scenario
def test_the_outcome_is_as_expected(scenario, text, executor):
    run = StateMachine(text).run(scenario["input"], mocks=scenario["mocks"], clock="virtual", executor=executor)
    expected, read = scenario["expected"], Reading(run.history)
    check(run.history)
    assert run.status == expected["status"]
    if "output" in expected:
        assert run.output == expected["output"]
    assert subset(expected.get("output_parts", {}), run.output if "output_parts" in expected else {})
    for name in ("error", "cause"):
        if name in expected:
            assert getattr(run, name) == expected[name]
    asked = asked_of(scenario, text) if "DISTRIBUTED" in text else read
    for state, count in scenario.get("expected_calls", {}).items():
        assert asked.calls[state] == count
    for state, inputs in scenario.get("expected_task_inputs", {}).items():
        assert subset(inputs, asked.inputs[state])
    if "path" in scenario:
        assert read.path == scenario["path"]
    if "expected_retry_delays_seconds" in scenario:
        assert read.retry_delays == scenario["expected_retry_delays_seconds"]


def asked_of(scenario, text):
    """What a run with these mocks asks of them."""
    asked = Asked(scenario["mocks"])
    run = StateMachine(text).run(scenario["input"], mocks=asked.mocks, clock="virtual", executor="inline")
    assert run.status == scenario["expected"]["status"]
    return asked


@every_scenario
def test_the_tables_tell_the_same_as_the_history(scenario, text):
    run = StateMachine(text).run(scenario["input"], mocks=scenario["mocks"], clock="virtual")
    read = Reading(run.history)
    table = run.transitions
    assert table[table.container == ""].state.tolist() == read.path
    tasks = table[table.type == "Task"]
    calls = (tasks.retries + 1).groupby(tasks.state).sum()
    assert calls.to_dict() == dict(read.calls)


@every_scenario
def test_the_journal_rebuilds_the_history(scenario, text):
    machine = StateMachine(text)
    run = machine.run(scenario["input"], mocks=scenario["mocks"], clock="virtual")
    record = service().store.read(run.arn)
    again = rebuilt(Program(machine._machine), record.start, record.journal, run._run.execution.transitions)
    assert again.history() == run.history
    assert (again.status, again.output) == (run._run.execution.status, run._run.execution.output)
