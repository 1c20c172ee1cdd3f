"""Machines and histories to draw: the real corpus, generated ones, and a short way to write a history."""

import json
from pathlib import Path

import pytest
from hypothesis import strategies as st

from sfn_notebook.asl.model import Machine, build

REAL = Path(__file__).parents[2].parent / "shared" / "corpus" / "real"

CASES = Path(__file__).parents[2].parent / "shared" / "conformance" / "cases"

# One definition of the corpus has a state without a Type: no Machine can be made of it.
INVALID = {"sftoolkit__unit-test-runner-logic-l100.asl.json"}


def machine(states, start=None, **fields):
    """A machine from its states; the first is where it starts unless told otherwise."""
    definition = {"StartAt": start or next(iter(states)), "States": states, **fields}
    return build(definition, json.dumps(definition))


def container(states):
    return {"StartAt": next(iter(states)), "States": states}


def corpus() -> list:
    """The definitions of the real corpus; a single skipped case where it is not there."""
    files = sorted(REAL.glob("*.asl.json")) if REAL.is_dir() else []
    if not files:
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"no corpus at {REAL}"))]
    return [pytest.param(file, id=file.name.removesuffix(".asl.json")) for file in files if file.name not in INVALID]


def load(file: Path) -> Machine:
    text = file.read_text(encoding="utf-8")
    return build(json.loads(text), text)


def recorded() -> list:
    """Machines with a history that AWS wrote for them; a single skipped case where there are none."""
    files = sorted(CASES.glob("*/*.json")) if CASES.is_dir() else []
    if not files:
        return [pytest.param(None, None, marks=pytest.mark.skip(reason=f"no recordings at {CASES}"))]
    return [
        pytest.param(*case, id=file.stem) for file in files for case in _histories(json.loads(file.read_text("utf-8")))
    ]


def _histories(case):
    """Pairs of machine and events, for each recorded history that belongs to the machine and hides no ids."""
    for expected in case["expected"].values():
        events = expected["content"].get("events") if isinstance(expected["content"], dict) else None
        if isinstance(events, list) and all(isinstance(event.get("id"), int) for event in events) and len(events) > 1:
            entered = {event.get("stateEnteredEventDetails", {}).get("name") for event in events} - {None}
            drawn = build(case["definition"], "")
            if entered <= {state.name for state in drawn.walk()}:
                yield drawn, events


# ---------------------------------------------------------------- histories


def history(*script):
    """Events from `(type, previous id, name or index)`; ids count from 1."""
    return [_event(number, *step) for number, step in enumerate(script, start=1)]


def _event(number, kind, previous, what=None):
    event = {"id": number, "previousEventId": previous, "type": kind}
    if kind.endswith("StateEntered"):
        event["stateEnteredEventDetails"] = {"name": what}
    elif kind.endswith("StateExited"):
        event["stateExitedEventDetails"] = {"name": what}
    elif kind.startswith("MapIteration"):
        event[kind[0].lower() + kind[1:] + "EventDetails"] = {"name": "", "index": what}
    elif kind == "EvaluationFailed":
        event["evaluationFailedEventDetails"] = {"state": what}
    return event


# ---------------------------------------------------------------- generated machines

# A state's name is anything a JSON string can hold; lone surrogates included.
names = st.text(st.characters(exclude_categories=()), min_size=1, max_size=30) | st.sampled_from(
    ["A", "Charge the card", "x" * 80, "</svg><script>", "日本語の状態", "a\x00b\nc", "\ud800"]
)


@st.composite
def definitions(draw, depth=2, used=None):
    """A container of states that lead anywhere within it."""
    used = set() if used is None else used
    count = draw(st.integers(1, 6))
    own = draw(st.lists(names.filter(lambda name: name not in used), min_size=count, max_size=count, unique=True))
    used.update(own)
    return {"StartAt": own[0], "States": {name: draw(_states(own, depth, used)) for name in own}}


@st.composite
def _states(draw, own, depth, used):
    kinds = ["Task", "Pass", "Wait", "Choice", "Succeed", "Fail"] + ["Parallel", "Map"] * (depth > 0)
    kind = draw(st.sampled_from(kinds))
    target = st.sampled_from(own)
    state = {"Type": kind}
    if kind == "Choice":
        rules = st.fixed_dictionaries({"Condition": st.text(max_size=60), "Next": target})
        state["Choices"] = draw(st.lists(rules, min_size=1, max_size=9))
        if draw(st.booleans()):
            state["Default"] = draw(target)
    elif kind not in ("Succeed", "Fail"):
        state |= draw(st.fixed_dictionaries({"Next": target}) | st.just({"End": True}))
    if kind in ("Task", "Parallel", "Map"):
        catcher = st.fixed_dictionaries({"ErrorEquals": st.just(["States.ALL"]), "Next": target})
        state["Catch"] = draw(st.lists(catcher, max_size=2))
    if kind == "Task":
        state["Resource"] = "arn:aws:states:::dynamodb:putItem"
    if kind == "Parallel":
        state["Branches"] = [draw(definitions(depth - 1, used)) for _ in range(draw(st.integers(1, 3)))]
    if kind == "Map":
        state["ItemProcessor"] = draw(definitions(depth - 1, used))
    return state


machines = definitions().map(lambda definition: build(definition, ""))
