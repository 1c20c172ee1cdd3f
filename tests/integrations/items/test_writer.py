import json
from dataclasses import replace

import pytest

from sfn_notebook.integrations.buckets import LocalBuckets
from sfn_notebook.integrations.items import ChildResult, ResultWriter, ResultWriterFailed, Writer, transformed

PUT = "arn:aws:states:::s3:putObject"
RUN = "arn:aws:states:us-east-1:123456789012:mapRun:m/Map:0b8f5b1e-1d1a-3c1e-9d3e-1f2a3b4c5d6e"
FOLDER = "runs/0b8f5b1e-1d1a-3c1e-9d3e-1f2a3b4c5d6e"
DONE = ChildResult(
    execution_arn="arn:aws:states:us-east-1:123456789012:execution:m/Map:c1",
    name="c1",
    input='{"n": 1}',
    status="SUCCEEDED",
    state_machine_arn="arn:aws:states:us-east-1:123456789012:stateMachine:m/Map",
    start_date=1_700_000_000_000,
    stop_date=1_700_000_001_250,
    output="[1,2]",
    redrive_status="NOT_REDRIVABLE",
    redrive_status_reason="Execution is SUCCEEDED and cannot be redriven",
)
BROKEN = replace(
    DONE,
    name="c2",
    status="FAILED",
    output=None,
    error="Broken",
    cause="a wheel",
    redrive_status="REDRIVABLE",
    redrive_status_reason=None,
)
DONE_DESCRIBED = {
    "ExecutionArn": DONE.execution_arn,
    "Input": '{"n": 1}',
    "InputDetails": {"Included": True},
    "Name": "c1",
    "Output": "[1,2]",
    "OutputDetails": {"Included": True},
    "RedriveCount": 0,
    "RedriveStatus": "NOT_REDRIVABLE",
    "RedriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
    "StartDate": "2023-11-14T22:13:20.000Z",
    "StateMachineArn": DONE.state_machine_arn,
    "Status": "SUCCEEDED",
    "StopDate": "2023-11-14T22:13:21.250Z",
}
BROKEN_DESCRIBED = {
    "Cause": "a wheel",
    "Error": "Broken",
    "ExecutionArn": BROKEN.execution_arn,
    "Input": '{"n": 1}',
    "InputDetails": {"Included": True},
    "Name": "c2",
    "RedriveCount": 0,
    "RedriveStatus": "REDRIVABLE",
    "StartDate": "2023-11-14T22:13:20.000Z",
    "StateMachineArn": BROKEN.state_machine_arn,
    "Status": "FAILED",
    "StopDate": "2023-11-14T22:13:21.250Z",
}


def written(results, config=None, prefix="runs", **options):
    """The state output, and the objects by their names below the run's folder."""
    objects = {}
    writer = Writer(PUT, {"Bucket": "out", "Prefix": prefix}, config or {})
    results_writer = ResultWriter(writer, LocalBuckets({"out": objects}), RUN, **options)
    for result in results:
        results_writer.add(result)
    output = results_writer.close()
    return output, {key.removeprefix(f"{FOLDER}/"): data.decode() for key, data in objects.items()}


# ---------------------------------------------------------------- in the state output


def test_compact_is_the_outputs_and_descriptions_of_what_failed():
    assert list(transformed([DONE, BROKEN], "COMPACT")) == [[1, 2], BROKEN_DESCRIBED]


def test_flatten_joins_arrays_one_level():
    nested, single = replace(DONE, output="[[3], 4]"), replace(DONE, output='{"a": 5}')
    assert list(transformed([DONE, nested, BROKEN, single], "FLATTEN")) == [1, 2, [3], 4, BROKEN_DESCRIBED, {"a": 5}]


def test_none_describes_every_child():
    assert list(transformed([DONE, BROKEN], "NONE")) == [DONE_DESCRIBED, BROKEN_DESCRIBED]


def test_the_default_is_compact_in_the_state_output_and_none_in_a_bucket():
    assert Writer(None, {}, {}).transformation == "COMPACT"
    assert Writer(PUT, {}, {}).transformation == "NONE"
    assert Writer(None, {}, {"Transformation": "FLATTEN"}).transformation == "FLATTEN"


# ---------------------------------------------------------------- in a bucket


def test_exported_results_leave_their_place_as_the_output():
    output, objects = written([DONE])
    assert output == {
        "MapRunArn": RUN,
        "ResultWriterDetails": {"Bucket": "out", "Key": f"{FOLDER}/manifest.json"},
    }
    assert objects.keys() == {"manifest.json", "SUCCEEDED_0.json"}


