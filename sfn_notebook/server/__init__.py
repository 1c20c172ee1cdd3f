"""The operations over HTTP, in AWS's own protocol. Must not know how an operation works."""
