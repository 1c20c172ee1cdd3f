"""The server's key: never a real one of the user's.  (issue: Credentials)"""

import pytest

from sfn_notebook.server.credentials import Credentials, find_credentials

OWN = {"SFN_NOTEBOOK_ACCESS_KEY_ID": "mine", "SFN_NOTEBOOK_SECRET_ACCESS_KEY": "s"}
TEST = {"AWS_ACCESS_KEY_ID": "000000000001", "AWS_SECRET_ACCESS_KEY": "t"}


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        (OWN, Credentials("mine", "s")),
        (OWN | TEST, Credentials("mine", "s")),
        (OWN | {"SFN_NOTEBOOK_ACCESS_KEY_ID": "111111111111"}, Credentials("111111111111", "s", "111111111111")),
        (TEST, Credentials("000000000001", "t", "000000000001")),
        (TEST | {"AWS_ACCESS_KEY_ID": "test"}, Credentials("test", "t")),
    ],
)
def test_keys_of_the_environment(environment, found):
    assert find_credentials(environment) == found


@pytest.mark.parametrize("environment", [
    {},
    {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "real"},
    {"AWS_ACCESS_KEY_ID": "tester", "AWS_SECRET_ACCESS_KEY": "real"},
    {"AWS_ACCESS_KEY_ID": "test"},
    {"SFN_NOTEBOOK_ACCESS_KEY_ID": "mine"},
])  # fmt: skip
def test_a_new_key(environment):
    one, other = find_credentials(environment), find_credentials(environment)
    assert one.made
    assert one != other
    assert len(one.secret_access_key) >= 40
    assert not {one.access_key_id, one.secret_access_key} & set(environment.values())
