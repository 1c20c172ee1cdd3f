from hypothesis import given
from hypothesis import strategies as st

from sfn_notebook.integrations.items import Batcher, batches, child_input
from sfn_notebook.values import ABSENT, dumps


def test_items_are_grouped_by_number():
    found = list(batches(range(1130), Batcher(max_items=100)))
    assert [len(batch) for batch in found] == [100] * 11 + [30]
    assert found[0][:3] == [0, 1, 2]


def test_items_are_grouped_by_the_bytes_of_the_child_s_input():
    item = "x" * 8  # ten bytes as JSON; three of them make {"Items":["…","…","…"]}
    exactly_three = len('{"Items":[]}') + 3 * 10 + 2
    assert [len(batch) for batch in batches([item] * 7, Batcher(max_bytes=exactly_three))] == [3, 3, 1]
    assert [len(batch) for batch in batches([item] * 7, Batcher(max_bytes=exactly_three - 1))] == [2, 2, 2, 1]


def test_the_batch_input_counts():
    batcher = Batcher(max_bytes=100, batch_input={"factor": 1})
    sizes = [len(dumps(child_input(batch, batcher))) for batch in batches(["x" * 8] * 20, batcher)]
    assert max(sizes) <= 100
    assert sizes[0] + 11 > 100  # one more would have been too many


def test_bytes_are_those_of_utf_8():
    assert [len(batch) for batch in batches(["é"] * 4, Batcher(max_bytes=len('{"Items":["xx","xx"]}')))] == [2, 2]


def test_groups_hold_256_kib_where_nothing_is_said():
    assert [len(batch) for batch in batches(["x" * 100_000] * 5, Batcher(max_items=100))] == [2, 2, 1]
    assert [len(batch) for batch in batches(["x" * 100_000] * 5, Batcher(max_items=100, max_bytes=None))] == [5]


def test_an_item_that_is_too_large_alone_is_alone():
    assert list(batches([1, "x" * 50, 2], Batcher(max_bytes=40))) == [[1], ["x" * 50], [2]]


def test_a_full_group_is_given_before_the_next_item_is_asked_for():
    asked = []
    found = batches((asked.append(n) or n for n in range(10)), Batcher(max_items=3))
    assert next(found) == [0, 1, 2]
    assert asked == [0, 1, 2]


def test_the_input_of_a_child():
    assert child_input([1, 2], Batcher(2)) == {"Items": [1, 2]}
    assert child_input([1], Batcher(2, batch_input=None)) == {"BatchInput": None, "Items": [1]}


values = st.none() | st.integers() | st.text(max_size=20) | st.lists(st.integers(), max_size=4)


@given(
    st.lists(values),
    st.none() | st.integers(1, 5),
    st.none() | st.integers(20, 120),
    st.just(ABSENT) | values,
)
def test_both_limits_hold_and_nothing_is_lost(items, max_items, max_bytes, batch_input):
    batcher = Batcher(max_items, max_bytes, batch_input)
    found = list(batches(iter(items), batcher))
    assert [item for batch in found for item in batch] == items
    for batch, following in zip(found, [*found[1:], []], strict=False):
        size = len(dumps(child_input(batch, batcher)).encode())
        assert max_items is None or len(batch) <= max_items
        assert max_bytes is None or size <= max_bytes or len(batch) == 1
        if following:  # no group ends early
            larger = len(dumps(child_input([*batch, following[0]], batcher)).encode())
            assert len(batch) == max_items or (max_bytes is not None and larger > max_bytes)
