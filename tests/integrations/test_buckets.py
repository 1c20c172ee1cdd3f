import io
import json
import os
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import boto3
import pandas as pd
import pyarrow as pa
import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer
from pyarrow import parquet

from sfn_notebook.integrations.buckets import BucketError, LocalBuckets, S3Buckets, s3
from sfn_notebook.integrations.items import Reader, ResultWriter, ResultWriterFailed, Writer, read_items


def content(buckets, bucket, key, **options):
    """All bytes of an object."""
    found = buckets.read_object(bucket, key, **options)
    with found.body as body:
        data = body.read()
    assert found.size in (None, len(data))
    return data


def keys(buckets, bucket, **parameters):
    return [found["Key"] for found in buckets.list_objects(bucket, parameters)]


def cause(call, *args, **options):
    """The cause with which a call is refused."""

    def answer():
        found = call(*args, **options)
        return list(found) if isinstance(found, Iterator) else found

    with pytest.raises(BucketError) as caught:
        answer()
    return caught.value.cause


def put(buckets, bucket, key, *pieces):
    upload = buckets.write_object(bucket, key)
    for piece in pieces:
        upload.write(piece)
    upload.commit()


# ---------------------------------------------------------------- folders


@pytest.fixture
def folder(tmp_path):
    """A folder with objects, and one beside it with a secret."""
    root, beside = tmp_path / "data", tmp_path / "beside"
    (root / "a" / "deep").mkdir(parents=True)
    beside.mkdir()
    (beside / "secret").write_text("secret")
    for name in ("a/1.csv", "a/deep/2.csv", "a-b", "a.csv", "é"):
        (root / name).write_text(name)
    return root


def test_files_below_a_folder_are_objects(folder):
    buckets = LocalBuckets({"in": folder, "same": str(folder)})
    assert content(buckets, "in", "a/deep/2.csv") == b"a/deep/2.csv"
    assert content(buckets, "same", "é") == "é".encode()


def test_a_folder_is_listed_in_the_order_of_the_keys(folder):
    buckets = LocalBuckets({"in": folder})
    assert keys(buckets, "in") == ["a-b", "a.csv", "a/1.csv", "a/deep/2.csv", "é"]
    assert keys(buckets, "in", Prefix="a/") == ["a/1.csv", "a/deep/2.csv"]
    assert keys(buckets, "in", Prefix="a/de") == ["a/deep/2.csv"]
    assert keys(buckets, "in", Prefix="b") == []
    assert keys(buckets, "in", StartAfter="a.csv") == ["a/1.csv", "a/deep/2.csv", "é"]
    assert keys(buckets, "in", Delimiter="/") == ["a-b", "a.csv", "é"]
    assert keys(buckets, "in", Prefix="é", EncodingType="url", MaxKeys=1) == ["%C3%A9"]


def test_a_listing_has_the_file_s_size_and_time(folder):
    os.utime(folder / "a.csv", (1_700_000_000.9, 1_700_000_000.9))
    [found] = LocalBuckets({"in": folder}).list_objects("in", {"Prefix": "a.csv"})
    etag = found.pop("Etag")
    assert found == {"Key": "a.csv", "LastModified": 1_700_000_000, "Size": 5, "StorageClass": "STANDARD"}
    os.utime(folder / "a.csv", (1, 1))
    assert next(LocalBuckets({"in": folder}).list_objects("in", {"Prefix": "a.csv"}))["Etag"] != etag


@pytest.mark.parametrize(
    "key", ["../beside/secret", "a/../../beside/secret", "/etc/passwd", "a//1.csv", "./a.csv", "", "a\0"]
)
def test_no_key_leads_out_of_a_folder(folder, key):
    buckets = LocalBuckets({"in": folder})
    assert "a key there is a path of names" in cause(buckets.read_object, "in", key)
    assert "a key there is a path of names" in cause(buckets.write_object, "in", key)


