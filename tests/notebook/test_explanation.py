"""execution.explain: the data flow of one visit, as a value that shows itself."""

import re
import threading
from dataclasses import FrozenInstanceError
from html.parser import HTMLParser

import pytest

import sfn_notebook as sfn

ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"
TASK = {
    "Type": "Task",
    "Resource": ARN,
    "InputPath": "$.order",
    "ResultSelector": {"total.$": "$.sum"},
    "ResultPath": "$.price",
    "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 2}],
    "Next": "Each",
}
EACH = {
    "Type": "Map",
    "ItemsPath": "$.list",
    "ItemProcessor": {"StartAt": "Item", "States": {"Item": {"Type": "Pass", "End": True}}},
    "End": True,
}
ORDER = {"order": {"id": 7}, "list": [5, 6]}


class Busy(Exception):
    pass


def machine(**states):
    return sfn.StateMachine({"StartAt": next(iter(states)), "States": states})


def busy_once():
    calls = []

    def f(event):
        calls.append(event)
        if len(calls) == 1:
            raise Busy("<wait>")
        return {"sum": 20}

    return f


@pytest.fixture
def run():
    return machine(Task=TASK, Each=EACH).run(ORDER, tasks={"f": busy_once()}, clock="virtual")


def test_it_says_what_it_is(run):
    found = run.explain("Task")
    assert (found.state, found.type, found.query_language, found.visit) == ("Task", "Task", "JSONPath", 0)
    assert (found.status, found.next, found.container) == ("SUCCEEDED", "Each", "")
    assert repr(found) == "<Explanation of Task, visit 0: SUCCEEDED>"


def test_its_steps(run):
    found = run.explain("Task")
    assert [step.name for step in found.steps] == [
        "input", "InputPath", "error", "retry", "InputPath", "result", "ResultSelector", "ResultPath", "output",
    ]  # fmt: skip
    assert found.input == ORDER
    assert found.output == found["ResultPath"].value == {**ORDER, "price": {"total": 20}}
    assert (found["error"].error, found["error"].value) == ("Busy", None)
    assert "<wait>" in found["error"].cause
    assert (found["retry"].value, found["retry"].attempt, found["InputPath"].attempt) == (2.0, 1, 1)
    assert found["ResultSelector"].written == {"total.$": "$.sum"}
    assert repr(found["ResultSelector"]) == '<ResultSelector: {"total":20}>'


def test_a_step_that_is_not_there(run):
    with pytest.raises(KeyError, match=r"no step 'OutputPath' here; its steps are input, InputPath, error"):
        run.explain("Task")["OutputPath"]


def test_it_agrees_with_the_table_of_transitions(run):
    table = run.transitions
    for state, rows in table.groupby("state", sort=False):
        for visit, (_, row) in enumerate(rows.iterrows()):
            found = run.explain(state, visit)
            assert (found.input, found.output) == (row["input"], row["output"])
            assert (found.status, found.container) == (row["status"], row["container"])
    assert run.explain("Item", -1).container == "Each[1]"


def test_it_gives_copies_and_does_not_change(run):
    found = run.explain("Task")
    found.input["order"]["id"] = found["InputPath"].value["id"] = 0
    assert found.input == ORDER
    assert found["InputPath"].value == {"id": 7}
    with pytest.raises(FrozenInstanceError):
        found.state = "Other"


def test_variables():
    states = {
        "A": {"Type": "Pass", "Assign": {"v": [1]}, "Next": "B"},
        "B": {"Type": "Pass", "QueryLanguage": "JSONata", "Assign": {"w": "{% $v[0] + 1 %}"}, "End": True},
    }
    found = machine(**states).run().explain("B")
    assert (found.variables_before, found.variables_after) == ({"v": [1]}, {"v": [1], "w": 2})
    found.variables_before["v"].append(2)
    assert found.variables_before == {"v": [1]}
    assert found["Assign"].expressions[0].location == "Assign/w"
    assert (found["Assign"].expressions[0].text, found["Assign"].expressions[0].value) == ("$v[0] + 1", 2)


@pytest.fixture
def working():
    """A run in the middle of its Task T, and what lets it go on."""
    gate, begun = threading.Event(), threading.Event()

    def f(event):
        begun.set()
        return gate.wait(30)

    task = {"Type": "Task", "Resource": ARN, "End": True}
    run = machine(P={"Type": "Pass", "Next": "T"}, T=task).start({"n": 1}, tasks={"f": f})
    assert begun.wait(30)
    yield run, gate
    gate.set()
    run.wait(30)


def test_while_it_runs(working):
    """As far as it has come; later it tells the rest."""
    run, gate = working
    found = run.explain("T")
    assert (found.status, found.output, found.variables_after) == ("RUNNING", None, None)
    assert [step.name for step in found.steps] == ["input"]
    assert run.explain("P").status == "SUCCEEDED"
    gate.set()
    run.wait(30)
    assert run.explain("T").output is True
    assert found.status == "RUNNING"


