"""The field tables of the Amazon States Language, as data.

Which field stands where, in which query language, with what value: parser, linter, completion and designer
read them. Nothing here knows how a fault is told.  (spec: language, Fields × states)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from sfn_notebook.query.choice import OPERATORS

from .model import STATE_TYPES, QueryLanguage

if TYPE_CHECKING:
    from collections.abc import Mapping

# ---------------------------------------------------------------- what a value may be


@dataclass(frozen=True, slots=True)
class Text:
    """A string; one of `choices` where there are any. verbatim: for people, nothing is looked for in it."""

    choices: tuple[str, ...] = ()
    verbatim: bool = False


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number."""

    least: int
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """A number with or without a fraction."""

    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """true or false."""


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A string in RFC 3339 form."""


@dataclass(frozen=True, slots=True)
class Path:
    """A JSONPath.

    reference: it must name exactly one place of the input; single: it should find one value; nullable: null
    is allowed; intrinsics: the functions that may be called instead of a path.
    """

    reference: bool = False
    single: bool = False
    nullable: bool = False
    intrinsics: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Template:
    """A payload template: JSON in which keys that end in .$ hold paths and intrinsic functions."""

    only_object: bool = False


@dataclass(frozen=True, slots=True)
class Dynamic:
    """JSON in which strings may be JSONata expressions."""

    only_object: bool = False
    nullable: bool = True


@dataclass(frozen=True, slots=True)
class Anything:
    """JSON that is taken as it stands."""


@dataclass(frozen=True, slots=True)
class StateName:
    """The name of a state of the same container."""


@dataclass(frozen=True, slots=True)
class Arn:
    """What is called; `only`: the resources allowed, any where it is empty."""

    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Nested:
    """An object with fields of its own: the name of its shape."""

    shape: str


@dataclass(frozen=True, slots=True)
class Many:
    """An array of at least `least` items."""

    item: Kind
    least: int = 1


@dataclass(frozen=True, slots=True)
class States:
    """An object of states by name."""


@dataclass(frozen=True, slots=True)
class Computed:
    """A literal, or a JSONata expression that yields one."""

    literal: Kind


Kind: TypeAlias = (
    Text
    | Whole
    | Number
    | Flag
    | Timestamp
    | Path
    | Template
    | Dynamic
    | Anything
    | StateName
    | Arn
    | Nested
    | Many
    | States
    | Computed
)


# ---------------------------------------------------------------- which fields stand together


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that share a job.

    needed: one of them must stand; exclusive: only one may; label: their common name, where they are many.
    """

    fields: tuple[str, ...]
    needed: bool = False
    exclusive: bool = True
    label: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """An object of the language: its title in messages, its fields, those required, and its groups.

    needs: (field, the value it needs it with or None for any, the field that must stand beside it).
    """

    title: str
    fields: Mapping[str, Kind]
    required: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    needs: tuple[tuple[str, str | None, str], ...] = ()


# ---------------------------------------------------------------- the tables

LONGEST: Final = 99_999_999
"""Where seconds and attempts end.  (spec: language)"""

LANGUAGES: Final[tuple[QueryLanguage, QueryLanguage]] = ("JSONPath", "JSONata")
NEXT_OR_END: Final = Group(("Next", "End"), needed=True)

STRING_INTRINSICS: Final = frozenset(
    f"States.{name}"
    for name in ("Format", "JsonToString", "ArrayGetItem", "Base64Encode", "Base64Decode", "Hash", "UUID")
)
"""The functions that yield a string, as ErrorPath, CausePath and RoleArn take.  (spec: language)"""

DISTRIBUTED_ONLY: Final = (
    "ItemReader",
    "ItemBatcher",
    "ResultWriter",
    "ToleratedFailureCount",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentage",
    "ToleratedFailurePercentagePath",
    "Label",
)
"""The fields of a Map that have no effect inline.  (spec: distributed-map, Fields)"""

