import gzip
import json
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from sfn_notebook.integrations.buckets import LocalBuckets
from sfn_notebook.integrations.items import ItemReaderFailed, Reader, read_items
from sfn_notebook.values import ABSENT

GET = "arn:aws:states:::s3:getObject"
LIST = "arn:aws:states:::s3:listObjectsV2"
CSV = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}


def test_an_item_knows_where_it_comes_from(read_from):
    [item] = read_from({"in": {"a/b.jsonl": "1"}}, {"Bucket": "in", "Key": "a/b.jsonl"}, InputType="JSONL")
    assert (item.value, item.key, item.source) == (1, ABSENT, "S3://in/a/b.jsonl")


# ---------------------------------------------------------------- MaxItems


@pytest.mark.parametrize(("max_items", "count"), [(None, 5), (0, 5), (2, 2), (5, 5), (100_000_001, 5)])
def test_max_items(read, max_items, count):
    config = {} if max_items is None else {"MaxItems": max_items}
    assert len(read("[1, 2, 3, 4, 5]", InputType="JSON", **config)) == count


def test_a_negative_max_items_is_refused_in_aws_s_words(refusal):
    assert refusal("[1]", InputType="JSON", MaxItems=-1) == "field MaxItems must be positive"


def test_what_comes_after_max_items_is_not_read(read):
    assert read("[1, 2, oops", InputType="JSON", MaxItems=2) == [1, 2]


# ---------------------------------------------------------------- packed files


@pytest.mark.parametrize("ending", [".gz", ".zst", ".zstd"])
@pytest.mark.parametrize(("kind", "text"), [("JSON", "[1, 2]"), ("JSONL", "1\n2\n")])
def test_packed_files_are_unpacked_by_their_ending(read, ending, kind, text):
    packed = gzip.compress(text.encode()) if ending == ".gz" else pa.compress(text.encode(), "zstd", asbytes=True)
    assert read(packed, key=f"items{ending}", InputType=kind) == [1, 2]


def test_a_packed_csv_in_several_members(read):
    packed = gzip.compress(b"a\n1\n") + gzip.compress(b"2\n")
    assert read(packed, key="a.csv.gz", **CSV) == [{"a": "1"}, {"a": "2"}]


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_a_broken_packed_file_is_refused(refusal, ending):
    assert refusal(b"plain text", key=f"x{ending}", InputType="JSONL").startswith(
        f"s3://in/x{ending}: cannot be read: "
    )


def test_a_packed_file_that_is_cut_off_is_refused(refusal):
    packed = gzip.compress(b"1\n" * 1000)
    assert refusal(packed[:-10], key="x.gz", InputType="JSONL").startswith("s3://in/x.gz: cannot be read: ")


# ---------------------------------------------------------------- frames and lists


@pytest.mark.parametrize("kind", ["CSV", "JSON", "JSONL", "PARQUET"])
def test_a_frame_has_its_rows_whatever_the_input_type(read, kind):
    frame = pd.DataFrame({"id": [1, 2], "name": ["a", None], "x": [1.5, float("nan")]})
    assert read(frame, InputType=kind) == [{"id": 1, "name": "a", "x": 1.5}, {"id": 2, "name": None, "x": None}]


def test_a_list_has_its_items(read):
    assert read([1, "a", {"b": 2}], InputType="JSON") == [1, "a", {"b": 2}]


def test_a_frame_cannot_be_pointed_into(refusal):
    assert "ItemsPointer '/a' leads nowhere" in refusal([{"a": [1]}], InputType="JSON", ItemsPointer="/a")


def test_a_list_that_holds_no_json_is_refused(refusal):
    assert "set" in refusal([1, {2}], InputType="JSON")


# ---------------------------------------------------------------- listings


def test_a_listing_gives_what_s3_says_of_each_object(read_from):
    buckets = {"in": {"b/2.csv": b"22", "a/1.csv": "1", "a/": b"", "c": "3"}}
    found = read_from(buckets, {"Bucket": "in", "Prefix": "a/"}, LIST)
    assert [item.source for item in found] == ["S3://in"] * 2
    assert [item.value["Key"] for item in found] == ["a/", "a/1.csv"]
    assert found[1].value.keys() == {"Etag", "Key", "LastModified", "Size", "StorageClass"}
    assert found[1].value["Etag"] == '"c4ca4238a0b923820dcc509a6f75849b"'  # the MD5 of "1"
    assert (found[1].value["Size"], found[1].value["StorageClass"]) == (1, "STANDARD")
    assert isinstance(found[1].value["LastModified"], int)


