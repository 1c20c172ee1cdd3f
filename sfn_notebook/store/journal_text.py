"""Journals as JSON text: what an execution was told, line by line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sfn_notebook.engine.stimuli import KINDS, TARGETED, Entry, Place, Stimulus, Target
from sfn_notebook.values import NotJSON, dumps, loads


def write_journal(journal: Sequence[Entry]) -> str:
    """The text of a journal; `read_journal` gives the same journal."""
    return dumps([[entry.after, type(entry.stimulus).__name__, _fields(entry.stimulus)] for entry in journal])


def _fields(stimulus: Stimulus) -> list[Any]:
    fields: list[Any] = list(stimulus)
    if type(stimulus) in TARGETED:
        path, *rest = fields[1]
        fields[1] = [list(map(list, path)), *rest]
    return fields


def read_journal(text: str) -> list[Entry]:
    """The journal that was written."""
    return [Entry(after, _stimulus(KINDS[kind], fields)) for after, kind, fields in _lines(text)]


def _lines(text: str) -> Any:
    try:
        return loads(text)
    except NotJSON:  # a lone surrogate, in what a function said of its failure, or deeper than that reader goes
        return json.loads(text)


def _stimulus(kind: Any, fields: list[Any]) -> Any:
    if kind in TARGETED:
        path, *rest = fields[1]
        fields[1] = Target(tuple(Place(*place) for place in path), *rest)
    return kind(*fields)
