"""The vendors' own specifications, ready to check a request of any tool; skipped where ../shared/specs is absent.

Documented limits that are not in a specification are checked by the doubles.
"""

import json
import re
from functools import cache
from pathlib import Path
from types import SimpleNamespace

SPECS = Path(__file__).parents[3] / "shared" / "specs"
HOST = "https://vendor.example"
_MAILCHIMP_ENDS = (
    "/members",
    "/members/{subscriber_hash}",
    "/segments",
    "/segments/{segment_id}",
    "/segments/{segment_id}/members",
    "/merge-fields",
)
# tool → files, and the paths in use
_OPENAPI = {
    "hubspot": {
        "hubspot_contacts_v3.json": ("/batch/read", "/batch/upsert", "/batch/archive"),
        "hubspot_lists_v3.json": (
            "/crm/v3/lists",
            "/crm/v3/lists/object-type-id/{objectTypeId}/name/{listName}",
            "/memberships",
            "/memberships/add-and-remove",
        ),
    },
    "klaviyo": {
        "klaviyo_profiles.json": (
            "/api/profiles",
            "/api/profile-bulk-import-jobs",
            "/api/profile-bulk-import-jobs/{job_id}",
            "/import-errors",
        ),
        "klaviyo_lists.json": (
            "/api/lists",
            "/api/lists/{id}/profiles",
            "/api/lists/{id}/relationships/profiles",
        ),
    },
    "sendgrid": {
        "sendgrid_mc_contacts.json": (
            "/v3/marketing/contacts",
            "/contacts/imports/{id}",
            "/contacts/search/emails",
        ),
        "sendgrid_mc_lists.json": ("/v3/marketing/lists", "/v3/marketing/lists/{id}/contacts"),
        "sendgrid_suppressions.json": (
            "/v3/suppression/unsubscribes",
            "/v3/suppression/spam_reports",
            "/v3/asm/suppressions",
        ),
    },
}
CHECKED = ("mailchimp", "meta", "google", *_OPENAPI)


def check(tool, method, path, *, query=(), headers=(), body=None):
    """Raises unless the request is one that the vendor's specification allows. `query` and `headers` are pairs."""
    if tool == "google":
        return check_google(method, path, dict(query), body)
    if tool == "meta":
        return check_meta(method, path, body)
    request = _as_openapi_wants(method, path.removeprefix("/3.0"), query, headers, body)
    failures = []
    for spec in _mailchimp() if tool == "mailchimp" else _openapi(tool):
        try:
            return spec.validate_request(request)
        except Exception as error:
            if type(error).__name__ != "PathNotFound":
                raise
            failures.append(error)
    raise failures[0]


def _as_openapi_wants(method, path, query, headers, body):
    from openapi_core.datatypes import RequestParameters
    from werkzeug.datastructures import Headers, ImmutableMultiDict

    given = {name.lower(): value for name, value in headers}
    return SimpleNamespace(
        method=method.lower(),
        host_url=HOST,
        path=path,
        content_type=given.get("content-type", "application/json"),
        body=json.dumps(body).encode() if body is not None else None,
        parameters=RequestParameters(
            query=ImmutableMultiDict(list(query)), header=Headers(list(given.items()))
        ),
    )


@cache
def _openapi(tool):
    from openapi_core import OpenAPI

    return [
        OpenAPI.from_dict(_slice(json.loads((SPECS / name).read_text()), ends))
        for name, ends in _OPENAPI[tool].items()
    ]


def _slice(spec, ends):
    """The endpoints in use, at a host of our own, without security: keys are the doubles' affair."""
    paths = {path: item for path, item in spec["paths"].items() if path.endswith(tuple(ends))}
    for item in paths.values():
        for operation in item.values():
            if isinstance(operation, dict):
                operation.pop("security", None)
                operation["responses"] = {"200": {"description": "ok"}}
    spec.pop("security", None)
    return {**spec, "paths": paths, "servers": [{"url": HOST}]}


