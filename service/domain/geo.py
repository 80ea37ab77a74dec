"""Groups of countries for the `geo` filter; countries are ISO 3166-1 alpha-2 codes.

Continents follow the United Nations' M49 list. Cyprus is in Europe, being a member of the EU.
MEA is Africa with the Middle East: Western Asia without Cyprus and the Caucasus, but with Iran.
APAC is Oceania with the rest of Asia. Armenia, Azerbaijan and Georgia are in no group. Groups
overlap.
"""

from collections.abc import Mapping
from types import MappingProxyType


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


_EU = _codes("AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE")
_EEA = _EU | _codes("IS LI NO")
_EUROPE = _EEA | _codes("AD AL AX BA BY CH FO GB GG GI IM JE MC MD ME MK RS RU SJ SM UA VA")
_NORTH_AMERICA = _codes(
    "AG AI AW BB BL BM BQ BS BZ CA CR CU CW DM DO GD GL GP GT HN HT JM KN KY LC MF MQ MS MX NI PA"
    " PM PR SV SX TC TT US VC VG VI"
)
_SOUTH_AMERICA = _codes("AR BO BR BV CL CO EC FK GF GS GY PE PY SR UY VE")
_AFRICA = _codes(
    "AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW IO KE KM LR LS LY MA MG"
    " ML MR MU MW MZ NA NE NG RE RW SC SD SH SL SN SO SS ST SZ TD TF TG TN TZ UG YT ZA ZM ZW"
)
_OCEANIA = _codes(
    "AS AU CC CK CX FJ FM GU HM KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TO TV UM VU WF WS"
)
_CAUCASUS = _codes("AM AZ GE")
_MIDDLE_EAST = _codes("AE BH IL IQ IR JO KW LB OM PS QA SA SY TR YE")
_REST_OF_ASIA = _codes(
    "AF BD BN BT CN HK ID IN JP KG KH KP KR KZ LA LK MM MN MO MV MY NP PH PK SG TH TJ TL TM TW UZ"
    " VN"
)

GEO_GROUPS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "EU": _EU,
        "EEA": _EEA,
        "EUROPE": _EUROPE,
        "NA": _NORTH_AMERICA,
        "SA": _SOUTH_AMERICA,
        "APAC": _REST_OF_ASIA | _OCEANIA,
        "MEA": _MIDDLE_EAST | _AFRICA,
        "AFRICA": _AFRICA,
        "OCEANIA": _OCEANIA,
    }
)

COUNTRIES: frozenset[str] = frozenset[str]().union(*GEO_GROUPS.values(), _CAUCASUS, {"AQ"})
"""Every officially assigned code."""


class UnknownGeoGroup(KeyError):
    """There is no group of this name; the known ones are the keys of GEO_GROUPS."""


def countries_of(group: str) -> frozenset[str]:
    """Return the countries of a group, whatever the case of its name.

    Raises UnknownGeoGroup, a KeyError, for any other name: a group is never guessed.
    """
    try:
        return GEO_GROUPS[group.upper()]
    except KeyError:
        raise UnknownGeoGroup(group) from None
