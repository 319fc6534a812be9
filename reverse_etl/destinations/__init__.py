"""The tools that can be synced to, by destination and object.

Adding one is a new file with its facts and pure functions, and a line here.
"""

from __future__ import annotations

from collections.abc import Mapping

from reverse_etl.contract import Destination
from reverse_etl.destinations.files import Files
from reverse_etl.destinations.mailchimp import Contacts, SegmentMemberships
from reverse_etl.destinations.meta import CustomAudience

DESTINATIONS: Mapping[tuple[str, str], Destination] = {
    (destination.spec.destination, destination.spec.object): destination
    for destination in (Files(), Contacts(), SegmentMemberships(), CustomAudience())
}
