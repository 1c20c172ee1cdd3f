"""Explanation: the data flow of one visit of a state, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from html import escape
from typing import Any, Final

from sfn_notebook.engine.explain import Account, Evaluated, Moment
from sfn_notebook.graph.visits import Status, read_visits
from sfn_notebook.values import ABSENT, JSON, Absent, copy, dumps, pretty

from .display import badge, clip

_ROWS: Final = 60
_LONGEST_VALUE: Final = 4000
_LONGEST_LINE: Final = 100
_LONGEST_PART: Final = 400
_SHORT: Final = 60
_LAST: Final = 10


@dataclass(frozen=True, slots=True)
class ExpressionPart:
    """A part of a JSONata expression. depth: of its nesting in others, from 0; outcome: "value", "undefined" or
    "error".
    """

    text: str
    depth: int
    outcome: str
    _value: JSON | Absent

    @property
    def value(self) -> JSON:
        """What it gave, None unless the outcome is "value". Long values are cut short."""
        return _given(self._value)


@dataclass(frozen=True, slots=True)
class EvaluatedExpression:
    """One JSONata expression of a field.

    location: where it stands ("Output/total"); text: what is between the delimiters; cause: why it failed, or None;
    parts: what its parts gave, outer before inner, but those evaluated many times.
    """

    location: str
    text: str
    cause: str | None
    parts: tuple[ExpressionPart, ...]
    _value: JSON | Absent

    @property
    def value(self) -> JSON:
        """What it gave, None if it failed."""
        return _given(self._value)


@dataclass(frozen=True, slots=True, repr=False)
class FlowStep:
    """One step of the data flow: what a field gave, or how it failed.

    name: "input", "result", "items", "error", "retry", "output", or a field by AWS's name ("Choices[1]/Condition");
    error, cause: None unless it failed; attempt: 0, 1 for the first retry, and so on; expressions: those of a JSONata
    field.
    """

    name: str
    error: str | None
    cause: str | None
    attempt: int
    expressions: tuple[EvaluatedExpression, ...]
    _value: JSON | Absent
    _written: JSON | Absent

    @property
    def value(self) -> JSON:
        """What it gave, None if it failed."""
        return _given(self._value)

    @property
    def written(self) -> JSON:
        """The field as it stands in the definition, None where the step is no field."""
        return _given(self._written)

    def __repr__(self) -> str:
        what = f"{self.error}: {self.cause}" if self.error is not None else dumps(_given(self._value))
        return f"<{self.name}: {clip(what, _LONGEST_LINE)}>"


@dataclass(frozen=True, slots=True, repr=False)
class Explanation:
    """The data flow of one visit of a state, as it was in this run. All values that it gives away are copies.

    visit: from 0, in the order of `.transitions`; container: the states around, as there ("Outer[3]/Inner[0]");
    status: RUNNING, SUCCEEDED, FAILED, CAUGHT, TIMED_OUT or ABORTED; next: the state that followed; steps: input, the
    fields of the state, result and output in their order, and where it failed "error".
    `explanation["ResultSelector"].value` is what that step gave, in the latest attempt that came to it.
    """

    state: str
    type: str
    query_language: str
    visit: int
    container: str
    status: Status
    next: str | None
    steps: tuple[FlowStep, ...]
    _before: Mapping[str, JSON]
    _after: Mapping[str, JSON] | None

    @property
    def input(self) -> JSON:
        """The raw input of the state."""
        return self["input"].value

    @property
    def output(self) -> JSON:
        """The output of the state, None unless it was left."""
        last = self.steps[-1]
        return last.value if last.name == "output" else None

    @property
    def variables_before(self) -> dict[str, JSON]:
        """The variables that the state saw, by name."""
        return _copies(self._before)

    @property
    def variables_after(self) -> dict[str, JSON] | None:
        """The variables that the next state sees, None unless the state was left."""
        return None if self._after is None else _copies(self._after)

    def __getitem__(self, name: str) -> FlowStep:
        """The step of this name. Raises: KeyError, naming those that there are."""
        for step in reversed(self.steps):
            if step.name == name:
                return step
        there = ", ".join(dict.fromkeys(step.name for step in self.steps))
        raise KeyError(f"{self.state} has no step {name!r} here; its steps are {there}.")

    def __repr__(self) -> str:
        return f"<Explanation of {self.state}, visit {self.visit}: {self.status}>"

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        rows = list(_rows(self))
        return {"text/plain": _text(self, rows), "text/html": _html(self, rows)}


def explanation_of(account: Account) -> Explanation:
    """What was heard, with what the history says became of the visit."""
    execution, state = account.execution, account.state
    visits = read_visits(execution.history(), execution.program.machine)
    seen = [visit for visit in visits if visit.state == state.name][account.visit]
    return Explanation(
        state=state.name,
        type=state.type,
        query_language=state.query_language,
        visit=account.visit,
        container=seen.line.container,
        status=seen.status,
        next=seen.next,
        steps=tuple(map(_flow_step, account.moments)),
        _before=account.variables_before,
        _after=account.variables_after,
    )


def _flow_step(moment: Moment) -> FlowStep:
    expressions = tuple(map(_expression, moment.expressions))
    return FlowStep(moment.name, moment.error, moment.cause, moment.attempt, expressions, moment.value, moment.written)


def _expression(evaluated: Evaluated) -> EvaluatedExpression:
    parts = tuple(ExpressionPart(*part) for part in evaluated.parts)
    return EvaluatedExpression(evaluated.location, evaluated.text.strip(), evaluated.cause, parts, evaluated.value)


def _given(value: JSON | Absent) -> JSON:
    return None if value is ABSENT else copy(value)


def _copies(variables: Mapping[str, JSON]) -> dict[str, JSON]:
    return {name: copy(value) for name, value in variables.items()}


# ---------------------------------------------------------------- how it shows itself


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the display. value: JSON text, or a cause where there is an error; same: it is that of the line
    before.
    """

    name: str
    written: str
    value: str
    error: str | None = None
    same: bool = False
    expressions: tuple[EvaluatedExpression, ...] = ()


