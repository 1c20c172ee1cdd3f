"""The notebooks are the documentation: they are stored executed, and what they store is what they give.

`python tests/test_notebooks.py` executes them all and stores them again, as clean as the tests want them.
"""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

HOME = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(HOME.glob("*.ipynb"))
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
MACHINE = re.compile(
    r"(?<![\w/])/(home|root|Users|work|tmp|usr)/|ipykernel_\d|site-packages|0x[0-9a-f]{8,}|\x1b\[\d+mFile"
)


def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def execute(notebook):
    """A copy of the notebook, executed from scratch and without what differs between machines."""
    fresh = nbformat.from_dict(notebook)
    NotebookClient(
        fresh,
        timeout=120,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(HOME)}},
    ).execute()
    return clean(fresh)


def clean(notebook):
    notebook.metadata = nbformat.from_dict(METADATA)
    for number, cell in enumerate(notebook.cells, 1):
        cell.id = f"cell-{number:02}"
        cell.metadata = nbformat.from_dict({"tags": cell.metadata["tags"]} if cell.metadata.get("tags") else {})
        for output in cell.get("outputs", ()):
            if output.output_type == "error":
                output.traceback = []
    return notebook


def outputs(notebook):
    return [(cell.execution_count, cell.outputs) for cell in code_cells(notebook)]


def main():
    for path in NOTEBOOKS:
        nbformat.write(execute(read(path)), path)
        print(path)


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


def test_it_is_valid_and_holds_nothing_of_a_machine(path):
    notebook = read(path)
    nbformat.validate(notebook)
    assert clean(nbformat.from_dict(notebook)) == notebook
    assert MACHINE.findall(path.read_text(encoding="utf-8")) == []


def test_every_cell_was_executed_in_order(path):
    cells = code_cells(read(path))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))


def test_only_cells_that_say_so_fail(path):
    for cell in code_cells(read(path)):
        failed = any(output.output_type == "error" or output.get("name") == "stderr" for output in cell.outputs)
        assert failed == ("raises-exception" in cell.metadata.get("tags", []))


def test_pictures_are_images_with_a_description(path):
    pictures = [
        picture
        for cell in code_cells(read(path))
        for output in cell.outputs
        for picture in re.findall(r"<img[^>]*>", output.get("data", {}).get("text/html", ""))
    ]
    assert pictures
    assert all('src="data:image/svg+xml;base64,' in picture and 'alt="' in picture for picture in pictures)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_it_gives_what_it_stores(path):
    notebook = read(path)
    assert outputs(execute(notebook)) == outputs(notebook)


if __name__ == "__main__":
    main()
