"""Each double refuses what its vendor documents as too much or wrong, so that a request that passes is one the vendor takes."""

import base64
import json

import httpx
import pytest

from sandbox.doubles.app import TOOLS, environment_of
from sandbox.doubles.customerio import APP_SECRET
from sandbox.doubles.in_process import mount

HASH = "0" * 64
API = "application/vnd.api+json"
SECRETS = {tool.name: tool.secret for tool in TOOLS}
PROFILE = {"type": "profile", "attributes": {"email": "a@x.org"}}
GRANTED = {"adUserData": "CONSENT_GRANTED", "adPersonalization": "CONSENT_GRANTED"}
ACCEPTED = {"customerMatchTermsOfServiceStatus": "ACCEPTED"}
PERSON = {"userData": {"userIdentifiers": [{"emailAddress": HASH}]}}


def authorization(tool, path):
    if tool == "klaviyo":
        return f"Klaviyo-API-Key {SECRETS[tool]}"
    if tool == "customerio" and path.startswith("/v1/"):
        return f"Bearer {APP_SECRET}"
    if tool in ("customerio", "mailchimp"):
        return "Basic " + base64.b64encode(f"x:{SECRETS[tool]}".encode()).decode()
    return f"Bearer {SECRETS[tool]}"


@pytest.fixture
def call(tmp_path):
    """Calls a tool with its key; returns the answer."""
    with (
        mount(tmp_path) as doubles,
        httpx.Client(transport=doubles.transport, base_url=doubles.url) as client,
    ):

        def ask(tool, method, path, body=None, **headers):
            given = {"Authorization": authorization(tool, path), **headers}
            content = None if body is None else json.dumps(body)
            if content is not None:
                given.setdefault("Content-Type", API if tool == "klaviyo" else "application/json")
            return client.request(method, f"/{tool}{path}", content=content, headers=given)

        ask.page = lambda: client.get("/").text
        yield ask


def import_of(profiles):
    relationships = {"lists": {"data": [{"type": "list", "id": "1"}]}}
    attributes = {"profiles": {"data": profiles}}
    return {
        "data": {"type": "profile-bulk-import-job", "attributes": attributes, "relationships": relationships}
    }


def upsert_of(count, **properties):
    return {
        "inputs": [
            {
                "id": f"p{number}@x.org",
                "idProperty": "email",
                "objectWriteTraceId": f"t{number}",
                "properties": {"email": f"p{number}@x.org", **properties},
            }
            for number in range(count)
        ]
    }


def ingest_of(members, **changed):
    return {
        "destinations": [{"productDestinationId": "1"}],
        "audienceMembers": members,
        "encoding": "HEX",
        "consent": GRANTED,
        "termsOfService": ACCEPTED,
        **changed,
    }


UNSUBSCRIBED = {"attribute": {"field": "unsubscribed", "operator": "eq", "value": "true"}}
UPSERT = "/crm/v3/objects/contacts/batch/upsert"
IMPORT = "/api/profile-bulk-import-jobs"
CONTACTS = "/v3/marketing/contacts"
INGEST = "/v1/audienceMembers:ingest"
ADDRESS = {"givenName": HASH, "familyName": HASH, "regionCode": "GB"}


