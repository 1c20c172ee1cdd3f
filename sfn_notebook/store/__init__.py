"""Where executions are kept: start record, journal of stimuli, and how they ended."""
