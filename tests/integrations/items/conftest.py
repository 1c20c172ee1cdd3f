"""Reading one file of items, for the tests of every format."""

import pytest

from sfn_notebook.integrations.buckets import LocalBuckets
from sfn_notebook.integrations.items import ItemReaderFailed, Reader, read_items

GET = "arn:aws:states:::s3:getObject"
LIST = "arn:aws:states:::s3:listObjectsV2"


def items_of(content, key="items", *, limits=True, **config):
    """The items of one object in the bucket `in`."""
    reader = Reader(GET, {"Bucket": "in", "Key": key}, config, limits=limits)
    return list(read_items(reader, LocalBuckets({"in": {key: content}})))


@pytest.fixture
def read():
    """The values in one object: `read(content, InputType="CSV", …)`."""
    return lambda content, key="items", **config: [item.value for item in items_of(content, key, **config)]


@pytest.fixture
def refusal():
    """The cause with which reading one object fails."""

    def cause(content, key="items", **config):
        with pytest.raises(ItemReaderFailed) as caught:
            items_of(content, key, **config)
        return caught.value.cause

    return cause


@pytest.fixture
def read_from():
    """The items that ItemReader gives from these buckets."""

    def items(buckets, parameters, resource=GET, **config):
        return list(read_items(Reader(resource, parameters, config), LocalBuckets(buckets)))

    return items