def test_load_and_flatten_gives_what_is_in_the_objects(read_from):
    buckets = {"in": {"a/": b"", "a/1.csv": "id\n1\n2\n", "a/2.csv.gz": gzip.compress(b"id\n3\n"), "b": "no"}}
    config = {**CSV, "Transformation": "LOAD_AND_FLATTEN"}
    found = read_from(buckets, {"Bucket": "in", "Prefix": "a/"}, LIST, **config)
    assert [item.value["id"] for item in found] == ["1", "2", "3"]
    assert [item.source for item in found] == ["S3://in/a/1.csv", "S3://in/a/1.csv", "S3://in/a/2.csv.gz"]
    assert len(read_from(buckets, {"Bucket": "in", "Prefix": "a/"}, LIST, **config, MaxItems=2)) == 2


# ---------------------------------------------------------------- manifests


def test_an_s3_inventory_gives_the_objects_it_lists(read_from):
    rows = b'"data","a%2Fb.csv","17"\n"data","c.csv","0"\n'
    manifest = {
        "sourceBucket": "data",
        "destinationBucket": "arn:aws:s3:::inventories",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, Size",
        "files": [{"key": "in/1.csv.gz", "size": 1, "MD5checksum": "x"}, {"key": "in/2.csv.gz"}],
    }
    inventories = {
        "m.json": json.dumps(manifest),
        "in/1.csv.gz": gzip.compress(rows),
        "in/2.csv.gz": gzip.compress(rows),
    }
    where = {"Bucket": "inventories", "Key": "m.json"}
    for config in ({"InputType": "MANIFEST"}, {"ManifestType": "S3_INVENTORY"}):
        found = read_from({"inventories": inventories}, where, MaxItems=3, **config)
        assert [item.value for item in found] == [
            {"Bucket": "data", "Key": "a%2Fb.csv", "Size": "17"},
            {"Bucket": "data", "Key": "c.csv", "Size": "0"},
            {"Bucket": "data", "Key": "a%2Fb.csv", "Size": "17"},
        ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "no S3 inventory manifest"),
        ("{oops", "no valid JSON"),
        ('{"fileFormat": "ORC"}', "Step Functions reads CSV inventories"),
        ('{"fileFormat": "CSV", "fileSchema": "Key", "destinationBucket": "b", "files": [1]}', "'files'"),
    ],
)
def test_what_is_no_inventory_is_refused(refusal, text, said):
    assert said in refusal(text, ManifestType="S3_INVENTORY")


def test_an_athena_manifest_gives_the_rows_of_its_files(read_from):
    lake = {"r/1.gz": gzip.compress(b'{"id": 1}\n{"id": 2}'), "r/2": '{"id": 3}'}
    buckets = {"out": {"q-manifest.csv": "s3://lake/r/1.gz\ns3://lake/r/2\n"}, "lake": lake}
    where = {"Bucket": "out", "Key": "q-manifest.csv"}
    found = read_from(buckets, where, ManifestType="ATHENA_DATA", InputType="JSONL")
    assert [(item.value["id"], item.source) for item in found] == [
        (1, "S3://lake/r/1.gz"),
        (2, "S3://lake/r/1.gz"),
        (3, "S3://lake/r/2"),
    ]


def test_an_athena_manifest_of_text_has_its_headers_in_the_state(read_from):
    buckets = {"out": {"m": "s3://out/1", "1": "x|y\n"}}
    config = {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a", "b"], "CSVDelimiter": "PIPE"}
    found = read_from(buckets, {"Bucket": "out", "Key": "m"}, ManifestType="ATHENA_DATA", **config)
    assert [item.value for item in found] == [{"a": "x", "b": "y"}]


def test_an_athena_manifest_with_another_line_is_refused(refusal):
    cause = refusal("s3://a/b\n/x\n", ManifestType="ATHENA_DATA", InputType="JSONL")
    assert cause.startswith("s3://in/items, line 2: '/x' is no location of an object")


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("parameters", "resource", "config", "said"),
    [
        ({"Key": "k"}, GET, CSV, "ItemReader: Bucket is missing in its Parameters or Arguments."),
        ({"Bucket": "in"}, GET, CSV, "ItemReader: Key is missing"),
        ({"Bucket": "in", "Key": 5}, GET, CSV, "ItemReader: Key is 5, no text"),
        ({"Bucket": "in", "Key": "k"}, "arn:aws:states:::s3:headObject", CSV, "s3:listObjectsV2"),
        ({"Bucket": "in", "Key": "k"}, GET, {}, "InputType is missing. Here it can be CSV, JSON, JSONL, PARQUET."),
        ({"Bucket": "in", "Key": "k"}, GET, {"InputType": "XML"}, "InputType is 'XML'"),
        ({"Bucket": "in", "Key": "k"}, GET, {"ManifestType": "X"}, "S3_INVENTORY or ATHENA_DATA"),
        ({"Bucket": "in", "Key": "k"}, GET, {"ManifestType": "ATHENA_DATA"}, "CSV, JSONL, PARQUET"),
        ({"Bucket": "in"}, LIST, {"Transformation": "FLATTEN"}, "NONE or LOAD_AND_FLATTEN"),
        ({"Bucket": "in"}, LIST, {"Transformation": "LOAD_AND_FLATTEN"}, "InputType is missing"),
        ({"Bucket": "no"}, LIST, {}, "The specified bucket does not exist (Service: S3, Status Code: 404)"),
        ({"Bucket": "in", "Key": "no"}, GET, CSV, "The specified key does not exist. (Service: S3, Status Code: 404)"),
        ({"Bucket": "in", "Key": "k", "VersionId": "v"}, GET, CSV, "leave VersionId out"),
    ],
)
def test_a_reader_that_cannot_read_says_why(parameters, resource, config, said):
    with pytest.raises(ItemReaderFailed) as caught:
        next(read_items(Reader(resource, parameters, config), LocalBuckets({"in": {"k": "a\n1\n"}})))
    assert said in caught.value.cause


