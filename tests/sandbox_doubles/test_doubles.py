"""The pretend destinations behave as the vendors document: keys, required fields, limits, refusals, memory, faults."""

import base64
import hashlib
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from sandbox.doubles import last_port, serve
from sandbox.doubles.customerio import CustomerIo
from sandbox.doubles.mailchimp import LIST_ID
from sandbox.doubles.store import Store

ROOT = Path(__file__).parents[2]
LIST = f"/mailchimp/3.0/lists/{LIST_ID}"
AUDIENCES = "/meta/v25.0/act_1001/customaudiences"
AUDIENCE = {"name": "VIPs", "subtype": "CUSTOM", "customer_file_source": "USER_PROVIDED_ONLY"}
SESSION = {"session_id": 1, "batch_seq": 1, "last_batch_flag": True}


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def member_path(email):
    return f"{LIST}/members/{hashlib.md5(email.lower().encode()).hexdigest()}"


def basic(key):
    return {"Authorization": "Basic " + base64.b64encode(f"any:{key}".encode()).decode()}


@pytest.fixture
def doubles(tmp_path):
    with serve(tmp_path / "doubles") as served:
        yield served


@pytest.fixture
def mailchimp(doubles):
    with httpx.Client(
        base_url=doubles.url, headers=basic(doubles.environment["CDP_MAILCHIMP_API_KEY"])
    ) as client:
        yield client


@pytest.fixture
def meta(doubles):
    token = doubles.environment["CDP_META_ACCESS_TOKEN"]
    with httpx.Client(base_url=doubles.url, headers={"Authorization": f"Bearer {token}"}) as client:
        yield client


def put(client, email, **body):
    return client.put(
        member_path(email), json={"email_address": email, "status_if_new": "subscribed", **body}
    )


def test_a_wrong_key_is_refused(doubles):
    assert httpx.get(f"{doubles.url}{LIST}/segments", headers=basic("wrong")).status_code == 401
    answer = httpx.get(f"{doubles.url}{AUDIENCES}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, 190)


def test_a_contact_is_kept_and_changed(mailchimp):
    mailchimp.post(f"{LIST}/merge-fields", json={"tag": "FNAME", "name": "First", "type": "text"})
    first = put(mailchimp, "Anna@x.org", merge_fields={"FNAME": "Anna", "UNKNOWN": "lost"})
    assert (first.status_code, first.json()["status"]) == (200, "subscribed")
    put(mailchimp, "anna@x.org", merge_fields={"FNAME": "Annie"})
    assert mailchimp.get(member_path("anna@x.org")).json()["merge_fields"] == {"FNAME": "Annie"}


@pytest.mark.parametrize(
    "body",
    [
        {"email_address": "anna@x.org"},
        {"status_if_new": "subscribed"},
        {"email_address": "ben@x.org", "status_if_new": "subscribed"},
        {"email_address": "anna@x.org", "status_if_new": "keen"},
    ],
    ids=["no status_if_new", "no address", "another's hash", "unknown status"],
)
def test_a_wrong_contact_is_refused(mailchimp, body):
    answer = mailchimp.put(member_path("anna@x.org"), json=body)
    assert (answer.status_code, answer.json()["title"]) == (400, "Invalid Resource")


def test_nobody_who_unsubscribed_is_subscribed_again(mailchimp):
    put(mailchimp, "anna@x.org", status="unsubscribed", status_if_new="unsubscribed")
    assert put(mailchimp, "anna@x.org").json()["status"] == "unsubscribed"
    again = put(mailchimp, "anna@x.org", status="subscribed")
    assert (again.status_code, again.json()["title"]) == (400, "Member In Compliance State")
    assert mailchimp.delete(member_path("anna@x.org")).status_code == 204
    assert put(mailchimp, "anna@x.org").json()["title"] == "Member In Compliance State"


def test_an_archived_contact_leaves_its_segments_and_cannot_be_archived_twice(mailchimp, doubles):
    put(mailchimp, "anna@x.org")
    number = mailchimp.post(f"{LIST}/segments", json={"name": "S", "static_segment": []}).json()["id"]
    mailchimp.post(f"{LIST}/segments/{number}", json={"members_to_add": ["anna@x.org"]})
    assert mailchimp.delete(member_path("anna@x.org")).status_code == 204
    assert mailchimp.delete(member_path("anna@x.org")).status_code == 405
    assert mailchimp.delete(member_path("nobody@x.org")).status_code == 404
    assert httpx.get(f"{doubles.url}/_state").json()["mailchimp"]["lists"][LIST_ID]["segments"] == {"S": []}


def test_segment_members_must_be_contacts_and_at_most_500(mailchimp):
    put(mailchimp, "anna@x.org")
    path = f"{LIST}/segments/{mailchimp.post(f'{LIST}/segments', json={'name': 'S', 'static_segment': []}).json()['id']}"
    answer = mailchimp.post(path, json={"members_to_add": ["anna@x.org", "nobody@x.org"]}).json()
    assert (answer["total_added"], answer["error_count"]) == (1, 1)
    assert answer["errors"][0]["email_addresses"] == ["nobody@x.org"]
    many = [f"p{number}@x.org" for number in range(501)]
    assert mailchimp.post(path, json={"members_to_add": many}).status_code == 400
    assert mailchimp.post(f"{LIST}/segments/999", json={"members_to_add": []}).status_code == 404


def test_an_audience_takes_hashes_and_answers_with_counts(meta, doubles):
    number = meta.post(AUDIENCES, json=AUDIENCE).json()["id"]
    data = [[digest("anna@x.org"), ""], [digest("ben@x.org"), digest("447900")], ["cleo@x.org", ""]]
    body = {"payload": {"schema": ["EMAIL", "PHONE"], "data": data}, "session": SESSION}
    answer = meta.post(f"/meta/v25.0/{number}/users", json=body).json()
    assert (answer["num_received"], answer["num_invalid_entries"]) == (3, 1)
    gone = {"payload": {"schema": ["PHONE"], "data": [[digest("447900")]]}, "session": SESSION}
    meta.request("DELETE", f"/meta/v25.0/{number}/users", json=gone)
    (left,) = httpx.get(f"{doubles.url}/_state").json()["meta"]["audiences"]["VIPs"]
    assert left["EMAIL"] == digest("anna@x.org")


@pytest.mark.parametrize(
    "change",
    [
        {"payload": {"schema": ["SHOE"], "data": [["0" * 64]]}},
        {"payload": {"schema": ["EMAIL"], "data": [["0" * 64]] * 10_001}},
        {"payload": {"schema": ["EMAIL", "PHONE"], "data": [["0" * 64]]}},
        {"session": {}},
    ],
    ids=["unknown key", "10,001 users", "ragged row", "no session"],
)
def test_a_wrong_upload_is_refused(meta, change):
    number = meta.post(AUDIENCES, json=AUDIENCE).json()["id"]
    body = {"payload": {"schema": ["EMAIL"], "data": [["0" * 64]]}, "session": SESSION, **change}
    answer = meta.post(f"/meta/v25.0/{number}/users", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 100)


def test_an_audience_needs_its_file_source(meta):
    assert meta.post(AUDIENCES, json={"name": "VIPs", "subtype": "CUSTOM"}).status_code == 400


def test_faults_hit_as_often_as_asked_and_only_what_they_are_meant_for(mailchimp, doubles):
    fault = {"tool": "mailchimp", "kind": "rate_limited", "times": 1, "retry_after": 3, "method": "PUT"}
    httpx.post(f"{doubles.url}/_faults", json=fault)
    assert mailchimp.get(f"{LIST}/segments").status_code == 200
    limited = put(mailchimp, "anna@x.org")
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "3")
    assert put(mailchimp, "anna@x.org").status_code == 200
    assert httpx.post(f"{doubles.url}/_faults", json={"kind": "bad mood"}).status_code == 400


