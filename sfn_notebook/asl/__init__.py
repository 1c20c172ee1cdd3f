"""The Amazon States Language: definition text with positions → frozen Machine, and everything that can be wrong with
it.

Must not know execution.
"""
