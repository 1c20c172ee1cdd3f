"""Actions of AWS services as tasks, as botocore's models know them."""
