"""Step Functions' operations on machines and executions. Must not know HTTP or notebooks."""
