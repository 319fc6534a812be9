"""The settings of each tool: which variables it needs, and what account they make.

What an account is stands in `accounts.py`; nothing is called from here.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from reverse_etl.accounts import Account, Accounts, NotConfigured
from reverse_etl.errors import AccountError
from reverse_etl.signing import RefreshedToken, StandardWebhook

Environment = Mapping[str, str]


def load_accounts(outbox_dir: Path, environment: Environment | None = None) -> Accounts:
    """An account for each tool whose `CDP_<TOOL>_*` variables are set, else why not, and the outbox folder for files.

    Raises AccountError.
    """
    environment = os.environ if environment is None else environment
    accounts: dict[str, Account | NotConfigured] = {"files": Account("files", str(outbox_dir), "outbox")}
    for destination, (title, needed, build) in _TOOLS.items():
        missing = [name for name in needed if not environment.get(name)]
        if missing:
            names = " and ".join(filter(None, [", ".join(missing[:-1]), missing[-1]]))
            sentence = f"{title} is not connected: set {names} in the environment{_WHY.get(destination, ' to sync to it.')}"
            accounts[destination] = NotConfigured(destination, sentence)
        else:
            accounts[destination] = build(environment)
    return Accounts(accounts)


def _mailchimp(environment: Environment) -> Account:
    key = environment["CDP_MAILCHIMP_API_KEY"]
    # the part after the dash of a key names the data centre, which is part of the host
    centre = key.rpartition("-")[2] if "-" in key else ""
    address = environment.get("CDP_MAILCHIMP_URL") or (centre and f"https://{centre}.api.mailchimp.com")
    if not address:
        raise AccountError(
            "CDP_MAILCHIMP_API_KEY does not end in a data centre such as -us21, so Mailchimp's address is unknown. "
            "Copy the whole key, or set CDP_MAILCHIMP_URL."
        )
    headers = {"Authorization": _basic("cdp", key)}
    return Account(
        "mailchimp", _url("CDP_MAILCHIMP_URL", address), environment["CDP_MAILCHIMP_LIST_ID"], headers
    )


def _meta(environment: Environment) -> Account:
    headers = {"Authorization": f"Bearer {environment['CDP_META_ACCESS_TOKEN']}"}
    account_id = environment["CDP_META_AD_ACCOUNT_ID"].removeprefix("act_")
    return Account("meta", _address(environment, "META", "https://graph.facebook.com"), account_id, headers)


def _klaviyo(environment: Environment) -> Account:
    headers = {"Authorization": f"Klaviyo-API-Key {environment['CDP_KLAVIYO_API_KEY']}"}
    address = _address(environment, "KLAVIYO", "https://a.klaviyo.com")
    return Account("klaviyo", address, environment["CDP_KLAVIYO_ACCOUNT_ID"], headers)


def _hubspot(environment: Environment) -> Account:
    headers = {"Authorization": f"Bearer {environment['CDP_HUBSPOT_ACCESS_TOKEN']}"}
    address = _address(environment, "HUBSPOT", "https://api.hubapi.com")
    return Account("hubspot", address, environment["CDP_HUBSPOT_PORTAL_ID"], headers)


def _sendgrid(environment: Environment) -> Account:
    headers = {"Authorization": f"Bearer {environment['CDP_SENDGRID_API_KEY']}"}
    address = _address(environment, "SENDGRID", "https://api.sendgrid.com")
    return Account("sendgrid", address, environment["CDP_SENDGRID_ACCOUNT"], headers)


def _customerio(environment: Environment) -> Account:
    site = environment["CDP_CUSTOMERIO_SITE_ID"]
    headers = {"Authorization": _basic(site, environment["CDP_CUSTOMERIO_API_KEY"])}
    host = f"https://track{_customerio_region(environment)}.customer.io"
    return Account("customerio", _address(environment, "CUSTOMERIO", host), site, headers)


def _customerio_app(environment: Environment) -> Account:
    """The same workspace by its App API, which alone tells who unsubscribed."""
    headers = {"Authorization": f"Bearer {environment['CDP_CUSTOMERIO_APP_API_KEY']}"}
    host = f"https://api{_customerio_region(environment)}.customer.io"
    address = _address(environment, "CUSTOMERIO_APP", host)
    return Account("customerio_app", address, environment["CDP_CUSTOMERIO_SITE_ID"], headers)


def _customerio_region(environment: Environment) -> str:
    region = environment.get("CDP_CUSTOMERIO_REGION", "us").lower()
    if region not in ("us", "eu"):
        raise AccountError(f"CDP_CUSTOMERIO_REGION must be us or eu (found {region!r}).")
    return "-eu" if region == "eu" else ""


def _google(environment: Environment) -> Account:
    names = ("client_id", "client_secret", "refresh_token")
    form = {name: environment[f"CDP_GOOGLE_{name.upper()}"] for name in names}
    token_url = environment.get("CDP_GOOGLE_TOKEN_URL") or "https://oauth2.googleapis.com/token"
    auth = RefreshedToken(_url("CDP_GOOGLE_TOKEN_URL", token_url), form)
    account_id = environment["CDP_GOOGLE_CUSTOMER_ID"].replace("-", "")
    address = _address(environment, "GOOGLE", "https://datamanager.googleapis.com")
    return Account("google", address, account_id, auth=auth)


def _webhook(environment: Environment) -> Account:
    address = _url("CDP_WEBHOOK_URL", environment["CDP_WEBHOOK_URL"])
    # the address may be a secret itself, and the account's id is written down
    account_id = hashlib.sha256(address.encode()).hexdigest()[:12]
    return Account("webhook", address, account_id, auth=StandardWebhook(environment["CDP_WEBHOOK_SECRET"]))


def _postgres(environment: Environment) -> Account:
    address = _server("CDP_POSTGRES_URL", environment, ("postgresql", "postgres"))
    parts = urlsplit(address)
    schema = environment.get("CDP_POSTGRES_SCHEMA") or "cdp"
    settings = {"schema": schema, "password": environment.get("CDP_POSTGRES_PASSWORD", "")}
    return Account("postgres", address, f"{parts.hostname}{parts.path}/{schema}", settings=settings)


def _s3(environment: Environment) -> Account:
    address = _server("CDP_S3_URL", environment, ("s3",))
    names = ("access_key_id", "secret_access_key", "endpoint", "region")
    settings = {name: environment.get(f"CDP_S3_{name.upper()}", "") for name in names}
    return Account("s3", address, address.removeprefix("s3://"), settings=settings)


def _sftp(environment: Environment) -> Account:
    address = _server("CDP_SFTP_URL", environment, ("sftp",))
    names = ("password", "key_file", "host_key")
    settings = {name: environment.get(f"CDP_SFTP_{name.upper()}", "") for name in names}
    if not settings["password"] and not settings["key_file"]:
        raise AccountError(
            "Set CDP_SFTP_PASSWORD or CDP_SFTP_KEY_FILE: the SFTP server must be signed in to."
        )
    parts = urlsplit(address)
    return Account("sftp", address, f"{parts.hostname}{parts.path}", settings=settings)


def _email(environment: Environment) -> Account:
    address = _server("CDP_EMAIL_SMTP_URL", environment, ("smtp", "smtps"))
    people = [name.strip() for name in environment["CDP_EMAIL_TO"].split(",") if name.strip()]
    if not people or not all("@" in name for name in people):
        raise AccountError("CDP_EMAIL_TO must be addresses of your own staff, with commas between them.")
    settings = {
        "from": environment["CDP_EMAIL_FROM"],
        "to": ", ".join(people),
        "password": environment.get("CDP_EMAIL_PASSWORD", ""),
    }
    account_id = hashlib.sha256(settings["to"].encode()).hexdigest()[:12]
    return Account("email", address, account_id, settings=settings)


Tool = tuple[str, tuple[str, ...], Callable[[Environment], Account]]
_TOOLS: Mapping[str, Tool] = {
    "mailchimp": ("Mailchimp", ("CDP_MAILCHIMP_API_KEY", "CDP_MAILCHIMP_LIST_ID"), _mailchimp),
    "meta": ("Meta", ("CDP_META_ACCESS_TOKEN", "CDP_META_AD_ACCOUNT_ID"), _meta),
    "klaviyo": ("Klaviyo", ("CDP_KLAVIYO_API_KEY", "CDP_KLAVIYO_ACCOUNT_ID"), _klaviyo),
    "hubspot": ("HubSpot", ("CDP_HUBSPOT_ACCESS_TOKEN", "CDP_HUBSPOT_PORTAL_ID"), _hubspot),
    "sendgrid": ("SendGrid", ("CDP_SENDGRID_API_KEY", "CDP_SENDGRID_ACCOUNT"), _sendgrid),
    "customerio": ("Customer.io", ("CDP_CUSTOMERIO_SITE_ID", "CDP_CUSTOMERIO_API_KEY"), _customerio),
    "customerio_app": (
        "Customer.io's App API",
        ("CDP_CUSTOMERIO_APP_API_KEY", "CDP_CUSTOMERIO_SITE_ID"),
        _customerio_app,
    ),
    "google": (
        "Google Ads",
        (
            "CDP_GOOGLE_CUSTOMER_ID",
            "CDP_GOOGLE_CLIENT_ID",
            "CDP_GOOGLE_CLIENT_SECRET",
            "CDP_GOOGLE_REFRESH_TOKEN",
        ),
        _google,
    ),
    "webhook": ("The webhook", ("CDP_WEBHOOK_URL", "CDP_WEBHOOK_SECRET"), _webhook),
    "postgres": ("PostgreSQL", ("CDP_POSTGRES_URL",), _postgres),
    "s3": ("The bucket", ("CDP_S3_URL", "CDP_S3_ACCESS_KEY_ID", "CDP_S3_SECRET_ACCESS_KEY"), _s3),
    "sftp": ("The SFTP server", ("CDP_SFTP_URL", "CDP_SFTP_HOST_KEY"), _sftp),
    "email": ("The mail digest", ("CDP_EMAIL_SMTP_URL", "CDP_EMAIL_FROM", "CDP_EMAIL_TO"), _email),
}


# what is not connected for something else than a sync
_WHY = {"customerio_app": ", so that who unsubscribes there is left alone everywhere."}


def _basic(name: str, secret: str) -> str:
    return f"Basic {base64.b64encode(f'{name}:{secret}'.encode()).decode()}"


def _address(environment: Environment, tool: str, usual: str) -> str:
    name = f"CDP_{tool}_URL"
    return _url(name, environment.get(name) or usual)


def _url(name: str, address: str) -> str:
    if not address.startswith(("http://", "https://")):
        raise AccountError(f"{name} must begin with http:// or https:// (found {address!r}).")
    return address.rstrip("/")


def _server(name: str, environment: Environment, schemes: tuple[str, ...]) -> str:
    """The address of a server that is no web server, without a password in it. Raises AccountError."""
    address = environment[name].rstrip("/")
    parts = urlsplit(address)
    if parts.scheme not in schemes or not parts.hostname:
        raise AccountError(f"{name} must look like {schemes[0]}://user@host/place.")
    if parts.password:
        raise AccountError(f"{name} must not hold a password: give it in a variable of its own.")
    return address
