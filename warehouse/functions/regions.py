"""States, provinces and counties by the names and codes that stand in addresses, in lower case.

ISO 3166-2 for the United States, Canada and Australia; the counties that people in Great Britain still write.
"""

from __future__ import annotations


def _codes(listed: str) -> dict[str, str]:
    """`NSW New South Wales, …` → code and name, both in lower case, to the code."""
    pairs = [entry.split(" ", 1) for entry in listed.split(", ")]
    return {spelled.lower(): code for code, name in pairs for spelled in (code, name)}


AUSTRALIAN = _codes(
    "NSW New South Wales, VIC Victoria, QLD Queensland, SA South Australia, WA Western Australia, TAS Tasmania, "
    "NT Northern Territory, ACT Australian Capital Territory"
)
CANADIAN = _codes(
    "AB Alberta, BC British Columbia, MB Manitoba, NB New Brunswick, NL Newfoundland and Labrador, NS Nova Scotia, "
    "NT Northwest Territories, NU Nunavut, ON Ontario, PE Prince Edward Island, QC Quebec, SK Saskatchewan, YT Yukon"
) | {"québec": "QC"}
AMERICAN = _codes(
    "AL Alabama, AK Alaska, AZ Arizona, AR Arkansas, CA California, CO Colorado, CT Connecticut, DE Delaware, "
    "DC District of Columbia, FL Florida, GA Georgia, HI Hawaii, ID Idaho, IL Illinois, IN Indiana, IA Iowa, KS Kansas, "
    "KY Kentucky, LA Louisiana, ME Maine, MD Maryland, MA Massachusetts, MI Michigan, MN Minnesota, MS Mississippi, "
    "MO Missouri, MT Montana, NE Nebraska, NV Nevada, NH New Hampshire, NJ New Jersey, NM New Mexico, NY New York, "
    "NC North Carolina, ND North Dakota, OH Ohio, OK Oklahoma, OR Oregon, PA Pennsylvania, RI Rhode Island, "
    "SC South Carolina, SD South Dakota, TN Tennessee, TX Texas, UT Utah, VT Vermont, VA Virginia, WA Washington, "
    "WV West Virginia, WI Wisconsin, WY Wyoming, PR Puerto Rico, GU Guam, VI Virgin Islands, AS American Samoa, "
    "MP Northern Mariana Islands"
)
REGIONS = {"AU": AUSTRALIAN, "CA": CANADIAN, "US": AMERICAN}
_COUNTIES = (
    "aberdeenshire, angus, argyll, avon, ayrshire, bedfordshire, berkshire, berks, buckinghamshire, bucks, caithness, "
    "cambridgeshire, cambs, cheshire, clwyd, cornwall, county antrim, county armagh, county down, county durham, "
    "county fermanagh, county londonderry, county tyrone, co durham, cumbria, derbyshire, devon, dorset, dumfriesshire, "
    "dunbartonshire, dyfed, east lothian, east sussex, east yorkshire, england, essex, fife, gloucestershire, glos, "
    "greater london, greater manchester, gwent, gwynedd, hampshire, hants, herefordshire, hertfordshire, herts, "
    "inverness-shire, isle of wight, kent, lanarkshire, lancashire, lancs, leicestershire, leics, lincolnshire, lincs, "
    "merseyside, mid glamorgan, middlesex, middx, midlothian, morayshire, norfolk, north yorkshire, northamptonshire, "
    "northants, northern ireland, northumberland, nottinghamshire, notts, oxfordshire, oxon, perthshire, powys, "
    "renfrewshire, roxburghshire, rutland, scotland, shropshire, somerset, south glamorgan, south yorkshire, "
    "staffordshire, staffs, stirlingshire, suffolk, surrey, tyne and wear, tyne & wear, wales, warwickshire, "
    "west glamorgan, west lothian, west midlands, west sussex, west yorkshire, wiltshire, wilts, worcestershire, worcs"
)
BRITISH = frozenset(_COUNTIES.split(", "))