def test_a_connection_dropped_after_commit_has_done_the_work(mailchimp, doubles):
    httpx.post(f"{doubles.url}/_faults", json={"kind": "drop_after_commit"})
    with pytest.raises(httpx.RemoteProtocolError):
        put(mailchimp, "anna@x.org")
    assert mailchimp.get(member_path("anna@x.org")).status_code == 200


def test_the_audience_export_is_where_it_begins(tmp_path):
    exports = tmp_path / "mailchimp"
    exports.mkdir()
    for status in ("subscribed", "unsubscribed", "cleaned"):
        (exports / f"{status}_members_2026-10-31.csv").write_text(
            f"Email Address,First Name\n{status}@x.org,A\n"
        )
    (exports / "campaign_activity_2026-10.csv").write_text("Campaign ID,Email Address\n1,other@x.org\n")
    with serve(tmp_path / "doubles", mailchimp_exports=exports) as doubles:
        members = httpx.get(f"{doubles.url}/_state").json()["mailchimp"]["lists"][LIST_ID]["members"]
    assert {email: member["status"] for email, member in members.items()} == {
        "subscribed@x.org": "subscribed",
        "unsubscribed@x.org": "unsubscribed",
        "cleaned@x.org": "cleaned",
    }


def test_what_a_killed_process_was_told_is_still_there(tmp_path):
    port_file = tmp_path / "port"
    command = [
        sys.executable,
        "-m",
        "sandbox.doubles",
        "--state",
        str(tmp_path / "d"),
        "--port-file",
        str(port_file),
    ]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    while not port_file.exists():
        assert process.poll() is None
        time.sleep(0.02)
    url = f"http://127.0.0.1:{port_file.read_text()}"
    with httpx.Client(base_url=url, headers=basic("sandbox-key-us1")) as client:
        assert put(client, "anna@x.org").status_code == 200
    process.kill()
    process.wait()
    with serve(tmp_path / "d") as doubles:
        members = httpx.get(f"{doubles.url}/_state").json()["mailchimp"]["lists"][LIST_ID]["members"]
    assert list(members) == ["anna@x.org"]


def test_doubles_of_an_earlier_version_keep_what_they_were_told(tmp_path):
    """A column that a tool has got since is added, so that `make run` after an update finds everybody."""
    store = Store(tmp_path / "state")
    store.connection.execute("create table customerio_people (id text primary key, attributes text)")
    store.write("insert into customerio_people values ('c_1', '{}')")
    CustomerIo(store)
    assert store.one("select * from customerio_people") == {
        "id": "c_1",
        "attributes": "{}",
        "unsubscribed": 0,
    }
    CustomerIo(store)
    store.close()


def test_doubles_come_back_where_they_were_unless_somebody_else_is_there(tmp_path):
    """A webhook is known by its address: at another one the next run would find a target that was never sent to."""
    assert last_port(tmp_path) == 0
    with serve(tmp_path) as first:
        assert last_port(tmp_path) == 0
    with serve(tmp_path, last_port(tmp_path)) as again:
        assert again.url == first.url
