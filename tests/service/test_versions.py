"""Versions, aliases and tags.  (spec: api, Operation rules)"""

from collections import Counter

import pytest
from calls import HOURS, Api, definition

from sfn_notebook.service.origins import World


def versions(api, arn):
    found = api("ListStateMachineVersions", stateMachineArn=arn)["stateMachineVersions"]
    return [version["stateMachineVersionArn"].removeprefix(f"{arn}:") for version in found]


def route(*routes):
    return [{"stateMachineVersionArn": arn, "weight": weight} for arn, weight in routes]


# ------------------------------------------------------------ versions


def test_a_revision_is_published_once(api):
    arn = api.create()
    first = api("PublishStateMachineVersion", stateMachineArn=arn, description="one")
    assert first["stateMachineVersionArn"] == f"{arn}:1"
    assert api("PublishStateMachineVersion", stateMachineArn=arn, description="two") == first
    assert api.publish(arn, "new") == f"{arn}:2"
    assert versions(api, arn) == ["2", "1"]


def test_a_version_stays_as_it_was(api):
    arn = api.create(publish=True, versionDescription="first")
    api("UpdateStateMachine", stateMachineArn=arn, definition=definition("new"))
    described = api("DescribeStateMachine", stateMachineArn=f"{arn}:1")
    assert (described["definition"], described["description"]) == (definition(), "first")
    assert described["stateMachineArn"] == f"{arn}:1"
    assert "revisionId" not in described


def test_numbers_are_not_used_again(api):
    arn = api.create(publish=True)
    api.publish(arn, "new")
    for _ in range(2):  # what is deleted may be deleted again
        assert api("DeleteStateMachineVersion", stateMachineVersionArn=f"{arn}:2") == {}
    assert api("PublishStateMachineVersion", stateMachineArn=arn)["stateMachineVersionArn"] == f"{arn}:3"
    assert versions(api, arn) == ["3", "1"]


def test_only_the_revision_of_now_is_published(api):
    arn = api.create()
    assert "stateMachineVersionArn" in api("PublishStateMachineVersion", stateMachineArn=arn, revisionId="INITIAL")
    old = api("UpdateStateMachine", stateMachineArn=arn, definition=definition("a"))["revisionId"]
    new = api("UpdateStateMachine", stateMachineArn=arn, definition=definition("b"))["revisionId"]
    message = (
        f"Failed to publish the State Machine version for revision {old}. The current State Machine revision is {new}."
    )
    refused = api.refused("PublishStateMachineVersion", stateMachineArn=arn, revisionId=old)
    assert refused == ("ConflictException", message)


def test_versions_in_pages(api):
    arn = api.create(publish=True)
    for comment in "abc":
        api.publish(arn, comment)
    first = api("ListStateMachineVersions", stateMachineArn=arn, maxResults=3)
    rest = api("ListStateMachineVersions", stateMachineArn=arn, nextToken=first["nextToken"])
    assert [version["stateMachineVersionArn"] for version in rest["stateMachineVersions"]] == [f"{arn}:1"]


def test_a_version_is_run(api):
    arn = api.create(text=definition(states={"Old": {"Type": "Pass", "Result": "old", "End": True}}), publish=True)
    api("UpdateStateMachine", stateMachineArn=arn, definition=definition())
    described = api("DescribeExecution", executionArn=api.start(f"{arn}:1"))
    assert (described["output"], described["stateMachineArn"]) == ('"old"', arn)
    assert described["stateMachineVersionArn"] == f"{arn}:1"
    assert "stateMachineAliasArn" not in described
    of_machine = api("DescribeStateMachineForExecution", executionArn=described["executionArn"])
    assert "Old" in of_machine["definition"]


# ------------------------------------------------------------ aliases


