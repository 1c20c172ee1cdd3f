"""`%%stepfunction` and `%sfn`: lines and cells → operations. Thin: whatever concerns ASL is somewhere else."""

from __future__ import annotations

import json
import shlex
from argparse import ArgumentParser
from keyword import iskeyword
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class, no_var_expand
from traitlets import Enum, Unicode

import sfn_notebook as sfn

from . import display
from .workspace import define, is_repeatable, namespace, serve, service

if TYPE_CHECKING:
    from .execution import Execution
    from .machine import StateMachine
    from .workspace import Served

# ValueError: also MockError, InvalidName, InvalidExecutionInput; LookupError: also TaskNotFound, ExecutionExists.
_MISTAKES = (ValueError, LookupError, TypeError, OSError)


class _Help(Exception):
    pass


class _Parser(ArgumentParser):
    """Arguments of a magic, with --help, quotes as in a shell, and errors without traceback."""

    def __init__(self, name: str, description: str) -> None:
        super().__init__(prog=name, description=description, add_help=False, allow_abbrev=False)
        self.add_argument("-h", "--help", action="store_true", help="show this help")

    def read(self, line: str) -> Any:
        """Raises: UsageError; _Help when help was asked for, which is printed."""
        words = split(line)
        if "-h" in words or "--help" in words:
            print(self.format_help())
            raise _Help
        return self.parse_args(words)

    def error(self, message: str) -> Any:
        raise UsageError(f"{message} (see {self.prog} --help)")


