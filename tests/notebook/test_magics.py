"""The magics, in IPython's own shell: cells in, what is shown and what is left behind out."""

import atexit
import json
import re
import time

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from sfn_notebook.integrations.functions import registry
from sfn_notebook.notebook.execution import Execution
from sfn_notebook.notebook.machine import StateMachine
from sfn_notebook.notebook.workspace import service

TASK = """{
  "StartAt": "Add",
  "States": {
    "Add": {"Type": "Task", "Resource": "arn:aws:lambda:REGION:ACCOUNT_ID:function:AddOne", "End": true}
  }
}"""
ADD_ONE = "def AddOne(event):\n    return {'n': event['n'] + 1}"
SAME = '{"StartAt": "Same", "States": {"Same": {"Type": "Pass", "End": true}}}'
WAIT = '{"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 3600, "End": true}}}'


def latest():
    """The execution that was started last."""
    return Execution(service().list_executions()[0], service())


class Notebook:
    """An IPython shell with the extension loaded; `run` gives a cell's value."""

    def __init__(self, shell, capsys):
        self.shell = shell
        self._capsys = capsys
        self.printed = self.complaint = ""

    def __getitem__(self, name):
        return self.shell.user_ns[name]

    def __contains__(self, name):
        return name in self.shell.user_ns

    def run(self, cell):
        self._capsys.readouterr()
        result = self.shell.run_cell(cell)
        self.printed, self.complaint = self._capsys.readouterr()
        assert result.error_before_exec is None
        return result.result

    def define(self, options, definition=SAME):
        return self.run(f"%%stepfunction {options}\n{definition}")

    def refuses(self, cell):
        """What is said instead of running the cell: one text and no traceback."""
        assert self.run(cell) is None
        assert self.complaint.startswith("UsageError: ")
        assert "Traceback" not in self.printed + self.complaint
        return self.complaint.removeprefix("UsageError: ").rstrip()


@pytest.fixture
def notebook(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    InteractiveShell.clear_instance()
    service()._runs.clear()
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config, colors="nocolor")
    shell.run_line_magic("load_ext", "sfn_notebook")
    yield Notebook(shell, capsys)
    atexit.unregister(shell.atexit_operations)  # a hundred of them would be slow
    shell.restore_sys_module_state()
    InteractiveShell.clear_instance()
    service()._runs.clear()
    registry.clear()


# ------------------------------------------------------------ %%stepfunction


def test_a_cell_defines_a_machine(notebook):
    shown = notebook.define("same")
    assert isinstance(shown, StateMachine)
    assert notebook["same"] is shown
    assert shown.name == "same"
    assert repr(shown) == "<StateMachine same: 1 state, STANDARD>"


def test_without_a_name_it_is_only_shown(notebook):
    shown = notebook.define("")
    assert isinstance(shown, StateMachine)
    assert "StateMachine" not in notebook


def test_run_gives_the_execution(notebook):
    notebook.run(ADD_ONE)
    execution = notebook.define("add --run --input '{\"n\": 1}'", TASK)
    assert isinstance(execution, Execution)
    assert (execution.status, execution.output) == ("SUCCEEDED", {"n": 2})
    assert latest().name == execution.name


def test_what_tasks_print_is_shown_in_the_cell(notebook):
    notebook.run("def AddOne(event):\n    print('adding')")
    notebook.define("add --run", TASK)
    assert notebook.printed.startswith("adding\n")


def test_a_failed_execution_is_a_result(notebook):
    notebook.run(ADD_ONE)
    execution = notebook.define("add --run", TASK)
    assert (execution.status, execution.error, execution.output) == ("FAILED", "KeyError", None)
    assert notebook.complaint == ""


def test_the_function_of_the_moment_is_called(notebook):
    notebook.run(ADD_ONE)
    notebook.define("add", TASK)
    notebook.run("def AddOne(event):\n    return 'new'")
    assert notebook.run("%sfn run add").output == "new"


def test_out_keeps_the_execution(notebook):
    execution = notebook.define("same --run -o kept")
    assert notebook["kept"] is execution


def test_type(notebook):
    assert notebook.define("same --type EXPRESS").type == "EXPRESS"


def test_background_returns_at_once(notebook):
    execution = notebook.define("waiting --run --background -o kept", WAIT)
    assert execution.status == "RUNNING"
    assert notebook.run("%sfn stop kept") is None
    assert notebook.printed == f"<Execution {execution.name} of waiting: ABORTED>\n"
    assert execution.status == "ABORTED"


