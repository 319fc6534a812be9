"""What can go wrong while deciding who is who, as one tree: CdpError → IdentityError → …

Trouble with the store itself (locks, damage) is told by the warehouse room, not here.
"""

from warehouse.errors import CdpError


class IdentityError(CdpError):
    """Records could not be resolved into customers, or an answer about them could not be given."""


class RecordsMissing(IdentityError):
    """The table of records is not there, or lacks a column."""


class RecordsInvalid(IdentityError):
    """The table of records breaks its promise of one row per record_id."""


class TruthUnreadable(IdentityError):
    """The file that says which record is which person is missing or malformed."""


class CustomerUnknown(IdentityError):
    """Nothing is known under the given customer id, record id or email."""


class DecisionInvalid(IdentityError):
    """A decision about two records is malformed, or speaks of a record that nobody has seen."""


class MatchingInvalid(IdentityError):
    """The file of limits, blocking rules and pair rules is not as it should be."""


class ModelUnknown(IdentityError):
    """There is no stored model of that version."""


class LimitInvalid(IdentityError):
    """A limit to try out does not exist, or its value is no number."""


class QualityBelowFloor(IdentityError):
    """Measured against a truth, the customers are not good enough to go on with."""


class SweepImpossible(IdentityError):
    """The pairs of the last resolution were not kept, so they cannot be clustered again."""


class PreviewImpossible(IdentityError):
    """The published run lacks tables that a preview compares with."""
