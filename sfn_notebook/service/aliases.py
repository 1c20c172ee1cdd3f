"""Aliases: names for one or two versions, and which of them an execution runs.  (spec: api, Operation rules)"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sfn_notebook.engine.frames import drawn_uuid
from sfn_notebook.engine.stimuli import WHOLE

from .account import Account, Alias, Route, StateMachine, Version, now
from .arns import Arn, parse_arn
from .faults import ServiceError, conflict, no_resource, routing, validation
from .operations import operation
from .paging import page
from .pending import Answer

_MOST = 100


def routed_version(alias: Alias, seed: int) -> str:
    """The ARN of the version that an execution with this seed runs: each as often as its weight says."""
    drawn = int(drawn_uuid(seed, WHOLE, "route")[:8], 16) * 100 >> 32
    for route in alias.routes:
        if drawn < route.weight:
            return route.version_arn
        drawn -= route.weight
    return alias.routes[-1].version_arn


class Aliases:
    """CreateStateMachineAlias, UpdateStateMachineAlias, DescribeStateMachineAlias, DeleteStateMachineAlias,
    ListStateMachineAliases.
    """

    def __init__(self, account: Account) -> None:
        self._account = account

    @operation
    def create_state_machine_alias(
        self, *, name: str, routing_configuration: list[Mapping[str, Any]], description: str | None = None
    ) -> Answer:
        """Create an alias. The same again gives the same answer."""
        with self._account.lock:
            routes = _routes(routing_configuration)
            machine = self._machine_of(routes)
            alias = machine.aliases.get(name)
            if alias is None:
                if len(machine.aliases) >= _MOST:
                    raise ServiceError("ServiceQuotaExceededException", f"A state machine has {_MOST} aliases at most.")
                time = now()
                alias = Alias(f"{machine.arn}:{name}", name, routes, description, time, time)
                machine.aliases[name] = alias
            elif (alias.routes, alias.description) != (routes, description):
                what = "description" if alias.routes == routes else "routing configuration"
                raise conflict(
                    f"Failed to create alias because an alias with the same name and a different {what} already exists."
                )
            return {"stateMachineAliasArn": alias.arn, "creationDate": alias.created}

    @operation
    def update_state_machine_alias(
        self,
        *,
        state_machine_alias_arn: str,
        description: str | None = None,
        routing_configuration: list[Mapping[str, Any]] | None = None,
    ) -> Answer:
        """Give an alias another description, other routes, or both."""
        with self._account.lock:
            machine, alias = self._find(state_machine_alias_arn)
            if description is None and routing_configuration is None:
                message = "Either the description or the routing configuration must be specified"
                raise validation(message, "MISSING_REQUIRED_PARAMETER")
            if routing_configuration is not None:
                routes = _routes(routing_configuration)
                if self._machine_of(routes) is not machine:
                    arns = [route.version_arn for route in routes]
                    raise routing("Routing configuration must contain versions of the alias's state machine.", arns)
                alias.routes = routes
            if description is not None:
                alias.description = description
            alias.updated = now()
            return {"updateDate": alias.updated}

    @operation
    def describe_state_machine_alias(self, *, state_machine_alias_arn: str) -> Answer:
        """An alias with its routes."""
        with self._account.lock:
            _, alias = self._find(state_machine_alias_arn)
            answer = {
                "stateMachineAliasArn": alias.arn,
                "name": alias.name,
                "routingConfiguration": [
                    {"stateMachineVersionArn": route.version_arn, "weight": route.weight} for route in alias.routes
                ],
                "creationDate": alias.created,
                "updateDate": alias.updated,
            }
            return answer | ({} if alias.description is None else {"description": alias.description})

    @operation
    def delete_state_machine_alias(self, *, state_machine_alias_arn: str) -> Answer:
        """Delete an alias; the versions stay."""
        with self._account.lock:
            machine, alias = self._find(state_machine_alias_arn)
            del machine.aliases[alias.name]
        return {}

    @operation
    def list_state_machine_aliases(
        self, *, state_machine_arn: str, next_token: str | None = None, max_results: int | None = None
    ) -> Answer:
        """The aliases of a machine, or those that route to a version, in the order in which they were created. (AWS's
        guide says newest first; its recorded answers say otherwise.)
        """
        with self._account.lock:
            machine, found = self._account.qualified(state_machine_arn)
            aliases = [alias for alias in machine.aliases.values() if found is None or _routes_to(alias, found)]
        of = f"aliases of {state_machine_arn}"
        listed = page(aliases, _name, of=of, max_results=max_results, next_token=next_token)
        return listed._replace(items=[_listed(alias) for alias in listed.items]).answer("stateMachineAliases")

    def _find(self, arn: str) -> tuple[StateMachine, Alias]:
        parsed = parse_arn(arn, "stateMachine")
        machine = self._account.machines.get(parsed.base)
        alias = None if machine is None else machine.aliases.get(parsed.qualifier)
        if machine is None or alias is None:
            raise no_resource(arn)
        return machine, alias

    def _machine_of(self, routes: Sequence[Route]) -> StateMachine:
        """The machine whose versions these are. Raises: ServiceError ResourceNotFound, ValidationException."""
        arns = [parse_arn(route.version_arn, "stateMachine") for route in routes]
        if len({arn.base for arn in arns}) > 1:
            text = "Routing configuration must contain versions of one state machine."
            raise routing(text, [arn.text for arn in arns])
        for arn in arns:
            if self._account.version(arn) is None:
                raise no_resource(arn.text)
        return self._account.machines[arns[0].base]


def _routes(given: Sequence[Mapping[str, Any]]) -> tuple[Route, ...]:
    """The routes of a routing configuration. Raises: ServiceError InvalidArn, ValidationException."""
    routes = tuple(Route(item["stateMachineVersionArn"], item["weight"]) for item in given)
    arns: list[Arn] = [parse_arn(route.version_arn, "stateMachine") for route in routes]
    texts, weights = [arn.text for arn in arns], [route.weight for route in routes]
    if not all(arn.is_version for arn in arns):
        raise routing("Routing configuration must contain state machine version ARNs.", texts)
    if len(set(texts)) < len(texts):
        raise routing("Routing configuration must contain distinct state machine version ARNs.", texts)
    if sum(weights) != 100:
        raise routing("Sum of routing configuration weights must equal 100.", weights)
    return routes


def _routes_to(alias: Alias, found: Version | Alias) -> bool:
    return alias is found or any(route.version_arn == found.arn for route in alias.routes)


def _name(alias: Alias) -> str:
    return alias.name


def _listed(alias: Alias) -> Answer:
    return {"stateMachineAliasArn": alias.arn, "creationDate": alias.created}