def test_the_virtual_clock_does_not_wait(notebook):
    begun = time.monotonic()
    execution = notebook.define("waiting --run --clock virtual", WAIT)
    assert (execution.stop_date - execution.start_date).total_seconds() == 3600
    assert time.monotonic() - begun < 10


def test_a_speed_factor(notebook):
    execution = notebook.define("waiting --run --clock 100000", WAIT)
    assert (execution.stop_date - execution.start_date).total_seconds() >= 3600


def test_displays(notebook):
    assert notebook.define("same --run --display none") is None
    assert latest().done()
    text = notebook.define("same --run --display text")._repr_mimebundle_()
    assert list(text) == ["text/plain"]
    assert text["text/plain"].startswith("same: SUCCEEDED, 1 transition, ")
    html = notebook.define("same --run --display static")._repr_mimebundle_()["text/html"]
    assert '<img alt="execution of same: SUCCEEDED"' in html


def test_braces_and_dollars_of_the_definition_are_its_own(notebook):
    notebook.run("StartAt = 'expanded'")
    definition = SAME.replace('"Type"', '"Comment": "{StartAt} $StartAt", "Type"')
    assert notebook.define("same", definition).definition["States"]["Same"]["Comment"] == "{StartAt} $StartAt"


# ------------------------------------------------------------ --input


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("", {}),
        ("--input '{\"n\": 1}'", {"n": 1}),
        ("-i '[1, 2.5, null]'", [1, 2.5, None]),
        ("--input 7", 7),
        ("--input true", True),
        ("--input '\"some text\"'", "some text"),
        ('--input \'{"path": "a\\\\b {x} $x"}\'', {"path": "a\\b {x} $x"}),
        ("--input given", {"of": "a variable"}),
        ("--input @input.json", {"of": "a file"}),
        ("--input='{\"n\": 1}'", {"n": 1}),
    ],
)
def test_forms_of_input(notebook, tmp_path, written, value):
    notebook.run("given = {'of': 'a variable'}; x = 'expanded'")
    (tmp_path / "input.json").write_text('{"of": "a file"}')
    assert notebook.define(f"same --run {written}").output == value


def test_a_dataframe_becomes_records(notebook):
    notebook.run("import pandas as pd; table = pd.DataFrame({'n': [1, 2], 'x': [0.5, None]})")
    assert notebook.define("same --run --input table").output == [{"n": 1, "x": 0.5}, {"n": 2, "x": None}]


@pytest.mark.parametrize("code", ["{'n': 1}", "1+1", "given['n']", "print(1)", "__import__('os').getpid()", "given.x"])
def test_input_is_never_evaluated(notebook, code):
    notebook.run("given = {'n': 1}")
    assert "--input: no JSON" in notebook.refuses(f'%%stepfunction same --run --input "{code}"\n{SAME}')
    assert notebook.printed == ""


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("--input nothing", "No variable is called 'nothing'."),
        ('--input {"n":1}', "Put JSON text in single quotes."),
        ("--input @missing.json", "missing.json"),
        ("--input @broken.json", "@broken.json: no JSON"),
        ('--input \'{"n": 1}', "a quote is not closed"),
        ("--input NaN", "no valid JSON"),
        ("--input function", "function"),
        ("--input", "expected one argument (see %%stepfunction --help)"),
        ("--clock soon", "clock='soon'"),
        ("--display loud", "invalid choice: 'loud'"),
        ("--type QUICK", "invalid choice: 'QUICK'"),
        ("--nonsense", "unrecognized arguments: --nonsense"),
        ("too many", "unrecognized arguments: too many"),
    ],
)
def test_mistakes_in_the_options(notebook, tmp_path, written, message):
    (tmp_path / "broken.json").write_text("{")
    notebook.run("def function(): ...")
    assert message in notebook.refuses(f"%%stepfunction same --run {written}\n{SAME}")
    assert notebook.run("%sfn list").empty


@pytest.mark.parametrize("name", ["two-steps", "2nd", "a.b", "class"])
def test_a_name_is_a_variables(notebook, name):
    assert f"'{name}' is no name for a variable" in notebook.refuses(f"%%stepfunction {name}\n{SAME}")


