"""Whole syncs to servers that nobody here wrote, through failure and recovery, to exactly the right contents."""

import csv
import email
import io
import json
import tempfile
from dataclasses import replace
from email.policy import default
from pathlib import Path

import boto3
import psycopg
import pyarrow.parquet as pq
import pytest
from moto.server import ThreadedMotoServer

from reverse_etl.connecting import load_accounts
from reverse_etl.errors import AccountError
from reverse_etl.verification import verify_sync
from tests.reverse_etl.conftest import QUICK
from tests.reverse_etl.servers import Cutter, Mail, Postgres, Sftp, free_port, running, why_no_postgres

PEOPLE = [(f"c_{number}", f"p{number}@x.org", None, "Zoë") for number in range(8)]
LATER = [("c_0", "p0@x.org", None, "Zoe"), *PEOPLE[2:], ("c_8", "p8@x.org", None, None)]
FIELDS = {"customer_id": "customer_id", "email": "email", "name": "first_name"}


@pytest.fixture
def connect(world):
    """Points the world's accounts at servers of a test by environment."""

    def connect_to(**environment):
        world.accounts = load_accounts(world.outbox, environment)
        return world

    world.people("people", PEOPLE)
    world.consent(*(row[0] for row in [*PEOPLE, *LATER]))
    return connect_to


def rows_of(people):
    return {row[0]: (row[1], row[3]) for row in people}


# PostgreSQL


@pytest.fixture(scope="module")
def postgres():
    reason = why_no_postgres()
    if reason:
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="cdp_rows_") as folder:
        server = Postgres(Path(folder))
        server.start()
        yield server
        server.stop()


def table_of(server, name):
    with psycopg.connect(server.url) as connection:
        found = connection.execute(f'select record_key, email, name from "{name}"').fetchall()
    return {key: (address, first_name) for key, address, first_name in found}


@pytest.fixture
def rows(declare):
    return lambda target: declare(
        f"rows_{target}", "postgres", "row", "people", target, fields={"email": "email", "name": "first_name"}
    )


def test_rows_of_a_table_mirror_the_segment_through_a_lost_database(connect, postgres, rows):
    world, sync = connect(CDP_POSTGRES_URL=postgres.url, CDP_POSTGRES_SCHEMA="public"), rows("vips")
    assert world.run(sync).added == 8
    assert table_of(postgres, "vips") == rows_of(PEOPLE)
    world.people("people", LATER)
    postgres.stop()
    lost = world.run(sync)
    assert lost.status == "failed"
    assert "could not be reached" in lost.message
    postgres.start()
    again = world.run(sync)
    assert (again.added, again.updated, again.removed) == (1, 1, 1)
    assert table_of(postgres, "vips") == rows_of(LATER)
    assert world.run(sync).operations == 0
    assert verify_sync(world.warehouse, sync, world.accounts).is_clean


def test_a_connection_that_is_ended_in_the_middle_is_mended(connect, postgres, rows, monkeypatch):
    from reverse_etl.transports.postgres import PostgresTransport

    world, sync = connect(CDP_POSTGRES_URL=postgres.url), rows("cut")
    carry_out, cuts = PostgresTransport._carry_out, [2]

    def cut_off(self, connection, request):
        answer = carry_out(self, connection, request)
        if request.method == "UPSERT" and cuts[0]:
            cuts[0] -= 1
            with psycopg.connect(postgres.url, autocommit=True) as other:
                other.execute("select pg_terminate_backend(%s)", [connection.info.backend_pid])
        return answer

    monkeypatch.setattr(PostgresTransport, "_carry_out", cut_off)
    assert (world.run(sync).added, cuts) == (8, [0])
    with psycopg.connect(postgres.url) as connection:
        found = connection.execute("select record_key, email, name from cdp.cut").fetchall()
    assert {key: (address, name) for key, address, name in found} == rows_of(PEOPLE)


def test_a_row_the_database_refuses_is_found_and_the_others_arrive(connect, postgres, rows):
    world, sync = connect(CDP_POSTGRES_URL=postgres.url, CDP_POSTGRES_SCHEMA="public"), rows("checked")
    world.people("people", PEOPLE[:1])
    world.run(sync)
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("alter table checked add check (email <> 'p5@x.org')")
    world.people("people", PEOPLE)
    result = world.run(sync)
    assert (result.added, sum(result.rejected.values())) == (6, 1)
    assert table_of(postgres, "checked") == rows_of([row for row in PEOPLE if row[0] != "c_5"])


def test_a_table_of_somebody_else_is_not_touched(connect, postgres, rows):
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("create table orders (record_key text primary key)")
    world = connect(CDP_POSTGRES_URL=postgres.url, CDP_POSTGRES_SCHEMA="public")
    result = world.run(rows("orders"))
    assert result.status == "failed"
    assert "was not made by this software" in result.message
    refused = connect(CDP_POSTGRES_URL=postgres.url.replace("shop@", "nobody_here@"))
    assert refused.run(rows("x")).is_destination_stopped


