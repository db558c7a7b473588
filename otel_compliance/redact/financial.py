"""Identifiers of banks: the BIC. Account numbers of schemes with digits alone are in `identity`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from otel_compliance.redact.identity.context import Around, words
from otel_compliance.redact.recognize import Finding, Folded

_CAPITALS: Final = b"AAAAAA"
# ISO 9362: four letters, a country of ISO 3166-1, two letters or digits, and three more for a branch.
_COUNTRIES: Final = (
    b"AD AE AF AG AI AL AM AO AR AT AU AW AZ BA BB BD BE BF BG BH BI BJ BM BN BO BR BS BT BW BY BZ CA CD "
    b"CF CG CH CI CK CL CM CN CO CR CU CV CW CY CZ DE DJ DK DM DO DZ EC EE EG ER ES ET FI FJ FO FR GA GB "
    b"GD GE GG GH GI GL GM GN GQ GR GT GW GY HK HN HR HT HU ID IE IL IM IN IQ IR IS IT JE JM JO JP KE KG "
    b"KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MG MK ML MM MN MO MR MS MT "
    b"MU MV MW MX MY MZ NA NC NE NG NI NL NO NP NR NZ OM PA PE PF PG PH PK PL PS PT PY QA RO RS RU RW SA "
    b"SB SC SD SE SG SI SK SL SM SN SO SR SS ST SV SY SZ TC TD TG TH TJ TL TM TN TO TR TT TV TW TZ UA UG "
    b"US UY UZ VA VC VE VG VN VU WS XK YE ZA ZM ZW "
).split()
_BIC: Final = re.compile(rb"[A-Z]{4}(?:" + b"|".join(_COUNTRIES) + rb")[A-Z0-9]{2}(?:[A-Z0-9]{3})?(?![0-9A-Za-z_\x80])")
_CONTEXT: Final = words("bic", "swift", "bank code", "bank identifier", "bankleitzahl")


class BicRecognizer:
    """``BIC``, behind a context word: eight capitals are a word far more often."""

    entity_types = frozenset({"BIC"})
    hint = r"[A-Z]{6}[A-Z0-9]{2}"

    def find(self, folded: Folded) -> Iterator[Finding]:
        """The codes."""
        data, shape = folded.ascii, folded.shape
        start = shape.find(_CAPITALS)
        while start >= 0:
            match = None if data[start - 1 : start].isalnum() else _BIC.match(data, start)
            if match and _CONTEXT.names(Around(folded, start, *match.span())):
                yield Finding("BIC", *match.span(), 0.85)
            start = shape.find(_CAPITALS, match.end() if match else start + 1)
