"""Expressions of the Amazon States Language: text → compiled function of (data, scope).

Knows paths, templates, intrinsic functions and choice rules; must not know states, histories or time.
"""