# ------------------------------------------------------------ mistakes in the definition


def test_line_numbers_are_the_cells(notebook):
    cell = "%%stepfunction wrong --run\n" + TASK.replace('"End": true', '"Next": "Ad"')
    complaint = notebook.refuses(cell)
    numbered = {int(number): text for number, text in re.findall(r"^ +(\d+) \| (.*)$", complaint, re.MULTILINE)}
    lines = dict(enumerate(cell.splitlines(), 1))
    assert numbered
    assert all(text in lines[number] for number, text in numbered.items())
    assert "line 5, /States/Add/Next: no state is called 'Ad'." in complaint
    assert "= Did you mean 'Add'?" in complaint
    assert "wrong" not in notebook


def test_the_caret_stands_under_the_mistake(notebook):
    complaint = notebook.refuses(
        '%%stepfunction\n{"StartAt": "Sane", "States": {"Same": {"Type": "Pass", "End": true}}}'
    )
    source, caret = complaint.splitlines()[2:4]
    assert source[caret.index("^") : caret.rindex("^") + 1] == '"Sane"'


@pytest.mark.parametrize("body", ["\n", "   \n\n", "no JSON", "{", "[]", "null", "{}", '{"StartAt": 1}', "\x00"])
def test_no_body_makes_a_traceback(notebook, body):
    assert "error ASL" in notebook.refuses(f"%%stepfunction empty\n{body}")


def test_a_cell_without_a_body(notebook):
    assert notebook.refuses("%%stepfunction two_steps --run").startswith("write the definition below the line")


def test_a_definition_that_was_good_stays(notebook):
    good = notebook.define("same")
    notebook.refuses("%%stepfunction same\n{}")
    assert notebook["same"] is good


def test_a_missing_function_is_named(notebook):
    notebook.run("def AddOn(event): ...")
    complaint = notebook.refuses(f"%%stepfunction add --run\n{TASK}")
    assert "'Add': nothing answers to" in complaint
    assert "Did you mean 'AddOn'?" in complaint
    assert "add" in notebook  # the definition is right


# ------------------------------------------------------------ help


@pytest.mark.parametrize(
    "line",
    [
        "%stepfunction --help",
        "%stepfunction -h",
        "%%stepfunction --help\n",
        "%%stepfunction same --run --help\n" + SAME,
        *(f"%sfn {verb} --help" for verb in ("run", "list", "lint", "history", "tasks", "stop")),
        "%sfn run -h",
    ],
)
def test_help(notebook, line):
    assert notebook.run(line) is None
    assert notebook.complaint == ""
    assert notebook.printed.startswith("usage: %")
    assert "--help" in notebook.printed
    assert "same" not in notebook


@pytest.mark.parametrize("line", ["%sfn", "%sfn help", "%sfn --help", "%sfn -h"])
def test_the_overview_names_every_verb(notebook, line):
    notebook.run(line)
    assert all(
        f"%sfn {verb} " in notebook.printed for verb in ("run", "list", "lint", "history", "tasks", "stop", "help")
    )


def test_the_line_magic_points_at_the_cell_magic(notebook):
    assert "%%stepfunction" in notebook.refuses("%stepfunction same")


# ------------------------------------------------------------ %sfn


def test_an_unknown_verb(notebook):
    assert notebook.refuses("%sfn rnu").startswith("%sfn knows no 'rnu': run, list, ")


def test_run_takes_the_options_of_the_cell(notebook):
    notebook.define("same")
    execution = notebook.run("%sfn run same --input '[1]' -o kept --clock virtual")
    assert execution.output == [1]
    assert notebook["kept"] is execution


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("run", "name a variable that holds a StateMachine."),
        ("run smae", "'smae' holds no StateMachine; known: same."),
        ("run text", "'text' holds no StateMachine"),
        ("history", "nothing has been run yet."),
        ("history same", "'same' holds no Execution; known: none."),
        ("stop", "nothing has been run yet."),
        ("lint", "say what to lint"),
        ("lint nothing", "no variable is called 'nothing'"),
        ("lint @missing.json", "missing.json"),
        ("lint number", "a definition is text, a dict or a Path, no int."),
        ("tasks too many", "unrecognized arguments: too many"),
    ],
)
def test_mistakes_of_verbs(notebook, line, message):
    notebook.define("same")
    notebook.run("text = 'same'; number = 1")
    assert message in notebook.refuses(f"%sfn {line}")


