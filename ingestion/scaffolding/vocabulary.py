"""Words in names of columns and tables that tell what they are about, in the languages that were met so far.

Only lists: what follows from a word is decided where it is used. Names come as raw tables spell them (`prénom` → `pr_nom`).
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


IDS = _words(
    "id no nr num number code key sku ean barcode handle card ref reference nummer artikelnummer kundennummer uuid guid"
)
MONEY = _words(
    "price amount total cost spend spent revenue sales balance fee tax value umsatz betrag preis summe montant prix eur "
    "gbp usd subtotal refund"
)
PHONES = _words("phone mobile tel telephone telefon cell handy mobil whatsapp fax")
FIRST_NAMES = _words("first given forename firstname vorname prenom")
LAST_NAMES = _words("last family surname lastname nachname nom")
NAMES = FIRST_NAMES | LAST_NAMES | _words("name fullname contact kunde customer client member mitglied guest")
NOT_PEOPLE = _words(
    "company product item file user campaign title event store shop brand list city country status type group category "
    "firma artikel segment id"
)
# a list of people has a key of theirs; anything else (orders, tickets) only names them in passing
PEOPLE = _words(
    "account accounts buyer buyers card cards client clients contact contacts customer customers employee household "
    "households kunde kunden lead leads member members people person profile profiles recipient requester requesters "
    "respondent respondents subscriber subscribers supporter supporters user users visitor"
)
ADDRESSES = _words("address address1 address2 street strasse adresse addr stra anschrift rue")
POSTCODES = _words("postcode zip postal plz postleitzahl zipcode cp")
CITIES = _words("city town ort ville stadt")
STATES = _words("province state county")
COMPANIES = _words("company employer firma organisation organization")
COUNTRIES = _words("country land pays nation")
CURRENCIES = _words("currency waehrung whrung devise ccy")
BIRTHDAYS = _words("birth birthday birthdate dob born geburtstag geburtsdatum geburts")
FREE_TEXT = _words("note notes comment body message memo transcript remark remarks bemerkung")
FLAGS = _words("is has opt active ok newsletter consent subscribed accepts enabled marketing")
FLAG_VERBS = _words("is has can accepts allows wants was")
NOES = _words("no n false f 0 nein non")
CHANGED = _words("updated modified changed change edited stand aktualisiert modifiziert")
