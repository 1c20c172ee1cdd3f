"""%load_ext is light, and the rooms import one another in one direction only.  (DESIGN, decision 10)"""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = {"pandas", "boto3", "botocore", "dask"}


def modules_after(code):
    """The top-level modules of a fresh interpreter that has run `code`."""
    script = f"{code}\nimport sys\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.split())


RUN = """
import sfn_notebook as sfn
machine = sfn.StateMachine('{"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}')
assert machine.run({"a": 1}, clock="virtual").output == {"a": 1}
assert sfn.lint(machine.text) == []
machine.svg()
"""


@pytest.mark.parametrize("code", [
    "import sfn_notebook",
    "import sfn_notebook.notebook.magics",
    "from IPython.testing.globalipapp import start_ipython as s; s().run_line_magic('load_ext', 'sfn_notebook')",
    RUN,
])  # fmt: skip
def test_nothing_heavy_is_loaded(code):
    assert modules_after(code) & HEAVY == set()


def test_the_package_itself_loads_nothing_of_ipython():
    assert "IPython" not in modules_after("import sfn_notebook; sfn_notebook.StateMachine; sfn_notebook.task")


def test_tables_are_where_pandas_is():
    assert "pandas" in modules_after("import sfn_notebook.tables")


def test_the_rooms_keep_their_order():
    lint = pytest.importorskip("importlinter.cli", reason="import-linter is a development tool")
    assert lint.lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0