def test_each_ending_has_its_file_and_the_manifest_lists_them():
    waiting = replace(BROKEN, name="c3", status="PENDING", start_date=None, stop_date=None, error=None, cause=None)
    late, stopped = replace(BROKEN, status="TIMED_OUT"), replace(BROKEN, status="ABORTED")
    _, objects = written([DONE, BROKEN, waiting, late, stopped, DONE])
    assert json.loads(objects["SUCCEEDED_0.json"]) == [DONE_DESCRIBED] * 2
    assert [found["Status"] for found in json.loads(objects["FAILED_0.json"])] == ["FAILED", "TIMED_OUT", "ABORTED"]
    assert [found["Name"] for found in json.loads(objects["PENDING_0.json"])] == ["c3"]
    assert json.loads(objects["manifest.json"]) == {
        "DestinationBucket": "out",
        "MapRunArn": RUN,
        "ResultFiles": {
            kind: [{"Key": f"{FOLDER}/{kind}_0.json", "Size": len(objects[f"{kind}_0.json"])}]
            for kind in ("FAILED", "PENDING", "SUCCEEDED")
        },
    }


def test_no_results_no_files():
    _, objects = written([])
    assert json.loads(objects["manifest.json"])["ResultFiles"] == {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
    assert len(objects) == 1


def test_compact_and_flatten_in_files():
    compact = written([DONE, BROKEN, DONE], {"Transformation": "COMPACT", "OutputType": "JSON"})[1]
    assert compact["SUCCEEDED_0.json"] == "[[1,2],[1,2]]"
    assert json.loads(compact["FAILED_0.json"]) == [BROKEN_DESCRIBED]
    assert written([DONE, DONE], {"Transformation": "FLATTEN"})[1]["SUCCEEDED_0.json"] == "[1,2,1,2]"


def test_lines_are_in_files_of_their_own_kind():
    spread = replace(DONE, output='{\n  "a": [1,\n 2]\n}')
    _, objects = written([spread, DONE, BROKEN], {"Transformation": "COMPACT", "OutputType": "JSONL"})
    assert objects["SUCCEEDED_0.jsonl"] == '{"a":[1,2]}\n[1,2]\n'
    assert [json.loads(line) for line in objects["FAILED_0.jsonl"].splitlines()] == [BROKEN_DESCRIBED]


def test_a_file_that_is_full_is_followed_by_another():
    config = {"Transformation": "COMPACT", "OutputType": "JSON"}
    _, objects = written([DONE] * 5, config, max_file_bytes=len("[[1,2],[1,2]]"))
    assert [objects[f"SUCCEEDED_{n}.json"] for n in range(3)] == ["[[1,2],[1,2]]", "[[1,2],[1,2]]", "[[1,2]]"]
    files = json.loads(objects["manifest.json"])["ResultFiles"]["SUCCEEDED"]
    assert [(file["Key"], file["Size"]) for file in files] == [
        (f"{FOLDER}/SUCCEEDED_{n}.json", size) for n, size in enumerate([13, 13, 7])
    ]


def test_a_result_larger_than_a_file_may_be_is_written_all_the_same():
    _, objects = written([DONE] * 2, {"Transformation": "COMPACT"}, max_file_bytes=3)
    assert (objects["SUCCEEDED_0.json"], objects["SUCCEEDED_1.json"]) == ("[[1,2]]", "[[1,2]]")


def test_without_a_prefix_the_run_s_id_is_the_folder():
    output, _ = written([], prefix=None)
    assert output["ResultWriterDetails"]["Key"] == FOLDER.removeprefix("runs/") + "/manifest.json"


def test_results_in_a_folder_appear_when_they_are_complete(tmp_path):
    writer = ResultWriter(Writer(PUT, {"Bucket": "out", "Prefix": "runs"}, {}), LocalBuckets({"out": tmp_path}), RUN)
    writer.add(DONE)
    assert not (tmp_path / FOLDER / "SUCCEEDED_0.json").exists()
    writer.close()
    assert json.loads((tmp_path / FOLDER / "SUCCEEDED_0.json").read_text()) == [DONE_DESCRIBED]
    assert sorted(path.name for path in (tmp_path / FOLDER).iterdir()) == ["SUCCEEDED_0.json", "manifest.json"]


def test_what_is_given_up_leaves_nothing(tmp_path):
    writer = ResultWriter(Writer(PUT, {"Bucket": "out"}, {}), LocalBuckets({"out": tmp_path}), RUN)
    writer.add(DONE)
    writer.discard()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("parameters", "config", "said"),
    [
        ({"Bucket": "no", "Prefix": "p"}, {}, "The specified bucket does not exist"),
        ({"Prefix": "p"}, {}, "Bucket and Prefix are texts"),
        ({"Bucket": "out", "Prefix": 1}, {}, "Bucket and Prefix are texts"),
        ({"Bucket": "out"}, {"Transformation": "ALL"}, "NONE, COMPACT, FLATTEN"),
        ({"Bucket": "out"}, {"OutputType": "CSV"}, "JSON or JSONL"),
        ({"Bucket": "out", "Prefix": "../up"}, {}, "a key there is a path of names"),
    ],
)
def test_what_cannot_be_written_is_said_before_any_child_runs(tmp_path, parameters, config, said):
    with pytest.raises(ResultWriterFailed) as caught:
        ResultWriter(Writer(PUT, parameters, config), LocalBuckets({"out": tmp_path}), RUN)
    assert said in caught.value.cause