def split(line: str) -> list[str]:
    """The words of a magic's line; quotes hold a word together and are taken off.  Raises: UsageError."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    lexer.commenters = ""
    lexer.escape = ""  # a backslash belongs to JSON
    try:
        return list(lexer)
    except ValueError:
        raise UsageError(f"a quote is not closed: {line}") from None


def without_body(lines: list[str]) -> list[str]:
    """`%%stepfunction --help` alone in a cell becomes `%stepfunction --help`: IPython refuses a magic without body."""
    alone = len(lines) == 1 and lines[0].startswith("%%stepfunction")
    return [lines[0][1:]] if alone else lines


def _run_arguments(parser: _Parser) -> None:
    parser.add_argument(
        "--input",
        "-i",
        metavar="X",
        help="the input: a variable's name, JSON text in single quotes, or @file",
    )
    parser.add_argument("--out", "-o", metavar="VAR", help="keep the execution in this variable")
    parser.add_argument("--clock", metavar="C", help="real, virtual (Waits and retries take no time) or a speed factor")
    parser.add_argument(
        "--target", choices=("local", "aws"), default="local", help="where functions without mock are called"
    )
    parser.add_argument("--buckets", metavar="VAR", help="a variable: {bucket: folder or dict} for Distributed Maps")
    parser.add_argument("--background", "-b", action="store_true", help="return at once; see %%sfn list and VAR.wait()")
    parser.add_argument("--display", choices=display.MODES, help="static: picture and tables; text; none")


def _cell_parser() -> _Parser:
    parser = _Parser(
        "%%stepfunction",
        "Define the state machine written in this cell (Amazon States Language, JSON), and run it.",
    )
    parser.add_argument("name", nargs="?", help="name of the machine, and of the variable that holds it")
    parser.add_argument("--run", action="store_true", help="run it")
    _run_arguments(parser)
    parser.add_argument("--type", choices=("STANDARD", "EXPRESS"), default="STANDARD", help="of the state machine")
    return parser


def _verb_parser(verb: str, description: str, *arguments: tuple[str, str]) -> _Parser:
    parser = _Parser(f"%sfn {verb}", description)
    for name, explanation in arguments:
        parser.add_argument(name, nargs="?", help=explanation)
    return parser


@magics_class
class StepFunctionsMagics(Magics):
    """Settings of sfn_notebook: `%config StepFunctionsMagics.clock = "virtual"`."""

    clock = Unicode(
        "auto",
        help="clock of magics: real, virtual, a speed factor; auto: virtual when a tool executes the notebook",
    ).tag(config=True)
    display = Enum(
        display.MODES, "auto", help="how results are shown: auto or static (picture and tables), text, none"
    ).tag(config=True)

    def __init__(self, shell: Any = None, **options: Any) -> None:
        super().__init__(shell, **options)
        self._served: Served | None = None
        if shell is not None and without_body not in shell.input_transformers_cleanup:
            shell.input_transformers_cleanup.append(without_body)

    verbs: ClassVar[dict[str, str]] = {
        "run": "run a machine",
        "list": "the executions of this kernel",
        "lint": "what can be said about a definition",
        "history": "the events of an execution",
        "tasks": "the functions that tasks can use",
        "stop": "stop an execution",
        "serve": "answer Step Functions' HTTP API beside the notebook",
        "help": "this overview",
    }

    @no_var_expand
    @line_cell_magic
    def stepfunction(self, line: str, cell: str | None = None) -> Any:
        """Define the state machine written in this cell, and run it. See `%%stepfunction --help`."""
        return self._guarded(lambda: self._define(line, cell))

    @no_var_expand
    @line_magic
    def sfn(self, line: str) -> Any:
        """`%sfn VERB …`: run, list, lint, history, tasks, stop, serve, help."""
        verb, _, rest = line.strip().partition(" ")
        if verb in ("", "help", "-h", "--help"):
            print(self._overview())
            return None
        if verb not in self.verbs:
            raise UsageError(f"%sfn knows no {verb!r}: {', '.join(self.verbs)}.")
        return self._guarded(lambda: getattr(self, f"_{verb}")(rest))

    # ------------------------------------------------------------ %%stepfunction

    def _define(self, line: str, cell: str | None) -> Any:
        given = _cell_parser().read(line)
        if cell is None:
            raise UsageError("write the definition below the line %%stepfunction (see %%stepfunction --help).")
        name = given.name
        if name is not None:
            _check_variable(name)
        try:
            machine = sfn.StateMachine(cell, name=name, type=given.type)
        except sfn.DefinitionError as error:
            errors = sum(found.severity == "error" for found in error.diagnostics)
            title = f"the definition has {errors} error{'s' * (errors != 1)}"
            # The magic's own line is the cell's first.
            raise UsageError(f"{title}\n{display.report(cell, error.diagnostics, first_line=2)}") from None
        if name is not None:
            self._set(name, machine)
            define(name, machine.text, given.type)
        return self._execute(machine, given) if given.run else self._shown(machine, given)

    # ------------------------------------------------------------ %sfn

    def _run(self, line: str) -> Any:
        parser = _verb_parser("run", "Run a machine.", ("name", "the variable that holds the machine"))
        _run_arguments(parser)
        given = parser.read(line)
        return self._execute(self._variable(given.name, sfn.StateMachine), given)

    def _list(self, line: str) -> Any:
        _verb_parser("list", "The executions of this kernel, the latest first, as a DataFrame.").read(line)
        from sfn_notebook.tables.executions import executions

        return executions(run.execution for run in service().list_executions())

    def _lint(self, line: str) -> None:
        given = _verb_parser(
            "lint",
            "What can be said about a definition.",
            ("what", "a variable (machine, text or dict) or @file"),
        ).read(line)
        text = self._definition(given.what)
        findings = sfn.lint(text)
        print(display.report(text, findings) or "nothing to complain about")

    def _history(self, line: str) -> Any:
        given = _verb_parser(
            "history",
            "The events of an execution as a DataFrame.",
            ("execution", "a variable; the latest execution without it"),
        ).read(line)
        return self._execution(given.execution).events

    def _tasks(self, line: str) -> Any:
        _verb_parser("tasks", "The functions that tasks can use, as a DataFrame.").read(line)
        from sfn_notebook.integrations.functions import own_functions, registry
        from sfn_notebook.tables.functions import functions

        return functions(registry, dict(own_functions(self._names())))

    def _stop(self, line: str) -> Any:
        given = _verb_parser(
            "stop", "Stop an execution.", ("execution", "a variable; the latest execution without it")
        ).read(line)
        execution = self._execution(given.execution).stop()
        print(repr(execution))

    def _serve(self, line: str) -> None:
        parser = _verb_parser(
            "serve",
            "Answer Step Functions' HTTP API beside the notebook: boto3, the AWS CLI and workers outside share its "
            "machines, activities and tokens. Machines that come over the wire reach only functions registered with "
            "@sfn.task(serve=True).",
        )
        parser.add_argument("--port", type=int, default=0, metavar="N", help="a free one without it")
        parser.add_argument("--stop", action="store_true", help="listen no more")
        given = parser.read(line)
        if given.stop or self._served is not None:
            self._stop_serving()
        if not given.stop:
            self._served = served = serve(given.port)
            print(display.how_to_reach(served.thread.url, served.credentials))

    def _stop_serving(self) -> None:
        if self._served is None:
            raise UsageError("nothing is served.")
        self._served.thread.stop()
        self._served = None

    # ------------------------------------------------------------ what they share

    def _execute(self, machine: StateMachine, given: Any) -> Any:
        if given.out is not None:
            _check_variable(given.out)
        clock = given.clock or self.clock
        if clock == "auto":
            clock = "virtual" if is_repeatable() else "real"
        buckets = None if given.buckets is None else self._variable(given.buckets, dict)
        execution = machine.start(**self._input(given.input), clock=clock, target=given.target, buckets=buckets)
        if given.out is not None:
            self._set(given.out, execution)
        if not given.background:
            execution.wait_or_stop()
        return self._shown(execution, given)

    def _input(self, text: str | None) -> dict[str, Any]:
        """A variable, JSON text or a file, as arguments of `start`; never evaluated as code."""
        if text is None:
            return {}
        if text.startswith("@"):
            return {"input_text": self._json(_read(text, "--input"), text)}
        if text.isidentifier() and text in self._names():
            value = self._names()[text]
            return {"input_text": "null"} if value is None else {"input": value}
        return {"input_text": self._json(text, "--input")}

    @staticmethod
    def _json(text: str, where: str) -> str:
        try:
            json.loads(text)
        except ValueError as error:
            hint = f" No variable is called {text!r}." if text.isidentifier() else " Put JSON text in single quotes."
            raise UsageError(f"{where}: no JSON: {error}.{hint}") from None
        return text

    def _definition(self, what: str | None) -> str:
        from .machine import definition_text

        if what is None:
            raise UsageError("say what to lint: a variable or @file (see %sfn lint --help).")
        if what.startswith("@"):
            return definition_text(Path(what[1:]))
        value = self._names().get(what)
        if isinstance(value, sfn.StateMachine):
            return value.text
        if value is None:
            raise UsageError(f"no variable is called {what!r}; a file is written @{what}.")
        return definition_text(value)

    def _execution(self, name: str | None) -> Execution:
        if name is not None:
            found: Execution = self._variable(name, sfn.Execution)
            return found
        runs = service().list_executions()
        if not runs:
            raise UsageError("nothing has been run yet.")
        return sfn.Execution(runs[0], service())

    def _variable(self, name: str | None, kind: type) -> Any:
        if name is None:
            raise UsageError(f"name a variable that holds {_article(kind)}.")
        value = self._names().get(name)
        if isinstance(value, kind):
            return value
        known = sorted(key for key, item in self._names().items() if isinstance(item, kind) and not key.startswith("_"))
        raise UsageError(f"{name!r} holds no {kind.__name__}; known: {', '.join(known) or 'none'}.")

    def _shown(self, value: Any, given: Any) -> Any:
        mode = given.display or self.display
        if mode == "none":
            return None
        return display.Shown(value) if mode == "text" else value

    def _guarded(self, action: Any) -> Any:
        """A user's mistake is one red text, no traceback."""
        try:
            return action()
        except _Help:
            return None
        except _MISTAKES as error:
            raise UsageError(str(error)) from None
        except KeyboardInterrupt as interrupt:
            raise interrupt.with_traceback(None) from None  # where the waiting was done is nobody's business

    @staticmethod
    def _names() -> dict[str, Any]:
        return namespace()

    @staticmethod
    def _set(name: str, value: Any) -> None:
        namespace()[name] = value

    def _overview(self) -> str:
        lines = [f"  %sfn {verb:<8} {text}" for verb, text in self.verbs.items()]
        return "\n".join(
            [
                "%%stepfunction NAME --run   define the machine in this cell, and run it",
                *lines,
                "Each takes --help.",
            ]
        )


def _check_variable(name: str) -> None:
    if not name.isidentifier() or iskeyword(name):
        raise UsageError(f"{name!r} is no name for a variable: use letters, digits and underscores.")


def _read(argument: str, option: str) -> str:
    """The text of `@file`."""
    try:
        return Path(argument[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{option} {argument}: {error}") from None


def _article(kind: type) -> str:
    name = kind.__name__
    return f"an {name}" if name[0] in "AEIOU" else f"a {name}"
