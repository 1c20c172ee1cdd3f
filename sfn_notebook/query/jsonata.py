"""JSONata expressions → closures.  (spec: data-flow, JSONata pipeline; language, JSONata static checks)

What stands between `{%` and `%}` is compiled once, and shared by threads. jlens evaluates; this module is the border
to it: what goes in, what AWS refuses, limits, and AWS's words for what goes wrong.

Knows jlens, the only module that does; must not know states or fields beyond the name it is given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

import jlens

from sfn_notebook.values import ABSENT, JSON, Absent

from .jsonata_functions import IMPLEMENTATIONS, LINEAR_DISTINCT, MEMORY, PRELUDES, Fault, chances, chancy
from .jsonata_numbers import arithmetic, divides, settled, with_names_for_nonfinite, without_integral_floats
from .jsonata_references import BUILT_IN, Problem, References, problems, pure_path, references
from .jsonata_syntax import Node, parse
from .scope import QueryError, QuerySyntaxError, Scope

__all__ = [
    "EvaluationError",
    "JsonataExpression",
    "Problem",
    "References",
    "States",
    "compile_expression",
    "reads",
    "syntax_problems",
]


@dataclass(frozen=True, slots=True)
class States:
    """The data of a JSONata expression: $states, but for `context`, which the scope tells."""

    input: JSON
    result: JSON | Absent = ABSENT
    error_output: JSON | Absent = ABSENT


JsonataExpression: TypeAlias = Callable[[States, Scope], JSON]
"""A compiled expression. Raises EvaluationError; never changes its data; may share parts of it."""


class EvaluationError(QueryError):
    """States.QueryEvaluationError: `location` is the field as AWS names it (`Output/a/b[0]`).

    guard: it was the wall clock that ended the evaluation, so another run might have ended otherwise.
    """

    def __init__(self, location: str, cause: str, *, guard: bool = False) -> None:
        self.location, self.guard = location, guard
        super().__init__("States.QueryEvaluationError", cause)


def compile_expression(text: str, field: str) -> JsonataExpression:
    """The closure of `text`, which stands between the delimiters in `field`, say "Output/a/b[0]".

    `field#0`, `field#1`, … are the keys of its draws of chance.
    Raises: QuerySyntaxError now, at the first character that AWS would refuse.
    """
    _check_syntax(text)
    tree = parse(text)
    refused = next((problem for problem in problems(tree) if problem.code), None)
    if refused is not None:
        raise QuerySyntaxError(refused.message, refused.start, refused.hint)
    program = Program(text, tree, field)
    path = pure_path(tree)
    if path is None:
        return program.evaluate
    variable, names = path
    if variable == "states":
        return _path_of_states(names, program)
    return program.evaluate if variable in BUILT_IN else _path_of_variable(variable, names, program)


def syntax_problems(text: str) -> list[Problem]:
    """All that is wrong with an expression, for the linter; empty for a good one."""
    try:
        _check_syntax(text)
        return sorted(problems(parse(text)), key=lambda problem: problem.start)
    except QuerySyntaxError as error:
        cause = error.__cause__
        end = cause.end if isinstance(cause, jlens.JlensError) and cause.end is not None else error.offset
        return [Problem(error.message, error.offset, max(end, error.offset))]


def reads(text: str) -> References:
    """What an expression reads, for the list of variables that a state refers to.

    Raises: QuerySyntaxError.
    """
    _check_syntax(text)
    return references(parse(text))


def _check_syntax(text: str) -> None:
    try:
        jlens.Expression(text)
    except jlens.JlensError as error:
        offset = error.start if error.start is not None else error.position
        raise QuerySyntaxError(str(error), offset or 0) from error
    except UnicodeEncodeError as error:
        raise QuerySyntaxError("Half of a surrogate pair is no character.", error.start) from None


# ---------------------------------------------------------------- paths


def _path_of_states(names: tuple[str, ...], program: Program) -> JsonataExpression:
    def evaluate(states: States, scope: Scope) -> JSON:
        found: JSON
        match names[:1]:
            case ("input",):
                found = states.input
            case ("context",):
                found = scope.context()
            case ():
                found = _states_object(states, scope)
            case _:
                found = _FIELDS[names[0]](states) if names[0] in _FIELDS else ABSENT
        return _follow(found, names[1:], states, scope, program)

    return evaluate


_FIELDS: Final[dict[str, Callable[[States], JSON | Absent]]] = {
    "result": lambda states: states.result,
    "errorOutput": lambda states: states.error_output,
}


def _path_of_variable(name: str, names: tuple[str, ...], program: Program) -> JsonataExpression:
    return lambda states, scope: _follow(scope.variables.get(name, ABSENT), names, states, scope, program)


def _follow(found: JSON | Absent, names: tuple[str, ...], states: States, scope: Scope, program: Program) -> JSON:
    """What a path finds in `found`; an array on the way is left to jlens."""
    for name in names:
        if type(found) is dict:
            found = found.get(name, ABSENT)
        elif type(found) is list:
            return program.evaluate(states, scope)
        else:
            found = ABSENT
    if found is ABSENT:
        raise program.undefined()
    return without_integral_floats(found)


def _states_object(states: States, scope: Scope) -> dict[str, JSON]:
    every = {"input": states.input, "result": states.result, "errorOutput": states.error_output}
    given = {name: value for name, value in every.items() if value is not ABSENT}
    return {**given, "context": scope.context()}


# ---------------------------------------------------------------- limits

_DEPTH: Final = 102
"""Of jlens, for 100 of AWS: what stands round an expression nests too."""
_PATIENT: Final[dict[str, Any]] = {
    "max_depth": _DEPTH,
    "max_steps": 5_000_000,
    "max_array_length": 873_782,
    "max_string_length": 6_990_256,
    "max_result_size": 6_990_256,
    "timeout": 5.0,
}
"""AWS's limits, and the wall clock as the last resort. jlens lets other threads run meanwhile."""
_QUICK: Final[dict[str, Any]] = {
    "max_depth": _DEPTH,
    "max_steps": 200_000,
    "max_array_length": 50_000,
    "max_string_length": 100_000,
    "max_result_size": 1_000_000,
    "timeout": 0.2,
}
"""Limits below which an evaluation takes some 20 ms at most: jlens holds the interpreter meanwhile, and reads its input
without converting it. What needs more is begun again, patiently."""

