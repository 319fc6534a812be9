"""A pretend Google Data Manager API: customer lists, people by hashed identifiers, status of a request afterwards.

Rules as documented: 10,000 members and 10 identifiers each, SHA-256 in hex, consent and terms of service when people are
added, whole addresses only, a bearer token that a refresh token gives and that ends.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.doubles.tool import Body, Holding, Tool, is_hit

MOST_MEMBERS, MOST_IDENTIFIERS = 10_000, 10
_HEX = re.compile("[0-9a-f]{64}")
_GRANTED = {"adUserData": "CONSENT_GRANTED", "adPersonalization": "CONSENT_GRANTED"}
_REFRESH = {"client_id": "sandbox", "client_secret": "sandbox-secret", "refresh_token": "sandbox-refresh"}


class Google(Tool):
    """Customer lists of one Ads account."""

    name, title, secret = "google", "Google Ads (Data Manager)", "sandbox-google-token"
    bodies: ClassVar = {
        "create_list": Body({"displayName": str, "membershipStatus": str, "ingestedUserListInfo": dict}),
        "change": Body(
            {"destinations": list, "audienceMembers": list, "encoding": str},
            {"consent": dict, "termsOfService": dict},
        ),
    }
    schema = """
    create table if not exists google_lists (id integer primary key autoincrement, account text, name text);
    create table if not exists google_people (
        list_id integer, person text, email text, phone text, primary key (list_id, person));
    create table if not exists google_requests (id integer primary key autoincrement, status text, errors text);
    """

    def routes(self) -> list[Route]:
        lists = "/v1/accountTypes/GOOGLE_ADS/accounts/{account}/userLists"
        return [
            Route("/token", self.give_token, methods=["POST"]),
            Route(lists, self.find_lists, methods=["GET"]),
            Route(lists, self.create_list, methods=["POST"]),
            Route("/v1/audienceMembers:ingest", self.change, methods=["POST"]),
            Route("/v1/audienceMembers:remove", self.change, methods=["POST"]),
            Route("/v1/requestStatus:retrieve", self.read_status, methods=["GET"]),
        ]

    @classmethod
    def environment(cls, url: str) -> dict[str, str]:
        return {
            "CDP_GOOGLE_URL": url,
            "CDP_GOOGLE_TOKEN_URL": f"{url}/token",
            "CDP_GOOGLE_CLIENT_ID": _REFRESH["client_id"],
            "CDP_GOOGLE_CLIENT_SECRET": _REFRESH["client_secret"],
            "CDP_GOOGLE_REFRESH_TOKEN": _REFRESH["refresh_token"],
            "CDP_GOOGLE_CUSTOMER_ID": "1234567890",
        }

    def holdings(self) -> Iterable[Holding]:
        for row in self.store.rows("select * from google_lists order by id"):
            people = self.store.rows(
                "select email, phone from google_people where list_id = ? order by person", row["id"]
            )
            yield Holding("user lists", row["name"], people)

    def is_authentic(self, request: Request) -> bool:
        return request.url.path.endswith("/token") or super().is_authentic(request)

    def problem(self, status: int, words: str) -> Response:
        codes = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 404: "NOT_FOUND"}
        error = {"code": status, "message": words, "status": codes.get(status, "UNKNOWN")}
        return JSONResponse({"error": error}, status)

    async def give_token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        if form != {**_REFRESH, "grant_type": "refresh_token"}:
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse({"access_token": self.secret, "expires_in": 3599, "token_type": "Bearer"})

    async def find_lists(self, request: Request) -> Response:
        wanted = request.query_params.get("filter", "").partition(" = ")[2]
        rows = self.store.rows(
            "select * from google_lists where account = ? and name = ?",
            request.path_params["account"],
            json.loads(wanted) if wanted else "",
        )
        return JSONResponse({"userLists": [_list(row) for row in rows]} if rows else {})

    async def create_list(self, request: Request) -> Response:
        body = await request.json()
        if not body.get("displayName") or "CONTACT_ID" not in body["ingestedUserListInfo"]["uploadKeyTypes"]:
            return self.problem(400, "displayName and uploadKeyTypes CONTACT_ID are required")
        account = request.path_params["account"]
        number = self.store.write(
            "insert into google_lists (account, name) values (?, ?)", account, body["displayName"]
        )
        return JSONResponse(_list({"id": number, "account": account, "name": body["displayName"]}))

    async def change(self, request: Request) -> Response:
        body, adds = await request.json(), request.url.path.endswith(":ingest")
        wrong = _wrong(body, adds=adds)
        if wrong:
            return self.problem(400, wrong)
        row = self.store.one(
            "select * from google_lists where id = ?", body["destinations"][0]["productDestinationId"]
        )
        if row is None:
            return self.problem(404, "There is no such user list.")
        members = [_identifiers(member) for member in body["audienceMembers"]]
        failed = [0] if is_hit(request, "partial") else []
        status = "FAILED" if is_hit(request, "job_failed") else "PARTIAL_SUCCESS" if failed else "SUCCESS"
        if status != "FAILED":
            self._carry_out(
                row, [member for place, member in enumerate(members) if place not in failed], adds=adds
            )
        reason = (
            "PROCESSING_ERROR_REASON_INVALID_FORMAT" if failed else "PROCESSING_ERROR_REASON_INTERNAL_ERROR"
        )
        errors = [
            {"reason": reason, "recordCount": str(len(failed) or len(members)), "recordIndices": failed}
        ]
        kept = json.dumps([] if status == "SUCCESS" else errors)
        number = self.store.write("insert into google_requests (status, errors) values (?, ?)", status, kept)
        return JSONResponse({"requestId": f"r{number}"})

    async def read_status(self, request: Request) -> Response:
        number = request.query_params.get("requestId", "")[1:]
        row = self.store.one("select * from google_requests where id = ?", number)
        if row is None:
            return self.problem(404, "There is no such request.")
        state: dict[str, Any] = {
            "requestStatus": "PROCESSING" if is_hit(request, "job_slow") else row["status"]
        }
        if json.loads(row["errors"]):
            state["errorInfo"] = {"errorCounts": json.loads(row["errors"])}
        return JSONResponse({"requestStatusPerDestination": [state]})

    def _carry_out(self, row: dict[str, Any], members: list[dict[str, str]], *, adds: bool) -> None:
        people = [member.get("emailAddress") or member["phoneNumber"] for member in members]
        if adds:
            self.store.write_many(
                "insert or replace into google_people values (?, ?, ?, ?)",
                [
                    (row["id"], person, member.get("emailAddress"), member.get("phoneNumber"))
                    for person, member in zip(people, members, strict=True)
                ],
            )
        else:
            for column, name in (("email", "emailAddress"), ("phone", "phoneNumber")):
                values = [(row["id"], member[name]) for member in members if member.get(name)]
                self.store.write_many(f"delete from google_people where list_id = ? and {column} = ?", values)
        self.store.deliver("google", row["name"], "add" if adds else "remove", people)


def _list(row: dict[str, Any]) -> dict[str, Any]:
    name = f"accountTypes/GOOGLE_ADS/accounts/{row['account']}/userLists/{row['id']}"
    return {"name": name, "id": str(row["id"]), "displayName": row["name"], "membershipStatus": "OPEN"}


def _identifiers(member: dict[str, Any]) -> dict[str, str]:
    return {name: value for one in member["userData"]["userIdentifiers"] for name, value in one.items()}


def _wrong(body: dict[str, Any], *, adds: bool) -> str | None:
    members = body.get("audienceMembers") or []
    if not 1 <= len(members) <= MOST_MEMBERS or len(body.get("destinations") or []) != 1:
        return f"between 1 and {MOST_MEMBERS} audience members and one destination are expected"
    if body.get("encoding") != "HEX":
        return "encoding is required for hashed identifiers"
    if adds and (body.get("consent") != _GRANTED or (body.get("termsOfService") or {}) != _ACCEPTED):
        return "consent and accepted terms of service are required"
    return next((words for member in members if (words := _wrong_member(member))), None)


_ACCEPTED = {"customerMatchTermsOfServiceStatus": "ACCEPTED"}


def _wrong_member(member: dict[str, Any]) -> str | None:
    identifiers = member["userData"]["userIdentifiers"]
    if not 1 <= len(identifiers) <= MOST_IDENTIFIERS or any(len(one) != 1 for one in identifiers):
        return f"between 1 and {MOST_IDENTIFIERS} identifiers, one attribute each, are expected"
    for one in identifiers:
        address = one.get("address")
        if address and set(address) != {"givenName", "familyName", "regionCode", "postalCode"}:
            return "an address needs given name, family name, region and postal code"
        hashed = [address["givenName"], address["familyName"]] if address else list(one.values())
        if not all(_HEX.fullmatch(value) for value in hashed):
            return "identifiers must be hashed with SHA-256 and encoded as declared"
        if address and not re.fullmatch("[A-Z]{2}", address["regionCode"]):
            return "regionCode must be an ISO 3166 code and not hashed"
    return None
