"""What happens next: an execution as a pure function of (machine, start record, stimuli).

Commands go out, stimuli come in, history events are recorded. No clock, chance, thread, file or network here.
"""
