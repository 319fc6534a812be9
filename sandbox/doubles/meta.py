"""A pretend Meta Graph API: custom audiences of an ad account, people in them by hashed identifiers, counts as answers.

Rules as documented: bearer token, 10,000 users a request, SHA-256 in hex for every value, a session, a known schema.
A person is recognised by the hashed e-mail, else by the hashed phone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.doubles.tool import Body, Holding, Tool

MOST_USERS = 10_000
KEYS = ("EMAIL", "PHONE", "GEN", "DOBY", "DOBM", "DOBD", "LN", "FN", "FI", "CT", "ST", "ZIP", "COUNTRY")
_HEX = re.compile("[0-9a-f]{64}")
_BLOCKED = 471


class Meta(Tool):
    """Custom audiences of one ad account."""

    name, title, secret = "meta", "Meta Custom Audiences", "sandbox-token"
    bodies: ClassVar = {
        "create_audience": Body({"name": str, "subtype": str, "customer_file_source": str}),
        "change_users": Body({"payload": dict, "session": dict}),
    }
    schema = """
    create table if not exists meta_audiences (
        id integer primary key autoincrement, account_id text, name text, operation_status integer default 200);
    create table if not exists meta_users (
        audience_id integer, person text, email text, phone text, identifiers text, primary key (audience_id, person));
    create index if not exists meta_users_by_email on meta_users (audience_id, email);
    create index if not exists meta_users_by_phone on meta_users (audience_id, phone);
    """

    @classmethod
    def environment(cls, url: str) -> dict[str, str]:
        return {
            "CDP_META_URL": url,
            "CDP_META_ACCESS_TOKEN": cls.secret,
            "CDP_META_AD_ACCOUNT_ID": "1001",
        }

    def problem(self, status: int, words: str) -> Response:
        return error(100, words, status)

    def unauthorised(self) -> Response:
        return error(190, "Error validating access token: it is not valid, or no longer.", 401)

    def holdings(self) -> Iterable[Holding]:
        for audience in self.store.rows("select * from meta_audiences order by id"):
            sql = "select identifiers from meta_users where audience_id = ? order by person"
            people = [json.loads(row["identifiers"]) for row in self.store.rows(sql, audience["id"])]
            yield Holding("audiences", audience["name"], people)

    def routes(self) -> list[Route]:
        return [
            Route("/{version}/act_{account_id}/customaudiences", self.list_audiences, methods=["GET"]),
            Route("/{version}/act_{account_id}/customaudiences", self.create_audience, methods=["POST"]),
            Route("/{version}/{audience_id:int}/users", self.change_users, methods=["POST", "DELETE"]),
        ]

    async def list_audiences(self, request: Request) -> Response:
        rows = self.store.rows(
            "select cast(id as text) as id, name from meta_audiences where account_id = ?",
            request.path_params["account_id"],
        )
        return JSONResponse({"data": rows, "paging": {"cursors": {"before": "a", "after": "b"}}})

    async def create_audience(self, request: Request) -> Response:
        body = await request.json()
        if body.get("subtype") != "CUSTOM" or not body.get("name"):
            return error(100, "(#100) name and subtype CUSTOM are required")
        if body.get("customer_file_source") not in ("USER_PROVIDED_ONLY", "PARTNER_PROVIDED_ONLY"):
            return error(100, "(#100) customer_file_source is required for customer file audiences")
        number = self.store.write(
            "insert into meta_audiences (account_id, name) values (?, ?)",
            request.path_params["account_id"],
            body["name"],
        )
        return JSONResponse({"id": str(number)})

    async def change_users(self, request: Request) -> Response:
        audience = self.store.one(
            "select * from meta_audiences where id = ?", request.path_params["audience_id"]
        )
        if audience is None:
            return error(803, "(#803) Some of the aliases you requested do not exist", 404)
        if audience["operation_status"] == _BLOCKED:
            return error(100, "Invalid parameter", subcode=1713230, user_message="Audience Upload Blocked")
        body = await request.json()
        wrong = _wrong(body)
        if wrong:
            return error(100, f"(#100) {wrong}")
        return self._change(audience, body, request.method)

    def _change(self, audience: dict[str, Any], body: dict[str, Any], method: str) -> Response:
        schema, data = body["payload"]["schema"], body["payload"]["data"]
        people = [dict(zip(schema, row, strict=True)) for row in data]
        valid = [person for person in people if _is_valid(person)]
        if method == "POST":
            self.store.write_many(
                "insert or replace into meta_users values (?, ?, ?, ?, ?)", _added(audience, valid)
            )
        else:
            # Meta matches a person by any identifier of the row, so removing one may hit another who shares it
            for name in ("email", "phone"):
                values = [
                    (audience["id"], person[name.upper()]) for person in valid if person.get(name.upper())
                ]
                self.store.write_many(f"delete from meta_users where audience_id = ? and {name} = ?", values)
        action = "add" if method == "POST" else "remove"
        self.store.deliver("meta", audience["name"], action, [_key(person) for person in valid])
        return JSONResponse(
            {
                "audience_id": str(audience["id"]),
                "session_id": str(body["session"]["session_id"]),
                "num_received": len(people),
                "num_invalid_entries": len(people) - len(valid),
                "invalid_entry_samples": {},
            }
        )


def _added(audience: dict[str, Any], people: list[dict[str, str]]) -> list[tuple[object, ...]]:
    return [
        (audience["id"], _key(person), person.get("EMAIL"), person.get("PHONE"), json.dumps(person))
        for person in people
    ]


def error(
    code: int, message: str, status: int = 400, *, subcode: int | None = None, user_message: str | None = None
) -> Response:
    """An error as the Graph API words it."""
    body: dict[str, Any] = {
        "message": message,
        "type": "OAuthException",
        "code": code,
        "fbtrace_id": "sandbox",
    }
    if subcode:
        body |= {"error_subcode": subcode, "error_user_msg": user_message}
    return JSONResponse({"error": body}, status)


def _wrong(body: dict[str, Any]) -> str | None:
    payload, session = body.get("payload"), body.get("session")
    if not isinstance(payload, dict) or not isinstance(payload.get("data"), list):
        return "payload with schema and data is required"
    schema, data = payload.get("schema"), payload["data"]
    if not isinstance(schema, list) or not schema or not set(schema) <= set(KEYS):
        return f"schema must be a list of {', '.join(KEYS)}"
    if not isinstance(session, dict) or not {"session_id", "batch_seq", "last_batch_flag"} <= session.keys():
        return "session must have session_id, batch_seq and last_batch_flag"
    if not 1 <= len(data) <= MOST_USERS:
        return f"between 1 and {MOST_USERS} users may be sent at once"
    if any(not isinstance(row, list) or len(row) != len(schema) for row in data):
        return "every row must have one value per schema key"
    return None


def _is_valid(person: dict[str, str]) -> bool:
    # an empty string is an unknown key; anything else must be a digest, never plain data
    return bool(_key(person)) and all(value == "" or _HEX.fullmatch(str(value)) for value in person.values())


def _key(person: dict[str, str]) -> str:
    return person.get("EMAIL") or person.get("PHONE") or ""