def test_no_link_leads_out_of_a_folder(folder):
    (folder / "file").symlink_to(folder.parent / "beside" / "secret")
    (folder / "up").symlink_to(folder.parent / "beside")
    (folder / "within").symlink_to(folder / "a.csv")
    buckets = LocalBuckets({"in": folder})
    for key in ("file", "up/secret", "up/new"):
        assert "a link takes" in cause(buckets.read_object, "in", key)
        assert "a link takes" in cause(buckets.write_object, "in", key)
    assert content(buckets, "in", "within") == b"a.csv"
    assert keys(buckets, "in") == ["a-b", "a.csv", "a/1.csv", "a/deep/2.csv", "within", "é"]


def test_a_missing_object_or_bucket_is_named(folder):
    buckets = LocalBuckets({"in": folder})
    assert cause(buckets.read_object, "in", "no") == (
        f"The specified key does not exist. (Service: S3, Status Code: 404) "
        f"The folder {str(folder)!r} (bucket 'in') has no 'no'."
    )
    assert "has no 'a'" in cause(buckets.read_object, "in", "a")
    for call in (buckets.read_object, buckets.write_object):
        assert cause(call, "out", "k") == (
            "The specified bucket does not exist (Service: S3, Status Code: 404) buckets= has 'in', but no 'out'."
        )
    assert "buckets= has nothing, but no 'out'" in cause(LocalBuckets({}).list_objects, "out", {})


def test_what_is_no_bucket_is_refused(tmp_path):
    assert "where no folder is" in cause(LocalBuckets, {"in": tmp_path / "no"})
    assert "Give a folder, or a dict" in cause(LocalBuckets, {"in": 5})


def test_a_parameter_that_does_not_exist_is_refused(folder):
    assert "listObjectsV2 has no parameter 'Suffix'" in cause(
        LocalBuckets({"in": folder}).list_objects, "in", {"Suffix": "x"}
    )


def test_there_are_no_versions(folder):
    buckets = LocalBuckets({"in": folder})
    assert "leave VersionId out" in cause(buckets.read_object, "in", "a.csv", version_id="v1")
    assert content(buckets, "in", "a.csv", version_id="null", expected_bucket_owner="123456789012") == b"a.csv"


def test_a_file_name_that_is_no_text_is_refused(folder):
    try:
        (folder / os.fsdecode(b"\xff.csv")).write_text("x")
    except OSError:
        pytest.skip("this file system has no such names")
    assert "is no UTF-8" in cause(LocalBuckets({"in": folder}).list_objects, "in", {})


def test_an_object_appears_when_it_is_complete(folder):
    buckets = LocalBuckets({"out": folder})
    upload = buckets.write_object("out", "new/x.json")
    upload.write(b"[1")
    upload.write(b",2]")
    assert keys(buckets, "out", Prefix="new") == []
    upload.commit()
    assert (folder / "new" / "x.json").read_bytes() == b"[1,2]"
    put(buckets, "out", "new/x.json", b"[]")
    assert (folder / "new" / "x.json").read_bytes() == b"[]"
    assert [path.name for path in (folder / "new").iterdir()] == ["x.json"]


def test_a_discarded_object_leaves_the_old_one(folder):
    upload = LocalBuckets({"out": folder}).write_object("out", "a.csv")
    upload.write(b"new")
    upload.discard()
    upload.discard()
    assert (folder / "a.csv").read_text() == "a.csv"
    assert sorted(path.name for path in folder.iterdir()) == ["a", "a-b", "a.csv", "é"]


def test_an_object_cannot_be_below_a_file(folder):
    assert "cannot be written" in cause(LocalBuckets({"out": folder}).write_object, "out", "a.csv/x")
    upload = LocalBuckets({"out": folder}).write_object("out", "a")
    assert "cannot be written" in cause(upload.commit)
    assert sorted(path.name for path in folder.iterdir()) == ["a", "a-b", "a.csv", "é"]


