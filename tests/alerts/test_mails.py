"""Mails: readable by an owner, encrypted before any password, and sent to whoever can be reached."""

import ssl
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from wrong_things import NOW, late

from alerts.errors import ChannelMisconfigured
from alerts.settings import read_mail


@pytest.fixture
def tls(tmp_path, monkeypatch) -> ssl.SSLContext:
    """A server's certificate for localhost, made just now and trusted by this process."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]),
            False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    return context


def test_an_owner_can_read_it(shop, postbox):
    shop.round(
        late("No order came since 19 November, 22:10 UTC; every 24 hours are expected – see “Übersicht.csv”.")
    )
    shop.round()
    raised, recovered = (message_from_bytes(mail, policy=default) for mail in postbox.mails)
    assert raised["Subject"] == "Source shopify is late"
    assert raised["From"] == "Grüne Gärten <shop@example.org>"
    assert raised["To"] == "owner@example.org, Ops <ops@example.org>"
    assert raised.get_content().replace("\r\n", "\n") == (
        "Source shopify is late.\n"
        "\n"
        "No order came since 19 November, 22:10 UTC; every 24 hours are expected – see “Übersicht.csv”.\n"
        "\n"
        "Since: 21 November 2026, 01:00 UTC\n"
        "What to do: See whether the export or the connection still runs, and deliver what is missing. If the source now "
        "delivers less often, raise its `expected_every_hours`.\n"
        "\n"
        "You will be told once more, when this has ended.\n"
    )
    assert recovered["Subject"] == "Source shopify is no longer late"
    assert "It lasted 27 hours, from 21 November 2026, 01:00 UTC to 22 November 2026, 04:00 UTC." in (
        recovered.get_content()
    )
    assert raised["Message-ID"] != recovered["Message-ID"]


def test_the_news_of_a_run_come_in_one_mail(shop, postbox):
    shop.round(late(), late(subject="source:stripe", kind="failed", sentence="The key was refused."))
    shop.round(late(), late(subject="source:zendesk", kind="rejected"))
    assert postbox.told == ["2 new to look at", "1 new to look at, 1 right again"]
    first, second = (message_from_bytes(mail, policy=default).get_content() for mail in postbox.mails)
    first, second = first.replace("\r\n", "\n"), second.replace("\r\n", "\n")
    assert first.startswith(
        "- Source stripe could not be fetched\n- Source shopify is late\n\nSource stripe could"
    )
    assert "The key was refused." in first
    assert second.startswith("- Source stripe can be fetched again\n- Source zendesk has more rejected rows")
    assert shop.ask(
        "select count(*) from platform.alert_notices where channel = 'mail' and status = 'sent'"
    ) == [(4,)]


def test_names_from_outside_cannot_write_headers(shop, postbox):
    evil = "shop\r\nBcc: everybody@example.org\r\n\r\nBuy"
    shop.round(late(f"{evil} now.", subject=f"source:{evil}"))
    (mail,) = postbox.mails
    message = message_from_bytes(mail, policy=default)
    assert message["Bcc"] is None
    assert message["Subject"] == "Source shop bcc everybody@example.org buy is late"
    assert "\nBcc" not in message.get_content()


def test_one_recipient_who_can_be_reached_is_enough(shop, postbox):
    postbox.refuse = {"ops@example.org"}
    assert shop.round(late()).problems == []
    assert len(postbox.mails) == 1


def test_nobody_can_be_reached_until_later(shop, postbox):
    postbox.refuse = {"ops@example.org", "owner@example.org"}
    (problem,) = shop.round(late()).problems
    assert "localhost did not take the mail (550 nobody of that name)" in problem
    postbox.refuse = set()
    assert shop.round(late()).problems == []
    assert postbox.told == ["Source shopify is late"]


def test_a_mail_that_is_refused_after_reading_is_sent_again(shop, postbox):
    postbox.answer = "451 try later"
    assert "451 try later" in shop.round(late()).problems[0]
    postbox.answer = "250 taken"
    assert shop.round(late()).problems == []


def test_a_server_that_hangs_up_with_the_mail_in_hand_is_not_told_twice(shop, postbox):
    postbox.drops = True
    (problem,) = shop.round(late()).problems
    assert "went away while it took the mail. It is not sent again." in problem
    postbox.drops = False
    assert shop.round(late()).told == []
    assert len(postbox.mails) == 1


def test_encrypted_and_signed_in(shop, open_postbox, tls):
    postbox = open_postbox(tls_context=tls, require_starttls=True, asks_for_password=True)
    shop.environ["CDP_ALERT_SMTP_URL"] = f"smtp://mailer:p%40ss@localhost:{postbox.port}"
    assert shop.round(late()).problems == []
    assert postbox.sign_ins == [(b"mailer", b"p@ss")]
    shop.environ["CDP_ALERT_SMTP_URL"] = f"smtp://mailer:wrong@localhost:{postbox.port}"
    (problem,) = shop.round().problems
    assert "localhost did not take the mail (535" in problem
    assert "wrong" not in problem
    shop.environ["CDP_ALERT_SMTP_URL"] = f"smtp://mailer:p%C3%BCss@localhost:{postbox.port}"
    assert "password has letters outside ASCII" in shop.round().problems[0]


def test_encrypted_from_the_first_byte(shop, open_postbox, tls):
    postbox = open_postbox(ssl_context=tls)
    assert shop.environ["CDP_ALERT_SMTP_URL"].startswith("smtps://")
    assert shop.round(late()).problems == []
    assert postbox.told == ["Source shopify is late"]


def test_a_certificate_nobody_vouches_for(shop, open_postbox, tls, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    postbox = open_postbox(tls_context=tls)
    (problem,) = shop.round(late()).problems
    assert "certificate verify failed" in problem
    assert postbox.mails == []


def test_no_password_crosses_a_network_in_the_clear(shop, open_postbox, monkeypatch):
    postbox = open_postbox(asks_for_password=True)
    monkeypatch.setattr("alerts.settings.is_this_machine", lambda _host: False)
    shop.environ["CDP_ALERT_SMTP_URL"] = f"smtp://mailer:p%40ss@localhost:{postbox.port}"
    (problem,) = shop.round(late()).problems
    assert "offers no encryption, so the password was not sent: use smtps://" in problem
    assert postbox.sign_ins == []


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"CDP_ALERT_MAIL_TO": ""}, "Mail needs CDP_ALERT_MAIL_TO as well"),
        ({"CDP_ALERT_SMTP_URL": "", "CDP_ALERT_MAIL_TO": ""}, "CDP_ALERT_SMTP_URL and CDP_ALERT_MAIL_TO"),
        (
            {"CDP_ALERT_SMTP_URL": "mail.example.org:25"},
            "CDP_ALERT_SMTP_URL is not an address that begins with smtp://",
        ),
        ({"CDP_ALERT_MAIL_TO": "the owner"}, "CDP_ALERT_MAIL_TO is not a list of mail addresses"),
        ({"CDP_ALERT_MAIL_FROM": "a@b.org\r\nBcc: c@d.org"}, "CDP_ALERT_MAIL_FROM is not a list"),
        ({"CDP_ALERT_MAIL_TO": "grün@example.org"}, "CDP_ALERT_MAIL_TO is not a list"),
    ],
)
def test_settings_that_cannot_be_meant(changes, complaint):
    good = {
        "CDP_ALERT_SMTP_URL": "smtp://me:s3cret@mail.example.org",
        "CDP_ALERT_MAIL_FROM": "shop@example.org",
        "CDP_ALERT_MAIL_TO": "owner@example.org",
    }
    settings = read_mail(good)
    assert (settings.port, settings.needs_tls, "s3cret" in repr(settings)) == (587, True, False)
    with pytest.raises(ChannelMisconfigured, match=complaint):
        read_mail({**good, **changes})


def test_how_long_it_lasted_is_said_in_words(shop, postbox):
    for span in (timedelta(minutes=1), timedelta(hours=1), timedelta(days=3)):
        shop.now = NOW
        shop.round(late(since=NOW))
        shop.now = NOW + span
        shop.round()
    lasted = [mail.decode().partition("It lasted ")[2].partition(",")[0] for mail in postbox.mails[1::2]]
    assert lasted == ["1 minute", "1 hour", "3 days"]
