"""Measurements: what each stage costs, and what the tools around the SQL add to it.

Nothing here is asserted; tests never time anything.
"""
