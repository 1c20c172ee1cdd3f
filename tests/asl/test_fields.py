"""The field tables are consistent."""

from __future__ import annotations

from typing import get_args

import pytest

from sfn_notebook.asl import fields
from sfn_notebook.asl.fields import COMPARISONS, LANGUAGES, SHAPES, Computed, Kind, Many, Nested, States
from sfn_notebook.asl.model import STATE_TYPES
from sfn_notebook.asl.resources import parse_resource
from sfn_notebook.asl.rules.resources import ACTIONS, JOBS
from sfn_notebook.query.choice import OPERATORS


def test_every_state_type_has_a_shape_in_both_languages():
    assert {(name, language) for name in STATE_TYPES for language in LANGUAGES} <= SHAPES.keys()


@pytest.mark.parametrize(("name", "language"), SHAPES, ids="-".join)
def test_what_a_shape_names_are_its_fields(name, language):
    shape = SHAPES[name, language]
    named = {*shape.required, *(field for group in shape.groups for field in group.fields)}
    named |= {field for field, _, other in shape.needs for field in (field, other)}
    assert named <= shape.fields.keys()


@pytest.mark.parametrize(("name", "language"), SHAPES, ids="-".join)
def test_nested_shapes_exist_and_kinds_are_kinds(name, language):
    pending = list(SHAPES[name, language].fields.values())
    while pending:
        kind = pending.pop()
        assert isinstance(kind, get_args(Kind))
        if isinstance(kind, Many):
            pending.append(kind.item)
        elif isinstance(kind, Computed):
            pending.append(kind.literal)
        elif isinstance(kind, Nested):
            assert (kind.shape, language) in SHAPES


def test_only_containers_hold_states():
    assert {name for (name, _), shape in SHAPES.items() if States() in shape.fields.values()} == {
        "machine",
        "branch",
        "processor",
    }


def test_comparisons_are_those_that_can_be_compiled():
    assert COMPARISONS.keys() == OPERATORS.keys()


def test_jsonata_states_have_no_paths():
    for state_type in STATE_TYPES:
        table = SHAPES[state_type, "JSONata"].fields
        assert not [name for name in table if name.endswith("Path") or name in ("Parameters", "Result")]


def test_every_optimized_action_is_a_resource():
    assert JOBS.keys() <= ACTIONS.keys()
    for service, actions in ACTIONS.items():
        for action in actions:
            resource = parse_resource(f"arn:aws:states:::{service}:{action}")
            assert (resource.kind, resource.service, resource.action) == ("service", service, action)


def test_distributed_fields_are_fields_of_a_map():
    assert set(fields.DISTRIBUTED_ONLY) <= SHAPES["Map", "JSONPath"].fields.keys()