# files: SFTP and a bucket


def read_csv(content):
    return {
        row["customer_id"]: (row["email"], row["name"] or None)
        for row in csv.DictReader(io.StringIO(content))
    }


@pytest.fixture
def sftp(tmp_path):
    folder = tmp_path / "server"
    folder.mkdir()
    with running(Sftp(folder)) as server:
        yield server


def sftp_settings(server, **changed):
    settings = {
        "CDP_SFTP_URL": f"sftp://shop@127.0.0.1:{server.port}/drop/daily",
        "CDP_SFTP_PASSWORD": "canary",
        "CDP_SFTP_HOST_KEY": server.host_key,
    }
    return {**settings, **changed}


def test_a_file_on_an_sftp_server_is_whole_or_old_through_a_cut_and_a_stop(connect, sftp, declare):
    world, sync = (
        connect(**sftp_settings(sftp)),
        declare("s", "sftp", "file", "people", "vips", fields=FIELDS),
    )
    file = sftp.folder / "drop" / "daily" / "vips.csv"
    sftp.drop_after = 20
    assert world.run(sync).added == 8  # the second attempt
    assert read_csv(file.read_text()) == rows_of(PEOPLE)
    world.people("people", LATER)
    sftp.stop()
    lost = world.run(sync)
    assert lost.failed
    assert read_csv(file.read_text()) == rows_of(PEOPLE)
    sftp.start()
    assert world.run(sync).failed == 0
    assert read_csv(file.read_text()) == rows_of(LATER)
    assert [path.name for path in file.parent.iterdir()] == ["vips.csv"]
    assert world.run(sync).operations == 0
    assert verify_sync(world.warehouse, sync, world.accounts).is_clean


def test_an_sftp_server_with_another_key_gets_no_password(connect, sftp, declare):
    import asyncssh

    stranger = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    sync = declare("s", "sftp", "file", "people", "vips", fields=FIELDS)
    result = connect(**sftp_settings(sftp, CDP_SFTP_HOST_KEY=stranger)).run(sync)
    assert result.is_destination_stopped
    assert "another key" in result.message
    wrong = connect(**sftp_settings(sftp, CDP_SFTP_PASSWORD="guess")).run(sync)
    assert "refused the sign-in" in wrong.message
    assert "guess" not in str(wrong)


@pytest.fixture(scope="module")
def bucket():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=free_port(), verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def objects(endpoint):
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        region_name="us-east-1",
    )


def s3_settings(endpoint):
    return {
        "CDP_S3_URL": "s3://shop-exports/daily",
        "CDP_S3_ACCESS_KEY_ID": "key",
        "CDP_S3_SECRET_ACCESS_KEY": "secret",
        "CDP_S3_ENDPOINT": endpoint,
    }


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_a_file_in_a_bucket_mirrors_the_segment_through_a_lost_server(connect, bucket, declare, ending):
    client = objects(bucket)
    client.create_bucket(Bucket="shop-exports")
    sync = declare("b", "s3", "file", "people", f"vips.{ending}", fields=FIELDS)
    assert connect(**s3_settings(bucket)).run(sync).added == 8
    world = connect(**s3_settings(f"http://127.0.0.1:{free_port()}"))
    world.people("people", LATER)
    assert world.run(sync).failed
    assert held(client, ending) == rows_of(PEOPLE)
    world = connect(**s3_settings(bucket))
    world.people("people", LATER)
    assert world.run(sync).failed == 0
    assert held(client, ending) == rows_of(LATER)
    assert world.run(sync).operations == 0
    assert verify_sync(world.warehouse, sync, world.accounts).is_clean
    # an opt-out leaves a held file too, whatever its format
    world.consent("c_3", status="denied")
    assert world.run(sync, blocked={"b": "a test failed"}).removed == 1
    assert set(held(client, ending)) == set(rows_of(LATER)) - {"c_3"}


@pytest.mark.parametrize(("limit", "most"), [("sent", b"p5@x.org"), ("sent", 300), ("answered", 20)])
def test_an_upload_that_is_cut_off_in_the_middle_leaves_the_old_file_or_the_whole_new_one(
    connect, bucket, declare, limit, most
):
    """The wire breaks within what is sent, or within an answer; once it is mended the next run puts it right."""
    client = objects(bucket)
    client.create_bucket(Bucket="shop-exports")
    name = f"cut_{'within_the_rows' if isinstance(most, bytes) else limit}.csv"
    sync = declare("cut", "s3", "file", "people", name, fields=FIELDS)

    def content():
        stored = client.get_object(Bucket="shop-exports", Key=f"daily/{name}")["Body"].read()
        return read_csv(stored.decode())

    with running(Cutter(int(bucket.rpartition(":")[2]))) as wire:
        world = connect(**s3_settings(f"http://127.0.0.1:{wire.port}"))
        assert world.run(sync).added == 8
        assert content() == rows_of(PEOPLE)
        world.people("people", LATER)
        setattr(wire, limit, most)
        broken = world.run(sync)
        assert broken.failed == broken.operations == 3
        assert wire.cuts >= QUICK.attempts
        assert content() in (rows_of(PEOPLE), rows_of(LATER))
        setattr(wire, limit, None)
        assert world.run(sync).failed == 0
        assert content() == rows_of(LATER)
        assert world.run(sync).operations == 0


