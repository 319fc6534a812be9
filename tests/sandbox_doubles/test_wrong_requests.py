"""Every endpoint of every double takes a right request, and refuses each way of getting it wrong: key, path, shape, type."""

import copy

import pytest

from sandbox.doubles.app import TOOLS
from sandbox.doubles.mailchimp import email_hash
from sandbox.doubles.tool import Body
from tests.sandbox_doubles.test_documented_limits import (
    ACCEPTED,
    GRANTED,
    HASH,
    IMPORT,
    INGEST,
    PERSON,
    PROFILE,
    UNSUBSCRIBED,
    UPSERT,
    call,  # noqa: F401 (a fixture)
    import_of,
    upsert_of,
)

LIST = "/3.0/lists/5andb0x115"
MEMBER = f"{LIST}/members/{email_hash('anna@x.org')}"
READ = {"inputs": [{"id": "p0@x.org"}], "properties": [], "propertiesWithHistory": [], "idProperty": "email"}
NEW_LIST = {"name": "VIPs", "objectTypeId": "0-1", "processingType": "MANUAL"}
KLAVIYO_LIST = {"data": {"type": "list", "attributes": {"name": "VIPs"}}}
AUDIENCE = {"name": "VIPs", "subtype": "CUSTOM", "customer_file_source": "USER_PROVIDED_ONLY"}
USERS = {
    "payload": {"schema": ["EMAIL"], "data": [[HASH]]},
    "session": {"session_id": 1, "batch_seq": 1, "last_batch_flag": True},
}
USER_LIST = {
    "displayName": "VIPs",
    "membershipStatus": "OPEN",
    "ingestedUserListInfo": {"uploadKeyTypes": ["CONTACT_ID"]},
}
INGESTED = {
    "destinations": [{"productDestinationId": "1"}],
    "audienceMembers": [PERSON],
    "encoding": "HEX",
    "consent": GRANTED,
    "termsOfService": ACCEPTED,
}
REMOVED = {name: INGESTED[name] for name in ("destinations", "audienceMembers", "encoding")}
USER_LISTS = "/v1/accountTypes/GOOGLE_ADS/accounts/1234567890/userLists"
ENTRY = {"type": "person", "identifiers": {"id": "c"}, "action": "identify", "attributes": {}}
CONTACTS = "/v3/marketing/contacts"
# every call that takes a body, in an order in which each finds what it rests on: tool, what it needs first, call
RIGHT = [
    ("mailchimp", "PUT", MEMBER, {"email_address": "anna@x.org", "status_if_new": "subscribed"}),
    ("mailchimp", "POST", f"{LIST}/segments", {"name": "VIPs", "static_segment": []}),
    ("mailchimp", "POST", f"{LIST}/segments/1", {"members_to_add": ["anna@x.org"]}),
    ("mailchimp", "POST", f"{LIST}/merge-fields", {"tag": "FNAME", "name": "First", "type": "text"}),
    ("klaviyo", "POST", "/api/lists", KLAVIYO_LIST),
    ("klaviyo", "POST", IMPORT, import_of([PROFILE])),
    ("klaviyo", "POST", "/api/lists/1/relationships/profiles", {"data": [{"type": "profile", "id": "1"}]}),
    ("klaviyo", "DELETE", "/api/lists/1/relationships/profiles", {"data": [{"type": "profile", "id": "1"}]}),
    ("hubspot", "POST", UPSERT, upsert_of(1)),
    ("hubspot", "POST", UPSERT.replace("upsert", "read"), READ),
    ("hubspot", "POST", "/crm/v3/lists", NEW_LIST),
    ("hubspot", "PUT", "/crm/v3/lists/1/memberships/add-and-remove", {"recordIdsToAdd": ["1"], "recordIdsToRemove": []}),
    ("hubspot", "POST", UPSERT.replace("upsert", "archive"), {"inputs": [{"id": "1"}]}),
    ("sendgrid", "POST", "/v3/marketing/lists", {"name": "VIPs"}),
    ("sendgrid", "PUT", CONTACTS, {"contacts": [{"email": "a@x.org"}]}),
    ("sendgrid", "POST", f"{CONTACTS}/search/emails", {"emails": ["a@x.org"]}),
    ("customerio", "POST", "/api/v2/batch", {"batch": [ENTRY]}),
    ("customerio", "POST", "/api/v1/segments/1/add_customers", {"ids": ["c"]}),
    ("customerio", "POST", "/api/v1/segments/1/remove_customers", {"ids": ["c"]}),
    ("customerio", "POST", "/v1/customers", {"filter": UNSUBSCRIBED}),
    ("meta", "POST", "/v25.0/act_1001/customaudiences", AUDIENCE),
    ("meta", "POST", "/v25.0/1/users", USERS),
    ("meta", "DELETE", "/v25.0/1/users", USERS),
    ("google", "POST", USER_LISTS, USER_LIST),
    ("google", "POST", INGEST, INGESTED),
    ("google", "POST", INGEST.replace("ingest", "remove"), REMOVED),
]  # fmt: skip
WRONG_TYPES = ["x", 7, None, {"x": 1}]


