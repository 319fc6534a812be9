"""What dbt's built-in cross-database macros are to the SQL linter, which has no dbt: calls of the same shape.

Only the names that models use belong here; what they mean on each engine is dbt's own business.
"""

from __future__ import annotations


def datediff(first: str, second: str, part: str) -> str:
    """Stands for the whole parts between two moments."""
    return f"date_diff('{part}', {first}, {second})"


def dateadd(part: str, interval: int, moment: str) -> str:
    """Stands for a moment moved by so many parts."""
    return f"date_add('{part}', {interval}, {moment})"


def listagg(measure: str, delimiter: str, order_by: str = "") -> str:
    """Stands for the values of a group as one text."""
    return f"string_agg({measure}, {delimiter} {order_by})"


def date_trunc(part: str, moment: str) -> str:
    """Stands for the start of the part a moment lies in."""
    return f"date_trunc('{part}', {moment})"


def generate_series(upper_bound: int) -> str:
    """Stands for a select of the numbers from 1 on."""
    return f"select 1 as generated_number, {upper_bound} as upper_bound"
