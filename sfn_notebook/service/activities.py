"""Activities: create, describe, list, delete, and the tasks that their workers ask for.

(spec: activities-and-callbacks, Activity protocol)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import wait
from functools import partial
from typing import Any, Final

from sfn_notebook.integrations.open_calls import OpenCalls, Poll, TooManyWorkers
from sfn_notebook.values import dumps

from .account import Account, Activity, now
from .arns import parse_arn
from .faults import activity_exists, no_activity, too_many_workers
from .machines import named
from .operations import operation
from .paging import page
from .pending import Answer, Pending
from .settings import encryption_settings
from .tags import with_tags

POLL_SECONDS: Final = 60
"""How long a worker is kept waiting for a task."""


class Activities:
    """CreateActivity, DescribeActivity, ListActivities, DeleteActivity, GetActivityTask."""

    def __init__(self, account: Account, open_calls: OpenCalls) -> None:
        self._account = account
        self._open_calls = open_calls

    @operation
    def create_activity(
        self,
        *,
        name: str,
        tags: list[dict[str, str]] | None = None,
        encryption_configuration: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Create an activity. The same name again gives the same answer; other tags change nothing then."""
        arn = self._account.arn("activity", named(name))
        encryption = encryption_settings(encryption_configuration)
        with self._account.lock:
            activity = self._account.activities.get(arn)
            if activity is None:
                self._account.tags[arn] = with_tags({}, tags or [], arn)
                activity = self._account.activities[arn] = Activity(arn, name, now(), encryption)
                self._open_calls.create_activity(arn)
            elif activity.encryption != encryption:
                raise activity_exists(arn)
        return {"activityArn": arn, "creationDate": activity.created}

    @operation
    def describe_activity(self, *, activity_arn: str) -> Answer:
        """What an activity was created with."""
        activity = self._find(activity_arn)
        return {**_listed(activity), "encryptionConfiguration": activity.encryption}

    @operation
    def list_activities(self, *, max_results: int | None = None, next_token: str | None = None) -> Answer:
        """All activities, in the order in which they were created."""
        with self._account.lock:
            activities = list(self._account.activities.values())
        found = page(activities, _arn, of="activities", max_results=max_results, next_token=next_token)
        return found._replace(items=[_listed(activity) for activity in found.items]).answer("activities")

    @operation
    def delete_activity(self, *, activity_arn: str) -> Answer:
        """Delete an activity; tasks that wait for workers go on waiting. One that is not there is deleted already."""
        parse_arn(activity_arn, "activity")
        with self._account.lock:
            if self._account.activities.pop(activity_arn, None) is not None:
                self._account.tags.pop(activity_arn, None)
                self._open_calls.delete_activity(activity_arn)
        return {}

    @operation
    def get_activity_task(self, *, activity_arn: str, worker_name: str | None = None) -> Pending:
        """The next task of an activity, within a minute: its token and its input; neither when none has come.

        Workers that ask first are served first. A task for one that has gone away meanwhile is the next one's.
        """
        arn = self._find(activity_arn).arn
        try:
            poll = self._open_calls.ask(arn, worker_name)
        except TooManyWorkers:
            raise too_many_workers(arn) from None

        def when_ready(call: Callable[[], None]) -> None:
            poll.ready.add_done_callback(lambda _ready: call())

        return Pending(
            when_ready,
            partial(wait, [poll.ready]),
            partial(self._collected, poll),
            partial(self._open_calls.give_up, poll),
            POLL_SECONDS,
        )

    def _collected(self, poll: Poll) -> Answer:
        call = self._open_calls.collect(poll)
        return {} if call is None else {"taskToken": call.token, "input": dumps(call.payload)}

    def _find(self, arn: str) -> Activity:
        """Raises: ServiceError InvalidArn, ActivityDoesNotExist."""
        parse_arn(arn, "activity")
        activity = self._account.activities.get(arn)
        if activity is None:
            raise no_activity(arn)
        return activity


def _arn(activity: Activity) -> str:
    return activity.arn


def _listed(activity: Activity) -> Answer:
    return {"activityArn": activity.arn, "name": activity.name, "creationDate": activity.created}
