"""How wide text is, how it is cut, and what is done to what cannot be drawn."""

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfn_notebook.graph.text import clip, escape, visible, width, wrap

anything = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", 0), ("A", 6.67), ("il", 4.44), ("é", 5.56), ("e\u0301", 5.56), ("語", 10.5), ("\u200b", 0)],
)
def test_width(text, expected):
    assert width(text, 10) == pytest.approx(expected)


def test_bold_is_wider():
    assert width("Charge the card", 13, bold=True) > width("Charge the card", 13)


@given(anything, st.floats(20, 300), st.booleans())
def test_what_is_clipped_fits(text, room, bold):
    assert width(clip(text, room, 13, bold=bold), 13, bold=bold) <= room


@given(anything, st.floats(20, 300), st.integers(1, 4))
def test_what_is_wrapped_fits(text, room, lines):
    wrapped = wrap(text, room, 13, lines=lines)
    assert 1 <= len(wrapped) <= lines
    assert all(width(line, 13) <= room for line in wrapped)


def test_what_fits_is_not_touched():
    assert clip("short", 100, 13) == "short"
    assert wrap("short", 100, 13) == ("short",)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Wait for the stock to arrive", ("Wait for the", "stock to arrive")),
        ("ProcessPaymentRequest", ("ProcessPayment", "Request")),
        ("process_payment_request", ("process_", "payment_request")),
        ("x" * 60, ("x" * 16, "x" * 14 + "…")),
    ],
)
def test_names_are_broken_where_a_reader_would(text, lines):
    assert wrap(text, 105, 13) == lines


def test_an_accent_stays_with_its_letter():
    assert clip("e\u0301" * 40, 50, 13).count("e") == clip("e\u0301" * 40, 50, 13).count("\u0301")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb", "a␊b"),
        ("\x00", "␀"),
        ("\ud800", "�"),
        ("\u202eevil", "�evil"),
        ("\x7f", "␡"),
        ("ok 語", "ok 語"),
    ],
)
def test_what_cannot_be_drawn_is_shown_by_a_sign(text, shown):
    assert visible(text) == shown


@given(anything)
def test_whatever_is_escaped_is_xml(text):
    element = ET.fromstring(f'<a b="{escape(text)}">{escape(text)}</a>'.encode())
    assert element.text in (visible(text), None)
    assert element.get("b") == visible(text)
