import io
import sys
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from pyarrow import parquet

from sfn_notebook.integrations.buckets import LocalBuckets
from sfn_notebook.integrations.items import Reader, read_items


def parquet_of(table, **options):
    """The bytes of a Parquet file."""
    body = io.BytesIO()
    parquet.write_table(table, body, **options)
    return body.getvalue()


@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd"])
def test_each_row_is_an_item(read, compression):
    rows = [{"id": n, "name": f"n{n}", "x": n / 2, "ok": n % 2 == 0} for n in range(5000)]
    data = parquet_of(pa.Table.from_pylist(rows), row_group_size=700, compression=compression)
    assert read(data, InputType="PARQUET") == rows


def test_what_json_has_no_kind_for(read):
    table = pa.table(
        {
            "none": pa.array([None], pa.int64()),
            "nan": [float("nan")],
            "big": pa.array([2**64 - 1], pa.uint64()),
            "date": [date(2024, 2, 29)],
            "when": pa.array([datetime(2024, 2, 29, 1, 2, 3, tzinfo=UTC)], pa.timestamp("us", "UTC")),
            "local": pa.array([datetime(2024, 2, 29, 1, 2, 3, 500)], pa.timestamp("us")),  # noqa: DTZ001
            "time": [time(1, 2, 3)],
            "took": [timedelta(seconds=1.5)],
            "price": [Decimal("1.50")],
            "count": [Decimal("15.00")],
            "text": [b"abc"],
            "bytes": [b"\xff\x00"],
            "map": pa.array([[("a", 1), ("b", None)]], pa.map_(pa.string(), pa.int64())),
            "nested": [{"list": [{"x": 1.5}, None]}],
            "kind": pa.array(["a"]).dictionary_encode(),
        }
    )
    assert read(parquet_of(table), InputType="PARQUET") == [
        {
            "none": None,
            "nan": None,
            "big": 2**64 - 1,
            "date": "2024-02-29",
            "when": "2024-02-29T01:02:03+00:00",
            "local": "2024-02-29T01:02:03.000500",
            "time": "01:02:03",
            "took": 1.5,
            "price": 1.5,
            "count": 15,
            "text": "abc",
            "bytes": "/wA=",
            "map": {"a": 1, "b": None},
            "nested": {"list": [{"x": 1.5}, None]},
            "kind": "a",
        }
    ]


def test_no_rows(read):
    assert read(parquet_of(pa.table({"a": pa.array([], pa.int64())})), InputType="PARQUET") == []


def test_the_name_does_not_matter(read):
    assert read(parquet_of(pa.table({"a": [1]})), key="data.gz", InputType="PARQUET") == [{"a": 1}]


def test_what_is_no_parquet_is_refused(refusal):
    assert refusal(b"id,name\n1,2\n", key="x.parquet", InputType="PARQUET").startswith(
        "s3://in/x.parquet: no readable Parquet: "
    )


def test_equal_columns_are_refused(refusal):
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    assert "two columns have the same name" in refusal(parquet_of(table), InputType="PARQUET")


def test_large_footers_are_refused_where_limits_hold(read, refusal):
    data = parquet_of(pa.table({"a": [1]}).replace_schema_metadata({"note": "x" * 6_000_000}))
    assert "its footer has" in refusal(data, InputType="PARQUET")
    assert read(data, limits=False, InputType="PARQUET") == [{"a": 1}]


def test_without_pyarrow_it_is_said_what_to_install(refusal, monkeypatch):
    data = parquet_of(pa.table({"a": [1]}))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    said = 'Reading it needs pyarrow: pip install "sfn-notebook[data]".'
    assert refusal(data, InputType="PARQUET") == f"The items are in a Parquet file. {said}"
    assert refusal(b"x", key="x.zst", InputType="JSONL") == f"'x.zst' is compressed with Zstandard. {said}"


def test_large_row_groups_are_refused_where_limits_hold(read, refusal):
    table = pa.table({"a": pa.array(["x" * 1000]).take(pa.array([0] * 300_000))})
    data = parquet_of(table, use_dictionary=False)
    assert "row group 0 has" in refusal(data, InputType="PARQUET")
    reader = Reader(
        "arn:aws:states:::s3:getObject", {"Bucket": "in", "Key": "k"}, {"InputType": "PARQUET"}, limits=False
    )
    first = next(read_items(reader, LocalBuckets({"in": {"k": data}})))
    assert len(first.value["a"]) == 1000
