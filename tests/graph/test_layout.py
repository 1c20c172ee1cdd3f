"""What every picture has in common, over the real corpus and generated machines; and layouts by hand."""

import re
from itertools import combinations
from time import perf_counter

import pytest
from graph_cases import container, corpus, load, machine, machines
from hypothesis import HealthCheck, given, settings

from sfn_notebook.graph import build_scene

TOUCH = 0.3  # coordinates are rounded to a tenth


def overlap(a, b):
    return a.x < b.right - TOUCH and b.x < a.right - TOUCH and a.y < b.bottom - TOUCH and b.y < a.bottom - TOUCH


def inside(inner, outer):
    return (
        outer.x - TOUCH <= inner.x
        and outer.y - TOUCH <= inner.y
        and inner.right <= outer.right + TOUCH
        and inner.bottom <= outer.bottom + TOUCH
    )


def samples(path):
    """Points along SVG path data made of M, V and C."""
    x = y = 0.0
    for command, text in re.findall(r"([MVC])([^MVC]*)", path):
        values = [float(value) for value in text.split()]
        if command == "M":
            x, y = values
        elif command == "V":
            yield from ((x, y + (values[0] - y) * step / 40) for step in range(41))
            y = values[0]
        else:
            (x1, y1, x2, y2, x3, y3) = values
            for step in range(41):
                t = step / 40
                a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
                yield a * x + b * x1 + c * x2 + d * x3, a * y + b * y1 + c * y2 + d * y3
            x, y = x3, y3


def within(point, box):
    x, y = point
    return box.x + 1 < x < box.right - 1 and box.y + 1 < y < box.bottom - 1


def check(scene):
    """The geometry that makes a picture readable."""
    nodes = {node.id: node for node in scene.nodes}
    assert len(nodes) == len(scene.nodes), "ids are unique"
    families = {}
    for node in scene.nodes:
        families.setdefault(node.parent, []).append(node)
        around = nodes[node.parent].box if node.parent else None
        assert around is None or inside(node.box, around), f"{node.id} leaves its container"
        assert node.box.x >= -TOUCH
        assert node.box.right <= scene.width + TOUCH
        assert node.box.bottom <= scene.height + TOUCH
    for siblings in families.values():
        for a, b in combinations(siblings, 2):
            assert not overlap(a.box, b.box), f"{a.id} and {b.id} overlap"
    labels = {}
    for edge in scene.edges:
        parent = nodes[edge.source].parent
        assert parent == nodes[edge.target].parent, "no line crosses the border of a container"
        check_line(edge, nodes, families[parent])
        if edge.label:
            assert not any(overlap(edge.label.box, node.box) for node in families[parent]), f"label of {edge.id}"
            assert parent is None or inside(edge.label.box, nodes[parent].box)
            labels.setdefault(parent, []).append(edge.label.box)
    for boxes in labels.values():
        assert not any(overlap(a, b) for a, b in combinations(boxes, 2)), "two labels overlap"
    check_labels_clear(scene, nodes)


def check_line(edge, nodes, siblings):
    """It begins at its source, arrives from above at its target, and touches no other node."""
    first, last = edge.points[0], edge.points[-1]
    source, target = nodes[edge.source].box, nodes[edge.target].box
    assert first.y == pytest.approx(source.bottom, abs=TOUCH)
    assert source.x - TOUCH <= first.x <= source.right + TOUCH
    assert last.y == pytest.approx(target.y, abs=TOUCH)
    assert target.x - TOUCH <= last.x <= target.right + TOUCH
    touched = {node.id for point in samples(edge.path) for node in siblings if within(point, node.box)}
    assert not touched, f"{edge.id} runs through {touched}"
    if parent := nodes[edge.source].parent:
        box = nodes[parent].box
        assert all(box.x <= x <= box.right and box.y <= y <= box.bottom for x, y in samples(edge.path))


def check_labels_clear(scene, nodes):
    """No line runs below the label of another."""
    for edge in scene.edges:
        if edge.label:
            box, parent = edge.label.box, nodes[edge.source].parent
            for other in scene.edges:
                if other is not edge and nodes[other.source].parent == parent:
                    assert not any(within(point, box) for point in samples(other.path)), f"{other.id} under a label"