@pytest.fixture
def prepared(call):  # noqa: F811
    """Calls at doubles to which every call up to this one was made before, in the order above."""

    def up_to(position):
        tool = RIGHT[position][0]
        answers = [
            call(*RIGHT[place], revision="2026-07-15") for place in range(position) if RIGHT[place][0] == tool
        ]
        assert all(answer.status_code < 300 for answer in answers)

        def ask(*changed, **headers):
            given = {"revision": "2026-07-15", **headers}
            return call(*changed, **{name: value for name, value in given.items() if value is not None})

        return ask

    return up_to


CASES = pytest.mark.parametrize(
    "position", range(len(RIGHT)), ids=[f"{tool} {method} {path[-22:]}" for tool, method, path, _ in RIGHT]
)


@CASES
def test_a_right_request_is_taken_and_every_wrong_one_is_refused(prepared, position):
    tool, method, path, body = RIGHT[position]
    ask = prepared(position)
    assert ask(tool, method, path, body, Authorization="Bearer wrong").status_code == 401
    assert ask(tool, method, f"{path}/elsewhere", body).status_code in (404, 405)
    assert ask(tool, "PATCH", path, body).status_code == 405
    refused = {
        "no body": ask(tool, method, path, None),
        "a list": ask(tool, method, path, [body]),
        "text": ask(tool, method, path, body, **{"Content-Type": "text/plain"}),
        "an unknown field": ask(tool, method, path, {**body, "surprise": 1}),
    }
    for name in body:
        refused[f"no {name}"] = ask(tool, method, path, {key: body[key] for key in body if key != name})
        for value in WRONG_TYPES:
            if type(value) is not type(body[name]):
                refused[f"{name} = {value!r}"] = ask(tool, method, path, {**body, name: value})
    if tool == "klaviyo":
        refused["no revision"] = ask(tool, method, path, body, revision=None)
    taken = {what for what, answer in refused.items() if not 400 <= answer.status_code < 500}
    assert taken <= {"no members_to_add", "no idProperty"}
    assert ask(tool, method, path, copy.deepcopy(body)).status_code < 300


def test_every_endpoint_that_takes_a_body_says_which_and_is_tried_above(tmp_path):
    from sandbox.doubles.store import Store

    tried = {tool for tool, *_ in RIGHT} | {"webhook"}
    store = Store(tmp_path / "state")
    for tool in TOOLS:
        assert tool.name in tried
        named = {route.endpoint.__name__ for route in tool(store).routes()}
        with_body = {
            route.endpoint.__name__
            for route in tool(store).routes()
            if (route.methods or set()) & {"POST", "PUT"}
        }
        assert set(tool.bodies) <= named
        # a token is asked for with a form
        assert with_body - {"give_token"} == set(tool.bodies) & with_body
    store.close()


def test_a_body_names_what_is_missing_and_what_nobody_knows():
    body = Body({"name": int}, {"colour": int})
    assert body.problem({"name": 1, "colour": 2}) is None
    assert body.problem({"name": "1"}) == "name is not of type int"
    assert body.problem({}) == "name is required"
    assert body.problem({"name": 1, "size": 2}) == "unknown field: size"
    assert body.problem([]) == "a JSON object is expected"