def held(client, ending):
    content = client.get_object(Bucket="shop-exports", Key=f"daily/vips.{ending}")["Body"].read()
    if ending == "csv":
        return read_csv(content.decode())
    if ending == "parquet":
        rows = pq.read_table(io.BytesIO(content)).to_pylist()
    else:
        rows = [json.loads(line) for line in content.decode().splitlines()]
    return {row["customer_id"]: (row["email"], row["name"]) for row in rows}


def test_a_bucket_that_is_not_there_stops_the_destination(connect, bucket, declare):
    settings = {**s3_settings(bucket), "CDP_S3_URL": "s3://nowhere/daily"}
    result = connect(**settings).run(declare("b", "s3", "file", "people", "x", fields=FIELDS))
    assert result.is_destination_stopped
    assert "no such bucket" in result.message


# mail


@pytest.fixture
def mail():
    with running(Mail()) as server:
        yield server


@pytest.fixture
def digest(declare):
    return declare(
        "d", "email", "digest", "people", "VIP customers", fields={"email": "email", "name": "first_name"}
    )


def mail_settings(server):
    return {
        "CDP_EMAIL_SMTP_URL": f"smtp://127.0.0.1:{server.port}",
        "CDP_EMAIL_FROM": "cdp@shop.example",
        "CDP_EMAIL_TO": "ann@shop.example, bob@shop.example",
    }


def attached(envelope):
    message = email.message_from_bytes(envelope.content, policy=default)
    (part,) = message.iter_attachments()
    return message["Subject"], list(csv.DictReader(io.StringIO(part.get_content())))


def test_a_digest_goes_to_the_staff_and_to_nobody_else(connect, mail, digest):
    world = connect(**mail_settings(mail))
    assert world.run(digest).added == 8
    (envelope,) = mail.taken
    assert envelope.rcpt_tos == ["ann@shop.example", "bob@shop.example"]
    subject, rows = attached(envelope)
    assert subject == "VIP customers: 8 entered"
    assert (rows[0]["change"], rows[0]["customer_id"], rows[0]["email"]) == ("entered", "c_0", "p0@x.org")
    world.people("people", LATER)
    world.run(digest)
    assert [attached(envelope)[0] for envelope in mail.taken[1:]] == [
        "VIP customers: 1 changed, 1 entered",
        "VIP customers: 1 left",
    ]
    assert world.run(digest).operations == 0


def test_a_mail_server_that_is_down_or_refuses_is_written_to_by_the_next_run(connect, mail, digest):
    world = connect(**mail_settings(mail))
    mail.stop()
    assert sum(world.run(digest).rejected.values()) == 8
    mail.start()
    mail.refuse = "451 try later"
    assert sum(world.run(digest).rejected.values()) == 8
    assert mail.taken == []
    mail.refuse = None
    assert world.run(digest).added == 8
    assert [entered(envelope) for envelope in mail.taken] == [rows_of(PEOPLE)]


def entered(envelope):
    return {row["customer_id"]: (row["email"], row["name"] or None) for row in attached(envelope)[1]}


def test_a_mail_server_that_hangs_up_before_the_mail_gets_it_in_the_end_and_once(connect, mail, digest):
    world = connect(**mail_settings(mail))
    mail.hang_up = 2  # as often as the first run tries
    lost = world.run(digest, patience=replace(QUICK, attempts=2))
    assert (lost.added, sum(lost.rejected.values()), mail.taken) == (0, 8, [])
    mail.hang_up = 1
    assert world.run(digest).added == 8
    assert [entered(envelope) for envelope in mail.taken] == [rows_of(PEOPLE)]
    assert world.run(digest).operations == 0


def test_a_mail_whose_fate_is_unknown_is_not_sent_again_by_itself(connect, mail, digest):
    world = connect(**mail_settings(mail))
    mail.vanish = True
    assert world.run(digest).failed == 8
    mail.vanish = False
    assert world.run(digest).operations == 0
    assert len(mail.taken) == 1


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"CDP_EMAIL_TO": "everybody"}, "addresses of your own staff"),
        ({"CDP_EMAIL_SMTP_URL": "smtp://u:secret@h"}, "must not hold a password"),
        ({"CDP_EMAIL_SMTP_URL": "http://h"}, "must look like smtp://"),
    ],
)
def test_settings_that_cannot_work_say_what_to_write(tmp_path, changed, words):
    settings = {"CDP_EMAIL_SMTP_URL": "smtp://h", "CDP_EMAIL_FROM": "a@x.org", "CDP_EMAIL_TO": "b@x.org"}
    with pytest.raises(AccountError, match=words) as refused:
        load_accounts(tmp_path, {**settings, **changed})
    assert "secret" not in str(refused.value)
