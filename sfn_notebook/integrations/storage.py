"""Where the objects that Maps read and write are: buckets given by the user, or S3.  (DESIGN, decision 6)"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sfn_notebook.asl.model import State
from sfn_notebook.values import JSON

from .aws import AwsClients
from .buckets import BucketError, Buckets, LocalBuckets, S3Buckets, StoredObject, Upload
from .buckets.contract import Listed


class Storage:
    """Implements `buckets.Buckets`: what `buckets=` names is there, all else in S3, where the target reaches it."""

    def __init__(self, given: Mapping[str, Any] | None, clients: AwsClients, region: str) -> None:
        """Raises: TypeError when `given` is no mapping; BucketError when a bucket is neither folder nor dict."""
        if given is not None and not isinstance(given, Mapping):
            raise TypeError(f"buckets is a {type(given).__name__}: give {{'name': folder or dict}}.")
        self._given, self._clients = dict(given or {}), clients
        self._local: Buckets = LocalBuckets(self._given)
        self._s3: Buckets = S3Buckets(lambda: clients.client("s3", region))

    def obstacle(self, bucket: str) -> str | None:
        """Why nothing is to be had of this bucket, or None."""
        if bucket in self._given:
            return None
        said = self._clients.obstacle("s3")
        return None if said is None else f"Give it: buckets={{{bucket!r}: folder or dict}}. Or S3: {said}"

    def read_object(
        self, bucket: str, key: str, *, version_id: str | None = None, expected_bucket_owner: str | None = None
    ) -> StoredObject:
        found = self._of(bucket)
        return found.read_object(bucket, key, version_id=version_id, expected_bucket_owner=expected_bucket_owner)

    def list_objects(self, bucket: str, parameters: Mapping[str, JSON]) -> Iterator[Listed]:
        return self._of(bucket).list_objects(bucket, parameters)

    def write_object(self, bucket: str, key: str) -> Upload:
        return self._of(bucket).write_object(bucket, key)

    def _of(self, bucket: str) -> Buckets:
        if bucket in self._given:
            return self._local
        said = self.obstacle(bucket)
        if said is not None:
            raise BucketError(f"Nothing answers to the bucket {bucket!r}. {said}")
        return self._s3


def unreachable(maps: Iterable[State], storage: Storage) -> Iterator[tuple[str, str, str]]:
    """(state, bucket, remedy) for each bucket that a Distributed Map names and that nothing answers to."""
    for state in maps:
        for field in ("ItemReader", "ResultWriter"):
            holder = state.fields.get(field, {})
            bucket = holder.get("Parameters", holder.get("Arguments", {}))
            bucket = bucket.get("Bucket") if isinstance(bucket, dict) else None
            if not isinstance(bucket, str) or bucket.startswith("{%"):
                continue  # computed: known when the state runs
            said = storage.obstacle(bucket)
            if said is not None:
                yield state.name, f"the bucket {bucket!r} of its {field}", said
