"""What may be expected of any history, and a reading of it that shares nothing with the package.  (spec:
history-events)
"""

from collections import Counter

TERMINAL = {"ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"}
STATES = {"Pass", "Task", "Wait", "Choice", "Succeed", "Fail", "Parallel", "Map"}
TASK_ENDS = ("Succeeded", "Failed", "TimedOut")


def details(event):
    """The details of an event, {} where it has none."""
    return next((value for key, value in event.items() if key.endswith("EventDetails")), {})


def is_entered(event):
    return event["type"].endswith("StateEntered")


def is_exited(event):
    return event["type"].endswith("StateExited")


class Chain:
    """Events by id, the way back from each, and its place: the Started event of the Parallel or Map it lies in, and
    the iteration; (None, None) at the top.
    """

    def __init__(self, history):
        self.history = history
        self.by_id = {event["id"]: event for event in history}
        self.place = {0: (None, None)}
        for event in history:
            place = self.place[event["previousEventId"]]
            if event["type"] in ("ParallelStateStarted", "MapStateStarted"):
                place = event, None
            elif event["type"] == "MapIterationStarted":
                place = place[0], details(event)["index"]
            elif is_exited(event) and event["type"].startswith(("Parallel", "Map")):
                place = self.place[self.entered(event, details(event)["name"])["id"]]
            elif event["type"] == "EvaluationFailed":
                place = self.place[self.entered(event, details(event)["state"])["id"]]
            self.place[event["id"]] = place

    def back(self, event):
        """The events that led to this one, the nearest first.

        An evaluation that fails at once points at what the Entered event of its state points at; it came after that.
        """
        while event["previousEventId"] or event["type"] == "EvaluationFailed":
            event = self._entered_beside(event) or self.by_id[event["previousEventId"]]
            yield event

    def _entered_beside(self, event):
        if event["type"] != "EvaluationFailed":
            return None
        name, before = details(event)["state"], event["previousEventId"]
        beside = (e for e in self.history[: event["id"]] if is_entered(e) and e["previousEventId"] == before)
        return next((e for e in beside if details(e)["name"] == name), None)

    def entered(self, event, name):
        """The Entered event of the visit of state `name` in which this event lies. (State names are unique.)"""
        return next(e for e in self.back(event) if is_entered(e) and details(e)["name"] == name)


def check(history, *, ended=True):
    """Assert that a history is well formed."""
    chain = Chain(history)
    assert [event["id"] for event in history] == list(range(1, len(history) + 1))
    assert history[0]["type"] == "ExecutionStarted"
    for event in history:
        assert 0 <= event["previousEventId"] < event["id"]
    times = [event["timestamp"] for event in history]
    assert times == sorted(times)
    terminal = [event["id"] for event in history if event["type"] in TERMINAL]
    assert terminal == ([len(history)] if ended else [])
    _check_states(chain)
    _check_iterations(chain)
    _check_tasks(chain)


def _check_states(chain):
    left = set()
    for event in filter(is_exited, chain.history):
        entered = chain.entered(event, details(event)["name"])
        assert entered["type"].removesuffix("Entered") == event["type"].removesuffix("Exited")
        assert entered["id"] not in left, "left twice"
        left.add(entered["id"])
    assert not [e for e in chain.history if e["type"] == "FailStateExited"]
    if chain.history[-1]["type"] == "ExecutionSucceeded":
        # Only children of a Parallel or Map that failed (and was caught or tried again) may be left standing.
        top = [e for e in chain.history if is_entered(e) and not inside(chain, e)]
        assert {e["id"] for e in top} <= left


def _check_iterations(chain):
    begun, ended = Counter(), Counter()
    for event in chain.history:
        if event["type"].startswith("MapIteration"):
            about = details(event)["name"], details(event)["index"]
            (begun if event["type"] == "MapIterationStarted" else ended)[about] += 1
            assert ended[about] <= begun[about]
    lengths = sum(details(event)["length"] for event in chain.history if event["type"] == "MapStateStarted")
    assert begun.total() <= lengths


def _check_tasks(chain):
    """Scheduled, Started, perhaps Submitted, then at most one end; each points at the one before."""
    led_on = Counter()
    for event in chain.history:
        before = chain.by_id.get(event["previousEventId"])
        type_ = event["type"]
        family = next((f for f in ("LambdaFunction", "Activity", "Task") if type_.startswith(f)), None)
        if family is None or type_.startswith("TaskState"):
            continue
        step = type_.removeprefix(family)
        if step == "Scheduled":
            type_before = before["type"]
            assert (
                type_before in ("TaskStateEntered", "EvaluationFailed") or type_before.removeprefix(family) in TASK_ENDS
            )
        elif step == "Started":
            assert before["type"] == f"{family}Scheduled"
        elif step == "Submitted":
            assert before["type"] == f"{family}Started"
        else:
            assert step in TASK_ENDS
            assert before["type"] in (f"{family}Started", f"{family}Submitted")
            led_on[before["id"]] += 1
            assert led_on[before["id"]] == 1, "a task ended twice"


def inside(chain, event):
    """The Started event of the Parallel or Map in which a state was entered; None at the top."""
    return chain.place[event["id"]][0]


def visit_of(chain, event):
    """The Entered event of the visit to which an event belongs."""
    type_ = event["type"]
    if is_entered(event):
        return event
    if is_exited(event):
        return chain.entered(event, details(event)["name"])
    if type_ == "EvaluationFailed":
        return chain.entered(event, details(event)["state"])
    before = chain.by_id[event["previousEventId"]]
    if type_ in ("ParallelStateStarted", "MapStateStarted", "ParallelStateFailed", "MapStateFailed"):
        if before["type"] in (type_, type_.replace("Started", "Entered")):
            return visit_of(chain, before)
        if before["type"] == "EvaluationFailed" and visit_of(chain, before)["type"][:3] == type_[:3]:
            return visit_of(chain, before)
        # A retry or failure points at what failed inside.
        return visit_of(chain, inside(chain, visit_of(chain, before)))
    return visit_of(chain, before)


def visits(history, branch_of):
    """One dict per visit: what a table of transitions says, computed anew from the chain of events.

    branch_of: state's name → index of the branch in which it is defined.
    """
    chain = Chain(history)
    rows = {}
    for event in filter(is_entered, history):
        started, index = chain.place[event["id"]]
        name = details(event)["name"]
        if started is not None and started["type"].startswith("Parallel"):
            index = branch_of[name]
        rows[event["id"]] = {
            "state": name, "type": event["type"].removesuffix("StateEntered"), "index": index,
            "entered": event["timestamp"],
            "exited": None, "attempts": 0, "input": details(event)["input"], "output": None, "next": None,
            "container": "", "caught": False,
        }  # fmt: skip
        if started is not None:
            owner = rows[visit_of(chain, started)["id"]]
            rows[event["id"]]["container"] = "/".join(filter(None, [owner["container"], f"{owner['state']}[{index}]"]))
    for event in history:
        if is_exited(event):
            row = rows[visit_of(chain, event)["id"]]
            row["exited"], row["output"] = event["timestamp"], details(event)["output"]
            row["caught"] = chain.by_id[event["previousEventId"]]["type"].endswith(("Failed", "TimedOut"))
            row["next"] = next(
                (details(e)["name"] for e in history if is_entered(e) and e["previousEventId"] == event["id"]), None
            )
        elif event["type"].endswith(("Scheduled", "StateStarted")):
            rows[visit_of(chain, event)["id"]]["attempts"] += 1
    return list(rows.values())
