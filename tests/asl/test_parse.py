from __future__ import annotations

import json

from sfn_notebook.asl.parse import parse

MACHINE = {
    "Comment": "two",
    "StartAt": "A",
    "TimeoutSeconds": 5,
    "States": {
        "A": {
            "Type": "Map",
            "Next": "B",
            "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Succeed"}}},
        },
        "B": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% 1 %}", "End": True},
    },
}


def test_a_right_definition_becomes_a_machine():
    text = json.dumps(MACHINE)
    machine, diagnostics = parse(text)
    assert diagnostics == []
    assert machine is not None
    assert (machine.text, machine.comment, machine.timeout_seconds) == (text, "two", 5)
    assert [(state.name, state.query_language, state.pointer) for state in machine.walk()] == [
        ("A", "JSONPath", "/States/A"),
        ("I", "JSONPath", "/States/A/ItemProcessor/States/I"),
        ("B", "JSONata", "/States/B"),
    ]


def test_warnings_do_not_keep_a_machine_from_being_built():
    text = json.dumps(MACHINE).replace('"Succeed"', '"Pass", "End": true, "Parameters": {"a": "$.b"}')
    machine, diagnostics = parse(text)
    assert [(found.code, found.severity) for found in diagnostics] == [("ASL407", "warning")]
    assert machine is not None


def test_an_error_leaves_no_machine():
    machine, diagnostics = parse(json.dumps(MACHINE).replace('"Next": "B"', '"Next": "C"'))
    assert machine is None
    assert [found.code for found in diagnostics] == ["ASL302"]


def test_the_type_of_the_machine_counts():
    text = json.dumps(MACHINE).replace('{"StartAt": "I"', '{"ProcessorConfig": {"Mode": "DISTRIBUTED", '
                                       '"ExecutionType": "EXPRESS"}, "StartAt": "I"')  # fmt: skip
    assert parse(text)[0] is not None
    assert parse(text, type="EXPRESS")[0] is None


def test_what_is_no_text_is_told():
    assert parse(None)[0] is None
    assert [found.code for found in parse({})[1]] == ["ASL101"]
