"""How machines and executions show themselves: text for terminals and tests, HTML with the picture for notebooks.

The HTML is static and shows everywhere: in trusted and untrusted notebooks, in exports and on GitHub. So: the
picture is an <img> with the SVG as data, styles are few and inline, and whatever came from a definition or a payload
is escaped text.
"""

from __future__ import annotations

import base64
from datetime import timedelta
from html import escape
from typing import TYPE_CHECKING, Any, Final

from sfn_notebook.values import JSON, pretty

if TYPE_CHECKING:
    from sfn_notebook.asl.diagnostics import Diagnostic
    from sfn_notebook.server.credentials import Credentials

    from .execution import Execution
    from .machine import StateMachine

MODES: Final = ("auto", "static", "text", "none")
_ROWS: Final = 50
_MAP_RUNS: Final = 10
_LONGEST_VALUE: Final = 4000
_LONGEST_CELL: Final = 80
_SHOWN: Final = ("state", "container", "status", "retries", "duration", "error", "next")
_COLOURS: Final = {
    "SUCCEEDED": "#2da44e",
    "FAILED": "#e5534b",
    "TIMED_OUT": "#c69026",
    "CAUGHT": "#c69026",
    "ABORTED": "#8b949e",
    "RUNNING": "#539bf5",
}


def machine_bundle(machine: StateMachine) -> dict[str, str]:
    """The MIME bundle of a machine: its picture and its warnings."""
    notes = [found for found in machine.diagnostics if found.severity != "info"]
    text = "\n".join([repr(machine), *map(str, notes)])
    picture = _picture(machine.svg(), f"state machine {machine.name}")
    return {"text/plain": text, "text/html": f"<div>{picture}{_notes(notes)}</div>"}


def execution_bundle(execution: Execution) -> dict[str, str]:
    """The MIME bundle of an execution: what became of it, its picture, its output and its transitions."""
    table = execution.transitions
    parts = _summary(execution, table)
    text = [f"{execution.machine_name}: {', '.join([execution.status, *parts])}", *_ending_text(execution)]
    map_runs = [
        f"Map Run of {found.state}: {found.status}, {found.progress}" for found in execution.map_runs[:_MAP_RUNS]
    ]
    text += map_runs
    if len(table):
        text.append(_table(table).to_string(index=False))
    html = [
        f"<p>{badge(execution.status)} <b>{escape(execution.machine_name)}</b>: {escape(', '.join(parts))}</p>",
        _picture(execution.svg(), f"execution of {execution.machine_name}: {execution.status}"),
        _ending_html(execution),
        *(f"<p>{escape(line)}</p>" for line in map_runs),
        _table_html(table),
    ]
    return {"text/plain": "\n".join(text), "text/html": f"<div>{''.join(html)}</div>"}


def _summary(execution: Execution, table: Any) -> list[str]:
    """What can be said in a few words, but for the status."""
    retries = int(table["retries"].sum())
    parts = [f"{len(table)} transition{'s' * (len(table) != 1)}"]
    if retries:
        parts.append(f"{retries} retr{'ies' if retries != 1 else 'y'}")
    if execution.stop_date is not None:
        parts.append(duration(execution.stop_date - execution.start_date))
    return [*parts, f"execution {execution.name}"]


def duration(time: timedelta) -> str:
    """A length of time for people: 0.012 s, 3 min 5 s, 2 h, 1 d 4 h."""
    seconds = time.total_seconds()
    if seconds < 60:
        return f"{seconds:.3f}".rstrip("0").rstrip(".") + " s"
    units = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
    parts, left = [], int(seconds)
    for size, unit in units:
        amount, left = divmod(left, size)
        if amount:
            parts.append(f"{amount} {unit}")
    return " ".join(parts[:2])


def _ending_text(execution: Execution) -> list[str]:
    if execution.status == "SUCCEEDED":
        return [f"output: {clip(pretty(execution.output), _LONGEST_VALUE)}"]
    parts = (("error", execution.error), ("cause", execution.cause))
    return [f"{name}: {clip(part, _LONGEST_VALUE)}" for name, part in parts if part]


def _ending_html(execution: Execution) -> str:
    if execution.status == "SUCCEEDED":
        return _section("Output", _pre(clip(pretty(execution.output), _LONGEST_VALUE)))
    parts = [f"<b>{escape(execution.error)}</b>"] if execution.error else []
    if execution.cause:
        parts.append(_pre(clip(execution.cause, _LONGEST_VALUE)))
    return _section("Error", "".join(parts)) if parts else ""


