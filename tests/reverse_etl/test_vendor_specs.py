"""Every kind of request that is sent, checked against the vendors' own specifications and documented limits."""

import pytest

from reverse_etl.contract import Action, Lane, Operation, Target
from reverse_etl.destinations import DESTINATIONS
from reverse_etl.destinations.meta import SCHEMA
from tests.reverse_etl.vendor_specs import CHECKED, SPECS, check

needs_specs = pytest.mark.skipif(
    not SPECS.is_dir(), reason="the vendors' specifications (../shared/specs) are absent"
)
META = Target("meta:1:custom_audience:VIPs", "VIPs", "1", "99")
IMPORT = {
    "data": {
        "type": "profile-bulk-import-job",
        "attributes": {"profiles": {"data": [{"type": "profile", "attributes": {"email": "a@x.org"}}]}},
    }
}
KLAVIYO = (("revision", "2026-07-15"), ("content-type", "application/vnd.api+json"))
MEMBER = "/3.0/lists/l1/members/0123456789abcdef0123456789abcdef"
INGEST = "/v1/audienceMembers:ingest"
UPSERT = "/crm/v3/objects/contacts/batch/upsert"
GOOD = [
    ("mailchimp", "PUT", MEMBER, {"email_address": "a@x.org", "status_if_new": "subscribed"}, ()),
    ("hubspot", "POST", UPSERT, {"inputs": [{"id": "a@x.org", "properties": {}}]}, ()),
    ("klaviyo", "POST", "/api/profile-bulk-import-jobs", IMPORT, KLAVIYO),
    ("sendgrid", "PUT", "/v3/marketing/contacts", {"contacts": [{"email": "a@x.org"}]}, ()),
    ("google", "POST", INGEST, {"encoding": "HEX", "audienceMembers": []}, ()),
    ("meta", "POST", "/v25.0/9/users", {"payload": {"schema": [], "data": []}}, ()),
]
BAD = [
    ("mailchimp", "PUT", MEMBER, {"email_address": "a@x.org"}, ()),
    ("hubspot", "POST", UPSERT, {"inputs": [{"id": "a@x.org"}]}, ()),
    ("hubspot", "PUT", "/crm/v3/lists/7/memberships/add-and-remove", {"recordIdsToAdd": ["1"]}, ()),
    ("klaviyo", "POST", "/api/profile-bulk-import-jobs", {"data": {"type": "profile"}}, KLAVIYO),
    ("klaviyo", "POST", "/api/profile-subscription-bulk-create-jobs", IMPORT, KLAVIYO),
    ("sendgrid", "PUT", "/v3/marketing/contacts", {"contacts": []}, ()),
    ("sendgrid", "PUT", "/v3/marketing/contacts", {"contacts": [{"email": "a@x.org"}] * 30_001}, ()),
    ("google", "POST", INGEST, {"encoding": "ROT13"}, ()),
    ("google", "POST", INGEST, {"audience_members": []}, ()),
    ("meta", "POST", "/v25.0/9/users", {"people": {}}, ()),
]


@needs_specs
@pytest.mark.parametrize("request_", GOOD, ids=lambda call: f"{call[0]} {call[1]}")
def test_a_good_request_passes_the_check(request_):
    tool, method, path, body, headers = request_
    check(tool, method, path, body=body, headers=headers)


@needs_specs
@pytest.mark.parametrize("request_", BAD, ids=lambda call: f"{call[0]} {call[1]} {call[2][-12:]}")
def test_the_check_notices_a_bad_request(request_):
    tool, method, path, body, headers = request_
    with pytest.raises(Exception, match=r"(?s)."):
        check(tool, method, path, body=body, headers=headers)


@needs_specs
def test_every_tool_with_a_published_specification_is_checked():
    assert set(CHECKED) == {"mailchimp", "meta", "google", "hubspot", "klaviyo", "sendgrid"}
    assert set(CHECKED) <= {tool for tool, _ in DESTINATIONS}


def people(count, action):
    hashes = dict.fromkeys(SCHEMA, "0" * 64)
    return [
        Operation(
            f"op{number}",
            action,
            Lane.REGULAR,
            f"c_{number}",
            f"{number}",
            dict(list(hashes.items())[:2]),
            hashes,
        )
        for number in range(count)
    ]


def test_a_meta_row_never_hashes_or_names_what_is_unknown():
    partial = {"EMAIL": "1" * 64}
    rows = [people(1, Action.ADD)[0], Operation("op9", Action.ADD, Lane.REGULAR, "c", "r", partial, partial)]
    (request,) = DESTINATIONS["meta", "custom_audience"].encode(rows, META)
    payload = request.json["payload"]
    assert payload["schema"] == list(SCHEMA)
    assert payload["data"][1] == ["1" * 64, *[""] * 9]