# ---------------------------------------------------------------- dicts


def test_what_an_object_in_a_dict_can_be(tmp_path):
    (tmp_path / "file").write_bytes(b"in a file")
    frame = pd.DataFrame({"id": [1, 2], "x": [0.5, None], "when": pd.to_datetime(["2024-02-29", None])})
    objects = {
        "bytes": b"\xff",
        "text": "é",
        "path": tmp_path / "file",
        "frame": frame,
        "list": (1, {"a": None}),
        "none": [],
    }
    buckets = LocalBuckets({"in": objects})
    assert content(buckets, "in", "bytes") == b"\xff"
    assert content(buckets, "in", "text") == "é".encode()
    assert content(buckets, "in", "path") == b"in a file"
    assert content(buckets, "in", "list") == b'[1,{"a":null}]'
    assert content(buckets, "in", "none") == b"[]"
    assert json.loads(content(buckets, "in", "frame")) == [
        {"id": 1, "x": 0.5, "when": "2024-02-29T00:00:00"},
        {"id": 2, "x": None, "when": None},
    ]
    sizes = {found["Key"]: found["Size"] for found in buckets.list_objects("in", {})}
    assert sizes == {key: len(content(buckets, "in", key)) for key in sorted(objects)}


def test_a_large_frame_is_read_in_pieces():
    frame = pd.DataFrame({"id": range(2500)})
    found = LocalBuckets({"in": {"frame": frame}}).read_object("in", "frame")
    assert [row["id"] for row in found.rows] == list(range(2500))


def test_a_dict_is_listed_in_the_order_of_its_keys():
    clock = iter([100.5, 200.5])
    objects = {"b": "2", "a/1": "1", "é": "3"}
    buckets = LocalBuckets({"in": objects}, clock=lambda: next(clock))
    put(buckets, "in", "a/2", b"x", b"y")
    assert objects["a/2"] == b"xy"
    assert [(found["Key"], found["LastModified"]) for found in buckets.list_objects("in", {})] == [
        ("a/1", 100),
        ("a/2", 200),
        ("b", 100),
        ("é", 100),
    ]
    assert keys(buckets, "in", Prefix="a/", StartAfter="a/1") == ["a/2"]


def test_content_that_is_none_is_refused_with_its_place():
    buckets = LocalBuckets({"in": {"x": {1, 2}, "y": [float("nan")], "z": pd.DataFrame({1: [1]})}})
    assert cause(buckets.read_object, "in", "x") == (
        "The bucket 'in' in buckets=: 'x' is a set. Give bytes, text, a Path, a DataFrame or a list of items."
    )
    assert "'y': $[0]: nan is no JSON number" in cause(lambda: buckets.read_object("in", "y").rows)
    assert "whose column 1 is no text" in cause(lambda: buckets.read_object("in", "z").rows)
    assert "has no 'no'" in cause(buckets.read_object, "in", "no")
    gone = LocalBuckets({"in": {"x": Path("/nowhere/at/all")}})
    assert "'x' is '/nowhere/at/all': No such file" in cause(gone.list_objects, "in", {})
    assert "the key 5 is no text" in cause(LocalBuckets({"in": {5: "x"}}).list_objects, "in", {})


# ---------------------------------------------------------------- S3


@pytest.fixture(scope="module")
def endpoint():
    """A stand-in of S3 on this machine."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def client(endpoint, monkeypatch):
    """A client of it, with a bucket `data`, empty."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    made = boto3.client("s3", region_name="us-east-1", endpoint_url=endpoint)
    made.create_bucket(Bucket="data")
    yield made
    for found in made.list_objects_v2(Bucket="data").get("Contents", ()):
        made.delete_object(Bucket="data", Key=found["Key"])
    made.delete_bucket(Bucket="data")


@pytest.fixture
def buckets(client):
    return S3Buckets(lambda: client)