_ONE_VALUE: Final = Path(single=True)
_COMPARED_WITH: Final[dict[str, Kind]] = {
    "string": Text(),
    "pattern": Text(),
    "number": Number(),
    "boolean": Flag(),
    "timestamp": Timestamp(),
}

COMPARISONS: Final[dict[str, Kind]] = {
    name: _ONE_VALUE if operator.is_path else _COMPARED_WITH[operator.kind] for name, operator in OPERATORS.items()
}
"""The comparison operators of a JSONPath Choice rule, and what each compares with."""

_Fields: TypeAlias = dict[str, Kind]

_COMMENT: Final[_Fields] = {"Comment": Text(verbatim=True)}
_COMMON: Final[_Fields] = _COMMENT | {"Type": Text(STATE_TYPES), "QueryLanguage": Text(LANGUAGES)}
_GO: Final[_Fields] = {"Next": StateName(), "End": Flag()}
_IN_OUT: Final[_Fields] = {"InputPath": Path(nullable=True), "OutputPath": Path(nullable=True)}
_ASSIGN: Final[_Fields] = {"Assign": Template(only_object=True)}
_PARAMETERS: Final[_Fields] = {"Parameters": Template()}
_RESULT: Final[_Fields] = {"ResultSelector": Template(), "ResultPath": Path(reference=True, nullable=True)}
_CAUGHT: Final[_Fields] = {"Retry": Many(Nested("retrier"), 0), "Catch": Many(Nested("catcher"), 0)}
_ASSIGN_JSONATA: Final[_Fields] = {"Assign": Dynamic(only_object=True)}
_OUTPUT: Final[_Fields] = _ASSIGN_JSONATA | {"Output": Dynamic()}
_CONTAINER: Final[_Fields] = _COMMENT | {"StartAt": StateName(), "States": States()}
_SECONDS: Final = Whole(1, LONGEST)
_STEP: Final = _COMMON | _IN_OUT | _GO | _ASSIGN
_STEP_JSONATA: Final = _COMMON | _GO | _OUTPUT
_MAP: Final[_Fields] = {
    "ItemProcessor": Nested("processor"),
    "Iterator": Nested("processor"),
    "ItemReader": Nested("reader"),
    "ItemBatcher": Nested("batcher"),
    "ResultWriter": Nested("writer"),
    "Label": Text(),
}
_RULE: Final[_Fields] = {
    "Variable": _ONE_VALUE,
    "And": Many(Nested("nested rule")),
    "Or": Many(Nested("nested rule")),
    "Not": Nested("nested rule"),
    **COMPARISONS,
    **_COMMENT,
}
_READER: Final[_Fields] = {
    "Resource": Arn(("arn:aws:states:::s3:getObject", "arn:aws:states:::s3:listObjectsV2")),
    "ReaderConfig": Nested("reader config"),
}
_READER_CONFIG: Final[_Fields] = {
    "InputType": Text(("CSV", "JSON", "JSONL", "PARQUET", "MANIFEST")),
    "CSVHeaderLocation": Text(("FIRST_ROW", "GIVEN")),
    "CSVHeaders": Many(Text()),
    "CSVDelimiter": Text(("COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB")),
    "ItemsPointer": Text(),
    "Transformation": Text(("NONE", "LOAD_AND_FLATTEN")),
    "ManifestType": Text(("S3_INVENTORY", "ATHENA_DATA")),
}
_MAX_ITEMS: Final = Whole(0, 100_000_000)
_WRITER: Final[_Fields] = {
    "Resource": Arn(("arn:aws:states:::s3:putObject",)),
    "WriterConfig": Nested("writer config"),
}
_PROCESSOR: Final = Group(("ItemProcessor", "Iterator"), needed=True)


def _either(*names: str, needed: bool = False) -> tuple[Group, ...]:
    """Each field of `names` in two forms, as a literal and with a path, of which one may stand."""
    return tuple(Group((name, f"{name}Path"), needed) for name in names)


def _both(shape: Shape) -> dict[QueryLanguage, Shape]:
    return {"JSONPath": shape, "JSONata": shape}