@pytest.mark.parametrize("file", corpus())
def test_real_machines(file):
    check(build_scene(load(file)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(machines)
def test_generated_machines(drawn):
    check(build_scene(drawn))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(machines)
def test_the_same_machine_gives_the_same_scene(drawn):
    assert build_scene(drawn) == build_scene(drawn)


# ---------------------------------------------------------------- by hand

PASS = {"Type": "Pass", "End": True}


def to(target):
    return {"Type": "Pass", "Next": target}


def boxes(scene):
    return {node.name: node.box for node in scene.nodes if node.kind in ("state", "container")}


def middle(box):
    return box.x + box.width / 2


def test_a_chain_is_a_straight_column():
    placed = boxes(
        build_scene(machine({"A": to("B"), "Some longer name": to("C"), "B": to("Some longer name"), "C": PASS}))
    )
    assert len({round(middle(box)) for box in placed.values()}) == 1
    assert placed["A"].bottom < placed["B"].y < placed["Some longer name"].y < placed["C"].y


def test_choices_stand_in_the_order_of_the_text():
    rules = [{"Condition": name, "Next": name} for name in "abcd"]
    scene = build_scene(
        machine({"Which": {"Type": "Choice", "Choices": rules, "Default": "e"}} | dict.fromkeys("dbeac", PASS))
    )
    placed = boxes(scene)
    assert sorted("abcde", key=lambda name: placed[name].x) == list("abcde")
    assert len({placed[name].y for name in "abcde"}) == 1


def test_two_states_that_lead_to_one_another_have_two_lines_apart():
    rules = [{"Condition": "again", "Next": "A"}]
    scene = build_scene(machine({"A": to("B"), "B": {"Type": "Choice", "Choices": rules, "Default": "C"}, "C": PASS}))
    there, back = (edge for edge in scene.edges if {edge.source[-1], edge.target[-1]} == {"A", "B"})
    gap = min(abs(x - u) + abs(y - v) for x, y in samples(there.path) for u, v in samples(back.path))
    assert gap > 8


def test_a_state_that_leads_to_itself_has_a_loop_beside_it():
    scene = build_scene(
        machine({"A": {"Type": "Choice", "Choices": [{"Condition": "x", "Next": "A"}], "Default": "B"}, "B": PASS})
    )
    [loop] = [edge for edge in scene.edges if edge.source == edge.target]
    box = boxes(scene)["A"]
    assert loop.label.lines == ("x",)
    assert any(not box.x <= x <= box.right for x, _ in samples(loop.path))


def test_rules_of_one_way_share_a_line():
    rules = [{"Condition": name, "Next": "B"} for name in ("p", "q", "r", "s", "t")]
    scene = build_scene(machine({"A": {"Type": "Choice", "Choices": rules, "Default": "B"}, "B": PASS}))
    labels = [edge.label for edge in scene.edges if edge.label]
    assert [label.lines for label in labels] == [("p", "q", "… or 3 more"), ("default",)]
    assert labels[0].tooltip == "p\nq\nr\ns\nt"


def test_branches_stand_side_by_side_and_many_of_them_in_rows():
    def lanes(count):
        branches = [container({f"Branch number {n}": PASS}) for n in range(count)]
        scene = build_scene(machine({"P": {"Type": "Parallel", "Branches": branches, "End": True}}))
        return [node.box for node in scene.nodes if node.kind == "lane"]

    assert len({box.y for box in lanes(3)}) == 1
    many = lanes(20)
    assert len({box.y for box in many}) > 1
    assert max(box.right for box in many) < 1140


def test_many_choices_stay_within_a_page():
    rules = [{"Condition": f"kind {n}", "Next": f"Handle kind {n}"} for n in range(16)]
    states = {"Which": {"Type": "Choice", "Choices": rules}} | {f"Handle kind {n}": PASS for n in range(16)}
    assert build_scene(machine(states)).width < 1700


def test_a_catcher_leaves_the_main_line_straight():
    states = {
        name: {
            "Type": "Task",
            "Resource": "r",
            "Next": following,
            "Catch": [{"ErrorEquals": ["E"], "Next": "H"}],
        }
        for name, following in zip("ABCD", "BCDZ", strict=True)
    }
    placed = boxes(build_scene(machine(states | {"Z": {"Type": "Succeed"}, "H": {"Type": "Fail"}})))
    assert len({round(middle(placed[name])) for name in "ABCDZ"}) == 1


def chain(count, **fields):
    return {f"s{n}": {"Type": "Pass", "Next": f"s{n + 1}", **fields} for n in range(count)} | {f"s{count}": PASS}


def nested(depth):
    inner = container({"core": PASS})
    for level in range(depth):
        inner = container({f"m{level}": {"Type": "Parallel", "Branches": [inner], "End": True}})
    return machine(inner["States"])


def test_long_chains_and_deep_nests_are_no_matter_of_recursion():
    assert len(build_scene(machine(chain(2000))).nodes) == 2003
    check(build_scene(nested(60)))


def test_a_thousand_states_take_less_than_a_second():
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "s1000"}]
    drawn = machine(chain(1000, Catch=catch))
    fastest = min(seconds(drawn) for _ in range(3))
    assert fastest < 1.0


def seconds(drawn):
    begin = perf_counter()
    build_scene(drawn)
    return perf_counter() - begin