def test_list_has_the_latest_first(notebook):
    names = [notebook.define(f"{name} --run").name for name in ("one", "two")]
    assert list(notebook.run("%sfn list")["name"]) == names[::-1]


def test_history_is_of_the_latest_or_the_one_named(notebook):
    notebook.define("same --run -o first")
    notebook.define("waiting --run --clock virtual", WAIT)
    assert "WaitStateEntered" in list(notebook.run("%sfn history")["type"])
    assert list(notebook.run("%sfn history first")["type"]) == [
        "ExecutionStarted",
        "PassStateEntered",
        "PassStateExited",
        "ExecutionSucceeded",
    ]


def test_tasks_lists_functions_and_where_they_come_from(notebook):
    notebook.run(
        "import sfn_notebook as sfn\nfrom json import dumps\n@sfn.task(name='add-two')\ndef AddTwo(event): ..."
    )
    notebook.run(f"{ADD_ONE}\ndef _private(event): ...\nclass Thing: ...")
    table = notebook.run("%sfn tasks")
    assert list(table.itertuples(index=False, name=None)) == [
        ("add-two", "registered", "(event)"),
        ("AddOne", "notebook", "(event)"),
        ("AddTwo", "notebook", "(event)"),
    ]


@pytest.mark.parametrize("what", ["machine", "text", "value", "@machine.json"])
def test_lint_of_what_has_nothing_wrong(notebook, tmp_path, what):
    (tmp_path / "machine.json").write_text(SAME)
    notebook.define("machine")
    notebook.run(f"text = {SAME!r}; value = {json.loads(SAME)!r}")
    notebook.run(f"%sfn lint {what}")
    assert notebook.printed == "nothing to complain about\n"


def test_lint_counts_lines_of_the_text(notebook):
    notebook.run(f"text = '''{TASK}'''.replace('REGION', '').replace('\"End\": true', '\"Next\": \"Ad\"')")
    notebook.run("%sfn lint text")
    assert "error ASL302 line 4, /States/Add/Next: no state is called 'Ad'." in notebook.printed


# ------------------------------------------------------------ settings, interrupts, loading


def test_config_chooses_the_clock(notebook):
    notebook.run('%config StepFunctionsMagics.clock = "virtual"')
    execution = notebook.define("waiting --run", WAIT)
    assert (execution.stop_date - execution.start_date).total_seconds() == 3600
    assert notebook.run("%sfn run waiting").status == "SUCCEEDED"


def test_config_chooses_the_display(notebook):
    notebook.run('%config StepFunctionsMagics.display = "none"')
    assert notebook.define("same --run") is None
    assert notebook.define("same") is None
    assert isinstance(notebook.define("same --run --display static"), Execution)


def test_config_explains_itself(notebook):
    notebook.run("%config StepFunctionsMagics")
    assert "StepFunctionsMagics.clock" in notebook.printed
    assert "StepFunctionsMagics.display" in notebook.printed


def test_an_interrupt_stops_the_run(notebook, capsys):
    notebook.run(
        "import signal, threading, time\n"
        "def AddOne(event):\n"
        "    time.sleep(0.5)\n"
        "    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)\n"
        "    threading.Event().wait(20)\n"
    )
    begun = time.monotonic()
    result = notebook.shell.run_cell(f"%%stepfunction add --run\n{TASK}")
    assert time.monotonic() - begun < 10
    assert isinstance(result.error_in_exec, KeyboardInterrupt)
    assert latest().status == "ABORTED"
    out, err = capsys.readouterr()
    assert "stopped; still working, for nobody: Add" in err
    assert "runners/run.py" not in out  # where the waiting was done is nobody's business


def test_loading_twice_changes_nothing(notebook):
    notebook.run('%config StepFunctionsMagics.clock = "virtual"')
    notebook.define("same")
    notebook.run("%load_ext sfn_notebook")
    assert (
        notebook.printed
        == "The sfn_notebook extension is already loaded. To reload it, use:\n  %reload_ext sfn_notebook\n"
    )
    assert notebook.run("%sfn run same").status == "SUCCEEDED"
    notebook.run("%reload_ext sfn_notebook")
    assert notebook.complaint == ""
    assert notebook.define("waiting --run", WAIT).status == "SUCCEEDED"