@pytest.mark.parametrize(
    ("tool", "method", "path", "body", "status"),
    [
        ("hubspot", "POST", UPSERT, upsert_of(100), 200),
        ("hubspot", "POST", UPSERT, upsert_of(101), 400),
        ("hubspot", "POST", UPSERT, upsert_of(1, company=3), 400),
        ("hubspot", "POST", UPSERT, upsert_of(1, shoe_size="3"), 400),
        ("hubspot", "POST", UPSERT, {"inputs": upsert_of(1)["inputs"] * 2}, 400),
        ("hubspot", "PUT", "/crm/v3/lists/1/memberships/add-and-remove", {"recordIdsToAdd": [], "recordIdsToRemove": []}, 404),
        ("hubspot", "GET", "/crm/v3/lists/1/memberships?limit=251", None, 400),
        ("klaviyo", "POST", IMPORT, import_of([PROFILE] * 10_001), 400),
        ("klaviyo", "POST", IMPORT, import_of([{**PROFILE, "id": "x" * 100_001}]), 400),
        ("klaviyo", "GET", "/api/profiles?page[size]=101", None, 400),
        ("sendgrid", "PUT", CONTACTS, {"contacts": [{"email": "a@x.org"}]}, 202),
        ("sendgrid", "PUT", CONTACTS, {"contacts": [{"email": "a@x.org"}] * 30_001}, 400),
        ("sendgrid", "PUT", CONTACTS, {"contacts": [{"email": "a@x.org", "first_name": "x" * 51}]}, 400),
        ("sendgrid", "PUT", CONTACTS, {"contacts": [{"email": "a@x.org", "city": None}]}, 400),
        ("sendgrid", "PUT", CONTACTS, {"contacts": [{"first_name": "Anna"}]}, 400),
        ("sendgrid", "GET", "/v3/suppression/unsubscribes?limit=501", None, 400),
        ("customerio", "POST", "/v1/customers?limit=1001", {"filter": UNSUBSCRIBED}, 400),
        ("sendgrid", "POST", f"{CONTACTS}/search/emails", {"emails": ["a@x.org"] * 101}, 400),
        ("customerio", "POST", "/api/v1/segments/1/add_customers", {"ids": ["c"] * 1000}, 200),
        ("customerio", "POST", "/api/v1/segments/1/add_customers", {"ids": ["c"] * 1001}, 400),
        ("customerio", "POST", "/api/v1/segments/99/add_customers", {"ids": ["c"]}, 404),
        ("customerio", "POST", "/api/v2/batch", {"batch": ["x" * 500_001]}, 400),
        ("google", "POST", INGEST, ingest_of([PERSON] * 10_001), 400),
        ("google", "POST", INGEST, ingest_of([PERSON], encoding="BASE64"), 400),
        ("google", "POST", INGEST, ingest_of([PERSON], consent={}), 400),
        ("google", "POST", INGEST, ingest_of([PERSON], termsOfService={}), 400),
        ("google", "POST", INGEST, ingest_of([{"userData": {"userIdentifiers": [{"emailAddress": "a@x.org"}]}}]), 400),
        ("google", "POST", INGEST, ingest_of([{"userData": {"userIdentifiers": [{"address": ADDRESS}]}}]), 400),
        ("google", "POST", INGEST, ingest_of([{"userData": {"userIdentifiers": [{"emailAddress": HASH}] * 11}}]), 400),
        ("google", "POST", INGEST, ingest_of([PERSON]), 404),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 12 else None,
)  # fmt: skip
def test_what_is_documented_is_refused(call, tool, method, path, body, status):
    assert call(tool, method, path, body, revision="2026-07-15").status_code == status


def test_klaviyo_wants_its_revision_and_its_media_type(call):
    assert call("klaviyo", "GET", "/api/profiles").status_code == 400
    wrong = call(
        "klaviyo", "POST", IMPORT, import_of([PROFILE]), revision="x", **{"Content-Type": "application/json"}
    )
    assert wrong.status_code == 415


def test_an_operation_of_customer_io_that_is_too_large_is_refused_alone(call):
    entry = {"type": "person", "identifiers": {"id": "c"}, "action": "identify", "attributes": {}}
    large = {**entry, "attributes": {"note": "x" * 32_001}}
    answer = call("customerio", "POST", "/api/v2/batch", {"batch": [entry, large]})
    assert answer.status_code == 207
    assert [error["batch_index"] for error in answer.json()["errors"]] == [1]


@pytest.mark.parametrize("tool", sorted(set(SECRETS) - {"webhook"}))
def test_every_tool_refuses_a_wrong_key(call, tool):
    paths = {"hubspot": UPSERT, "klaviyo": IMPORT, "sendgrid": CONTACTS, "google": INGEST}
    path = paths.get(tool, "/api/v2/batch")
    path = {"mailchimp": "/3.0/lists/l/members", "meta": "/v25.0/act_1/customaudiences"}.get(tool, path)
    method = "GET" if tool in ("mailchimp", "meta") else "PUT" if tool == "sendgrid" else "POST"
    assert call(tool, method, path, Authorization="Bearer wrong").status_code == 401


def test_google_s_token_is_given_for_the_right_refresh_token_only(call):
    answer = call("google", "POST", "/token", **{"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 400


def test_every_tool_has_settings_of_its_own_name():
    settings = environment_of("http://here")
    for tool in TOOLS:
        assert any(name.startswith(f"CDP_{tool.name.upper()}_") for name in settings)
        assert f"http://here/{tool.name}" in "".join(settings.values())


def test_the_page_shows_every_tool_and_fetches_nothing_from_elsewhere(call):
    person = upsert_of(1, firstname="<script>alert(1)</script>")
    assert call("hubspot", "POST", UPSERT, person).status_code == 200
    call("hubspot", "POST", UPSERT, upsert_of(101))
    page = call.page()
    for tool in TOOLS:
        assert tool.title in page
    assert "<script>alert" not in page
    assert "p0@x.org" in page
    assert "1 not answered well" in page
    assert "http://" not in page
    assert "https://" not in page