_QUICK_TO_COMPARE: Final = {**_QUICK, "max_array_length": 2_000}
"""For $distinct, which compares each item with each other."""

_STACK: Final = (
    "Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive"
)
_TIMEOUT: Final = "Expression evaluation timeout: Check for infinite loop"
_MEASURED: Final = {"U1001": MEMORY, "D2016": MEMORY, "U1002": MEMORY, "U1003": MEMORY, "U1006": _TIMEOUT}
_GUARD: Final = "D1012"
_OVER_LIMIT: Final = {**_MEASURED, _GUARD: _TIMEOUT, "D1011": _STACK}
"""Codes of jlens → what AWS says, without a code."""

_TOLD: Final = frozenset({"now", "millis", "toMillis", "shuffle"})
"""Functions for which jlens is told the time or a seed."""
_CHANCY: Final = frozenset({"random", "uuid"})
_NO_OPTIONS: Final[dict[str, Any]] = {}


# ---------------------------------------------------------------- evaluation


class _Given(NamedTuple):
    """What one evaluation works on.

    document: jlens's input, the variables and `states`, which none of them may be called.
    hidden: the functions that variables of the same names hide.
    """

    document: JSON
    scope: Scope
    options: dict[str, Any]
    hidden: frozenset[str]


class Program:
    """One expression, in the forms in which jlens needs it. Forms are made when first used, by any thread."""

    def __init__(self, text: str, tree: Node, field: str) -> None:
        self.text, self.tree, self.field = text, tree, field
        self.reads = references(tree)
        self.told = not _TOLD.isdisjoint(self.reads.functions)
        self.chancy = not _CHANCY.isdisjoint(self.reads.functions)
        self.divides = divides(tree)
        self.quick = _QUICK_TO_COMPARE if "distinct" in self.reads.functions else _QUICK
        self.forms: dict[tuple[str, frozenset[str]], jlens.Expression] = {}

    def evaluate(self, states: States, scope: Scope) -> JSON:
        """The value of the expression.

        Raises: EvaluationError.
        """
        given = self.given(states, scope)
        try:
            found = self._run("value", given)
        except (jlens.JlensError, Fault) as error:
            named = self._with_names(given) if error.code == "D1001" else None
            if named is None:
                raise self._threw(error) from None
            found = named
        if "r" not in found:
            raise self.undefined() if self._run("type", given).get("r") != "function" else self._unsupported()
        if self.divides and _holds_null(found["r"]):
            found = self._with_names(given) or found
        return settled(found["r"], given.document, lambda document: self._once_more(given._replace(document=document)))

    def _once_more(self, given: _Given) -> JSON | Absent:
        try:
            return self._run("value", given).get("r", ABSENT)
        except (jlens.JlensError, Fault):
            return ABSENT

    def given(self, states: States, scope: Scope) -> _Given:
        variables = scope.variables
        functions = self.reads.functions
        hidden = _NONE if functions.isdisjoint(variables) else functions.intersection(variables)
        wanted = self.reads.variables | hidden if hidden else self.reads.variables
        document = {name: variables[name] for name in wanted if name in variables}
        if self.reads.states:
            document["states"] = self._states(states, scope)
        return _Given(document, scope, self._options(scope) if self.told else _NO_OPTIONS, hidden)

    def _states(self, states: States, scope: Scope) -> dict[str, JSON]:
        """As much of $states as is read."""
        wanted = self.reads.states
        if "" in wanted:
            return _states_object(states, scope)
        document: dict[str, JSON] = {}
        if "input" in wanted:
            document["input"] = states.input
        if "result" in wanted and states.result is not ABSENT:
            document["result"] = states.result
        if "errorOutput" in wanted and states.error_output is not ABSENT:
            document["errorOutput"] = states.error_output
        if "context" in wanted:
            document["context"] = scope.context()
        return document

    def _options(self, scope: Scope) -> dict[str, Any]:
        options: dict[str, Any] = {"now": scope.now}
        if "shuffle" in self.reads.functions:
            options["seed"] = scope.draw(f"{self.field}#shuffle") >> 65
        return options

    def bindings(self, scope: Scope) -> dict[str, JSON] | None:
        """Each run of an expression begins anew with its draws."""
        return chancy(chances(scope.draw, self.field)) if self.chancy else None

    def _run(self, form: str, given: _Given) -> dict[str, JSON]:
        expression = self.form(form, given.hidden)
        try:
            found = expression.evaluate(given.document, self.bindings(given.scope), **self.quick, **given.options)
        except jlens.JlensError as error:
            if error.code not in _MEASURED and error.code != _GUARD:
                raise
            patient = self.form(f"{form}, patient", given.hidden)
            document = jlens.Document(given.document)
            found = patient.evaluate_document(document, self.bindings(given.scope), **_PATIENT, **given.options)
        return found if type(found) is dict else {}

    def _with_names(self, given: _Given) -> dict[str, JSON] | None:
        """The result with names for what is not finite; None where that leads nowhere."""
        if with_names_for_nonfinite(self.text, self.tree) is None:
            return None
        try:
            return self._run("names", given) or None
        except (jlens.JlensError, Fault):
            return None

    # ------------------------------------------------------------ forms

    def form(self, form: str, hidden: frozenset[str]) -> jlens.Expression:
        expression = self.forms.get((form, hidden))
        if expression is None:
            expression = self.forms[form, hidden] = self._make(form, hidden)
        return expression

    def _make(self, form: str, hidden: frozenset[str]) -> jlens.Expression:
        kind, _, patience = form.partition(", ")
        text = self.text
        if kind == "names":
            text = with_names_for_nonfinite(text, self.tree) or text
        if kind == "type":
            text = f"$sfn_result:=\n{text}\n;$sfn_type($sfn_result)"
        # Something has to stand before the text: a regular expression cannot follow an opening bracket.
        expression = jlens.Expression(f'{{"r":({self._prelude(kind, patience, hidden)}\n{text}\n)}}')
        for name in IMPLEMENTATIONS.keys() & self.reads.functions:
            expression.register_function(f"sfn_{name}", IMPLEMENTATIONS[name])
        if kind == "names":
            expression.register_function("sfn_arithmetic", arithmetic)
        return expression

    def _prelude(self, kind: str, patience: str, hidden: frozenset[str]) -> str:
        functions = self.reads.functions - hidden
        pieces = ["$sfn_type:=$type;"] * (kind == "type")
        pieces += [PRELUDES[name] for name in sorted(functions & PRELUDES.keys())]
        pieces += [LINEAR_DISTINCT] * (patience == "patient" and "distinct" in functions)
        pieces += [f"${name}:=$$.`{name}`;" for name in sorted(self.reads.variables | hidden)]
        pieces += ["$states:=$$.states;"] * bool(self.reads.states)
        return "".join(pieces) or "null;"

    # ------------------------------------------------------------ failures

    def undefined(self) -> EvaluationError:
        return self.failure("returned nothing (undefined).")

    def _unsupported(self) -> EvaluationError:
        return self.failure("returned an unsupported result type.")

    def _threw(self, error: jlens.JlensError | Fault) -> EvaluationError:
        message = error.message if isinstance(error, Fault) else _OVER_LIMIT.get(error.code, str(error))
        coded = error.code and error.code not in _OVER_LIMIT
        what = f". {error.code}: {message}" if coded else f": {message}"
        return self.failure(f"threw an error during evaluation{what}", guard=error.code == _GUARD)

    def failure(self, what: str, *, guard: bool = False) -> EvaluationError:
        return failure(self.text, self.field, what, guard=guard)


_NONE: Final[frozenset[str]] = frozenset()


def failure(text: str, field: str, what: str, *, guard: bool = False) -> EvaluationError:
    """An error in AWS's words: `what` the expression in `field` did."""
    cause = f"The JSONata expression '{text.strip()}' specified for the field '{field}' {what}"
    return EvaluationError(field, cause, guard=guard)


def _holds_null(value: JSON) -> bool:
    if type(value) is dict:
        return any(map(_holds_null, value.values()))
    return any(map(_holds_null, value)) if type(value) is list else value is None
