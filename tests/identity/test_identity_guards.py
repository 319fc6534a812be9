"""The traps that shared values set: mailboxes, family phones, twins, namesakes, placeholders, nearly empty records."""

from __future__ import annotations

from pathlib import Path

import pytest
from identity_people import Record, customers, record, run, stores

PLACE = {"street": "12 mill lane", "city": "leeds", "postcode": "LS12AB", "country": "GB"}


def _traps() -> list[Record]:
    mailbox = [
        record("square_customers", f"info{n}", first_name=first, last_name=last, email="info@example.com")
        for n, (first, last) in enumerate(
            [("amelia", "ashdown"), ("oscar", "birchall"), ("isla", "cotterill"), ("noah", "dunmore"), ("ruby", "eastwick"),
             ("felix", "garside"), ("hazel", "holroyd"), ("rory", "jessop")]
        )
    ]  # fmt: skip
    family = [
        record(
            "shopify_customers",
            f"fam{n}",
            first_name=first,
            last_name="lambourne",
            phone="+447700900500",
            **PLACE,
        )
        for n, first in enumerate(["thea", "callum", "iris"])
    ]
    twins = [
        record(
            "loyalty_members",
            f"twin{n}",
            first_name=first,
            last_name="mossman",
            birth_date="1990-05-17",
            **PLACE,
        )
        for n, first in enumerate(["clara", "edith"])
    ]
    generations = [
        record(
            "hubspot_contacts",
            "senior",
            first_name="arthur",
            last_name="netherby",
            birth_date="1948-03-02",
            **PLACE,
        ),
        record(
            "loyalty_members",
            "junior",
            first_name="arthur",
            last_name="netherby",
            birth_date="1979-11-20",
            **PLACE,
        ),
    ]
    placeholders = [
        record(
            "square_customers",
            f"none{n}",
            first_name=first,
            last_name=last,
            phone="+440000000000",
            phone_is_placeholder=True,
        )
        for n, (first, last) in enumerate([("maeve", "oakshott"), ("hugo", "pickersgill")])
    ]
    namesakes = [
        record(
            "surveys_respondents",
            "same1",
            first_name="george",
            last_name="quarmby",
            email="george.q@example.com",
        ),
        record(
            "zendesk_requesters",
            "same2",
            first_name="george",
            last_name="quarmby",
            email="gq1971@example.org",
        ),
    ]
    # four known persons, so that logan is a name: what is spelt nearly so is a slip of it, not another name
    logans = [
        record("mailchimp_members", last, first_name="logan", last_name=last, email=f"{last}@example.com")
        for last in ("farnworth", "greenhalgh", "hebden", "illingworth")
    ]
    home = {**PLACE, "street": "3 orchard row", "postcode": "LS99ZZ"}
    households = [
        record("square_customers", "own", first_name="lindsay", last_name="royle", phone="+447700900811", **home),
        record("mailchimp_members", "nobody", email="claire.royle@example.net", **home),
        record("shopify_customers", "line", first_name="darius", last_name="sefton", email="the.sefton@example.org",
               phone="+441632960900"),
        record("mailchimp_members", "line", email="pamsefton98@example.com", phone="+441632960900"),
        record("hubspot_contacts", "dustin", first_name="dustin", last_name="tapton", email="tapton.dustin@example.org",
               **{**home, "street": "5 orchard row"}),
        record("mailchimp_members", "d", first_name="d", last_name="tapton", email="darcy.tapton@example.com",
               **{**home, "street": "5 orchard row"}),
    ]  # fmt: skip
    misspelt_twins = [
        record("loyalty_members", "jerry", first_name="jerry", last_name="ullathorne", birth_date="1987-03-15", **PLACE),
        record("loyalty_members", "peter", first_name="peter", last_name="ulathorne", birth_date="1987-03-15", **PLACE),
    ]  # fmt: skip
    misspelt_twins += [
        record("loyalty_members", "darren", first_name="darren", last_name="holt", email="darren_holt37@example.org", birth_date="1937-11-20"),
        record("square_customers", "dean", first_name="d", last_name="holt", email="dean.holt@example.com", birth_date="1937-11-20"),
    ]  # fmt: skip
    spelt_like_the_names = [
        record("mailchimp_members", first, first_name=first, last_name="morton", email=f"{first}.morton@example.com")
        for first in ("dan", "dawn")
    ]  # fmt: skip
    empty = [record("reviews_reviewers", f"empty{n}") for n in range(3)]
    bare = [record("reviews_reviewers", f"bare{n}", first_name="ivy") for n in range(2)]
    people = [*mailbox, *family, *twins, *generations, *placeholders, *namesakes, *logans, *households]
    return [*people, *misspelt_twins, *spelt_like_the_names, *empty, *bare]