@cache
def _mailchimp():
    """Rewritten from Swagger 2 to OpenAPI 3 as openapi-core wants it; schemas untouched."""
    import yaml
    from openapi_core import OpenAPI

    spec = yaml.load((SPECS / "mailchimp_lists_swagger2.yaml").read_text(), yaml.CSafeLoader)
    wanted = {f"/lists/{{list_id}}{end}" for end in _MAILCHIMP_ENDS}
    paths = {
        path: {method: _to_openapi(operation) for method, operation in item.items()}
        for path, item in spec["paths"].items()
        if path in wanted
    }
    assert len(paths) == len(wanted)
    info = {"title": "Mailchimp", "version": "3.0"}
    return [OpenAPI.from_dict({"openapi": "3.0.3", "info": info, "servers": [{"url": HOST}], "paths": paths})]


def _to_openapi(operation):
    converted = {"parameters": [], "responses": {"200": {"description": "ok"}}}
    for parameter in operation["parameters"]:
        if parameter["in"] == "body":
            content = {"application/json": {"schema": parameter["schema"]}}
            converted["requestBody"] = {"required": True, "content": content}
            continue
        schema = {name: parameter[name] for name in ("type", "enum", "items") if name in parameter}
        style = {"style": "form", "explode": False} if schema["type"] == "array" else {}
        named = {"name": parameter["name"], "in": parameter["in"], "schema": schema}
        converted["parameters"].append({**named, "required": parameter.get("required", False), **style})
    return converted


def check_meta(method, path, body):
    """Method and edge exist, every parameter is one of its parameters, and composite ones are objects."""
    edges = _meta_edges()
    if path.endswith("/customaudiences"):
        return  # the ad account's edge is not among the published files
    params = {param["name"] for param in edges[method, path.rpartition("/")[2]]["params"]}
    assert set(body) <= params, f"{set(body) - params} are no parameters"
    assert all(isinstance(value, dict) for value in body.values())
    return


@cache
def _meta_edges():
    spec = json.loads((SPECS / "meta" / "CustomAudience.json").read_text())
    return {(api["method"], api.get("endpoint", "").strip("/")): api for api in spec["apis"]}


def check_google(method, path, query, body):
    """The method exists at this path, its parameters are known, and the body fits its schema without extra fields."""
    for pattern, found in _google_methods():
        if found["httpMethod"] == method and re.fullmatch(pattern, path):
            assert set(query) <= set(found.get("parameters", {})), f"unknown parameters in {query}"
            if "request" in found:
                _google_validator(found["request"]["$ref"]).validate(body)
            return
    raise AssertionError(f"Google has no {method} {path}")


@cache
def _google():
    return json.loads((SPECS / "google_datamanager_discovery_v1.json").read_text())


@cache
def _google_methods():
    def walk(node):
        for method in node.get("methods", {}).values():
            path = re.sub(
                r"\{.(\w+)\}", lambda found, method=method: _pattern(method, found[1]), method["path"]
            )
            yield f"/{path}", method
        for inner in node.get("resources", {}).values():
            yield from walk(inner)

    return list(walk(_google()))


def _pattern(method, name):
    """What a part of the path may be, as the discovery document itself says."""
    return method["parameters"][name]["pattern"].removeprefix("^").removesuffix("$")


@cache
def _google_validator(name):
    from jsonschema import Draft202012Validator

    definitions = {key: _strict(schema) for key, schema in _google()["schemas"].items()}
    return Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": definitions})


def _strict(schema):
    """A discovery schema as JSON Schema: references, formats left out, no unknown properties."""
    if "$ref" in schema:
        return {"$ref": f"#/$defs/{schema['$ref']}"}
    kept = {name: schema[name] for name in ("type", "enum") if name in schema}
    if "properties" in schema:
        kept["properties"] = {name: _strict(inner) for name, inner in schema["properties"].items()}
        kept["additionalProperties"] = False
    if "items" in schema:
        kept["items"] = _strict(schema["items"])
    if kept.get("type") == "any":
        kept.pop("type")
    return kept
