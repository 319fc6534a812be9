"""The room that tells people when something is wrong and when it is right again, once each: conditions → ledger → channels.

What is wrong is found out by the rooms that do the work; turning that into conditions is the front doors' business.
"""

from alerts.conditions import KINDS, Condition
from alerts.notices import Alert, Notice
from alerts.notifying import notify
from alerts.reports import AlertReport

__all__ = ["KINDS", "Alert", "AlertReport", "Condition", "Notice", "notify"]
