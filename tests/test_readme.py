"""What the README shows is what happens: cells are run, picture and table compared, and the commands are CI's."""

import atexit
import re
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from sfn_notebook import StateMachine, TaskNotFound

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PICTURE = ROOT / "notebooks" / "images" / "two_steps.svg"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
COMMANDS = [text.strip() for language, text in BLOCKS if language == "bash"]


@pytest.fixture(scope="module")
def shell():
    """IPython's shell after the README's cells, each of which has shown what stands below it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SFN_NOTEBOOK_REPEATABLE", "1")
        InteractiveShell.clear_instance()
        config = Config()
        config.HistoryManager.enabled = False
        shell = InteractiveShell.instance(config=config, colors="nocolor")
        result = None
        for language, text in BLOCKS:
            if language == "python":
                result = shell.run_cell(text)
                assert result.success, text
            elif language == "text":
                assert repr(result.result) == text.strip()
        yield shell
        atexit.unregister(shell.atexit_operations)
        shell.restore_sys_module_state()
        InteractiveShell.clear_instance()


def tables():
    """The rows of each table, without its head."""
    for text in re.findall(r"(?:^\|.*\n)+", README, re.MULTILINE):
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
        yield rows[0], rows[2:]


def test_cells_show_what_stands_below_them(shell):
    assert "two_steps" in shell.user_ns


def test_the_picture_is_the_products(shell):
    assert shell.user_ns["two_steps"].run({"n": 1}, clock="virtual").svg() == PICTURE.read_text(encoding="utf-8")


def test_the_table_is_the_products(shell):
    head, rows = next(tables())
    shown = shell.user_ns["two_steps"].run({"n": 1}, clock="virtual").transitions[head]
    shown = shown.astype(object).where(shown.notna(), "")
    assert [[str(cell) for cell in row] for row in shown.itertuples(index=False)] == rows


def test_links_lead_somewhere():
    targets = re.findall(r"\]\(([^)]+)\)", README)
    assert targets
    assert all((ROOT / target).exists() for target in targets)


def test_ci_runs_the_second_command():
    first, second = COMMANDS[:2]
    assert first.count("\n") == second.count("\n") == 0
    assert second in (ROOT / ".ci" / "run").read_text()
    assert "notebooks/01_first_state_machine.ipynb" in first


@pytest.mark.parametrize(
    ("resource", "parameters"),
    [
        ("arn:aws:states:us-east-1:123456789012:activity:x", {}),
        ("arn:aws:states:::aws-sdk:s3:getObject", {"Bucket": "b", "Key": "k"}),
        ("arn:aws:states:::glue:startJobRun.sync", {"JobName": "x"}),
        (
            "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            {"QueueUrl": "q", "MessageBody": {"token.$": "$$.Task.Token"}},
        ),
    ],
)
def test_other_resources_need_a_mock(resource, parameters):
    task = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}
    machine = StateMachine({"StartAt": "A", "States": {"A": task}})
    with pytest.raises(TaskNotFound, match="mocks="):
        machine.run()
    assert machine.run(mocks={"A": [{"return": 1}]}).output == 1