def test_files_of_more_than_10_gb_are_refused_where_limits_hold(tmp_path):
    with (tmp_path / "x.jsonl").open("wb") as file:
        file.write(b"1\n")
        file.truncate(10 * 1024**3 + 1)  # no blocks are used for the rest
    reader = Reader(GET, {"Bucket": "in", "Key": "x.jsonl"}, {"InputType": "JSONL"})
    with pytest.raises(ItemReaderFailed, match="10,737,418,241 bytes"):
        next(read_items(reader, LocalBuckets({"in": tmp_path})))
    assert next(read_items(replace(reader, limits=False), LocalBuckets({"in": tmp_path}))).value == 1


# ---------------------------------------------------------------- streams


def write_jsonl(path, count):
    path.write_text("".join(f'{{"id": {n}, "text": "{n:0300}"}}\n' for n in range(count)))


def write_json(path, count):
    path.write_text("[" + ",\n".join(f'{{"id": {n}, "text": "{n:0300}"}}' for n in range(count)) + "]")


def write_csv(path, count):
    path.write_text("id,text\n" + "".join(f'{n},"{n:0300}"\n' for n in range(count)))


@pytest.mark.parametrize(
    ("write", "config", "counts"),
    [
        (write_jsonl, {"InputType": "JSONL"}, (10_000, 100_000)),
        (write_json, {"InputType": "JSON"}, (6_000, 40_000)),
        (write_csv, CSV, (6_000, 40_000)),
    ],
)
def test_memory_does_not_grow_with_the_number_of_items(tmp_path, write, config, counts):
    buckets = LocalBuckets({"in": tmp_path})

    def peak(count):
        write(tmp_path / "items", count)
        reader = Reader(GET, {"Bucket": "in", "Key": "items"}, config)
        tracemalloc.start()
        try:
            assert sum(1 for _ in read_items(reader, buckets)) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    small, large = map(peak, counts)
    assert large < small * 1.2


def test_items_of_a_large_parquet_file_come_before_all_of_it_was_read(tmp_path):
    table = pa.table({"id": range(200_000)})
    parquet.write_table(table, tmp_path / "x.parquet", row_group_size=1000)
    reader = Reader(GET, {"Bucket": "in", "Key": "x.parquet"}, {"InputType": "PARQUET"})
    before = pa.total_allocated_bytes()
    found = read_items(reader, LocalBuckets({"in": tmp_path}))
    assert [next(found).value for _ in range(3)] == [{"id": 0}, {"id": 1}, {"id": 2}]
    assert pa.total_allocated_bytes() - before < 200_000
    found.close()


def test_each_item_may_be_asked_for_by_another_thread(tmp_path):
    write_jsonl(tmp_path / "items", 3000)
    found = read_items(
        Reader(GET, {"Bucket": "in", "Key": "items"}, {"InputType": "JSONL"}), LocalBuckets({"in": tmp_path})
    )
    ids = []
    for _ in range(10):
        with ThreadPoolExecutor(1) as thread:
            ids += thread.submit(lambda: [next(found).value["id"] for _ in range(300)]).result()
    assert ids == list(range(3000))


def test_closing_the_items_closes_the_file(tmp_path):
    write_jsonl(tmp_path / "items", 10)
    opened = []

    class Watched(LocalBuckets):
        def read_object(self, bucket, key, **options):
            opened.append(super().read_object(bucket, key, **options))
            return opened[-1]

    found = read_items(Reader(GET, {"Bucket": "in", "Key": "items"}, {"InputType": "JSONL"}), Watched({"in": tmp_path}))
    next(found)
    found.close()
    assert [each.body.closed for each in opened] == [True]