def _friends() -> list[Record]:
    return [
        record("shopify_customers", "nick", first_name="elizabeth", last_name="thistlewood", email="liz.t@example.com"),
        record("square_customers", "nick", first_name="liz", last_name="thistlewood", email="liz.t@example.com"),
        record("mailchimp_members", "nick", email="liz.t@example.com"),
        record("shopify_customers", "married", first_name="esme", last_name="verity", phone="+447700900777", birth_date="1985-01-30"),
        record("square_customers", "married", first_name="esme", last_name="yardley", phone="+447700900777", birth_date="1985-01-30"),
        record("shopify_customers", "firm", first_name="una", last_name="winterburn", email="una.w@example.com",
               phone="+447700900131", company="winterburn tiles", **PLACE),
        record("hubspot_contacts", "firm", first_name="una", last_name="winterburn", email="sales@example.net",
               phone="+441632960131", company="winterburn tiles", **PLACE),
        record("shopify_customers", "slip", first_name="logan", last_name="vickers", email="lv@example.com"),
        record("zendesk_requesters", "slip", first_name="looan", last_name="vickers", email="lv@example.com"),
        record("shopify_customers", "accent", first_name="sébastien", last_name="wójcik", email="sw77@example.com"),
        record("square_customers", "accent", first_name="sebastien", last_name="wojcik", email="sw77@example.com"),
        record("hubspot_contacts", "swap", first_name="ravensdale", last_name="finley", email="fr@example.com"),
        record("zendesk_requesters", "swap", first_name="finley", last_name="ravensdale", email="fr@example.com"),
        record("loyalty_members", "card", first_name="willow", last_name="stockdale", loyalty_id="TT77"),
        record("square_customers", "card", first_name="willow", loyalty_id="TT77"),
        record("shopify_customers", "kanji", first_name="太郎", last_name="藤原", email="taro.f@example.com"),
        record("square_customers", "kanji", first_name="taro", last_name="fujiwara", email="taro.f@example.com"),
        record("shopify_customers", "script", first_name="олена", last_name="шевченко", phone="+380671112233"),
        record("square_customers", "script", first_name="olena", last_name="shevchenko", phone="+380671112233"),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    with stores(Path(tmp_path_factory.mktemp("guards"))) as connection:
        run(connection, [*_traps(), *_friends()], "r1")
        return customers(connection)


@pytest.mark.parametrize("entry", _traps(), ids=lambda entry: entry["record_id"])
def test_shared_values_join_nobody(entry: Record, found: dict[str, str]) -> None:
    customer = found[entry["record_id"]]
    assert [name for name, other in found.items() if other == customer] == [entry["record_id"]]


@pytest.mark.parametrize(
    "key", ["nick", "married", "firm", "slip", "accent", "swap", "card", "kanji", "script"]
)
def test_people_who_write_themselves_differently_are_found(key: str, found: dict[str, str]) -> None:
    same = {customer for name, customer in found.items() if name.split(":")[1] == key}
    assert len(same) == 1
