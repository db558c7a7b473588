"""Postal addresses with a postcode, and those that a name announces."""

import pytest

from otel_compliance.keys import KeyRing
from otel_compliance.redact import Redactor

REDACTOR = Redactor(KeyRing(bytes(range(32))))

ALONE = (
    "5-615 Dunsmuir Crescent, Toronto, ON M5R 3H4",
    "Av. Juárez #96 Int. 27, Col. Centro, 06700 CDMX",
    "Rákóczi utca 87., 6720 Szeged",
    "Váci út 12, 1132 Budapest",
    "190 allée de la République",
    "8 bis chemin des Vignes, 69003 Lyon",
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
    "Atatürk Cad. No:12 Kat:3 Daire:5, 34710 Kadıköy/İstanbul",
    "Fevzi Çakmak Sokak No 14, Eskişehir 26000",
    "Ataturk Bulvari No: 18/4, Cankaya/Ankara",
    "Jl. Melati III No. 5A RT 01/RW 09, Depok 16415",
    "Jalan Pahlawan 33, Semarang",
    "No. 8, Jalan Ampang, 50450 Kuala Lumpur",
    "Str. Ion Creangă nr. 14, bl. B2, ap. 7, Brașov",
    "ul. Ślężna 5 m. 7, Wrocław",
    "1052 Budapest, Váci utca 12.",
    "calle Álamos 42, 3º B",
    "Avda. de la Constitución nº 4, 41001 Sevilla",
    "C/ Almirante nº 12, 2º izq.\n28013 Madrid",
    "Rua das Flores, nº 12, 3º Dto, 1200-195 Lisboa",
    "Via Dante 12/C, 20121 Milano",
    "Carrera 7 # 71-21, Medellin",
    "Paseo de la Reforma 222, Col. Juárez, 06600 Ciudad de México",
    "Karl Johans gate 5, 0154 Oslo",
    "1200 N Lake Shore Dr #1804",
    "55 W 42nd St Apt 3B",
    "Flat 9, 22 Rosemary Gardens",
    "First Floor Flat, 3 Oakfield Crescent",
    "ул. Зелёная, д. 131, корп. 2, кв. 174, Тверь, 170000",
    "170000, г. Тверь, пер. Тихий, 16/3, кв. 15",
    "Лиговский пр., 45/3, кв. 102, г. Пермь, 614000",
    "г. Тверь, ул. Советская, дом 5, квартира 12",
    "вул. Зелена, буд. 12, кв. 83, Суми, 40000",
    "просп. Науки, 27, кв. 54, м. Харків, 61000",
    "бул. Витоша 15, ет. 3, ап. 7, 1000 София",
    "רחוב הרצל 5, דירה 12, חיפה 3303141",
    "רח' אלנבי 33 דירה 5, תל אביב 6332507",
    "שדרות בן גוריון 12/4, נתניה",
    "12 شارع الحمرا، الطابق 3، بيروت",
    "شارع التحرير، مبنى 12، شقة 4، القاهرة 11511",
    "تهران، خیابان آزادی، کوچه گلستان، پلاک ۱۲",
    "मकान नं. 12, शांति नगर, भोपाल - 462001",
    "45, गांधी मार्ग, इंदौर - 452001",
    "서울 마포구 양화로 45, 101동 302호",
    "용인시 기흥구 보정동 1234-5",
    "京都府京都市中京区烏丸2-7-17 メゾン青葉202号室",
    "88/9 หมู่ 3 ตำบลบางพูด อำเภอปากเกร็ด จังหวัดนนทบุรี 11120",
    "Οδός Σταδίου 10, Αθήνα 105 64",
    "Số 12/8 đường Hai Bà Trưng, phường 6, TP. Hồ Chí Minh",
    "45 Nguyễn Huệ, Quận 1, TP. Hồ Chí Minh",
)
ANNOUNCED = (
    ("address: ", "Flat 8, Sai Krupa Apts, Andheri West"),
    ('{"shipping_address": "', "P.O. Box 17, Lalibela"),
    ("Anschrift: ", "Dorf 7 am See"),
    ("Dirección: ", "Camino Real 4, casa azul"),
    ("住所：", "札幌市中央区大通西8-4"),
    ("العنوان: ", "شارع الملك فهد 51، الرياض"),
    ("Alamat pengiriman: ", "Perumahan Hijau blok 7, Bogor"),
    ("Alamat............ ", "Perumahan Hijau Blok 7, Bogor"),
    ("Adres → ", "Yeşilköy 14, kat 3"),
    ("Adres zamieszkania – ", "Zielonka 14, Łódź"),
    ("[पता] ", "गांधी चौक 14, इंदौर"),
    ("Domicilio | ", "Camino Real 4, Casa Azul"),
    ("* **Адрес** : ", "Зелёный мыс, дом 14, Сочи"),
    ("Адреса проживання\n", "Зелений гай, 14, Суми"),
    ("הכתובת שלי היא ", "הרצל 14, חולון"),
    ("عنواني هو ", "حي النخيل، فيلا 14، جدة"),
    ("Địa chỉ của tôi là ", "Chung cư Xanh 14, Hà Nội"),
    ("私の住所は", "青葉台14-5"),
    ("주소는 ", "행복마을 14동 502호"),
    ("My address is ", "14 Long Reach, Kilburn"),
    ("What is your address?\nBob (12:04): ", "14 Long Reach, Kilburn"),
    ("Please enter your address\nBob: ", "14 Long Reach, Kilburn"),
    ("Place of residence: ", "14 Long Reach, Kilburn"),
    ("Straße und Hausnummer: ", "Hofgarten 7"),
    ("<dt>Lakcím</dt><dd>", "Zöld sor 14, Eger"),
    ('<input name="address" type="text" value="', "14 Long Reach, Kilburn"),
    ('"line": ["', "7 Old Quarry"),
    ("BEGIN:VCARD\nADR;TYPE=HOME:;;", "14 Long Reach;Kilburn;;NW6 4AB"),
    ("PID|1||7||DOE^JANE||", "12 Long Reach^Apt 2^Springfield^IL^62701^USA"),
    ("LOCATION:", "Rua Verde\\, 12\\, Olinda - PE\\, 53020-140"),
    ("/form?street_address=", "14%20%D8%A7%D9%84%D9%86%D9%8A%D9%84%D8%8C%20%D8%AC%D8%AF%D8%A9"),
)
COLUMNS = (
    "name,address\nAna,{}\n",
    "Nama;Alamat\r\nAna;{}\r\n",
    "name\thome_address\nAna\t{}\n",
    "| Имя | Адрес проживания |\n|---|---|\n| Ana | {} |\n",
    "+-----+-----------+\n| id  | Domicilio |\n+-----+-----------+\n| Ana | {}      |\n+-----+-----------+\n",
    "<tr><th>이름</th><th>주소</th></tr><tr><td>Ana</td><td>{}</td></tr>",
    "INSERT INTO t (name, street) VALUES ('Ana', '{}');",
    '{{"columns": ["name", "address"], "rows": [["Ana", "{}"]]}}',
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
    "Address already in use (port 8080)",
    "address | varchar(120)",
    "The address field accepts 120 characters.",
    "The address is missing in row 14 of Ticket 12",
    "Die Adresse ist 64 Bit lang",
    "email,address\n10.0.0.1,jane@example.com\n",
    "ip_address\tSize\nHost 12\t7\n",
    "run(\n    address,\n    retries=3 if slow else 0,\n)",
    "The street was empty, the avenue wide.\nModel 7, plate missing\n",
    "a 10 Minute Drive",
    "Residence: 3 years in Spain",
    "see issue # 71-21, Bob",
    "Jalan terus 5 km, lalu belok",
    "ул. Ленина была названа в 1924 году",
    "मुझे पता है कि 14 लोग आए थे",
    "그는 서울시 버스로 30분 걸려 갔다",
    "在2024年，北京市共有15条道路建成",
    "Piața a scăzut cu nr. 5",
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


@pytest.mark.parametrize("table", COLUMNS)
def test_an_address_below_its_name(table: str) -> None:
    """Below a name for one, words with a number are an address, whatever their form."""
    assert found(table.format("Haus Sonne 8")) == [("ADDRESS", "Haus Sonne 8")]


def test_an_address_ends_where_the_sentence_does() -> None:
    """What follows stays, though abbreviations do not end it."""
    assert found("Address: Block B. 7, Old Quarry 12. Please ring twice") == [("ADDRESS", "Block B. 7, Old Quarry 12")]
    assert found("[Address] Haus Sonne 8, Hof [Note] none") == [("ADDRESS", "Haus Sonne 8, Hof")]
