"""Passwords that sentences and commands tell, and credentials beside a name without a sign."""

import pytest

from otel_compliance.keys import KeyRing
from otel_compliance.redact import Redactor

REDACTOR = Redactor(KeyRing(bytes(range(32))))
KEY = "Zx81Qq0pLm77aaBb99cc"

TOLD = (
    ("The password to the server is {}", "hunter2x"),
    ("root password for prod is {} until Friday", "Maple1841"),
    ("Your password has been reset to {}", "Summer2026!"),
    ("the wifi password is: {}", "Tr0ub4dor&3"),
    ("log in with admin and the password {}", "letmein99"),
    ("Das Passwort lautet {}", "Kastanie-2207"),
    ("le mot de passe est {}", "Tr0ub4dor&3"),
    ("mi contraseña: {}", "Zaq12wsx"),
    ("minha senha é {}", "qwerty123"),
    ("пароль: {}", "hunter22"),
    ("密码：{}", "hunter22"),
    ("my pw: {}", "s3cr3t99"),
    ("DB_PASS={}", "Winter9539"),
    ("{{pass: '{}'}}", "g3CiFDzXVG4j"),
    ("mdp: {}", "Madrid7745"),
    ("use {} as the root password", "hunter2x"),
    ("{} is the root password", "Madrid3415"),
    ("creds are admin:{}", "hunter2x"),
    ("mysql -h db -u root -p'{}' shop", "Coffee1418"),
    ("sshpass -p {} ssh root@host", "hunter2x"),
    ("curl -u bob:{} https://x.example/", "hunter2x"),
    ("<password>{}</password>", "dragon_1a7fj"),
    ('- name: DB_PASSWORD\n  value: "{}"', "Tr0ub4dor"),
    ('{{"name": "api_token", "value": "{}"}}', KEY),
    ('<add key="ApiSecret" value="{}" />', KEY),
    ("use {} as the API key", KEY),
    ("here is my API key -> {}", KEY),
    ('define("CLIENT_SECRET", "{}");', KEY),
    ("| access_token | {} |", KEY),
    ("session_id: {}", KEY),
    ("The session id was {} when it crashed", KEY),
    ("Sitzung abgelaufen (Session-ID {})", KEY),
    ("<tr><td>Session-ID</td><td>{}</td></tr>", KEY),
    ("<b>Session-ID:</b> {}<br/>", KEY),
    ("Q: Session ID?\nA: {}", KEY),
    ("Sitzungs-ID: {}", KEY),
    ("define('DB_PASSWORD', '{}');", "q7Lw#Vn2pRz9"),
    ('sql.Open("mysql", "app:{}@tcp(db:3306)/shop")', "Gecko2207xyz"),
    ("passphrase for the backup key: {}", "3oNxdLNogh6s9R"),
    ("contraseña del router → {} (pegada debajo)", "Gatito#4821"),
    ("Le mot de passe est {}", "cScxssuDUbhyfRxKjwHIpulGH"),
    ("Yeni şifre {}, eskisini unutun.", "Simit_Cay_28"),
    ("kata sandi: {}", "Gecko2010*x"),
    ("psk={}", "Tr0ub4dor3x"),
    ("ich habe refresh_token auf {} gesetzt", KEY),
    ('let sid = "{}".to_string();', KEY),
    ("A senha do Wi-Fi da clínica é {}, repassem.", "Jacaranda55"),
    ("La password della stampante è rimasta {}, quella no.", "Stampa!2031"),
    ("Hasło do dziennika to {}, login bez zmian.", "Zupa_Ogorkowa9"),
    ("Lösenordet är {}", "Orion49$"),
    ("Heslo k účtu je {}, prosím", "Knedlik.Zelo.6"),
    ("Passwordet til lageret er {}; koden er en anden.", "Rugbrod_71"),
    ("Mật khẩu wifi quán là {} nha.", "caphesua88"),
    ("le code wifi c'est {}, merci", "Lavande-7-Olivier"),
    ("Ich hab das Passwort fürs Kassensystem auf {} gesetzt", "Brezel-Samstag-44"),
    ("пароль от админки: {} , логин admin", "Zima2031Sneg"),
    ("受付端末のパスワードは{}に変更しました。", "Momiji-4410"),
    ("新服务器的密码是{},不要外传。", "Zx9_tulip88"),
    ("비밀번호는{}이고", "Kimchi7788go"),
    ("รหัสผ่าน: {}", "maple2154bbq"),
    ("κωδικός πρόσβασης: {}", "Tiger53#x"),
    ("トークンは「{}」です", KEY),
    ("PASSWORD IS {} AND THE USER IS ADMIN", "ROADRUNNER88"),
    ("root password (changed yesterday): {}", "maple66!"),
    ("the passphrase is {}", "bonjour-sunrise-koala-orion"),
    ("creds → admin : {}", "luna2965qno"),
    ("login: svc_backup / pw: {}", "luna44*x"),
    ("net user jdoe {} /add", "Monday2084imq"),
    ("net use Z: \\\\srv\\share /user:corp\\jdoe {}", "maple2009dga"),
    ('gh secret set SMTP_PASSWORD --body "{}"', KEY),
    ("openssl rsa -in k.pem -passin pass:{}", "k8s_5dywM"),
    ("keytool -storepass {} -list", "Hafen2413pjy"),
    ("zip -P {} backup.zip data/", "fHC9P3mpLvuz93KQ"),
    ('echo "root:{}" | chpasswd', "koala2278pgu"),
    ("db.example.com:5432:orders:app:{}", "6tLoCnILyC"),
    ("CREATE USER 'app'@'%' IDENTIFIED BY '{}';", "1h19HG6T$R4ENZT4g"),
    ('var smtp = new NetworkCredential("noreply", "{}");', "Winter!Luna88"),
    ("$cred = ConvertTo-SecureString '{}' -AsPlainText -Force", "Falcon77*"),
    ("requests.post(url, auth=('svc', '{}'))", "S3cur3!aIwg47Jp"),
    ("snmp-server community {} RO", "khbC0hY4iDR4CMHV"),
    ('{{"totp_secret":"{}","ttl":3600}}', "CYXAHYJTEVNCOZQKEHJCCSDJLDPOGDFU"),
    ("CONFLUENT_API_SECRET = '{}';", "/Hw/jDWji6QHM1GZSdnIe3ZyX0HYeq/XSruDC/Yqh6iudBmTvhs/kswm0AzHaCVm"),
    ("| ALGOLIA_ADMIN_KEY | {} | prod |", "15c7c4f37c08579a8a46cbd0c56e57a6"),
    ("Access\nWachtwoord............ {}\nNaam............ Jan", "Tulpen-1207-geel"),
    ("[Lösenord] {} [Konto] 12", "iu0^Xuy!c7"),
    ("• Kata sandi – {}\n• Nama – Adi", "Falcon99?x"),
    ("Contraseña → {}", "meadow-ember-timber"),
    ("Mot de passe\n{}\n\nNom\nDupont", "ribbon_velvet_oyster"),
    ("## Temporary password:\n\n{}\n", "maple.anchor.walnut"),
    ("Initial password: {}\nGateway: vpn1", "puzzle.oyster.marble.violin"),
    ("The passphrase for the backup drive is {}.", "ember-velvet-lantern"),
    ("sign in with password {} and wait", "oyster_velvet_tunnel_lantern"),
    ("router admin password {}", "xruGBBmMluaJa"),
    ("Mein Kennwort lautete bisher {}, das ist alt.", "r1xToxloRj=RO!"),
    ("A palavra-passe do portal é {}, mude-a.", "VHtWRKFqXKJ3v77R"),
    ("J'avais mis {} comme mot de passe", "Rainbow77"),
    ("ich nahm {} als Passwort", "cactus-marble-glacier"),
    ("probé con la clave {} y nada", "q@CNIseoZB10"),
    ("Wifin salasana on {}.", "copper_marble_ember"),
    ("The shared secret for the VPN is {}.", "hvSsBd!Vc@t7"),
    ("La password del gestionale è [{}].", "Welcome2021+"),
    ("无线密码是{},不要外传。", "marble-copper-pepper"),
    ("Пароль от wifi: {}", "falcon_velvet_puzzle"),
    ("كلمة المرور............ {}", "Juventus77"),
    ("הסיסמה לוויי-פיי היא `{}`", "Shadow2024!"),
    ('JWT_SECRET="{}"', "LbOrj-NSjGOVz"),
    ('SMTPPASS="{}"', "ZK9ZxLwMsY3t_KFhSD"),
    ('smtp.login("ops@corp", "{}")', "S3cur3!aIwg47Jp"),
    ('cfg.password("{}").host("db")', "Ajq2=6s7QcfEsn-~dv"),
    ("smbclient //files/share -U 'backup%{}'", "summer_769x"),
    ('ldapsearch -H ldap://dc -D "cn=admin" -w {} -b "dc"', "pepper-orbit-cactus5"),
    ("ConvertTo-SecureString -AsPlainText '{}' -Force", "copper.harbor.tunnel"),
    ("ALTER ROLE app WITH LOGIN PASSWORD '{}';", "saddle-glacier-anchor"),
    ('<wsse:Password Type="PasswordText">{}</wsse:Password>', "f458b43fc09a616a240865e2"),
    ("<td>$env:AMPLITUDE_SECRET&#160;=&#160;&quot;{}&quot;</td>", "3510ee9aae90fe43f7a9eb745589594e"),
)
NONE = (
    "Your password must contain at least 8 characters.",
    "The password is case-sensitive.",
    "password policy: SHA256 or better",
    "All tests pass: 124 passed",
    "bypass: enabled",
    "Das Passwort ist falsch.",
    "DB_PASS=\nDB_USER=",
    "Пароль должен содержать 8 символов.",
    "パスワードは8文字以上にしてください。",
    "La contraseña caduca cada 60 días.",
    "A senha do servidor expira em 90 dias.",
    "session id was missing in 12 of 40 requests",
    "net user group policy applies to 20 hosts",
    '{"password":"Passwort","token":"Token"}',
    "password: !vault |",
    "password: SecretStr",
    "$password = $_POST['password'];",
    'OPENAI_API_KEY="sk-..."',
    "<password>@build.password@</password>",
    "cache miss key=user:109640:profile",
    "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
    "-----BEGIN PGP SIGNATURE-----\n\nELMd6RRb0aibO0xkHrqnftd5NNi60Zvt7yypCRyICfjMrgtW4FdhG9MZJsJQu",
    "postgres://${USER}:${PASS}@host/db",
    "docker run -p 8080:80 -u 1000:1000 image",
    "DB_PASSWORD=${DB_PASSWORD:?required}",
    "secret: arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-LSWKKO",
    "password: config.database.value",
    "the password on login.example.com",
    "add the password to customer_account_table today",
    "Password\nForgotten?\nSign in",
    "password - at least 12 characters, one digit",
    "The password is end-to-end encrypted.",
    "パスワードは accounts.example.com で変更",
    "palabras clave: aprendizaje, redes",
    "getUserNameFromId is the password_reset_url",
    "| column | type |\n|---|---|\n| password | string |\n| email | string |",
    "password,email\nexpired,yes\nactive,no\n",
)
TABLES = (
    "user,password,ip\nana,{},10.1.2.3\nli,{},10.1.2.4\n",
    "| Temporary password | n |\n|---|---|\n| {} | 1 |\n| **{}** | 2 |\n",
    "+------+----------+\n| name | password |\n+------+----------+\n| ana  | {}     |\n| li   | {}     |\n+---",
    "<table><tr><th>Heslo</th><th>n</th></tr><tr><td>{}</td><td>1</td></tr><tr><td>{}</td><td>2</td></tr></table>",
    "Пароль;ФИО\n{};Анна\n{};Иван\n",
    "姓名\t密码\n李\t{}\n王\t{}\n",
    "Nom|Mot de passe\nA|{}\nB|{}\n",
)


def found(text: str) -> list[tuple[str, str]]:
    """(type, value) of each finding."""
    return [(item.type, text[item.start : item.end]) for item in REDACTOR.find(text)]


@pytest.mark.parametrize(("text", "value"), TOLD, ids=str)
def test_a_credential_that_is_told(text: str, value: str) -> None:
    """The value alone is found, whatever links it to its name."""
    assert [item for _, item in found(text.format(value))] == [value]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("values", [("Krakow77$", "walnut.pepper.cactus"), ("TAVbPYzOaUx", "84650bd06444120b")])
def test_the_passwords_of_a_column(table: str, values: tuple[str, str]) -> None:
    """Of every table whose head says that they are some."""
    passwords = [value for kind, value in found(table.format(*values)) if kind == "CREDENTIAL"]
    assert passwords == list(values)


@pytest.mark.parametrize("text", NONE)
def test_what_is_said_about_credentials(text: str) -> None:
    """Instructions, messages, code, labels and digests hold none."""
    assert found(text) == []
