"""The key that requests to a server are signed with. The user's real credentials are never it.  (issue: Credentials)"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Final, NamedTuple

OWN_ID: Final = "SFN_NOTEBOOK_ACCESS_KEY_ID"
OWN_SECRET: Final = "SFN_NOTEBOOK_SECRET_ACCESS_KEY"  # noqa: S105 - a variable's name
_ACCOUNT: Final = re.compile(r"\d{12}")


class Credentials(NamedTuple):
    """An access key. account: the one it belongs to, if it says so; made: drawn for this server, known to nobody."""

    access_key_id: str
    secret_access_key: str
    account: str | None = None
    made: bool = False


def find_credentials(environment: Mapping[str, str]) -> Credentials:
    """The server's key: SFN_NOTEBOOK_ACCESS_KEY_ID and SFN_NOTEBOOK_SECRET_ACCESS_KEY; else AWS_ACCESS_KEY_ID and
    AWS_SECRET_ACCESS_KEY when they are test values (a 12-digit id, which is then the account, or "test"); else a new
    one.
    """
    own = environment.get(OWN_ID), environment.get(OWN_SECRET)
    if own[0] and own[1]:
        return Credentials(own[0], own[1], _account(own[0]))
    key, secret = environment.get("AWS_ACCESS_KEY_ID", ""), environment.get("AWS_SECRET_ACCESS_KEY")
    if secret and (key == "test" or _account(key)):
        return Credentials(key, secret, _account(key))
    return Credentials(f"SFNN{secrets.token_hex(8).upper()}", secrets.token_urlsafe(30), made=True)


def _account(key: str) -> str | None:
    return key if _ACCOUNT.fullmatch(key) else None
