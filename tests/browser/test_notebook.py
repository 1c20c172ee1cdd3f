"""The notebook as people see it."""

import time
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

FIRST = Path(__file__).parents[2] / "notebooks" / "01_first_state_machine.ipynb"
APPS = ("lab", "notebook")
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
PAINTED = """light => {
    const paper = getComputedStyle(document.querySelector('.jp-Notebook')).backgroundColor;
    return (paper === 'rgb(255, 255, 255)') === light;
}"""
SETUP = "%load_ext sfn_notebook\nimport threading\ndef Hang(event):\n    threading.Event().wait(60)\n"
WAITING = """%%stepfunction hanging --run -o ended
{"StartAt": "Hang", "States": {"Hang": {"Type": "Wait", "Seconds": 600, "End": true}}}"""
WORKING = """%%stepfunction hanging --run -o ended
{"StartAt": "Hang", "States": {"Hang": {
  "Type": "Task", "Resource": "arn:aws:lambda:REGION:ACCOUNT_ID:function:Hang", "End": true}}}"""

pytestmark = pytest.mark.browser


def first(*, executed):
    notebook = nbformat.read(FIRST, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code" and not executed:
            cell.outputs, cell.execution_count = [], None
    return notebook


def numbers(notebook, *, containing):
    """Which cells contain a text."""
    return [number for number, cell in enumerate(notebook.cells) if containing in cell.source]


def is_drawn(output):
    """Does the output show a picture that has been loaded?"""
    picture = output.locator("img")
    expect(picture).to_have_count(1)
    expect(picture).to_be_visible()
    size = picture.evaluate(
        "async image => { await image.decode(); return [image.naturalWidth, image.naturalHeight]; }"
    )
    return min(size) > 100


@pytest.mark.parametrize("app", APPS)
def test_the_first_notebook_runs(open_notebook, app):
    source = first(executed=False)
    [two_steps] = numbers(source, containing="%%stepfunction two_steps")
    [broken] = numbers(source, containing="%%stepfunction broken")
    notebook = open_notebook(source, app)
    for number, cell in enumerate(source.cells):
        if cell.cell_type == "code":
            notebook.run(number)
    shown = notebook.output(two_steps)
    assert is_drawn(shown)
    expect(shown).to_contain_text("SUCCEEDED two_steps: 2 transitions")
    expect(shown.locator("pre").first).to_have_text('{\n  "n": 20\n}')
    expect(shown.locator("table tbody tr")).to_have_count(2)
    expect(shown.locator("table tbody tr").first).to_contain_text("FirstTask")
    finding = notebook.text(broken)
    assert "no state is called 'SecondTsak'" in finding
    assert "^^^^" in finding
    assert "Traceback" not in finding
    assert notebook.output(broken).locator("[data-mime-type='application/vnd.jupyter.error']").count() == 0


def test_an_interrupt_stops_a_run_at_once(open_notebook):
    notebook = open_notebook([SETUP, WAITING, "ended", WORKING, "ended"])
    notebook.run(0)
    for number in (1, 3):
        notebook.run(number, wait=False)
        expect(notebook.cell(number).locator(".jp-InputPrompt")).to_have_text("[*]:")
        notebook.page.wait_for_timeout(1000)
        begun = time.monotonic()
        notebook.command("notebook:interrupt-kernel")
        notebook.wait(number, 10_000)
        assert time.monotonic() - begun < 5
        assert "KeyboardInterrupt" in notebook.text(number)
        notebook.run(number + 1)
        expect(notebook.output(number + 1)).to_contain_text("ABORTED hanging")
        assert is_drawn(notebook.output(number + 1))
    assert "still working, for nobody" in notebook.text(3)


@pytest.mark.parametrize("app", APPS)
def test_an_untrusted_notebook_without_kernel_shows_everything(open_notebook, app):
    source = first(executed=True)
    [two_steps] = numbers(source, containing="%%stepfunction two_steps")
    [caught] = numbers(source, containing='careful.run({"a": 6, "b": 0}')
    notebook = open_notebook(source, app)
    notebook.shut_down()
    trusted = "number => window.jupyterapp.shell.currentWidget.content.widgets[number].model.trusted"
    for number, rows in ((two_steps, 2), (caught, 3)):
        assert notebook.page.evaluate(trusted, number) is False
        assert is_drawn(notebook.output(number))
        expect(notebook.output(number).locator("table tbody tr")).to_have_count(rows)


def luminance(colour):
    channels = [float(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * channel for weight, channel in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_it_can_be_read_in_both_themes(open_notebook, shots):
    source = first(executed=True)
    [two_steps] = numbers(source, containing="%%stepfunction two_steps")
    notebook = open_notebook(source)
    shown = notebook.output(two_steps)
    colour = "node => getComputedStyle(node).color"
    for theme, name in THEMES.items():
        notebook.command("apputils:change-theme", theme=name)
        expect(notebook.page.locator("body")).to_have_attribute("data-jp-theme-name", name)
        notebook.page.wait_for_function(PAINTED, arg=theme == "light")
        paper = notebook.page.locator(".jp-Notebook").evaluate("node => getComputedStyle(node).backgroundColor")
        for part in (
            shown.locator("p span"),
            shown.locator("p"),
            shown.locator("pre").first,
            shown.locator("td").first,
        ):
            assert contrast(part.evaluate(colour), paper) > 3
        if shots:
            shown.scroll_into_view_if_needed()
            notebook.shoot(shots, f"-{theme}")
    notebook.command("apputils:change-theme", theme=THEMES["light"])
