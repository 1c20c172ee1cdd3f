"""Is there a log group to log to? Asked of CloudWatch Logs, where the target reaches it."""

from __future__ import annotations

from sfn_notebook.integrations.aws import AwsClients, client_errors


class LogGroups:
    """The log groups that `clients` reach."""

    def __init__(self, clients: AwsClients) -> None:
        self._clients = clients

    def may_have(self, arn: str) -> bool:
        """May there be a log group with this ARN (ending in `:*`)? False where the service that is asked has none, True
        where nobody can be asked.
        """
        if self._clients.target == "local" and not self._clients.has_endpoint("logs"):
            return True
        _, _, _, region, _, _, name, _ = arn.split(":")
        try:
            found = self._clients.client("logs", region).describe_log_groups(logGroupNamePrefix=name)
        except client_errors():
            return True
        return any(group["logGroupName"] == name for group in found["logGroups"])
