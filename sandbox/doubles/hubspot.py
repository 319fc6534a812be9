"""A pretend HubSpot: contacts by e-mail, lists that are filled by hand, partial answers (207).

Rules as documented: 100 inputs a batch, values are text, known properties only, no address twice in a batch, record ids
for lists. `Fake` addresses are refused one by one, as a portal's own validation does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.doubles.tool import Body, Holding, Tool, is_hit

MOST_INPUTS = 100
MOST_LISTED = 250
_PROPERTIES = frozenset(
    [
        "email",
        "firstname",
        "lastname",
        "phone",
        "mobilephone",
        "company",
        "jobtitle",
        "address",
        "city",
        "state",
        "zip",
        "country",
        "date_of_birth",
        "lifecyclestage",
        "hs_lead_status",
        "website",
    ]
)
_AT = "2026-10-31T12:00:00Z"


class HubSpot(Tool):
    """Contacts and lists of one portal."""

    name, title, secret = "hubspot", "HubSpot", "sandbox-hubspot-token"
    bodies: ClassVar = {
        "read": Body(
            {"inputs": list, "properties": list, "propertiesWithHistory": list}, {"idProperty": str}
        ),
        "upsert": Body({"inputs": list}),
        "archive": Body({"inputs": list}),
        "create_list": Body({"name": str, "objectTypeId": str, "processingType": str}),
        "change_members": Body({"recordIdsToAdd": list, "recordIdsToRemove": list}),
    }
    schema = """
    create table if not exists hubspot_contacts (
        id integer primary key autoincrement, email text unique, properties text, archived integer default 0,
        opted_out integer default 0);
    create table if not exists hubspot_lists (id integer primary key autoincrement, name text unique, processing text);
    create table if not exists hubspot_members (list_id integer, contact_id integer, primary key (list_id, contact_id));
    """

    def routes(self) -> list[Route]:
        batch, lists = "/crm/v3/objects/contacts/batch", "/crm/v3/lists"
        return [
            Route(f"{batch}/read", self.read, methods=["POST"]),
            Route(f"{batch}/upsert", self.upsert, methods=["POST"]),
            Route(f"{batch}/archive", self.archive, methods=["POST"]),
            Route(f"{lists}/object-type-id/0-1/name/{{name}}", self.find_list, methods=["GET"]),
            Route(lists, self.create_list, methods=["POST"]),
            Route(f"{lists}/{{id:int}}/memberships/add-and-remove", self.change_members, methods=["PUT"]),
            Route(f"{lists}/{{id:int}}/memberships", self.list_members, methods=["GET"]),
        ]

    @classmethod
    def environment(cls, url: str) -> dict[str, str]:
        return {
            "CDP_HUBSPOT_URL": url,
            "CDP_HUBSPOT_ACCESS_TOKEN": cls.secret,
            "CDP_HUBSPOT_PORTAL_ID": "4200",
        }

    def holdings(self) -> Iterable[Holding]:
        rows = self.store.rows("select * from hubspot_contacts where not archived order by email")
        people = [{**json.loads(row["properties"]), "email": row["email"]} for row in rows]
        yield Holding("contacts", "all", people)
        for row in self.store.rows("select * from hubspot_lists order by id"):
            members = self.store.rows(
                "select email from hubspot_members join hubspot_contacts on id = contact_id where list_id = ? "
                "and not archived order by email",
                row["id"],
            )
            yield Holding("lists", row["name"], members)

    def problem(self, status: int, words: str) -> Response:
        body = {
            "status": "error",
            "message": words,
            "category": "VALIDATION_ERROR",
            "correlationId": "sandbox",
        }
        return JSONResponse(body, status)

    async def read(self, request: Request) -> Response:
        body = await request.json()
        ids = [str(item["id"]) for item in body.get("inputs", [])]
        if not 1 <= len(ids) <= MOST_INPUTS:
            return self.problem(400, f"The maximum batch size is {MOST_INPUTS}")
        column = "lower(email)" if body.get("idProperty") == "email" else "cast(id as text)"
        rows = [] if is_hit(request, "not_yet_visible") else self._find(column, ids)
        results = [_shown(row, opted_out=True) for row in rows]
        missing = len(ids) - len(results)
        answer: dict[str, Any] = _batch(results)
        if missing:
            error = {
                "status": "error",
                "category": "OBJECT_NOT_FOUND",
                "message": "Could not get some contacts",
            }
            answer |= {"numErrors": 1, "errors": [{**error, "context": {}, "errors": [], "links": {}}]}
        return JSONResponse(answer, 207 if missing else 200)

    async def upsert(self, request: Request) -> Response:
        inputs = (await request.json()).get("inputs", [])
        refusal = self._wrong(inputs)
        if refusal:
            return refusal
        results, errors = [], []
        for place, item in enumerate(inputs):
            address = str(item["id"]).lower()
            if address.endswith("@fake.test") or (place == 0 and is_hit(request, "partial")):
                errors.append(_failure(item, f"Email address {address} is invalid"))
            else:
                results.append(
                    _shown(self._keep(address, item)) | {"objectWriteTraceId": item["objectWriteTraceId"]}
                )
        self.store.deliver("hubspot", "contacts", "add", [row["properties"]["email"] for row in results])
        answer = _batch(results)
        if errors:
            answer |= {"numErrors": len(errors), "errors": errors}
        return JSONResponse(answer, 207 if errors else 200)

    async def archive(self, request: Request) -> Response:
        ids = [str(item["id"]) for item in (await request.json()).get("inputs", [])]
        if not 1 <= len(ids) <= MOST_INPUTS or not all(record.isdigit() for record in ids):
            return self.problem(400, "Some inputs are no record ids, or there are more than 100")
        rows = self._find("cast(id as text)", ids)
        self.store.write_many(
            "update hubspot_contacts set archived = 1, email = email || '#' || id where id = ?",
            [(row["id"],) for row in rows],
        )
        self.store.deliver("hubspot", "contacts", "remove", [row["email"] for row in rows])
        return Response(status_code=204)

    async def find_list(self, request: Request) -> Response:
        row = self.store.one(
            "select * from hubspot_lists where lower(name) = lower(?)", request.path_params["name"]
        )
        return JSONResponse({"list": _list(row)}) if row else self.problem(404, "List does not exist")

    async def create_list(self, request: Request) -> Response:
        body = await request.json()
        if not {"name", "objectTypeId", "processingType"} <= body.keys():
            return self.problem(400, "name, objectTypeId and processingType are required")
        number = self.store.write(
            "insert into hubspot_lists (name, processing) values (?, ?)", body["name"], body["processingType"]
        )
        return JSONResponse(
            {"list": _list(self.store.one("select * from hubspot_lists where id = ?", number) or {})}
        )

    async def change_members(self, request: Request) -> Response:
        number, body = request.path_params["id"], await request.json()
        row = self.store.one("select * from hubspot_lists where id = ?", number)
        if row is None:
            return self.problem(404, "List does not exist")
        add, remove = body.get("recordIdsToAdd"), body.get("recordIdsToRemove")
        if not _are_ids(add) or not _are_ids(remove):
            return self.problem(
                400, "recordIdsToAdd and recordIdsToRemove must be lists of record ids as text"
            )
        known = {
            str(found["id"]): found["email"] for found in self._find("cast(id as text)", [*add, *remove])
        }
        if is_hit(request, "partial"):
            known.pop((add or remove)[0], None)
        before = {
            str(member["contact_id"])
            for member in self.store.rows("select contact_id from hubspot_members where list_id = ?", number)
        }
        added = [record for record in add if record in known and record not in before]
        removed = [record for record in remove if record in known and record in before]
        self.store.write_many(
            "insert into hubspot_members values (?, ?)", [(number, record) for record in added]
        )
        self.store.write_many(
            "delete from hubspot_members where list_id = ? and contact_id = ?",
            [(number, record) for record in removed],
        )
        self.store.deliver("hubspot", row["name"], "add", [known[record] for record in added])
        self.store.deliver("hubspot", row["name"], "remove", [known[record] for record in removed])
        missing = [record for record in [*add, *remove] if record not in known]
        return JSONResponse(
            {"recordsIdsAdded": added, "recordIdsRemoved": removed, "recordIdsMissing": missing}
        )

    async def list_members(self, request: Request) -> Response:
        limit = int(request.query_params.get("limit", "100"))
        if limit > MOST_LISTED:
            return self.problem(400, f"limit must be at most {MOST_LISTED}")
        after = int(request.query_params.get("after", "0"))
        rows = self.store.rows(
            "select contact_id from hubspot_members where list_id = ? and contact_id > ? order by contact_id limit ?",
            request.path_params["id"],
            after,
            limit + 1,
        )
        shown = [{"recordId": str(row["contact_id"]), "membershipTimestamp": _AT} for row in rows[:limit]]
        paging = (
            {"paging": {"next": {"after": shown[-1]["recordId"], "link": ""}}} if len(rows) > limit else {}
        )
        return JSONResponse({"results": shown, **paging})

    def _find(self, column: str, ids: list[str]) -> list[dict[str, Any]]:
        marks = ", ".join("?" for _ in ids)
        sql = f"select * from hubspot_contacts where not archived and {column} in ({marks}) order by id"
        return self.store.rows(sql, *(record.lower() for record in ids))

    def _wrong(self, inputs: list[dict[str, Any]]) -> Response | None:
        if not 1 <= len(inputs) <= MOST_INPUTS:
            return self.problem(400, f"The maximum batch size is {MOST_INPUTS}")
        if any(item.get("idProperty") != "email" or not item.get("objectWriteTraceId") for item in inputs):
            return self.problem(400, "idProperty and objectWriteTraceId are expected for every input")
        if len({str(item["id"]).lower() for item in inputs}) < len(inputs):
            return self.problem(400, "Duplicate IDs found in batch input")
        values = [value for item in inputs for value in item["properties"].values()]
        if not all(isinstance(value, str) for value in values):
            return self.problem(400, "Invalid input JSON: property values must be strings")
        unknown = {name for item in inputs for name in item["properties"]} - _PROPERTIES
        if unknown:
            name = min(unknown)
            return self.problem(
                400,
                f'Property values were not valid: Property "{name}" does not exist (PROPERTY_DOESNT_EXIST)',
            )
        if any("@" not in str(item["id"]) for item in inputs):
            return self.problem(400, "Property values were not valid: email")
        return None

    def _keep(self, address: str, item: dict[str, Any]) -> dict[str, Any]:
        known = self.store.one("select * from hubspot_contacts where email = ?", address)
        properties = {**(json.loads(known["properties"]) if known else {}), **item["properties"]}
        if known:
            sql = "update hubspot_contacts set properties = ? where email = ?"
        else:
            sql = "insert into hubspot_contacts (properties, email) values (?, ?)"
        self.store.write(sql, json.dumps(properties), address)
        return self.store.one("select * from hubspot_contacts where email = ?", address) or {}


def _are_ids(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item.isdigit() for item in value)


def _shown(row: dict[str, Any], *, opted_out: bool = False) -> dict[str, Any]:
    properties = {**json.loads(row["properties"]), "email": row["email"]}
    if opted_out:
        properties["hs_email_optout"] = "true" if row["opted_out"] else None
    return {
        "id": str(row["id"]),
        "properties": properties,
        "archived": False,
        "new": False,
        "createdAt": _AT,
        "updatedAt": _AT,
    }


def _batch(results: list[dict[str, Any]]) -> dict[str, Any]:
    return {"status": "COMPLETE", "results": results, "startedAt": _AT, "completedAt": _AT}


def _failure(item: dict[str, Any], words: str) -> dict[str, Any]:
    context = {"objectWriteTraceId": [item["objectWriteTraceId"]]}
    return {
        "status": "error",
        "category": "VALIDATION_ERROR",
        "message": words,
        "context": context,
        "errors": [],
        "links": {},
    }


def _list(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "listId": str(row["id"]),
        "listVersion": 1,
        "name": row["name"],
        "objectTypeId": "0-1",
        "processingStatus": "COMPLETE",
        "processingType": row["processing"],
    }