_BATCH_LIMITS: Final = Group(
    ("MaxItemsPerBatch", "MaxItemsPerBatchPath", "MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath"),
    needed=True,
    exclusive=False,
)

_TABLES: Final[Mapping[str, dict[QueryLanguage, Shape]]] = {
    "machine": _both(
        Shape(
            "the state machine",
            _CONTAINER | {"Version": Text(("1.0",)), "TimeoutSeconds": _SECONDS, "QueryLanguage": Text(LANGUAGES)},
            ("StartAt", "States"),
        ),
    ),
    "branch": _both(Shape("a branch", _CONTAINER, ("StartAt", "States"))),
    "processor": _both(
        Shape(
            "an item processor",
            _CONTAINER | {"ProcessorConfig": Nested("processor config")},
            ("StartAt", "States"),
        ),
    ),
    "processor config": _both(
        Shape(
            "ProcessorConfig",
            {"Mode": Text(("INLINE", "DISTRIBUTED")), "ExecutionType": Text(("STANDARD", "EXPRESS"))},
            needs=(("Mode", "DISTRIBUTED", "ExecutionType"),),
        ),
    ),
    "Task": {
        "JSONPath": Shape(
            "a Task state",
            _STEP
            | _PARAMETERS
            | _RESULT
            | _CAUGHT
            | {
                "Resource": Arn(),
                "TimeoutSeconds": _SECONDS,
                "TimeoutSecondsPath": _ONE_VALUE,
                "HeartbeatSeconds": _SECONDS,
                "HeartbeatSecondsPath": _ONE_VALUE,
                "Credentials": Nested("credentials"),
            },
            ("Type", "Resource"),
            (NEXT_OR_END, *_either("TimeoutSeconds", "HeartbeatSeconds")),
        ),
        "JSONata": Shape(
            "a Task state",
            _STEP_JSONATA
            | _CAUGHT
            | {
                "Resource": Arn(),
                "Arguments": Dynamic(),
                "TimeoutSeconds": Computed(_SECONDS),
                "HeartbeatSeconds": Computed(_SECONDS),
                "Credentials": Computed(Nested("credentials")),
            },
            ("Type", "Resource"),
            (NEXT_OR_END,),
        ),
    },
    "Pass": {
        "JSONPath": Shape(
            "a Pass state",
            _STEP | _PARAMETERS | {"Result": Anything(), "ResultPath": _RESULT["ResultPath"]},
            ("Type",),
            (NEXT_OR_END,),
        ),
        "JSONata": Shape("a Pass state", _STEP_JSONATA, ("Type",), (NEXT_OR_END,)),
    },
    "Wait": {
        "JSONPath": Shape(
            "a Wait state",
            _STEP
            | {
                "Seconds": Whole(0, LONGEST),
                "SecondsPath": _ONE_VALUE,
                "Timestamp": Timestamp(),
                "TimestampPath": _ONE_VALUE,
            },
            ("Type",),
            (NEXT_OR_END, Group(("Seconds", "SecondsPath", "Timestamp", "TimestampPath"), needed=True)),
        ),
        "JSONata": Shape(
            "a Wait state",
            _STEP_JSONATA | {"Seconds": Computed(Whole(0, LONGEST)), "Timestamp": Computed(Timestamp())},
            ("Type",),
            (NEXT_OR_END, Group(("Seconds", "Timestamp"), needed=True)),
        ),
    },
    "Choice": {
        "JSONPath": Shape(
            "a Choice state",
            _COMMON | _IN_OUT | _ASSIGN | {"Choices": Many(Nested("rule")), "Default": StateName()},
            ("Type", "Choices"),
        ),
        "JSONata": Shape(
            "a Choice state",
            _COMMON | _OUTPUT | {"Choices": Many(Nested("rule")), "Default": StateName()},
            ("Type", "Choices"),
        ),
    },
    "Succeed": {
        "JSONPath": Shape("a Succeed state", _COMMON | _IN_OUT, ("Type",)),
        "JSONata": Shape("a Succeed state", _COMMON | {"Output": Dynamic()}, ("Type",)),
    },
    "Fail": {
        "JSONPath": Shape(
            "a Fail state",
            _COMMON
            | {
                "Error": Text(),
                "ErrorPath": Path(single=True, intrinsics=STRING_INTRINSICS),
                "Cause": Text(),
                "CausePath": Path(single=True, intrinsics=STRING_INTRINSICS),
            },
            ("Type",),
            _either("Error", "Cause"),
        ),
        "JSONata": Shape(
            "a Fail state",
            _COMMON | {"Error": Computed(Text()), "Cause": Computed(Text())},
            ("Type",),
        ),
    },
    "Parallel": {
        "JSONPath": Shape(
            "a Parallel state",
            _STEP | _PARAMETERS | _RESULT | _CAUGHT | {"Branches": Many(Nested("branch"))},
            ("Type", "Branches"),
            (NEXT_OR_END,),
        ),
        "JSONata": Shape(
            "a Parallel state",
            _STEP_JSONATA | _CAUGHT | {"Arguments": Dynamic(), "Branches": Many(Nested("branch"))},
            ("Type", "Branches"),
            (NEXT_OR_END,),
        ),
    },
    "Map": {
        "JSONPath": Shape(
            "a Map state",
            _STEP
            | _RESULT
            | _CAUGHT
            | _MAP
            | _PARAMETERS
            | {
                "ItemsPath": Path(),
                "ItemSelector": Template(),
                "MaxConcurrency": Whole(0),
                "MaxConcurrencyPath": _ONE_VALUE,
                "ToleratedFailureCount": Whole(0),
                "ToleratedFailureCountPath": _ONE_VALUE,
                "ToleratedFailurePercentage": Number(0, 100),
                "ToleratedFailurePercentagePath": _ONE_VALUE,
            },
            ("Type",),
            (
                NEXT_OR_END,
                _PROCESSOR,
                Group(("ItemSelector", "Parameters")),
                *_either("MaxConcurrency", "ToleratedFailureCount", "ToleratedFailurePercentage"),
            ),
        ),
        "JSONata": Shape(
            "a Map state",
            _STEP_JSONATA
            | _CAUGHT
            | _MAP
            | {
                "Items": Dynamic(nullable=False),
                "ItemSelector": Dynamic(),
                "MaxConcurrency": Computed(Whole(0)),
                "ToleratedFailureCount": Computed(Whole(0)),
                "ToleratedFailurePercentage": Computed(Number(0, 100)),
            },
            ("Type",),
            (NEXT_OR_END, _PROCESSOR),
        ),
    },
    "retrier": _both(
        Shape(
            "a retrier",
            _COMMENT
            | {
                "ErrorEquals": Many(Text()),
                "IntervalSeconds": _SECONDS,
                "MaxAttempts": Whole(0, LONGEST),
                "BackoffRate": Number(1),
                "MaxDelaySeconds": Whole(1, 31_622_400),
                "JitterStrategy": Text(("FULL", "NONE")),
            },
            ("ErrorEquals",),
        ),
    ),
    "catcher": {
        "JSONPath": Shape(
            "a catcher",
            _ASSIGN
            | _COMMENT
            | {"ErrorEquals": Many(Text()), "Next": StateName(), "ResultPath": _RESULT["ResultPath"]},
            ("ErrorEquals", "Next"),
        ),
        "JSONata": Shape(
            "a catcher",
            _OUTPUT | _COMMENT | {"ErrorEquals": Many(Text()), "Next": StateName()},
            ("ErrorEquals", "Next"),
        ),
    },
    "rule": {
        "JSONPath": Shape(
            "a choice rule",
            _RULE | {"Next": StateName()} | _ASSIGN,
            ("Next",),
            (
                Group(
                    ("And", "Or", "Not", *COMPARISONS),
                    needed=True,
                    label="a comparison such as StringEquals, or And, Or, Not",
                ),
            ),
        ),
        "JSONata": Shape(
            "a choice rule",
            _OUTPUT | _COMMENT | {"Condition": Computed(Flag()), "Next": StateName()},
            ("Condition", "Next"),
        ),
    },
    "nested rule": _both(
        Shape(
            "a rule inside And, Or or Not",
            _RULE,
            groups=(
                Group(
                    ("And", "Or", "Not", *COMPARISONS),
                    needed=True,
                    label="a comparison such as StringEquals, or And, Or, Not",
                ),
            ),
        ),
    ),
    "credentials": {
        "JSONPath": Shape(
            "Credentials",
            {"RoleArn": Text(), "RoleArn.$": Path(intrinsics=STRING_INTRINSICS)},
            groups=(Group(("RoleArn", "RoleArn.$"), needed=True),),
        ),
        "JSONata": Shape("Credentials", {"RoleArn": Computed(Text())}, ("RoleArn",)),
    },
    "reader": {
        "JSONPath": Shape("ItemReader", _READER | _PARAMETERS, ("Resource",)),
        "JSONata": Shape("ItemReader", _READER | {"Arguments": Dynamic()}, ("Resource",)),
    },
    "reader config": {
        "JSONPath": Shape(
            "ReaderConfig",
            _READER_CONFIG | {"MaxItems": _MAX_ITEMS, "MaxItemsPath": _ONE_VALUE},
            groups=_either("MaxItems"),
            needs=(("CSVHeaderLocation", "GIVEN", "CSVHeaders"),),
        ),
        "JSONata": Shape(
            "ReaderConfig",
            _READER_CONFIG | {"MaxItems": Computed(_MAX_ITEMS)},
            needs=(("CSVHeaderLocation", "GIVEN", "CSVHeaders"),),
        ),
    },
    "batcher": {
        "JSONPath": Shape(
            "ItemBatcher",
            {
                "MaxItemsPerBatch": Whole(1),
                "MaxItemsPerBatchPath": _ONE_VALUE,
                "MaxInputBytesPerBatch": Whole(1, 262_144),
                "MaxInputBytesPerBatchPath": _ONE_VALUE,
                "BatchInput": Template(),
            },
            groups=(_BATCH_LIMITS, *_either("MaxItemsPerBatch", "MaxInputBytesPerBatch")),
        ),
        "JSONata": Shape(
            "ItemBatcher",
            {
                "MaxItemsPerBatch": Computed(Whole(1)),
                "MaxInputBytesPerBatch": Computed(Whole(1, 262_144)),
                "BatchInput": Dynamic(),
            },
            groups=(Group(("MaxItemsPerBatch", "MaxInputBytesPerBatch"), needed=True, exclusive=False),),
        ),
    },
    "writer": {
        "JSONPath": Shape(
            "ResultWriter",
            _WRITER | _PARAMETERS,
            groups=(Group(("Resource", "WriterConfig"), needed=True, exclusive=False),),
            needs=(("Resource", None, "Parameters"), ("Parameters", None, "Resource")),
        ),
        "JSONata": Shape(
            "ResultWriter",
            _WRITER | {"Arguments": Dynamic()},
            groups=(Group(("Resource", "WriterConfig"), needed=True, exclusive=False),),
            needs=(("Resource", None, "Arguments"), ("Arguments", None, "Resource")),
        ),
    },
    "writer config": _both(
        Shape(
            "WriterConfig",
            {
                "OutputType": Text(("JSON", "JSONL")),
                "Transformation": Text(("NONE", "COMPACT", "FLATTEN")),
            },
            ("OutputType",),
        ),
    ),
}


def _any_state(language: QueryLanguage) -> Shape:
    """What a state may hold whose Type is not known."""
    fields: _Fields = {}
    for state_type in STATE_TYPES:
        fields |= _TABLES[state_type][language].fields
    return Shape("a state", fields, ("Type",))


SHAPES: Final[Mapping[tuple[str, QueryLanguage], Shape]] = {
    (name, language): shape for name, table in _TABLES.items() for language, shape in table.items()
} | {("state", language): _any_state(language) for language in LANGUAGES}
"""Every shape by its name and query language. A state's shape is called by its Type; "state" is any state."""
