"""Every kind of request that is sent, checked against the vendors' own specifications and documented limits."""

import json
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest

from reverse_etl.contract import Action, Lane, Operation, Response, Target
from reverse_etl.destinations import DESTINATIONS
from reverse_etl.destinations.meta import SCHEMA

SPECS = Path(__file__).parents[3] / "shared" / "specs"
needs_specs = pytest.mark.skipif(
    not SPECS.is_dir(), reason="the vendors' specifications (../shared/specs) are absent"
)
MAILCHIMP = Target("mailchimp:l1:x:x", "Lapsed buyers", "l1", "42")
META = Target("meta:1:custom_audience:VIPs", "VIPs", "1", "99")


def operations(count, action, kind):
    email = {"email_address": "p{0}@x.org", "FNAME": "Anna"}
    hashes = dict.fromkeys(SCHEMA, "0" * 64)
    template = email if kind == "mailchimp" else hashes
    return [
        Operation(
            f"op{number}",
            action,
            Lane.REGULAR,
            f"c_{number}",
            f"{number:032x}",
            {name: value.format(number) for name, value in list(template.items())[:2]},
            {name: value.format(number) for name, value in template.items()},
        )
        for number in range(count)
    ]


@cache
def mailchimp_spec():
    """The endpoints in use, rewritten from Swagger 2 to OpenAPI 3 as openapi-core wants it; schemas untouched."""
    import yaml
    from openapi_core import OpenAPI

    spec = yaml.load((SPECS / "mailchimp_lists_swagger2.yaml").read_text(), yaml.CSafeLoader)
    ends = (
        "/members",
        "/members/{subscriber_hash}",
        "/segments",
        "/segments/{segment_id}",
        "/segments/{segment_id}/members",
        "/merge-fields",
    )
    paths = {
        path: {method: to_openapi(operation) for method, operation in item.items()}
        for path, item in spec["paths"].items()
        if path in {f"/lists/{{list_id}}{end}" for end in ends}
    }
    assert len(paths) == len(ends)
    return OpenAPI.from_dict(
        {
            "openapi": "3.0.3",
            "info": {"title": "Mailchimp", "version": "3.0"},
            "servers": [{"url": "https://server.api.mailchimp.com/3.0"}],
            "paths": paths,
        }
    )


def to_openapi(operation):
    converted = {"parameters": [], "responses": {"200": {"description": "ok"}}}
    for parameter in operation["parameters"]:
        if parameter["in"] == "body":
            schema = parameter["schema"]
            converted["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
            continue
        schema = {name: parameter[name] for name in ("type", "enum", "items") if name in parameter}
        style = {"style": "form", "explode": False} if schema["type"] == "array" else {}
        required = parameter.get("required", False)
        converted["parameters"].append(
            {
                "name": parameter["name"],
                "in": parameter["in"],
                "required": required,
                "schema": schema,
                **style,
            }
        )
    return converted


class SentRequest:
    """A request as openapi-core wants to see it."""

    def __init__(self, request):
        from openapi_core.datatypes import RequestParameters
        from werkzeug.datastructures import Headers, ImmutableMultiDict

        self.method = request.method.lower()
        self.host_url = "https://server.api.mailchimp.com"
        self.path = request.path
        self.content_type = "application/json"
        self.body = json.dumps(dict(request.json)).encode() if request.json is not None else None
        self.parameters = RequestParameters(query=ImmutableMultiDict(request.query), header=Headers())


def mailchimp_requests():
    contact, membership = (
        DESTINATIONS["mailchimp", "contact"],
        DESTINATIONS["mailchimp", "segment_membership"],
    )
    for action in Action:
        some = operations(3, action, "mailchimp")
        yield from contact.encode(some, MAILCHIMP)
        yield from contact.inspect(some, MAILCHIMP)
        yield from membership.encode(operations(500, action, "mailchimp"), MAILCHIMP)
    yield from conversation(contact.open_target("C", "l1", ("FNAME",)), {"merge_fields": [], "tag": "FNAME"})
    for readable in (contact, membership):
        yield from conversation(readable.read_members(MAILCHIMP), {"members": []})
    yield from conversation(membership.open_target("S", "l1", ()), {"segments": [], "id": 4})


def conversation(steps, answer):
    try:
        request = next(steps)
        while True:
            yield request
            request = steps.send(Response(200, answer))
    except StopIteration:
        pass


@needs_specs
def test_every_mailchimp_request_satisfies_the_published_specification():
    spec, checked = mailchimp_spec(), set()
    for request in mailchimp_requests():
        spec.validate_request(SentRequest(request))
        checked.add((request.method, request.path.split("/")[4]))
    assert checked == {
        *(("GET", name) for name in ("members", "segments", "merge-fields")),
        *(("POST", name) for name in ("segments", "merge-fields")),
        ("PUT", "members"),
        ("DELETE", "members"),
    }


@needs_specs
def test_the_check_would_notice_a_bad_request():
    contact = DESTINATIONS["mailchimp", "contact"]
    (good,) = contact.encode(operations(1, Action.ADD, "mailchimp"), MAILCHIMP)
    without_status = {name: value for name, value in good.json.items() if name != "status_if_new"}
    bad = SimpleNamespace(method="PUT", path=good.path, query={}, json=without_status)
    with pytest.raises(Exception, match=r"(?i)body"):
        mailchimp_spec().validate_request(SentRequest(bad))


def test_a_subscription_status_is_never_written():
    for request in mailchimp_requests():
        assert "status" not in (request.json or {})


@needs_specs
def test_meta_requests_use_only_documented_parameters_and_types():
    spec = json.loads((SPECS / "meta" / "CustomAudience.json").read_text())
    edges = {(api["method"], api.get("endpoint", "").strip("/")): api for api in spec["apis"]}
    destination = DESTINATIONS["meta", "custom_audience"]
    for action in Action:
        for request in destination.encode(operations(10, action, "meta"), META):
            params = {param["name"] for param in edges[request.method, "users"]["params"]}
            assert set(request.json) <= params
            assert all(isinstance(value, dict) for value in request.json.values())
            assert request.path == "/v25.0/99/users"


def test_meta_batches_stay_within_the_documented_limit():
    spec = DESTINATIONS["meta", "custom_audience"].spec
    assert (spec.batch, DESTINATIONS["mailchimp", "segment_membership"].spec.batch) == (10_000, 500)


def test_a_meta_row_never_hashes_or_names_what_is_unknown():
    one = operations(2, Action.ADD, "meta")
    partial = {"EMAIL": "1" * 64}
    rows = [one[0], Operation("op9", Action.ADD, Lane.REGULAR, "c", "r", partial, partial)]
    (request,) = DESTINATIONS["meta", "custom_audience"].encode(rows, META)
    payload = request.json["payload"]
    assert payload["schema"] == list(SCHEMA)
    assert payload["data"][1] == ["1" * 64, *[""] * 9]
