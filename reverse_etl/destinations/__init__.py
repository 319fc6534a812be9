"""The tools that can be synced to, by destination and object.

Adding one is a new file with its facts and pure functions, and a line here.
"""

from __future__ import annotations

from collections.abc import Mapping

from reverse_etl.contract import Destination
from reverse_etl.destinations import customerio, google, hubspot, klaviyo, mailchimp, meta, sendgrid
from reverse_etl.destinations.digest import Digest
from reverse_etl.destinations.files import Files
from reverse_etl.destinations.hubspot_lists import ListMemberships
from reverse_etl.destinations.postgres import Rows
from reverse_etl.destinations.webhook import Calls

_ALL: tuple[Destination, ...] = (
    Files(),
    Files("s3"),
    Files("sftp"),
    Rows(),
    Calls(),
    Digest(),
    mailchimp.Contacts(),
    mailchimp.SegmentMemberships(),
    klaviyo.Profiles(),
    klaviyo.ListMemberships(),
    hubspot.Contacts(),
    ListMemberships(),
    sendgrid.Contacts(),
    customerio.People(),
    customerio.SegmentMemberships(),
    meta.CustomAudience(),
    google.UserList(),
)
DESTINATIONS: Mapping[tuple[str, str], Destination] = {
    (destination.spec.destination, destination.spec.object): destination for destination in _ALL
}