def _rows(explanation: Explanation) -> Iterator[_Row]:
    before, after = explanation.variables_before, explanation.variables_after
    if before:
        yield _Row("variables before", "", _shown(before))
    yield from _step_rows(explanation.steps)
    if after and after != before:
        yield _Row("variables after", "", _shown(after))


def _step_rows(steps: tuple[FlowStep, ...]) -> Iterator[_Row]:
    shown = steps if len(steps) <= _ROWS else (*steps[: _ROWS - _LAST], *steps[-_LAST:])
    value = cause = ""
    for position, step in enumerate(shown):
        if len(shown) < len(steps) and position == _ROWS - _LAST:
            yield _Row(f"… {len(steps) - len(shown)} more: see .steps", "", "")
        row = _row(step)
        if row.error is not None:
            yield replace(row, same=step.name == "error" and bool(cause) and row.value.endswith(cause))
            cause = row.value
        else:
            yield replace(row, same=row.value == value)
            value = row.value if _carries_data(step.name) else value


def _carries_data(name: str) -> bool:
    """Does the data flow on from here, and not beside it?"""
    return name not in ("items", "retry") and not name.startswith(("Choices[", "ItemSelector[", "Assign"))


def _row(step: FlowStep) -> _Row:
    written = "" if step._written is ABSENT else _written(step._written)
    if step.name == "retry":
        return _Row(f"retry {step.attempt}", "", f"after {step.value:g} s")
    if step.name == "error" or step.error is not None:
        cause = clip(step.cause or "", _LONGEST_VALUE)
        return _Row(step.name, written, cause, step.error or "no error name", expressions=step.expressions)
    return _Row(step.name, written, _shown(step._value), expressions=step.expressions)


def _written(value: JSON) -> str:
    return value if isinstance(value, str) else _shown(value)