def test_an_alias(api):
    arn = api.create(publish=True)
    routes = route((f"{arn}:1", 100))
    created = api("CreateStateMachineAlias", name="live", description="d", routingConfiguration=routes)
    assert created["stateMachineAliasArn"] == f"{arn}:live"
    described = api("DescribeStateMachineAlias", stateMachineAliasArn=f"{arn}:live")
    assert described == {
        "stateMachineAliasArn": f"{arn}:live",
        "name": "live",
        "description": "d",
        "routingConfiguration": routes,
        "creationDate": created["creationDate"],
        "updateDate": created["creationDate"],
    }
    assert api("CreateStateMachineAlias", name="live", description="d", routingConfiguration=routes) == created


def test_an_alias_of_the_same_name_with_other_routes(api):
    arn = api.create(publish=True)
    second = api.publish(arn, "new")
    api("CreateStateMachineAlias", name="live", routingConfiguration=route((f"{arn}:1", 100)))
    code, message = api.refused("CreateStateMachineAlias", name="live", routingConfiguration=route((second, 100)))
    assert code == "ConflictException"
    assert message == (
        "Failed to create alias because an alias with the same name and a different routing configuration already "
        "exists."
    )


def test_an_alias_is_changed(api):
    arn = api.create(publish=True)
    second = api.publish(arn, "new")
    api("CreateStateMachineAlias", name="live", routingConfiguration=route((f"{arn}:1", 100)))
    routes = route((f"{arn}:1", 40), (second, 60))
    changed = api("UpdateStateMachineAlias", stateMachineAliasArn=f"{arn}:live", routingConfiguration=routes)
    described = api("DescribeStateMachineAlias", stateMachineAliasArn=f"{arn}:live")
    assert (described["routingConfiguration"], described["updateDate"]) == (routes, changed["updateDate"])
    code, _ = api.refused("UpdateStateMachineAlias", stateMachineAliasArn=f"{arn}:live")
    assert code == "ValidationException"


def test_aliases_that_are_not_there(api):
    arn = api.create(publish=True)
    there = "Request references a resource that does not exist."
    for operation in ("DescribeStateMachineAlias", "DeleteStateMachineAlias"):
        assert api.refused(operation, stateMachineAliasArn=f"{arn}:none") == ("ResourceNotFound", there)
    refused = api.refused("CreateStateMachineAlias", name="a", routingConfiguration=route((f"{arn}:7", 100)))
    assert refused == ("ResourceNotFound", there)


def test_a_version_that_an_alias_needs_stays(api):
    arn = api.create(publish=True)
    api("CreateStateMachineAlias", name="live", routingConfiguration=route((f"{arn}:1", 100)))
    message = (
        "Version to be deleted must not be referenced by an alias. "
        "Current list of aliases referencing this version: [live]"
    )
    refused = api.refused("DeleteStateMachineVersion", stateMachineVersionArn=f"{arn}:1")
    assert refused == ("ConflictException", message)
    api("DeleteStateMachineAlias", stateMachineAliasArn=f"{arn}:live")
    assert api("DeleteStateMachineVersion", stateMachineVersionArn=f"{arn}:1") == {}


def test_routes_to_two_machines(api):
    one, other = (api.create(name, publish=True) for name in ("one", "other"))
    routes = route((f"{one}:1", 50), (f"{other}:1", 50))
    assert api.refused("CreateStateMachineAlias", name="a", routingConfiguration=routes)[0] == "ValidationException"


def test_aliases_of_a_machine_and_of_a_version(api):
    arn = api.create(publish=True)
    second = api.publish(arn, "new")
    for name, version in (("a", f"{arn}:1"), ("b", second), ("c", f"{arn}:1")):
        api("CreateStateMachineAlias", name=name, routingConfiguration=route((version, 100)))

    def names(of, **parameters):
        found = api("ListStateMachineAliases", stateMachineArn=of, **parameters)
        return [alias["stateMachineAliasArn"][-1] for alias in found["stateMachineAliases"]]

    assert names(arn) == ["a", "b", "c"]
    assert names(f"{arn}:1") == ["a", "c"]
    assert names(arn, maxResults=2) == ["a", "b"]