def test_the_client_is_made_once_and_when_needed(client):
    made = []
    buckets = S3Buckets(lambda: made.append(1) or client)
    assert made == []
    put(buckets, "data", "k", b"1")
    content(buckets, "data", "k")
    assert made == [1]


def test_s3_gives_and_takes_objects(buckets, client):
    put(buckets, "data", "a/b", b"one", b"two")
    assert client.get_object(Bucket="data", Key="a/b")["Body"].read() == b"onetwo"
    assert content(buckets, "data", "a/b") == b"onetwo"
    put(buckets, "data", "empty")
    assert content(buckets, "data", "empty") == b""
    discarded = buckets.write_object("data", "never")
    discarded.write(b"x")
    discarded.discard()
    assert keys(buckets, "data") == ["a/b", "empty"]


def test_s3_objects_are_asked_for_in_blocks(buckets, client, monkeypatch):
    monkeypatch.setattr(s3, "BLOCK", 1000)
    data = bytes(range(256)) * 20
    client.put_object(Bucket="data", Key="k", Body=data)
    assert content(buckets, "data", "k") == data
    with buckets.read_object("data", "k").body as body:
        body.seek(-10, io.SEEK_END)
        assert body.read() == data[-10:]
        body.seek(2500)
        assert body.read(5) == data[2500:2505]


def test_an_object_that_changes_while_it_is_read_is_not_mixed(buckets, client, monkeypatch):
    monkeypatch.setattr(s3, "BLOCK", 300_000)
    client.put_object(Bucket="data", Key="k", Body=b"a" * 1_000_000)
    with buckets.read_object("data", "k").body as body:
        assert body.read(10) == b"a" * 10
        client.put_object(Bucket="data", Key="k", Body=b"b" * 1_000_000)
        assert "pre-condition" in cause(body.read)


def test_an_upload_larger_than_memory_should_hold_is_sent_from_a_file(buckets, client):
    put(buckets, "data", "large", *[b"x" * 1_000_000] * 20)
    assert client.head_object(Bucket="data", Key="large")["ContentLength"] == 20_000_000


def test_s3_is_listed_page_by_page(buckets, client):
    for key in ("b", "a/2", "a/1", "c"):
        client.put_object(Bucket="data", Key=key, Body=key)
    found = list(buckets.list_objects("data", {"MaxKeys": 2}))
    assert [each["Key"] for each in found] == ["a/1", "a/2", "b", "c"]
    about = client.head_object(Bucket="data", Key="b")
    assert found[2] == {
        "Etag": about["ETag"],
        "Key": "b",
        "LastModified": int(about["LastModified"].timestamp()),
        "Size": 1,
        "StorageClass": "STANDARD",
    }
    assert keys(buckets, "data", Prefix="a/", StartAfter="a/1") == ["a/2"]


def test_versions(buckets, client):
    client.put_bucket_versioning(Bucket="data", VersioningConfiguration={"Status": "Enabled"})
    first = client.put_object(Bucket="data", Key="k", Body=b"1")["VersionId"]
    second = client.put_object(Bucket="data", Key="k", Body=b"2")["VersionId"]
    assert content(buckets, "data", "k", version_id=first) == b"1"
    assert content(buckets, "data", "k") == b"2"
    for version in (first, second):
        client.delete_object(Bucket="data", Key="k", VersionId=version)


def test_s3_refuses_in_the_words_of_aws_s_sdk(buckets):
    missing = cause(buckets.read_object, "data", "no")
    assert missing.startswith("The specified key does not exist. (Service: S3, Status Code: 404, Request ID: ")
    assert missing.endswith(") (SDK Attempt Count: 1)")
    for call in (
        lambda: buckets.read_object("absent", "k"),
        lambda: buckets.list_objects("absent", {}),
        lambda: put(buckets, "absent", "k", b"1"),
    ):
        assert cause(call).startswith(
            "The specified bucket does not exist (Service: S3, Status Code: 404, Request ID: "
        )


