"""What AWS gave for the same files, as it was recorded."""

import json
from pathlib import Path

import pytest

from sfn_notebook.integrations.buckets import LocalBuckets
from sfn_notebook.integrations.items import ItemReaderFailed, Reader, read_items

CASES = Path(__file__).parents[4] / "shared" / "conformance" / "cases" / "scenarios"
RECORDED = sorted(CASES.glob("*map_item_reader*.json"))


def reader_of(case):
    """The case's ItemReader, resolved: the input of these recordings has Bucket, Key and MaxItems."""
    [state] = [state for state in case["definition"]["States"].values() if state["Type"] == "Map"]
    fields = state["ItemReader"]
    parameters = {name: case["input"][name] for name in ("Bucket", "Key")}
    assert (fields.get("Parameters") or fields["Arguments"]).keys() <= {"Bucket", "Key", "Bucket.$", "Key.$"}
    config = {name: value for name, value in fields["ReaderConfig"].items() if name != "MaxItemsPath"}
    if "MaxItems" in case["input"]:
        config["MaxItems"] = case["input"]["MaxItems"]
    return Reader(fields["Resource"], parameters, config)


def buckets_of(case):
    """What the case put into S3 before it ran."""
    puts = [step["params"] for step in case["steps"] if step["op"] == "put_object"]
    return LocalBuckets({put["Bucket"]: {put["Key"]: put["Body"]} for put in puts})


def ending_of(case):
    """The Map's recorded output, or the cause of its failure."""
    [history] = case["expected"].values()
    for event in history["content"]["events"]:
        if event["type"] == "MapStateExited":
            return json.loads(event["stateExitedEventDetails"]["output"])
        if event["type"] == "MapRunFailed":
            assert event["mapRunFailedEventDetails"]["error"] == "States.ItemReaderFailed"
            return event["mapRunFailedEventDetails"]["cause"]
    raise AssertionError(case["id"])


def test_the_recordings_are_there(shared):
    assert len(RECORDED) >= 12


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_items_are_those_that_aws_gave(path):
    case = json.loads(path.read_text())
    try:
        found = [item.value for item in read_items(reader_of(case), buckets_of(case))]
    except ItemReaderFailed as error:
        found = error.cause
    assert found == ending_of(case)
