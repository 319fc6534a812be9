"""A pretend Klaviyo: profiles imported as jobs, lists by relationships, lookups by address.

Rules as documented: `revision` and the JSON:API media type, 10,000 profiles and 5 MB an import, 100 kB a profile, 1,000
ids a relationship call, 100 profiles a page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.doubles.tool import Body, Holding, Tool, is_hit

MOST_PROFILES, MOST_BYTES, MOST_BYTES_EACH = 10_000, 5_000_000, 100_000
MOST_MEMBERS, MOST_LISTED = 1000, 100
_MEDIA_TYPE = "application/vnd.api+json"
_AT = "2026-10-31T12:00:00Z"
_SUPPRESSED_SINCE = re.compile(
    r"greater-than\(subscriptions\.email\.marketing\.suppression\.timestamp,([^)]+)\)"
)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


class Klaviyo(Tool):
    """Profiles, lists and import jobs of one account."""

    name, title, secret = "klaviyo", "Klaviyo", "sandbox-klaviyo-key"
    bodies: ClassVar = {
        "import_profiles": Body({"data": dict}),
        "create_list": Body({"data": dict}),
        "change_members": Body({"data": list}),
    }
    schema = """
    create table if not exists klaviyo_profiles (
        id integer primary key autoincrement, email text unique, attributes text, suppressed integer default 0,
        suppressed_at text default '2026-10-31T12:00:00+00:00');
    create table if not exists klaviyo_lists (id integer primary key autoincrement, name text unique);
    create table if not exists klaviyo_members (list_id integer, profile_id integer, primary key (list_id, profile_id));
    create table if not exists klaviyo_jobs (
        id integer primary key autoincrement, status text, total integer, errors text);
    """

    def routes(self) -> list[Route]:
        jobs, members = "/api/profile-bulk-import-jobs", "/api/lists/{id:int}/relationships/profiles"
        return [
            Route("/api/profiles", self.find_profiles, methods=["GET"]),
            Route(jobs, self.import_profiles, methods=["POST"]),
            Route(f"{jobs}/{{id:int}}", self.read_job, methods=["GET"]),
            Route(f"{jobs}/{{id:int}}/import-errors", self.read_errors, methods=["GET"]),
            Route("/api/lists", self.find_lists, methods=["GET"]),
            Route("/api/lists", self.create_list, methods=["POST"]),
            Route(members, self.change_members, methods=["POST", "DELETE"]),
            Route("/api/lists/{id:int}/profiles", self.list_members, methods=["GET"]),
        ]

    @classmethod
    def environment(cls, url: str) -> dict[str, str]:
        return {
            "CDP_KLAVIYO_URL": url,
            "CDP_KLAVIYO_API_KEY": cls.secret,
            "CDP_KLAVIYO_ACCOUNT_ID": "SandBx",
        }

    def holdings(self) -> Iterable[Holding]:
        rows = self.store.rows("select * from klaviyo_profiles order by email")
        yield Holding("profiles", "all", [json.loads(row["attributes"]) for row in rows])
        for row in self.store.rows("select * from klaviyo_lists order by id"):
            yield Holding(
                "lists", row["name"], [{"email": member["email"]} for member in self._members(row["id"])]
            )

    def is_authentic(self, request: Request) -> bool:
        return request.headers.get("authorization") == f"Klaviyo-API-Key {self.secret}"

    def problem(self, status: int, words: str) -> Response:
        error = {
            "id": "sandbox",
            "status": status,
            "code": "invalid",
            "title": "Invalid input.",
            "detail": words,
        }
        return JSONResponse(
            {"errors": [{**error, "source": {"pointer": "/data"}}]}, status, media_type=_MEDIA_TYPE
        )

    async def find_profiles(self, request: Request) -> Response:
        suppressed = _SUPPRESSED_SINCE.fullmatch(request.query_params.get("filter", ""))
        if suppressed:
            sql = "select * from klaviyo_profiles where suppressed and suppressed_at > ? order by id"
            return self._paged(request, [_profile(row) for row in self.store.rows(sql, suppressed[1])])
        addresses = [
            json.loads(text).lower() for text in _QUOTED.findall(request.query_params.get("filter", ""))
        ]
        if len(addresses) > MOST_LISTED or int(request.query_params.get("page[size]", "20")) > MOST_LISTED:
            return self.problem(400, f"at most {MOST_LISTED} profiles a page")
        marks = ", ".join("?" for _ in addresses)
        rows = self.store.rows(f"select * from klaviyo_profiles where email in ({marks})", *addresses)
        shown = [] if is_hit(request, "not_yet_visible") else [_profile(row) for row in rows]
        return _answer({"data": shown, "links": {"self": "https://a.klaviyo.com", "next": None}})

    async def import_profiles(self, request: Request) -> Response:
        raw = await request.body()
        refusal = self._wrong_import(raw)
        if refusal:
            return refusal
        data = json.loads(raw)["data"]
        profiles = [item["attributes"] for item in data["attributes"]["profiles"]["data"]]
        errors = [
            _import_error(place, attributes)
            for place, attributes in enumerate(profiles)
            if str(attributes["email"]).endswith("@fake.test") or (place == 0 and is_hit(request, "partial"))
        ]
        refused = {error["attributes"]["original_payload"]["email"] for error in errors}
        has_failed = is_hit(request, "job_failed")
        if not has_failed:
            lists = [int(item["id"]) for item in data["relationships"]["lists"]["data"]]
            self._keep([attributes for attributes in profiles if attributes["email"] not in refused], lists)
        status = "cancelled" if has_failed else "complete"
        job = self.store.write(
            "insert into klaviyo_jobs (status, total, errors) values (?, ?, ?)",
            status,
            len(profiles),
            json.dumps(errors),
        )
        return _answer({"data": _job(job, "queued", len(profiles), 0)}, 202)

    async def read_job(self, request: Request) -> Response:
        row = self.store.one("select * from klaviyo_jobs where id = ?", request.path_params["id"])
        if row is None:
            return self.problem(404, "A job with this id does not exist.")
        status = "processing" if is_hit(request, "job_slow") else row["status"]
        failed = len(json.loads(row["errors"]))
        return _answer({"data": _job(row["id"], status, row["total"], failed)})

    async def read_errors(self, request: Request) -> Response:
        row = self.store.one("select * from klaviyo_jobs where id = ?", request.path_params["id"]) or {
            "errors": "[]"
        }
        errors, start = json.loads(row["errors"]), int(request.query_params.get("page[cursor]", "0"))
        size = int(request.query_params.get("page[size]", "20"))
        if size > MOST_LISTED:
            return self.problem(400, f"at most {MOST_LISTED} errors a page")
        return _page(
            request, errors[start : start + size], start + size if start + size < len(errors) else None
        )

    async def find_lists(self, request: Request) -> Response:
        names = [json.loads(text) for text in _QUOTED.findall(request.query_params.get("filter", ""))]
        rows = self.store.rows("select * from klaviyo_lists where name = ?", names[0] if names else "")
        return _answer({"data": [_list(row) for row in rows], "links": {}})

    async def create_list(self, request: Request) -> Response:
        name = (await request.json())["data"]["attributes"]["name"]
        number = self.store.write("insert into klaviyo_lists (name) values (?)", name)
        return _answer({"data": _list({"id": number, "name": name})}, 201)

    async def change_members(self, request: Request) -> Response:
        row = self.store.one("select * from klaviyo_lists where id = ?", request.path_params["id"])
        data = (await request.json())["data"]
        if row is None or not 1 <= len(data) <= MOST_MEMBERS:
            return self.problem(404 if row is None else 400, f"a list, and at most {MOST_MEMBERS} profiles")
        marks = ", ".join("?" for _ in data)
        known = self.store.rows(
            f"select * from klaviyo_profiles where id in ({marks})", *(item["id"] for item in data)
        )
        if len(known) < len(data):
            return self.problem(400, "A profile with one of these ids does not exist.")
        pairs = [(row["id"], profile["id"]) for profile in known]
        if request.method == "POST":
            self.store.write_many("insert or ignore into klaviyo_members values (?, ?)", pairs)
        else:
            self.store.write_many("delete from klaviyo_members where list_id = ? and profile_id = ?", pairs)
        action = "add" if request.method == "POST" else "remove"
        self.store.deliver("klaviyo", row["name"], action, [profile["email"] for profile in known])
        return Response(status_code=204)

    async def list_members(self, request: Request) -> Response:
        return self._paged(request, [_profile(row) for row in self._members(request.path_params["id"])])

    def _paged(self, request: Request, profiles: list[dict[str, Any]]) -> Response:
        start = int(request.query_params.get("page[cursor]", "0"))
        size = int(request.query_params.get("page[size]", "20"))
        if size > MOST_LISTED:
            return self.problem(400, f"at most {MOST_LISTED} profiles a page")
        following = start + size if start + size < len(profiles) else None
        return _page(request, profiles[start : start + size], following)

    def _members(self, list_id: int) -> list[dict[str, Any]]:
        sql = "select * from klaviyo_members join klaviyo_profiles on id = profile_id where list_id = ? order by email"
        return self.store.rows(sql, list_id)

    def wrong_headers(self, request: Request) -> Response | None:
        if "revision" not in request.headers:
            return self.problem(400, "the revision header is required")
        if request.method != "GET" and request.headers.get("content-type") != _MEDIA_TYPE:
            return self.problem(415, f"the media type must be {_MEDIA_TYPE}")
        return None

    def _wrong_import(self, raw: bytes) -> Response | None:
        data = json.loads(raw)["data"]
        profiles = data["attributes"]["profiles"]["data"]
        if not 1 <= len(profiles) <= MOST_PROFILES or len(raw) > MOST_BYTES:
            return self.problem(400, f"at most {MOST_PROFILES} profiles and {MOST_BYTES} bytes")
        if any(len(json.dumps(profile).encode()) > MOST_BYTES_EACH for profile in profiles):
            return self.problem(400, f"a profile may have at most {MOST_BYTES_EACH} bytes")
        return None

    def _keep(self, profiles: list[dict[str, Any]], lists: list[int]) -> None:
        for attributes in profiles:
            address = attributes["email"].lower()
            known = self.store.one("select * from klaviyo_profiles where email = ?", address)
            merged = {**(json.loads(known["attributes"]) if known else {}), **attributes}
            if known:
                self.store.write(
                    "update klaviyo_profiles set attributes = ? where id = ?", json.dumps(merged), known["id"]
                )
                number = known["id"]
            else:
                sql = "insert into klaviyo_profiles (email, attributes) values (?, ?)"
                number = self.store.write(sql, address, json.dumps(merged))
            self.store.write_many(
                "insert or ignore into klaviyo_members values (?, ?)",
                [(list_id, number) for list_id in lists],
            )
        for list_id in lists:
            row = self.store.one("select name from klaviyo_lists where id = ?", list_id) or {"name": "?"}
            self.store.deliver(
                "klaviyo", row["name"], "add", [attributes["email"] for attributes in profiles]
            )


def _answer(body: dict[str, Any], status: int = 200) -> Response:
    return JSONResponse(body, status, media_type=_MEDIA_TYPE)


def _page(request: Request, rows: list[dict[str, Any]], following: int | None) -> Response:
    address = f"{request.url.scheme}://{request.url.netloc}{request.url.path}?page%5Bcursor%5D={following}"
    return _answer({"data": rows, "links": {"self": "", "next": address if following is not None else None}})


def _profile(row: dict[str, Any]) -> dict[str, Any]:
    marketing: dict[str, Any] = {"consent": "NEVER_SUBSCRIBED", "suppression": []}
    if row["suppressed"]:
        marketing = {
            "consent": "UNSUBSCRIBED",
            "suppression": [{"reason": "USER_SUPPRESSED", "timestamp": row["suppressed_at"]}],
        }
    attributes = {**json.loads(row["attributes"]), "subscriptions": {"email": {"marketing": marketing}}}
    return {"type": "profile", "id": str(row["id"]), "attributes": attributes, "links": {"self": ""}}


def _list(row: dict[str, Any]) -> dict[str, Any]:
    return {"type": "list", "id": str(row["id"]), "attributes": {"name": row["name"]}, "links": {"self": ""}}


def _job(number: int, status: str, total: int, failed: int) -> dict[str, Any]:
    attributes = {
        "status": status,
        "created_at": _AT,
        "total_count": total,
        "completed_count": total - failed,
        "failed_count": failed,
    }
    return {
        "type": "profile-bulk-import-job",
        "id": str(number),
        "attributes": attributes,
        "links": {"self": ""},
    }


def _import_error(place: int, attributes: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "import-error",
        "id": f"error{place}",
        "attributes": {
            "code": "invalid",
            "title": "Invalid input.",
            "detail": "The email is not valid.",
            "source": {"pointer": f"/data/attributes/profiles/data/{place}/attributes/email"},
            "original_payload": attributes,
        },
    }