def test_an_answer_in_words():
    answer = {
        "Error": {"Code": "AccessDenied", "Message": "Access Denied"},
        "ResponseMetadata": {"HTTPStatusCode": 403, "RequestId": "R", "HostId": "H", "RetryAttempts": 2},
    }
    assert s3.sdk_text(answer) == (
        "Access Denied (Service: S3, Status Code: 403, Request ID: R, Extended Request ID: H) (SDK Attempt Count: 3)"
    )


def test_what_the_client_itself_refuses(client):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens there
        nowhere = f"http://127.0.0.1:{taken.getsockname()[1]}"
        once = Config(retries={"total_max_attempts": 1}, connect_timeout=5)
        buckets = S3Buckets(lambda: boto3.client("s3", region_name="us-east-1", endpoint_url=nowhere, config=once))
        assert "Could not connect to the endpoint URL" in cause(buckets.read_object, "data", "k")
    buckets = S3Buckets(lambda: client)
    assert "Suffix" in cause(buckets.list_objects, "data", {"Suffix": "x"})
    assert "Invalid bucket name" in cause(buckets.read_object, "no bucket", "k")


class Breaking(BaseHTTPRequestHandler):
    """An object of ten bytes, whose connection breaks in the middle the first times."""

    breaks: ClassVar[list[bool]] = []

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "10")
        self.send_header("ETag", '"e"')
        self.end_headers()
        self.wfile.write(b"01234" if self.breaks and self.breaks.pop() else b"0123456789")
        self.close_connection = True

    def log_message(self, *args):
        pass


@pytest.mark.parametrize(("breaks", "read"), [(0, True), (2, True), (3, False)])
def test_a_block_whose_connection_breaks_is_asked_for_again(client, breaks, read):
    Breaking.breaks[:] = [True] * breaks
    with ThreadingHTTPServer(("127.0.0.1", 0), Breaking) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        buckets = S3Buckets(lambda: boto3.client("s3", region_name="us-east-1", endpoint_url=address))
        try:
            if read:
                assert content(buckets, "data", "k") == b"0123456789"
            else:
                assert "s3://data/k cannot be read: " in cause(buckets.read_object, "data", "k")
        finally:
            server.shutdown()
            thread.join()


def test_items_and_results_in_s3(buckets, client):
    table = io.BytesIO()
    parquet.write_table(pa.table({"id": range(3000)}), table, row_group_size=500)
    client.put_object(Bucket="data", Key="in/x.parquet", Body=table.getvalue())
    client.put_object(Bucket="data", Key="in/y.parquet", Body=table.getvalue())
    reader = Reader(
        "arn:aws:states:::s3:listObjectsV2",
        {"Bucket": "data", "Prefix": "in/"},
        {"InputType": "PARQUET", "Transformation": "LOAD_AND_FLATTEN"},
    )
    found = list(read_items(reader, buckets))
    assert [item.value["id"] for item in found] == [*range(3000)] * 2
    assert {item.source for item in found} == {"S3://data/in/x.parquet", "S3://data/in/y.parquet"}

    writer = Writer("arn:aws:states:::s3:putObject", {"Bucket": "data", "Prefix": "out"}, {})
    output = ResultWriter(writer, buckets, "arn:aws:states:us-east-1:123456789012:mapRun:m/l:run").close()
    manifest = json.loads(
        content(buckets, **{name.lower(): value for name, value in output["ResultWriterDetails"].items()})
    )
    assert manifest["DestinationBucket"] == "data"


def test_results_that_s3_refuses(buckets):
    writer = Writer("arn:aws:states:::s3:putObject", {"Bucket": "absent"}, {})
    with pytest.raises(ResultWriterFailed, match="The specified bucket does not exist"):
        ResultWriter(writer, buckets, "arn:aws:states:us-east-1:123456789012:mapRun:m/l:run").close()
