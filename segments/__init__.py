"""Segments as contracts: what each one promises, how two versions of a definition differ, and what is released.

The SQL of a segment is a dbt model; what is sent to tools is the activation room's business.
"""
