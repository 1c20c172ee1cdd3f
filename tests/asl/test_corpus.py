"""Definitions and validators' test data that nobody here wrote.  (shared/corpus/README.md)"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfn_notebook.asl.lint import lint
from sfn_notebook.asl.parse import parse

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no corpus at {CORPUS}")

PLACEHOLDER = "a template: the recorded test filled in %CONTEXT_OBJECT_LITERAL_PLACEHOLDER%"
NOT_YET = {
    "localstack__context-object-context-object-input-path": PLACEHOLDER,
    "localstack__context-object-context-object-items-path": PLACEHOLDER,
    "localstack__context-object-context-object-variable": PLACEHOLDER,
    "langservice__documentsucceedfailterminalstate": "three states share a name; AWS wants names to be unique",
}


def lint_cases():
    for path in sorted((CORPUS / "lint").glob("*.json")):
        if path.name != "index.json":
            reason = NOT_YET.get(path.stem)
            marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
            yield pytest.param(path, id=path.stem, marks=marks)


def real():
    if CORPUS.is_dir():
        for entry in json.loads((CORPUS / "real" / "index.json").read_text())["definitions"]:
            yield CORPUS / "real" / entry["file"], entry["truth"]


PRESUMED_VALID = [path for path, truth in real() if truth == "presumed valid"]


def errors(text, machine_type="STANDARD"):
    return [str(found) for found in lint(text, type=machine_type) if found.severity == "error"]


@pytest.mark.parametrize("path", list(lint_cases()))
def test_a_case_of_another_validator(path):
    case = json.loads(path.read_text())
    found = errors(case["text"], case.get("machine_type") or "STANDARD")
    if case["expect"] == "invalid":
        assert found
    elif not case.get("caveat"):
        assert found == []


@pytest.mark.parametrize("path", PRESUMED_VALID, ids=lambda path: path.stem)
def test_a_published_definition_is_built(path):
    machine, found = parse(path.read_text())
    assert [str(one) for one in found if one.severity == "error"] == []
    assert machine is not None
    assert [state.name for state in machine.walk()]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_damaged_definition_makes_nothing_raise(data):
    text = data.draw(st.sampled_from(PRESUMED_VALID)).read_text()
    for _ in range(data.draw(st.integers(1, 4))):
        text = damaged(text, data)
    machine, found = parse(text)
    assert (machine is None) == any(one.severity == "error" for one in found)
    assert len(set(found)) == len(found)
    assert found == sorted(found, key=lambda one: (one.line, one.column))


def damaged(text, data):
    """The text without some characters, or with two pieces of it swapped, or one doubled."""
    here = data.draw(st.integers(0, max(len(text) - 1, 0)))
    if data.draw(st.booleans()):
        return text[:here] + text[here + data.draw(st.integers(1, 30)) :]
    pieces = text.split('"')
    one, other = (data.draw(st.integers(0, len(pieces) - 1)) for _ in range(2))
    pieces[one], pieces[other] = pieces[other], data.draw(st.sampled_from([pieces[one], pieces[other]]))
    return '"'.join(pieces)
