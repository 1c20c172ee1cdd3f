"""Carrying out what executions want done: threads, clocks and the one driver. Must not know ASL's fields or AWS's
shapes.
"""
