"""What can go wrong with segments: CdpError → SegmentError → …"""

from warehouse.errors import CdpError


class SegmentError(CdpError):
    """A segment could not be read, compared or released."""


class ContractError(SegmentError):
    """The contract of a segment (`config.meta.segment`) is missing or not understood."""


class UnknownSegment(SegmentError):
    """No segment has this name."""


class NothingHeld(SegmentError):
    """An override was asked for a segment that is not held, or that no override can release."""


class DefinitionError(SegmentError):
    """A version of a definition is not there, or could not be carried out."""


class DraftRefused(SegmentError):
    """A new segment could not be written: the name is taken or not a name."""