def test_an_execution_that_was_stopped(working):
    run, _ = working
    run.stop("Enough").wait(30)
    found = run.explain("T")
    assert (found.status, [step.name for step in found.steps]) == ("ABORTED", ["input"])


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("Taks",), "there is no state 'Taks'. Did you mean 'Task'?"),
        (("Task", 1), "the state 'Task' was visited once so far: give visit=0."),
    ],
)
def test_what_is_not_there_is_said_plainly(run, asked, said):
    with pytest.raises(LookupError) as caught:
        run.explain(*asked)
    assert str(caught.value) == said


# ------------------------------------------------------------ how it shows itself


class _Texts(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.texts = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.texts.append(data)


def bundle(found):
    return found._repr_mimebundle_()


def test_as_text(run):
    text = bundle(run.explain("Task"))["text/plain"]
    lines = text.splitlines()
    assert lines[0] == "Task (Task, JSONPath), visit 0: SUCCEEDED, next: Each"
    assert "InputPath  $.order" in lines
    assert lines[lines.index("retry 1") + 1] == "    after 2 s"
    assert lines[-2:] == ["output", "    (as before)"]


def test_as_html_all_text_is_escaped():
    states = {"P": {"Type": "Pass", "Result": "<script>alert(1)</script>", "OutputPath": "$.<i>", "End": True}}
    html = bundle(machine(**states).run({"<u>": 1}).explain("P"))["text/html"]
    parser = _Texts()
    parser.feed(html)
    assert set(parser.tags) <= {"div", "p", "span", "b", "table", "tbody", "tr", "td", "pre"}
    assert "$.<i>" in parser.texts
    assert '{"<u>":1}' in parser.texts


def test_html_is_static_and_themeable(run):
    """No class, script, link or background: it looks well in a light and in a dark theme, without a kernel."""
    html = bundle(run.explain("Task"))["text/html"]
    assert not re.search(r"<script|<style|<link|class=|background|https?:", html)


def test_what_is_wrong_is_said_once():
    states = {"P": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.input.x %}", "End": True}}
    found = machine(**states).run().explain("P")
    text = bundle(found)["text/plain"]
    assert text.count("returned nothing (undefined)") == 1
    assert text.count("States.QueryEvaluationError") == 2
    assert "States.QueryEvaluationError" in bundle(found)["text/html"]


def test_an_error_without_a_name():
    found = machine(F={"Type": "Fail"}).run().explain("F")
    assert bundle(found)["text/plain"] == "F (Fail), visit 0: FAILED\ninput\n    {}\nerror\n    no error name"


def test_large_values_and_long_lists_are_cut_short():
    many = {**EACH, "ItemSelector": {"v.$": "$$.Map.Item.Value"}}
    run = machine(Each=many).run({"list": ["x" * 100] * 200})
    shown = bundle(run.explain("Each"))
    assert "ItemSelector[199]" in shown["text/plain"]
    assert "more: see .steps" in shown["text/plain"]
    assert len(shown["text/html"]) < 60_000
    assert len(run.explain("Each").steps) == 205  # input, ItemsPath, items, 200 items, result, output


def test_expressions_are_listed_each_with_its_value():
    output = {"a": "{% 1 + 1 %}", "b": ["{% $states.input.none %}"]}
    states = {"P": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": output, "End": True}}
    html = bundle(machine(**states).run().explain("P"))["text/html"]
    parser = _Texts()
    parser.feed(html)
    assert "2 expressions" in parser.texts
    assert parser.texts[parser.texts.index("Output/a") :][:3] == ["Output/a", "1 + 1", "2"]
    assert parser.texts[parser.texts.index("Output/b[0]") :][:2] == ["Output/b[0]", "$states.input.none"]


def test_the_parts_of_an_expression_say_where_nothing_was_found():
    output = "{% $sum($states.input.list) + $states.input.none.deeper %}"
    states = {"P": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": output, "End": True}}
    found = machine(**states).run({"list": [1, 2]}).explain("P")
    parts = found["Output"].expressions[0].parts
    assert [(part.text, part.depth, part.outcome, part.value) for part in parts] == [
        ("$sum($states.input.list)", 0, "value", 3),
        ("$states.input.list", 1, "value", [1, 2]),
        ("$states.input.none.deeper", 0, "undefined", None),
    ]
    parser = _Texts()
    parser.feed(bundle(found)["text/html"])
    assert parser.texts[parser.texts.index("$states.input.none.deeper") + 1] == "undefined"


def test_every_status_of_a_visit_can_be_shown():
    from sfn_notebook.notebook.display import badge
    from sfn_notebook.tables.transitions import STATUSES

    assert all(status in badge(status) for status in STATUSES)


def test_a_caught_visit_is_shown():
    task = {"Type": "Task", "Resource": "arn:aws:lambda:REGION:ACCOUNT_ID:function:f", "End": True}
    caught = task | {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Z"}]}
    machine = sfn.StateMachine({"StartAt": "T", "States": {"T": caught, "Z": {"Type": "Pass", "End": True}}})
    shown = machine.run(tasks={"f": lambda event: 1 / 0}).explain("T")._repr_mimebundle_()
    assert "CAUGHT" in shown["text/html"]
