"""Words in names of columns and tables that tell what they are about, in the languages that were met so far.

Only lists: what follows from a word is decided where it is used. Names come as raw tables spell them, without accents
(`Prénom` → `prenom`).
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


IDS = _words(
    "id no nr num number numero code key sku ean barcode handle card ref reference nummer artikelnummer kundennummer uuid "
    "guid codigo codice numer"
)
MONEY = _words(
    "price amount total cost spend spent revenue sales balance fee tax value umsatz betrag preis summe montant prix eur "
    "gbp usd subtotal refund gasto importe precio ventas importo prezzo spesa bedrag prijs omzet valor preco kwota cena"
)
PHONES = _words(
    "phone mobile tel telephone telefon cell handy mobil whatsapp fax movil telefono cellulare telefoon telefone celular "
    "telemovel telefonu komorka portable gsm"
)
FIRST_NAMES = _words("first given forename firstname vorname prenom nombre nome voornaam imie")
LAST_NAMES = _words(
    "last family surname lastname nachname zuname familienname nom apellido apellidos cognome achternaam sobrenome apelido nazwisko"
)
# these stand for the whole name where no column has the other half
WHOLE_NAMES = _words("nom nombre nome")
NAMES = (
    FIRST_NAMES
    | LAST_NAMES
    | _words("name fullname contact kunde customer client member mitglied guest naam")
)
NOT_PEOPLE = _words(
    "company product item file user campaign title event store shop brand list city country status type group category "
    "firma artikel segment id empresa produit producto prodotto societe azienda"
)
# a list of people has a key of theirs; anything else (orders, tickets) only names them in passing
PEOPLE = _words(
    "account accounts buyer buyers card cards client clients contact contacts customer customers employee household "
    "households kunde kunden lead leads member members people person profile profiles recipient requester requesters "
    "respondent respondents subscriber subscribers supporter supporters user users visitor mitglied mitglieder cliente "
    "clientes clienti socio socios soci membre membres adherent adherents klant klanten leden klient klienci"
)
ADDRESSES = _words(
    "address address1 address2 street strasse adresse addr anschrift rue direccion calle indirizzo straat adres endereco "
    "rua ulica"
)
POSTCODES = _words("postcode zip postal plz postleitzahl zipcode cp cap")
CITIES = _words("city town ort ville stadt ciudad poblacion localidad citta plaats stad cidade miasto")
STATES = _words("province state county provincia provincie")
COMPANIES = _words("company employer firma organisation organization empresa societe azienda bedrijf")
COUNTRIES = _words("country land pays nation pais paese kraj")
CURRENCIES = _words("currency wahrung waehrung devise ccy moneda valuta waluta")
BIRTHDAYS = _words(
    "birth birthday birthdate dob born geburtstag geburtsdatum geburts geb nacimiento nac naissance nascita nascimento "
    "geboortedatum geboorte urodzenia"
)
FREE_TEXT = _words(
    "note notes comment comments body message memo transcript remark remarks bemerkung bemerkungen obs observaciones notas "
    "remarque remarques commentaire opmerking opmerkingen uwagi"
)
FLAGS = _words(
    "is has opt active ok newsletter consent subscribed accepts enabled marketing activo actif attivo"
)
FLAG_VERBS = _words("is has can accepts allows wants was")
NOES = _words("no n false f 0 nein non nee nie nao")
CHANGED = _words(
    "updated modified changed change edited stand aktualisiert modifiziert actualizado modificado modifie aggiornato "
    "gewijzigd"
)
