"""The static picture: XML that any page can hold, the same each time, with a sign for each status."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest
from graph_cases import corpus, history, load, machine, machines
from hypothesis import HealthCheck, given, settings

from sfn_notebook.graph import build_scene, draw
from sfn_notebook.graph.palette import GLYPHS, LOOKS, TILES

SVG = "{http://www.w3.org/2000/svg}"
ALLOWED = {"svg", "title", "desc", "g", "rect", "circle", "path", "text"}
FORBIDDEN_ATTRIBUTES = {"style", "class", "href"}

HOSTILE = [
    "</svg><script>alert(1)</script>",
    "\"quotes\" & 'apos'",
    "new\nline\ttab",
    "\x00",
    "\ud800",
    "\ufffe",
    "]]>",
    "&amp;",
    "\u202e",
]

PASS = {"Type": "Pass", "End": True}


def parse(text):
    """The tree of a picture, which keeps the rules."""
    tree = ET.fromstring(text.encode())
    for element in tree.iter():
        assert element.tag.removeprefix(SVG) in ALLOWED
        assert not FORBIDDEN_ATTRIBUTES & set(element.attrib)
        assert not any(name.startswith("on") or "url(" in value for name, value in element.attrib.items())
    return tree


def words(tree):
    return [element.text for element in tree.iter(SVG + "text")]


@pytest.mark.parametrize("file", corpus())
def test_real_machines(file):
    tree = parse(draw(load(file)))
    assert tree.get("role") == "img"
    assert float(tree.get("width")) > 0


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(machines)
def test_any_machine_is_valid_xml(drawn):
    parse(draw(drawn, [], title="\ud800<&"))


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_hostile_text_is_only_text(name):
    states = {
        name: {
            "Type": "Choice",
            "Comment": name,
            "Choices": [{"Condition": name, "Next": "B"}],
            "Default": "C",
        },
        "B": {"Type": "Task", "Resource": name, "Catch": [{"ErrorEquals": [name], "Next": "C"}], "End": True},
        "C": {"Type": "Fail", "Error": name},
    }
    tree = parse(draw(machine(states), history(("PassStateEntered", 0, name)), title=name))
    assert not list(tree.iter(SVG + "script"))


def test_a_picture_has_a_name_for_those_who_cannot_see_it():
    tree = parse(draw(machine({"First": PASS}), [], title="order"))
    title, description = tree[0], tree[1]
    assert (title.text, description.text) == ("order", "First: not run")
    assert tree.get("aria-labelledby").split() == [title.get("id"), description.get("id")]


def test_ids_are_those_of_the_content():
    one, other = machine({"A": PASS}), machine({"B": PASS})
    ids = [{element.get("id") for element in parse(draw(drawn)).iter() if element.get("id")} for drawn in (one, other)]
    assert not ids[0] & ids[1]
    assert draw(one) == draw(machine({"A": PASS}))


def test_the_picture_is_the_same_in_another_process():
    script = (
        "import json, sys; from sfn_notebook.asl.model import build; from sfn_notebook.graph import draw;"
        "sys.stdout.buffer.write(draw(build(json.loads(sys.argv[1]), '')).encode())"
    )
    states = {name: {"Type": "Pass", "Next": "Join"} for name in "ABCDEF"} | {"Join": PASS}
    choice = {"Type": "Choice", "Choices": [{"Condition": name, "Next": name} for name in "ABCDEF"]}
    definition = json.dumps({"StartAt": "Which", "States": {"Which": choice} | states})
    outputs = []
    for seed in ("1", "2"):
        command = [sys.executable, "-c", script, definition]
        done = subprocess.run(command, capture_output=True, check=True, env={"PYTHONHASHSEED": seed})
        outputs.append(done.stdout)
    assert outputs[0] == outputs[1] != b""


def test_every_status_has_a_colour_and_a_sign_of_its_own():
    signs = [look.sign for status, look in LOOKS.items() if status != "not_run"]
    assert all(signs)
    assert len(set(signs)) == len(signs) == len({look.strong for look in LOOKS.values()}) - 1


def test_every_glyph_has_a_tile():
    assert set(GLYPHS) == set(TILES)


def test_counters_and_legend_tell_of_the_run():
    drawn = machine({"A": {"Type": "Task", "Resource": "r", "Next": "A"}})
    events = history(
        ("TaskStateEntered", 0, "A"),
        ("TaskScheduled", 1),
        ("TaskFailed", 2),
        ("TaskScheduled", 3),
        ("TaskSucceeded", 4),
        ("TaskStateExited", 5, "A"),
        ("TaskStateEntered", 6, "A"),
    )
    shown = words(parse(draw(drawn, events)))
    assert "×2 ↻1" in shown
    assert "running" in shown
    assert "succeeded" not in shown


def test_without_a_history_nothing_is_said_of_one():
    shown = words(parse(draw(machine({"A": PASS}))))
    assert shown == ["Start", "A", "Pass", "End"]


def test_a_taken_line_is_drawn_over_the_others_and_stronger():
    rules = [{"Condition": "x", "Next": "B"}]
    drawn = machine({"A": {"Type": "Choice", "Choices": rules, "Default": "C"}, "B": PASS, "C": PASS})
    events = history(("ChoiceStateEntered", 0, "A"), ("ChoiceStateExited", 1, "A"), ("PassStateEntered", 2, "C"))
    lines = [
        e for e in parse(draw(drawn, events)).iter(SVG + "path") if e.get("fill") == "none" and e.get("d")[0] == "M"
    ]
    widths = [
        float(e.get("stroke-width"))
        for e in lines
        if e.get("stroke-linejoin") == "round" and not e.get("stroke-linecap")
    ]
    assert widths == sorted(widths)
    assert widths.count(2.4) == 2  # start → A, A → C


def test_the_scene_is_json():
    scene = build_scene(machine({"A": {"Type": "Choice", "Choices": [{"Condition": "x", "Next": "B"}]}, "B": PASS}))
    assert json.loads(json.dumps(scene.to_json())) == scene.to_json()
    assert scene.to_json()["nodes"][1]["box"][2:] == [116.0, 46.0]
