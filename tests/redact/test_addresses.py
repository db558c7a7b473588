"""Postal addresses with a postcode, and those that a name announces."""

import pytest

from otel_compliance.keys import KeyRing
from otel_compliance.redact import Redactor

REDACTOR = Redactor(KeyRing(bytes(range(32))))

ALONE = (
    "3382 Peachtree Rd NE, Unit 3, San Jose, CA 95112",
    "1234 Smith Plains Suite 12\nEast Nancy, NY 12345-0001",
    "PSC 1234, Box 1234\nAPO AE 12345",
    "32 Abbey Close, Cardiff CF10 3AT",
    "9658 Rue Saint-Denis, Toronto ON M6H 1M4",
    "152 George Street, Sydney NSW 2000",
    "Friedrich-Ebert-Str. 162, 60311 Frankfurt am Main",
    "Getreidegasse 26/2, 8010 Graz",
    "Via dei Mille 80, 80138 Napoli",
    "Kerkweg 43B, 1015 CJ Amsterdam",
    "Storgatan 20, 411 05 Göteborg",
    "ul. Mickiewicza 138/1, 00-950 Warszawa",
    "Plaza de España 179, 1º A, 48001 Bilbao",
    "Rua Augusta 144, 2.º Esq., 3000-214 Coimbra",
    "12 rue de la Paix, 75002 Paris",
    "Av. Paulista, 1386, Rio de Janeiro - RJ, 22041-001",
    "Calle Mayor, 112, 3º B, 46002 Valencia",
    "C/ Serrano, 72, 41001 Sevilla",
    "Bağdat Caddesi No:41 D:3, 06420 Çankaya/Ankara",
    "ul. Piotrkowska 84/53, 90-447 Łódź",
    "Andrássy út 117., 6720 Szeged",
    "Seestrasse 49, CH-3011 Bern",
    "Meir 71 bte 12, 2000 Antwerpen",
    "281 Protea Road, Cape Town, 8001",
    "160 Jan Smuts Avenue, Johannesburg 2196",
    "Avenue Louise 66 bus 4, 2000 Antwerpen",
    "Flat 28, 148 St Mary’s Crescent, Leeds LS6 2QT",
    "8 Grafton Street, Dublin 2, D02 VK65",
    "Blk 642 Ang Mo Kio Ave 3 #16-474, Singapore 148616",
    "Plot 106, Sector 21, Mumbai - 400050",
    "91, MG Road, Bengaluru 560001",
    "Rua das Acácias, 1153, apto 71, Curitiba - PR, 80020-310",
    "125009 Москва, Садовая улица, д. 15, кв. 143",
    "上海市浦东新区世纪大道4号4栋173室",
    "大阪府大阪市北区梅田2丁目5番9号",
)
ANNOUNCED = (
    ("address: ", "Flat 8, Sai Krupa Apts, Andheri West"),
    ('{"shipping_address": "', "P.O. Box 17, Lalibela"),
    ("Anschrift: ", "Dorf 7 am See"),
    ("Dirección: ", "Camino Real 4, casa azul"),
    ("住所：", "札幌市中央区大通西8-4"),
    ("العنوان: ", "شارع الملك فهد 51، الرياض"),
)
NONE = (
    "On March 12, 2024 Apple released it.",
    "12 Items, Order 123456 is ready",
    "See section 4, Table 560001",
    "Az. VI ZR 488/19, NJW 2021, 1818 Rn. 23",
    "address: 10.0.0.1:8080",
    "address: 0x7ffee4c1a2b0",
    "Our address book has 1,200 entries.",
    "total $1,249.50 Words follow",
    "Windows 11, 24H2 and more",
    "address: jane at example",
    "Address the 14 open comments by Monday.",
)


def found(text: str) -> list[tuple[str, str]]:
    """(type, value) of each finding."""
    return [(item.type, text[item.start : item.end]) for item in REDACTOR.find(text)]


@pytest.mark.parametrize("address", ALONE)
def test_an_address_with_a_postcode(address: str) -> None:
    """It is found whole, from the house number or the street to the postcode or the city."""
    covered = found(f"we moved to {address}\nlast week")
    assert [kind for kind, _ in covered] == ["ADDRESS"]
    assert address in covered[0][1]


@pytest.mark.parametrize(("before", "address"), ANNOUNCED)
def test_an_address_behind_its_name(before: str, address: str) -> None:
    """Behind a name for one, words with a number are an address."""
    assert found(f'{before}{address}"' if '"' in before else f"{before}{address}\n") == [("ADDRESS", address)]


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_address(text: str) -> None:
    """Dates, prices, addresses of hosts and of memory, and sentences about addresses."""
    assert "ADDRESS" not in [kind for kind, _ in found(text)]
