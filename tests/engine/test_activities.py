"""Activities: scheduled when there is one, started when a worker comes.  (spec: activities-and-callbacks)"""

from histories import check
from stage import ACTIVITY, NOON, Stage, rebuilt

from sfn_notebook.engine.stimuli import TaskRefused, TaskScheduled, TaskStarted, TaskSucceeded


def staged(**fields):
    return Stage({"T": {"Type": "Task", "Resource": ACTIVITY, "End": True, **fields}}, workers=False)


def test_a_worker_takes_the_task_and_its_name_is_told():
    stage = staged()
    stage.tell(TaskScheduled(stage.now, stage.task("T")))
    stage.now += 5000
    stage.tell(TaskStarted(stage.now, stage.task("T"), "worker-1"))
    stage.succeed("T", 1)
    assert stage.chain[1:5] == [
        "2<0 TaskStateEntered", "3<2 ActivityScheduled", "4<3 ActivityStarted", "5<4 ActivitySucceeded",
    ]  # fmt: skip
    assert stage.details(4) == {"workerName": "worker-1"}
    assert (stage.history[3]["timestamp"] - stage.history[2]["timestamp"]).total_seconds() == 5
    check(stage.history)


def test_time_counts_from_when_a_worker_takes_it():
    stage = staged(TimeoutSeconds=10, HeartbeatSeconds=3)
    stage.tell(TaskScheduled(stage.now, stage.task("T")))
    assert stage.timers == {}
    stage.now += 60_000
    stage.tell(TaskStarted(stage.now, stage.task("T"), None))
    assert {timer: due - NOON for (_, timer), due in stage.timers.items()} == {"timeout": 70_000, "heartbeat": 63_000}


def test_an_activity_that_does_not_exist_schedules_nothing():
    stage = staged()
    stage.tell(TaskRefused(stage.now, stage.task("T"), f"The activity {ACTIVITY} does not exist."))
    assert stage.chain == ["1<0 ExecutionStarted", "2<0 TaskStateEntered", "3<2 ExecutionFailed"]
    cause = (
        "An error occurred while executing the state 'T' (entered at the event id #2). "
        f"The activity {ACTIVITY} does not exist."
    )
    assert stage.failure == ("States.Runtime", cause)


def test_what_is_answered_was_started_and_journals_rebuild_it():
    stage = staged(Retry=[{"ErrorEquals": ["Busy"]}])
    stage.fail("T", "Busy")
    stage.ring()
    stage.tell(TaskScheduled(stage.now, stage.task("T")))
    stage.tell(TaskSucceeded(stage.now, stage.task("T"), 1, 1))
    assert [event["type"] for event in stage.history[2:9]] == [
        "ActivityScheduled", "ActivityStarted", "ActivityFailed",
        "ActivityScheduled", "ActivityStarted", "ActivitySucceeded", "TaskStateExited",
    ]  # fmt: skip
    again = rebuilt(stage.program, stage.start, stage.journal, stage.execution.transitions)
    assert again.history() == stage.history