def _table(table: Any) -> Any:
    """The first rows as text, without the columns that tell nothing."""
    shown = table.head(_ROWS)[[name for name in _SHOWN if not _is_empty(table[name])]]
    return shown.astype(object).where(shown.notna(), None).map(cell_text)


def cell_text(value: Any) -> str:
    if value is None:
        return ""
    return duration(value) if isinstance(value, timedelta) else clip(str(value), _LONGEST_CELL)


def _is_empty(column: Any) -> bool:
    """Would the column tell nothing? No container, no retry, no error."""
    name = str(column.name)
    return name in ("container", "retries", "error") and not any(bool(cell) for cell in column.dropna())


def _table_html(table: Any) -> str:
    if not len(table):
        return ""
    more = f"<p>… and {len(table) - _ROWS} more: see <code>.transitions</code></p>" if len(table) > _ROWS else ""
    rows = _table(table).to_html(index=False, border=0, justify="left")
    opened = " open" if len(table) <= 12 else ""
    return f"<details{opened}><summary>Transitions ({len(table)})</summary>{rows}{more}</details>"


def badge(status: str) -> str:
    return f'<span style="color: {_COLOURS[status]}; font-weight: bold">{status}</span>'


def _section(title: str, body: str) -> str:
    return f"<details open><summary>{title}</summary>{body}</details>"


def _pre(text: str) -> str:
    return f"<pre>{escape(text)}</pre>"


def _picture(svg: str, alternative: str) -> str:
    data = base64.b64encode(svg.encode()).decode()
    return f'<img alt="{escape(alternative)}" style="max-width: 100%" src="data:image/svg+xml;base64,{data}"/>'


def clip(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"


def _notes(notes: list[Diagnostic]) -> str:
    if not notes:
        return ""
    items = "".join(
        f"<li><code>{note.code}</code> {escape(str(note).removeprefix(note.code + ' '))}</li>" for note in notes
    )
    return f"<details><summary>{len(notes)} warning{'s' * (len(notes) != 1)}</summary><ul>{items}</ul></details>"


def how_to_reach(url: str, credentials: Credentials) -> str:
    """What others set to reach a server; a key that somebody set before is not shown."""
    lines = [f"Step Functions is ready at {url}", f"export AWS_ENDPOINT_URL_SFN={url}"]
    if credentials.made:
        lines.append(f"export AWS_ACCESS_KEY_ID={credentials.access_key_id}")
        lines.append(f"export AWS_SECRET_ACCESS_KEY={credentials.secret_access_key}")
    else:
        lines.append("(with the access key that is set for it in the kernel's environment)")
    return "\n".join([*lines, "export AWS_DISABLE_HOST_PREFIX_INJECTION=true"])


class Shown:
    """A result shown in another mode than its own: text alone."""

    def __init__(self, value: JSON) -> None:
        self.value = value

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        return {"text/plain": self.value._repr_mimebundle_(**kwargs)["text/plain"]}


def excerpt(text: str, found: Diagnostic, first_line: int) -> str:
    """The source line of a finding with a caret under it; `first_line` is the number of the text's first line where
    it stands.
    """
    lines = text.splitlines() or [""]
    index = min(found.line, len(lines)) - 1
    number = index + first_line
    source = lines[index]
    start = max(0, found.column - 1)
    end = found.end_column - 1 if found.end_line == found.line else len(source)
    window = max(0, start - 60)
    shown = source[window : window + 100]
    gutter = f"{number:>5} | "
    caret = " " * (len(gutter) - 2) + "| " + " " * (start - window) + "^" * max(1, min(end, window + 100) - start)
    return f"{gutter}{shown}\n{caret}"


def report(text: str, findings: list[Diagnostic], first_line: int = 1) -> str:
    """Findings for people: errors first, each with its line, a caret and what to do instead."""
    order = {"error": 0, "warning": 1, "info": 2}
    parts = []
    for found in sorted(findings, key=lambda item: order[item.severity]):
        place = f"line {found.line + first_line - 1}" + (f", {found.place}" if found.path else "")
        hint = f"\n      = {found.hint}" if found.hint else ""
        parts.append(
            f"{found.severity} {found.code} {place}: {found.message}\n{excerpt(text, found, first_line)}{hint}"
        )
    return "\n".join(parts)
