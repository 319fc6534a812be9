"""Nine vendors on loopback, answering as they document: sign-in, page sizes, positions, filters and errors.

The engine (`Vendor`, `serve`) knows HTTP and faults; each class below it knows one vendor. The rules' sources stand in the
templates in `ingestion/templates/`.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import ceil
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from ingestion import declarations
from ingestion.declarations import Source, read_source

TEMPLATES = Path(declarations.__file__).parent.parent / "templates"
ROWS, PAGE = 23, 5
Record = dict[str, Any]


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class Reply:
    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: str | None = (
        None  # where the connection breaks: `length`, `chunked` or `close` says how the end was announced
    )


Fault = Callable[["Vendor", Request], Reply | None]


class Vendor:
    """A vendor with its records. `faults` maps the number of a request for records (from 1) to what happens instead."""

    template: ClassVar[str]
    table: ClassVar[str]
    base: ClassVar[str]
    path: ClassVar[str]
    environ: ClassVar[dict[str, str]]
    largest_page: ClassVar[int]
    step = timedelta(hours=1)
    start = datetime(2026, 3, 1, tzinfo=UTC)

    def __init__(self) -> None:
        self.rows = [self.row(index, self.start + index * self.step) for index in range(ROWS)]
        self.page = PAGE
        self.faults: dict[int, Fault] = {}
        self.asked: list[Request] = []
        self.repeated: slice | None = None
        self.address = ""

    # what a vendor says of itself

    def row(self, index: int, changed: datetime, version: int = 1) -> Record:
        raise NotImplementedError

    def may(self, request: Request) -> bool:
        raise NotImplementedError

    def answer(self, request: Request) -> Reply:
        raise NotImplementedError

    def expired(self) -> Reply:
        return Reply({"error": "gone"}, 410)

    def throttled(self, retry_after: str | None) -> Reply:
        return Reply({"error": "slow down"}, 429, {"Retry-After": retry_after} if retry_after else {})

    def flat(self, record: Record) -> Record:
        """The record as its columns should hold it."""
        return record

    def change(self) -> int:
        """One record changes, one is new; returns how many records a pull that asks for changes is given at most."""
        end = self.start + ROWS * self.step
        self.rows[3] = self.row(3, end, version=2)
        self.rows.append(self.row(ROWS, end + self.step))
        return 3  # the newest of the last pull is given again

    # the engine

    def respond(self, request: Request) -> Reply:
        if request.path != f"{self.base}{self.path}":
            return Reply({"error": f"no {request.path}"}, 404)
        if not self.may(request):
            return Reply({"error": "who are you"}, 401)
        self.asked.append(request)
        fault = self.faults.get(len(self.asked))
        return (fault and fault(self, request)) or self.answer(request)

    def listed(self, wanted: Callable[[Record], bool]) -> list[Record]:
        rows = [row for row in self.rows if wanted(row)]
        if self.repeated:
            rows[self.repeated.stop : self.repeated.stop] = rows[self.repeated]
        return rows

    def source(self) -> Source:
        """The template, pointed at this server."""
        source = read_source(TEMPLATES / f"{self.template}.yml")
        assert source.api is not None
        auth = source.api.auth
        if auth.token_url:
            auth = auth.model_copy(update={"token_url": f"{self.address}/token"})
        api = source.api.model_copy(
            update={"base_url": self.address + self.base, "requests_per_second": None, "auth": auth}
        )
        tables = tuple(table for table in source.tables if table.name == self.table)
        return source.model_copy(update={"api": api, "tables": tables})


@contextmanager
def serve(vendor: Vendor) -> Iterator[Vendor]:
    """The vendor on a free port of loopback, until the block ends."""

    class Handler(_Handler):
        asked = vendor

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    vendor.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield vendor
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients are killed here on purpose; everything else is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    asked: Vendor

    def do_GET(self) -> None:
        self._handle(None)

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        form = self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")
        self._handle(dict(parse_qsl(raw)) if form else json.loads(raw))

    def _handle(self, body: object) -> None:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body)
        self._send(self.asked.respond(request))

    def _send(self, reply: Reply) -> None:
        content = json.dumps(reply.body).encode()
        sent = content[: len(content) // 2] if reply.cut else content
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/json")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.cut == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
            sent = f"{len(content):x}\r\n".encode() + sent
        elif reply.cut != "close":
            self.send_header("Content-Length", str(len(content)))
        if reply.cut:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_args: object) -> None:
        """Nothing: a test that fails shows what it needs."""


def stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def seal(**position: object) -> str:
    return b64encode(json.dumps(position).encode()).decode()


def unseal(text: str) -> dict[str, Any]:
    return dict(json.loads(b64decode(text)))


def basic(user: str, secret: str) -> str:
    return "Basic " + b64encode(f"{user}:{secret}".encode()).decode()


class Shopify(Vendor):
    template, table = "shopify_api", "orders"
    base, path, largest_page = "/admin/api/2026-07", "/orders.json", 250
    environ: ClassVar = {"CDP_SHOPIFY_SHOP": "demo", "CDP_SHOPIFY_ACCESS_TOKEN": "canary-shopify-token"}

    def row(self, index: int, changed: datetime, version: int = 1) -> Record:
        local = changed - timedelta(hours=5)  # the shop's own time zone
        return {
            "id": 4500000000000 + index,
            "name": f"#{1000 + index}",
            "email": f"person{index}@example.com",
            "created_at": f"{self.start:%Y-%m-%dT%H:%M:%S}-05:00",
            "updated_at": f"{local:%Y-%m-%dT%H:%M:%S}-05:00",
            "total_price": f"{10 + index}.{version}0",
            "test": False,
            "line_items": [{"id": index, "price": "1.00", "title": "Tëa \U0001f375"}],
        }

    def may(self, request: Request) -> bool:
        return request.headers.get("x-shopify-access-token") == "canary-shopify-token"

    def answer(self, request: Request) -> Reply:
        query = dict(request.query)
        size = int(query.pop("limit", 50))
        position = {"at": 0, "since": query.get("updated_at_min", stamp(self.start - self.step))}
        if "page_info" in query:
            if len(query) > 1:
                return Reply({"errors": {"page_info": "Invalid value."}}, 400)
            position = unseal(query["page_info"])
        assert size <= self.largest_page
        rows = self.listed(lambda row: moment(row["updated_at"]) >= moment(position["since"]))
        end = position["at"] + min(size, self.page)
        info = seal(at=end, since=position["since"])
        link = f'<{self.address}{self.base}{self.path}?{urlencode({"limit": size, "page_info": info})}>; rel="next"'
        return Reply(
            {"orders": rows[position["at"] : end]}, headers={"Link": link} if end < len(rows) else {}
        )

    def throttled(self, retry_after: str | None) -> Reply:
        return super().throttled(f"{float(retry_after):.1f}" if retry_after else None)

    def expired(self) -> Reply:
        return Reply({"errors": {"page_info": "Invalid value."}}, 400)


class HubSpot(Vendor):
    template, table = "hubspot_api", "contacts"
    base, path, largest_page = "", "/crm/v3/objects/contacts/search", 200
    environ: ClassVar = {"CDP_HUBSPOT_ACCESS_TOKEN": "canary-hubspot-token"}
    most = 10_000
    step = timedelta(hours=2)

    def row(self, index: int, changed: datetime, version: int = 1) -> Record:
        at = f"{changed:%Y-%m-%dT%H:%M:%S}.{index:03d}Z"
        email = f"person{index}v{version}@example.com"
        return {
            "id": str(50 + index),
            "properties": {
                "email": email,
                "lastmodifieddate": at,
                "hs_object_id": str(50 + index),
                "phone": None,
            },
            "createdAt": stamp(self.start),
            "updatedAt": at,
            "archived": False,
        }

    def may(self, request: Request) -> bool:
        return request.headers.get("authorization") == "Bearer canary-hubspot-token"

    def answer(self, request: Request) -> Reply:
        body = request.body
        (changed,) = body["filterGroups"][0]["filters"]
        assert changed["operator"] == "GTE" and body["limit"] <= self.largest_page
        since = datetime.fromtimestamp(int(changed["value"]) / 1000, UTC)
        rows = self.listed(lambda row: moment(row["updatedAt"]) >= since)
        assert body["sorts"] == [{"propertyName": "lastmodifieddate", "direction": "ASCENDING"}]
        if self.repeated is None:
            rows.sort(key=lambda row: moment(row["updatedAt"]))
        start = int(body.get("after", 0))
        end = start + min(body["limit"], self.page)
        if start >= self.most:
            return Reply({"status": "error", "message": "paging too deep"}, 400)
        answer: Record = {"total": len(rows), "results": rows[start:end]}
        if end < len(rows):
            answer["paging"] = {"next": {"after": str(end), "link": "?after="}}
        return Reply(answer)

    def flat(self, record: Record) -> Record:
        return {
            **{key: value for key, value in record.items() if key != "properties"},
            **record["properties"],
        }


class Stripe(Vendor):
    template, table = "stripe_api", "charges"
    base, path, largest_page = "/v1", "/charges", 100
    environ: ClassVar = {"CDP_STRIPE_SECRET_KEY": "canary-stripe-key"}
    start, step = datetime(2024, 1, 2, tzinfo=UTC), timedelta(days=45)

    def row(self, index: int, changed: datetime, version: int = 1) -> Record:
        return {
            "id": f"ch_{index:04d}",
            "object": "charge",
            "created": int(changed.timestamp()),
            "amount": 1000 + index,
            "amount_refunded": 10 * (version - 1),
            "currency": "gbp",
            "paid": True,
            "billing_details": {"email": f"person{index}@example.com", "name": None},
        }

    def change(self) -> int:
        self.rows[-1] = self.row(
            ROWS - 1, self.start + (ROWS - 1) * self.step, version=2
        )  # refunded; keeps `created`
        self.rows.append(self.row(ROWS, self.start + ROWS * self.step))
        return 4  # what lies within the 90 days before the newest

    def may(self, request: Request) -> bool:
        return request.headers.get("authorization") == "Bearer canary-stripe-key"

    def answer(self, request: Request) -> Reply:
        query = request.query
        since, size = int(query.get("created[gte]", 0)), int(query.get("limit", 10))
        assert size <= self.largest_page
        rows = sorted(self.listed(lambda row: row["created"] >= since), key=lambda row: -row["created"])
        start = 0
        if "starting_after" in query:
            places = [place for place, row in enumerate(rows) if row["id"] == query["starting_after"]]
            if not places:
                return self.expired()
            start = places[0] + 1
        end = start + min(size, self.page)
        return Reply(
            {"object": "list", "url": "/v1/charges", "has_more": end < len(rows), "data": rows[start:end]}
        )

    def expired(self) -> Reply:
        error = {"type": "invalid_request_error", "code": "resource_missing", "param": "starting_after"}
        return Reply({"error": error}, 400)


class Mailchimp(Vendor):
    template, table = "mailchimp_api", "members"
    base, path, largest_page = "/3.0", "/lists/abc123/members", 1000
    environ: ClassVar = {
        "CDP_MAILCHIMP_API_KEY": "canary-mailchimp-key-us21",
        "CDP_MAILCHIMP_SERVER": "us21",
        "CDP_MAILCHIMP_LIST_ID": "abc123",
    }

    def row(self, index: int, changed: datetime, version: int = 1) -> Record:
        return {
            "id": f"{index:032x}",
            "contact_id": f"{index:024x}",
            "list_id": "abc123",
            "email_address": f"person{index}@example.com",
            "status": "subscribed" if version == 1 else "unsubscribed",
            "vip": index == 1,
            "timestamp_opt": stamp(self.start + index * self.step),
            "last_changed": f"{changed:%Y-%m-%dT%H:%M:%S}+00:00",
            "merge_fields": {"FNAME": "Zoë", "ADDRESS": {"zip": "0123"}},
            "stats": {"avg_open_rate": 0.1000, "avg_click_rate": 0},
        }

    def may(self, request: Request) -> bool:
        return request.headers.get("authorization", "").endswith(basic("cdp", "canary-mailchimp-key-us21"))

    def answer(self, request: Request) -> Reply:
        query = request.query
        since = moment(query.get("since_last_changed", stamp(self.start - self.step)))
        assert query["sort_field"] == "timestamp_opt" and int(query["count"]) <= self.largest_page
        rows = self.listed(lambda row: moment(row["last_changed"]) >= since)
        start = int(query.get("offset", 0))
        end = start + min(int(query["count"]), self.page)
        return Reply({"members": rows[start:end], "list_id": "abc123", "total_items": len(rows)})


class Klaviyo(Vendor):
    template, table = "klaviyo_api", "profiles"
    base, path, largest_page = "/api", "/profiles", 100
    environ: ClassVar = {"CDP_KLAVIYO_API_KEY": "canary-klaviyo-key"}

    def row(self, index: int, changed: datetime, version: int = 1) -> Record:
        return {
            "type": "profile",
            "id": f"01H{index:05d}",
            "attributes": {
                "email": f"person{index}@example.com",
                "created": stamp(self.start),
                "updated": f"{changed:%Y-%m-%dT%H:%M:%S}+00:00",
                "properties": {"points": version},
                "id": "not the profile's own",
            },
            "links": {"self": f"/api/profiles/{index}/"},
        }

    def may(self, request: Request) -> bool:
        return request.headers.get("authorization") == "Klaviyo-API-Key canary-klaviyo-key"

    def answer(self, request: Request) -> Reply:
        query = request.query
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", request.headers.get("revision", "")):
            return Reply({"errors": [{"code": "invalid", "detail": "revision"}]}, 400)
        size = int(query.get("page[size]", 20))
        assert size <= self.largest_page and query["sort"] == "updated"
        filtered = re.fullmatch(r"greater-than\(updated,(.+)\)", query.get("filter", ""))
        since = moment(filtered[1]) if filtered else self.start - self.step
        rows = self.listed(lambda row: moment(row["attributes"]["updated"]) > since)
        if self.repeated is None:
            rows.sort(key=lambda row: moment(row["attributes"]["updated"]))
        start = unseal(query["page[cursor]"])["at"] if "page[cursor]" in query else 0
        end = start + min(size, self.page)
        there = f"{self.address}{self.base}{self.path}?{urlencode({**query, 'page[cursor]': seal(at=end)})}"
        return Reply(
            {"data": rows[start:end], "links": {"next": there if end < len(rows) else None, "self": ""}}
        )

    def expired(self) -> Reply:
        return Reply({"errors": [{"code": "invalid", "source": {"parameter": "page[cursor]"}}]}, 400)

    def flat(self, record: Record) -> Record:
        own = {key: value for key, value in record.items() if key != "attributes"}
        inner = {
            ("attributes_id" if key == "id" else key): value for key, value in record["attributes"].items()
        }
        return own | inner


class Zendesk(Vendor):
    template, table = "zendesk_api", "tickets"
    base, path, largest_page = "/api/v2", "/incremental/tickets/cursor.json", 1000
    environ: ClassVar = {
        "CDP_ZENDESK_SUBDOMAIN": "demo",
        "CDP_ZENDESK_USER": "agent@example.com/token",
        "CDP_ZENDESK_API_TOKEN": "canary-zendesk-token",
    }

    def row(self, index: int, changed: datetime, version: int = 1) -> Record:
        return {
            "id": index + 1,
            "created_at": stamp(self.start),
            "updated_at": stamp(changed),
            "generated_timestamp": int(changed.timestamp()),
            "subject": "Wo ist\nmein Paket? \u2028",
            "status": "open" if version == 1 else "solved",
            "tags": ["vip"] * (index % 2),
            "satisfaction_rating": {"score": "unoffered"},
        }

    def may(self, request: Request) -> bool:
        return request.headers.get("authorization") == basic(
            "agent@example.com/token", "canary-zendesk-token"
        )

    def answer(self, request: Request) -> Reply:
        query = request.query
        assert ("cursor" in query) != ("start_time" in query) and int(query["per_page"]) <= self.largest_page
        rows = sorted(self.listed(lambda row: True), key=lambda row: (row["generated_timestamp"], row["id"]))
        if "cursor" in query:
            position = unseal(query["cursor"])
            start = position["at"] + sum(row["generated_timestamp"] <= position["until"] for row in rows)
        else:
            start = sum(row["generated_timestamp"] < int(query["start_time"]) for row in rows)
        return self._page(rows, start, int(query["per_page"]))

    def _page(self, rows: list[Record], start: int, size: int) -> Reply:
        end = min(start + min(size, self.page), len(rows))
        ended = end >= len(rows)
        # after the end a cursor means "what comes later"; before it, a place in the list as it is
        cursor = seal(until=rows[-1]["generated_timestamp"], at=0) if ended else seal(until=0, at=end)
        there = f"{self.address}{self.base}{self.path}?{urlencode({'cursor': cursor})}"
        return Reply(
            {"tickets": rows[start:end], "after_cursor": cursor, "after_url": there, "end_of_stream": ended}
        )

    def change(self) -> int:
        super().change()
        return 2  # the kept cursor is exact

    def expired(self) -> Reply:
        return Reply({"error": "InvalidCursor", "description": "cursor is no longer valid"}, 422)


class WooCommerce(Vendor):
    template, table = "woocommerce_api", "orders"
    base, path, largest_page = "/wp-json/wc/v3", "/orders", 100
    environ: ClassVar = {
        "CDP_WOOCOMMERCE_URL": "https://shop.example",
        "CDP_WOOCOMMERCE_KEY": "ck_canary-woo-key",
        "CDP_WOOCOMMERCE_SECRET": "cs_canary-woo-secret",
    }
    step = timedelta(hours=24)

    def row(self, index: int, changed: datetime, version: int = 1) -> Record:
        return {
            "id": 700 + index,
            "number": str(700 + index),
            "status": "processing" if version == 1 else "refunded",
            "currency": "EUR",
            "date_created_gmt": f"{self.start:%Y-%m-%dT%H:%M:%S}",
            "date_modified_gmt": f"{changed:%Y-%m-%dT%H:%M:%S}",  # no zone is given
            "total": f"{index}.50",
            "billing": {"email": f"person{index}@example.com", "postcode": "01234"},
            "line_items": [],
        }

    def may(self, request: Request) -> bool:
        return request.headers.get("authorization") == basic("ck_canary-woo-key", "cs_canary-woo-secret")

    def answer(self, request: Request) -> Reply:
        query = request.query
        if int(query["per_page"]) > self.largest_page:
            return Reply({"code": "rest_invalid_param"}, 400)
        after = moment(query.get("modified_after", stamp(self.start - self.step)))
        assert query["orderby"] == "id" and query["dates_are_gmt"] == "true"
        rows = self.listed(lambda row: moment(row["date_modified_gmt"]) > after)
        size = min(int(query["per_page"]), self.page)
        start = (int(query["page"]) - 1) * size
        counts = {"X-WP-Total": str(len(rows)), "X-WP-TotalPages": str(ceil(len(rows) / size))}
        return Reply(rows[start : start + size], headers=counts)


class GoogleAds(Vendor):
    template, table = "google_ads_api", "campaign_days"
    base, path, largest_page = "/v26", "/customers/1234567890/googleAds:search", 10_000
    environ: ClassVar = {
        "CDP_GOOGLE_ADS_CUSTOMER_ID": "1234567890",
        "CDP_GOOGLE_ADS_DEVELOPER_TOKEN": "canary-developer-token",
        "CDP_GOOGLE_ADS_CLIENT_ID": "canary-client-id",
        "CDP_GOOGLE_ADS_CLIENT_SECRET": "canary-client-secret",
        "CDP_GOOGLE_ADS_REFRESH_TOKEN": "canary-refresh-token",
    }
    start, step = datetime(2024, 1, 2, tzinfo=UTC), timedelta(days=45)

    def __init__(self) -> None:
        super().__init__()
        self.tokens = 0

    def row(self, index: int, changed: datetime, version: int = 1) -> Record:
        return {
            "customer": {"resourceName": "customers/1234567890", "id": "1234567890", "currencyCode": "GBP"},
            "campaign": {
                "resourceName": "customers/1/campaigns/7",
                "id": "7",
                "name": "Sommer – Tee",
                "status": "ENABLED",
            },
            "segments": {"date": f"{changed:%Y-%m-%d}"},
            "metrics": {"costMicros": str(1_000_000 * index), "clicks": "3", "conversions": version + 0.25},
        }

    change = Stripe.change

    def respond(self, request: Request) -> Reply:
        if request.path != "/token":
            return super().respond(request)
        form = dict(request.body)
        known = {"grant_type": "refresh_token", "refresh_token": "canary-refresh-token"}
        if form != {**known, "client_id": "canary-client-id", "client_secret": "canary-client-secret"}:
            return Reply({"error": "invalid_grant"}, 400)
        self.tokens += 1
        return Reply(
            {"access_token": f"canary-access-{self.tokens}", "expires_in": 3599, "token_type": "Bearer"}
        )

    def may(self, request: Request) -> bool:
        token = request.headers.get("authorization") == f"Bearer canary-access-{self.tokens}"
        return token and request.headers.get("developer-token") == "canary-developer-token"

    def answer(self, request: Request) -> Reply:
        body = request.body
        if "pageSize" in body:
            return Reply({"error": {"code": 400, "status": "PAGE_SIZE_NOT_SUPPORTED"}}, 400)
        first, last = re.findall(r"'(\d{4}-\d\d-\d\d)'", body["query"])
        rows = self.listed(lambda row: first <= row["segments"]["date"] <= last)
        position = unseal(body["pageToken"]) if "pageToken" in body else {"at": 0, "query": body["query"]}
        assert position["query"] == body["query"]
        end = position["at"] + self.page
        answer: Record = {"fieldMask": "campaign.id", "requestId": "r"}
        if rows:
            answer["results"] = rows[position["at"] : end]
        if end < len(rows):
            answer["nextPageToken"] = seal(at=end, query=body["query"])
        return Reply(answer)

    def throttled(self, retry_after: str | None) -> Reply:
        reply = super().throttled(retry_after)
        reply.body = {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}
        return reply

    def expired(self) -> Reply:
        errors = [{"errorCode": {"requestError": "EXPIRED_PAGE_TOKEN"}, "message": "expired"}]
        return Reply({"error": {"code": 400, "details": [{"errors": errors, "requestId": "r"}]}}, 400)

    def flat(self, record: Record) -> Record:
        parts = ("customer", "campaign", "segments", "metrics")
        inner = {f"{part}_{key}": value for part in parts for key, value in record[part].items()}
        return {key: value for key, value in record.items() if key not in parts} | inner


class Meta(Vendor):
    template, table = "meta_ads_api", "ad_days"
    base, path, largest_page = "/v25.0", "/act_42/insights", 500
    environ: ClassVar = {"CDP_META_AD_ACCOUNT_ID": "42", "CDP_META_ACCESS_TOKEN": "canary-meta-token"}
    start, step = datetime(2025, 1, 2, tzinfo=UTC), timedelta(days=14)

    def row(self, index: int, changed: datetime, version: int = 1) -> Record:
        return {
            "account_id": "42",
            "campaign_id": "7",
            "ad_id": "99",
            "ad_name": "Tea, hot",
            "date_start": f"{changed:%Y-%m-%d}",
            "date_stop": f"{changed:%Y-%m-%d}",
            "spend": f"{index}.{version}5",
            "impressions": "1200",
            "actions": [{"action_type": "purchase", "value": "2"}],
        }

    change = Stripe.change

    def may(self, request: Request) -> bool:
        return request.headers.get("authorization") == "Bearer canary-meta-token"

    def answer(self, request: Request) -> Reply:
        query = request.query
        between = json.loads(query["time_range"])
        assert query["time_increment"] == "1" and query["level"] == "ad"
        rows = self.listed(lambda row: between["since"] <= row["date_start"] <= between["until"])
        start = unseal(query["after"])["at"] if "after" in query else 0
        end = start + min(int(query.get("limit", 25)), self.page)
        after = seal(at=end)
        # Meta writes the token into the next address
        told = urlencode({**query, "after": after, "access_token": "canary-meta-token"})
        paging = {"cursors": {"before": seal(at=start), "after": after}}
        if end < len(rows):
            paging["next"] = f"{self.address}{self.base}{self.path}?{told}"  # type: ignore[assignment]
        return Reply({"data": rows[start:end], "paging": paging})

    def throttled(self, retry_after: str | None) -> Reply:
        if retry_after:
            return super().throttled(retry_after)
        return Reply({"error": {"message": "too many calls", "type": "OAuthException", "code": 80000}}, 400)


VENDORS: tuple[type[Vendor], ...] = (
    Shopify,
    HubSpot,
    Stripe,
    Mailchimp,
    Klaviyo,
    Zendesk,
    WooCommerce,
    GoogleAds,
    Meta,
)