def test_executions_are_shared_as_the_weights_say():
    """Of 400 draws at 75 % between 249 and 351 go there, but once in ten thousand million times."""
    api = Api(origin=World())
    arn = api.create(publish=True)
    second = api.publish(arn, "new")
    routes = route((f"{arn}:1", 75), (second, 25))
    alias = api("CreateStateMachineAlias", name="live", routingConfiguration=routes)["stateMachineAliasArn"]
    runs = Counter(
        api("DescribeExecution", executionArn=api.start(alias))["stateMachineVersionArn"] for _ in range(400)
    )
    assert set(runs) <= {f"{arn}:1", second}
    assert 245 < runs[f"{arn}:1"] < 355


def test_a_weight_of_nothing_is_never_run(api):
    arn = api.create(publish=True)
    second = api.publish(arn, "new")
    routes = route((f"{arn}:1", 0), (second, 100))
    alias = api("CreateStateMachineAlias", name="live", routingConfiguration=routes)["stateMachineAliasArn"]
    started = {api("DescribeExecution", executionArn=api.start(alias))["stateMachineVersionArn"] for _ in range(50)}
    assert started == {second}


def test_an_execution_knows_its_alias(waiting):
    arn = waiting.create(text=HOURS, publish=True)
    routes = route((f"{arn}:1", 100))
    alias = waiting("CreateStateMachineAlias", name="live", routingConfiguration=routes)["stateMachineAliasArn"]
    execution = waiting.start(alias)
    described = waiting("DescribeExecution", executionArn=execution)
    assert (described["stateMachineAliasArn"], described["stateMachineVersionArn"]) == (alias, f"{arn}:1")
    started = waiting("GetExecutionHistory", executionArn=execution)["events"][0]["executionStartedEventDetails"]
    assert (started["stateMachineAliasArn"], started["stateMachineVersionArn"]) == (alias, f"{arn}:1")
    for of in (arn, f"{arn}:1", alias):
        [listed] = waiting("ListExecutions", stateMachineArn=of)["executions"]
        assert (listed["executionArn"], listed["stateMachineAliasArn"]) == (execution, alias)


# ------------------------------------------------------------ tags


def test_tags(api):
    arn = api.create(tags=[{"key": "a", "value": "1"}])
    api("TagResource", resourceArn=arn, tags=[{"key": "b", "value": ""}, {"key": "a", "value": "2"}])
    tags = [{"key": "a", "value": "2"}, {"key": "b", "value": ""}]
    assert api("ListTagsForResource", resourceArn=arn) == {"tags": tags}
    assert api("UntagResource", resourceArn=arn, tagKeys=["a", "none"]) == {}
    assert api("ListTagsForResource", resourceArn=arn) == {"tags": tags[1:]}


@pytest.mark.parametrize("tags", [
    [{"key": "aws:x", "value": "1"}],
    [{"key": "a!", "value": "1"}],
    [{"key": "a", "value": "<"}],
    [{"value": "1"}],
])  # fmt: skip
def test_tags_that_are_refused(api, tags):
    arn = api.create()
    assert api.refused("TagResource", resourceArn=arn, tags=tags)[0] == "ValidationException"
    assert api("ListTagsForResource", resourceArn=arn) == {"tags": []}


def test_fifty_tags(api):
    arn = api.create(tags=[{"key": f"k{n}", "value": "v"} for n in range(50)])
    assert api.refused("TagResource", resourceArn=arn, tags=[{"key": "one", "value": "more"}])[0] == "TooManyTags"


def test_versions_have_no_tags(api):
    arn = api.create(publish=True)
    refused = api.refused("ListTagsForResource", resourceArn=f"{arn}:1")
    assert refused == ("ResourceNotFound", f"Resource not found: '{arn}:1'")