def _shown(value: JSON) -> str:
    """JSON text, over several lines if it is long."""
    line = dumps(value)
    return line if len(line) <= _SHORT else clip(pretty(value), _LONGEST_VALUE)


def _title(explanation: Explanation) -> str:
    kind = explanation.type
    if kind not in ("Fail", "Succeed") or explanation.query_language == "JSONata":
        kind += f", {explanation.query_language}"
    inside = f" in {explanation.container}" if explanation.container else ""
    return f"({kind}){inside}, visit {explanation.visit}"


def _follows(explanation: Explanation) -> str:
    return f", next: {explanation.next}" if explanation.next is not None else ""


def _text(explanation: Explanation, rows: list[_Row]) -> str:
    lines = [f"{explanation.state} {_title(explanation)}: {explanation.status}{_follows(explanation)}"]
    for row in rows:
        written = clip(" ".join(map(str.strip, row.written.splitlines())), _LONGEST_LINE)
        lines.append(f"{row.name}  {written}".rstrip())
        if row.error:
            lines.append(f"    {row.error}")
        value = "(as before)" if row.same else row.value
        lines += [f"    {line}" for line in value.splitlines()]
    return "\n".join(lines)


_CELL: Final = "text-align: left; vertical-align: top; padding: 4px 12px 4px 0"
_PRE: Final = "margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; text-align: left"
_MUTED: Final = "opacity: 0.6"
_WRONG: Final = "color: #e5534b"


def _html(explanation: Explanation, rows: list[_Row]) -> str:
    title = f"<b>{escape(explanation.state)}</b> {escape(_title(explanation) + _follows(explanation))}"
    body = "".join(map(_row_html, rows))
    table = f'<table style="border-collapse: collapse; table-layout: auto; margin: 0"><tbody>{body}</tbody></table>'
    return f"<div><p>{badge(explanation.status)} {title}</p>{table}</div>"


def _row_html(row: _Row) -> str:
    weight = "bold" if row.written or row.error else "normal"
    name = f'<span style="font-weight: {weight}; white-space: nowrap">{escape(row.name)}</span>'
    written = f'<pre style="{_PRE}; {_MUTED}; min-width: 16em">{escape(row.written)}</pre>' if row.written else ""
    cells = (name, written, _value_html(row) + _expressions_html(row.expressions))
    return _line_html(*cells)


def _line_html(*cells: str) -> str:
    return "<tr>" + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in cells) + "</tr>"


def _value_html(row: _Row) -> str:
    value = f'<pre style="{_PRE}">{escape(row.value)}</pre>' if row.value else ""
    if row.same:
        value = f'<span style="{_MUTED}">as before</span>'
    return f'<b style="{_WRONG}">{escape(row.error)}</b> {value}' if row.error else value


def _expressions_html(expressions: tuple[EvaluatedExpression, ...]) -> str:
    count = len(expressions)
    if count < 2 and not any(each.parts for each in expressions):
        return ""
    rows = "".join(line for each in expressions[:_ROWS] for line in _expression_lines(each))
    title = f"{count} expressions" if count > 1 else "how"
    return f'<details><summary>{title}</summary><table style="margin: 0"><tbody>{rows}</tbody></table></details>'


def _expression_lines(each: EvaluatedExpression) -> Iterator[str]:
    wrong = f'<span style="{_WRONG}">{escape(clip(each.cause or "", _LONGEST_VALUE))}</span>'
    value = wrong if each.cause is not None else _code(dumps(each.value))
    yield _line_html(escape(each.location), f"<code>{escape(each.text)}</code>", value)
    for part in each.parts[:_ROWS]:
        text = f'<code style="margin-left: {part.depth + 1}em">{escape(part.text)}</code>'
        value = _code(dumps(part.value)) if part.outcome == "value" else f'<i style="{_WRONG}">{part.outcome}</i>'
        yield _line_html("", text, value)


def _code(text: str) -> str:
    return f"<code>{escape(clip(text, _LONGEST_PART))}</code>"
