"""Syncs read from a manifest, and mistakes in them explained."""

import pytest

from reverse_etl.accounts import Account, NotConfigured
from reverse_etl.connecting import load_accounts
from reverse_etl.declarations import Guards, read_syncs
from reverse_etl.errors import AccountError, DeclarationError

SETTINGS = {
    "destination": "mailchimp",
    "object": "segment_membership",
    "target": "Lapsed buyers",
    "mode": "mirror",
    "key": "customer_id",
    "segment": "lapsed_buyers",
    "purpose": "marketing",
    "channel": "email",
    "fields": {"email_address": "email"},
}


def manifest(settings, name="mailchimp_lapsed_buyers", holder="config", **exposure):
    meta = {"meta": {"sync": settings}}
    return {
        "nodes": {
            "model.cdp.sync_lapsed": {"name": "sync_lapsed", "schema": "syncs", "alias": "sync_lapsed"},
            "model.cdp.customers": {"name": "customers", "schema": "marts", "alias": "customers"},
        },
        "exposures": {
            f"exposure.cdp.{name}": {
                "name": name,
                "depends_on": {"nodes": ["model.cdp.sync_lapsed", "model.cdp.customers"]},
                "owner": {"name": "Marketing"},
                **({"config": meta} if holder == "config" else meta),
                **exposure,
            },
            "exposure.cdp.report": {"name": "report", "depends_on": {"nodes": []}, "config": {"meta": {}}},
        },
    }


@pytest.mark.parametrize("holder", ["config", "top"])
def test_a_sync_is_read_from_its_exposure(holder):
    (sync,) = read_syncs(manifest(SETTINGS, holder=holder))
    assert (sync.name, sync.relation, sync.owner) == (
        "mailchimp_lapsed_buyers",
        '"syncs"."sync_lapsed"',
        "Marketing",
    )
    assert sync.guards == Guards()


def test_contacts_come_before_memberships():
    both = manifest(SETTINGS, "a_membership")
    contact = {**SETTINGS, "object": "contact"}
    both["exposures"] |= manifest(contact, "z_contacts")["exposures"]
    assert [sync.name for sync in read_syncs(both)] == ["z_contacts", "a_membership"]


def test_an_unknown_setting_suggests_the_nearest():
    with pytest.raises(DeclarationError, match=r"`porpose`: .*did you mean `purpose`"):
        read_syncs(manifest({**SETTINGS, "porpose": "marketing"}))


def test_an_unknown_guard_suggests_the_nearest():
    with pytest.raises(
        DeclarationError, match=r"`guards.max_removal_row`: .*did you mean `max_removal_rows`"
    ):
        read_syncs(manifest({**SETTINGS, "guards": {"max_removal_row": 5}}))


def test_a_missing_purpose_names_the_sync():
    settings = {name: value for name, value in SETTINGS.items() if name != "purpose"}
    with pytest.raises(
        DeclarationError, match=r"mailchimp_lapsed_buyers is not declared correctly.*`purpose`"
    ):
        read_syncs(manifest(settings))


def test_an_unknown_destination_lists_the_known():
    with pytest.raises(DeclarationError, match=r"no destination pigeon/post\. Known are .*files/file"):
        read_syncs(manifest({**SETTINGS, "destination": "pigeon", "object": "post"}))


def test_a_field_the_destination_does_not_have():
    settings = {**SETTINGS, "fields": {"email_address": "email", "shoe_size": "shoe_size"}}
    with pytest.raises(DeclarationError, match="has no field shoe_size"):
        read_syncs(manifest(settings))


def test_an_exposure_without_a_model_to_send():
    with pytest.raises(DeclarationError, match="depends on 0 models"):
        read_syncs(manifest(SETTINGS, depends_on={"nodes": []}))


def test_a_file_must_carry_the_key():
    settings = {**SETTINGS, "destination": "files", "fields": {"email": "email"}}
    with pytest.raises(DeclarationError, match="map a field to customer_id"):
        read_syncs(manifest({**settings, "object": "file"}))


def test_a_file_stays_in_the_outbox():
    settings = {**SETTINGS, "destination": "files", "object": "file", "fields": {}, "target": "../vips"}
    with pytest.raises(DeclarationError, match="plain file name"):
        read_syncs(manifest(settings))


def test_files_need_no_object():
    settings = {name: value for name, value in SETTINGS.items() if name not in ("object", "fields")}
    (sync,) = read_syncs(manifest({**settings, "destination": "files"}))
    assert sync.object == "file"


def test_a_mapped_column_that_the_model_lacks(world, declare):
    sync = declare("s", "mailchimp", "contact", "contacts", "C", fields={"email_address": "mail"})
    world.people("contacts", [("c_a", "a@x.org")])
    with pytest.raises(DeclarationError, match=r"maps email_address to column mail, which .* does not have"):
        world.plan(sync)


def test_a_sync_that_could_recognise_nobody(world, declare):
    sync = declare("s", "mailchimp", "contact", "contacts", "C", fields={"FNAME": "first_name"})
    world.people("contacts", [("c_a", "a@x.org")])
    with pytest.raises(DeclarationError, match="maps no column to email_address"):
        world.plan(sync)


def test_accounts_come_from_the_environment_and_show_no_secret(tmp_path):
    environment = {
        "CDP_MAILCHIMP_API_KEY": "0123secret-us21",
        "CDP_MAILCHIMP_LIST_ID": "l1",
        "CDP_META_ACCESS_TOKEN": "EAAsecret",
        "CDP_META_AD_ACCOUNT_ID": "act_77",
    }
    accounts = load_accounts(tmp_path, environment)
    mailchimp, meta = accounts.find("mailchimp"), accounts.find("meta")
    assert isinstance(mailchimp, Account)
    assert (mailchimp.address, meta.address) == (
        "https://us21.api.mailchimp.com",
        "https://graph.facebook.com",
    )
    assert meta.account_id == "77"
    assert "secret" not in repr(mailchimp) + repr(meta)


def test_a_missing_account_says_what_to_set(tmp_path):
    missing = load_accounts(tmp_path, {"CDP_META_ACCESS_TOKEN": "x"}).find("meta")
    assert isinstance(missing, NotConfigured)
    assert "set CDP_META_AD_ACCOUNT_ID in the environment" in missing.sentence


def test_half_a_mailchimp_key_is_explained(tmp_path):
    with pytest.raises(AccountError, match="data centre"):
        load_accounts(tmp_path, {"CDP_MAILCHIMP_API_KEY": "0123", "CDP_MAILCHIMP_LIST_ID": "l1"})


@pytest.mark.parametrize(
    ("declared", "file"),
    [
        ({"target": "vips"}, "vips"),
        ({"target": "vips", "format": "parquet"}, "vips.parquet"),
        ({"target": "vips.jsonl", "format": "jsonl"}, "vips.jsonl"),
    ],
)
def test_a_file_s_format_is_the_ending_of_its_name(declared, file):
    settings = {
        "destination": "files",
        "object": "file",
        "purpose": "marketing",
        "channel": "email",
        **declared,
    }
    (sync,) = read_syncs(manifest(settings))
    assert sync.target == file
