"""S3 as far as Maps need it: what a user gives as buckets, and what AWS has."""

from .contract import BucketError, Buckets, Listed, StoredObject, Upload
from .local import LocalBuckets
from .s3 import S3Buckets

__all__ = ["BucketError", "Buckets", "Listed", "LocalBuckets", "S3Buckets", "StoredObject", "Upload"]
