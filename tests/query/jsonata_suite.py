"""What tests of JSONata share: a scope, data, and JSONata's own suite.  (../shared/jsonata-suite/README.md)"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

from sfn_notebook.query.jsonata import Program, States, _check_syntax, _Given
from sfn_notebook.query.jsonata_syntax import parse

SUITE = Path(__file__).parents[2].parent / "shared" / "jsonata-suite"


@dataclass
class Scope:
    """A scope with fixed contents; it remembers the sites at which chance was drawn."""

    variables: dict = field(default_factory=dict)
    sites: list = field(default_factory=list)
    now: int = 1_700_000_000_123

    def context(self):
        return {"State": {"Name": "S"}}

    def draw(self, site):
        self.sites.append(site)
        return int.from_bytes(site.encode().ljust(16, b"*")[-16:])


INPUT = {
    "x": 1,
    "one": 1.0,
    "nothing": None,
    "exact": 2**53 + 1,
    "long": 2**63 - 1,
    "double": 1e19,
    "empty": [],
    "single": [{"n": 1}],
    "items": [{"n": 1}, {"n": 2}],
    "deep": {"list": [[1.0]], "text": "1.0"},
}
STATES = States(INPUT, {"r": 1}, {"Error": "E", "Cause": "c"})


class Case(Program):
    """A program whose context is the case's document: on AWS there is none, and bare names are refused."""

    def __init__(self, case):
        self.case = case
        _check_syntax(case["expr"])
        super().__init__(case["expr"], parse(case["expr"]), "Output")
        self.reads = replace(self.reads, variables=frozenset())

    def given(self, states, scope):
        return _Given(states, scope, {}, frozenset())

    def bindings(self, scope):
        return {**(self.case.get("bindings") or {}), **(super().bindings(scope) or {})}


def cases():
    """(name, case) of every case, datasets read in."""
    for path in sorted((SUITE / "groups").glob("*/*.json")):
        content = json.loads(path.read_text())
        several = content if isinstance(content, list) else [content]
        for index, case in enumerate(several):
            name = f"{path.parent.name}/{path.stem}" + (f"[{index}]" if isinstance(content, list) else "")
            if "expr-file" in case:
                case["expr"] = (path.parent / case["expr-file"]).read_text()
            if case.get("dataset"):
                case["data"] = json.loads((SUITE / "datasets" / f"{case['dataset']}.json").read_text())
            yield name, case
