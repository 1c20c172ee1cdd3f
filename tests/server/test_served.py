"""The functions of a file: those written in it, and those that it registers."""

import pytest

from sfn_notebook.integrations.functions import registry
from sfn_notebook.server.served import FunctionsNotLoaded, load_functions

FILE = """
import os
from os.path import join
import sfn_notebook as sfn

def plain(event):
    return event

@sfn.task(name="with-dashes")
def registered(event):
    return event

def _own(event):
    return event

class Kind:
    pass
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr("sfn_notebook.integrations.functions.registry", registry)
    before = dict(registry)
    yield tmp_path / "functions.py"
    registry.clear()
    registry.update(before)


def test_the_functions_of_a_file(file):
    file.write_text(FILE)
    assert sorted(load_functions(file)) == ["plain", "registered", "with-dashes"]
    assert load_functions(file)["plain"](1) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def f(:", r"functions\.py line 1: SyntaxError"),
        ("\nx = 1 / 0", r"functions\.py line 2: ZeroDivisionError: division by zero"),
        ("import nothing_of_this_name", r"functions\.py line 1: ModuleNotFoundError"),
    ],
)
def test_a_file_that_cannot_be_loaded(file, text, said):
    file.write_text(text)
    with pytest.raises(FunctionsNotLoaded, match=said):
        load_functions(file)


def test_a_file_that_is_none(file):
    with pytest.raises(FunctionsNotLoaded, match=r"functions\.py: No such file"):
        load_functions(file)
    with pytest.raises(FunctionsNotLoaded, match="is no Python file"):
        load_functions(file.with_suffix(".txt"))
