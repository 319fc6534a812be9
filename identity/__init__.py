"""Decides which records are the same person, gives each person a stable id, and can say why.

Meets the rest at tables only: `intermediate.int_identity__records` in, schema `identity` out, decisions in the state.
"""

from identity.evaluation import Metric, evaluate
from identity.explanation import Explanation, explain, render_text
from identity.report import IdentityReport
from identity.resolver import resolve

__all__ = ["Explanation", "IdentityReport", "Metric", "evaluate", "explain", "render_text", "resolve"]
