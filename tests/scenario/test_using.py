# SPDX-License-Identifier: LGPL-2.1-or-later
"""The pages of docs/using, as they stand there: what they configure serves the first certificate and the next one, and
nobody who comes meanwhile is turned away."""

import pytest

from lib import consumers, credentials, image, store, using
from lib.consumers import live, reloads, renew, served, visitor, wait_served
from lib.trail import trail, wait_for

MACHINE = {"packages": image.SERVERS}

SITE, MAIL, DATABASE, APP = "example.org", "mail.example.org", "db.example.org", "app.example.org"

DOVECOT = {"bookworm": "Dovecot 2.3"}


@pytest.fixture
def bed(fresh):
    """A CA outside, acme.conf for it, no server that runs, and nothing left of what another page said."""
    consumers.quiet(fresh)
    fresh.run("rm -rf /etc/*/tls /etc/ssl/postgresql /etc/nginx/sites-enabled/*example.org "
              "/etc/systemd/system/app.service* /etc/systemd/system/postgresql@*.service.d")
    fresh.run("cd /etc/apache2 && rm -f sites-enabled/example.org.conf conf-enabled/acmeward.conf mods-enabled/ssl.*; "
              "cd /etc/haproxy && cp --no-clobber haproxy.cfg debian.cfg && cp debian.cfg haproxy.cfg")
    fresh.systemctl("daemon-reload")
    fresh.pebble.start(where="outside", nonce_reject=5, authz_reuse=50)
    fresh.configure()
    yield fresh
    for unit in [*fresh.units("acme-renew@*.timer"), {"Id": "app.service"}]:
        fresh.systemctl("disable", "--quiet", "--now", unit["Id"], check=False)
    consumers.quiet(fresh)


def verified(machine, mark, name):
    """acme-verify has seen it, too."""
    wait_for(machine, mark, "VERIFIED", 30, ACME_CERTIFICATE=name)
    assert trail(machine, mark, "VERIFY_FAILED") == []


def check_renewal(bed, name, port, starttls=None):
    """The certificate that is there is served, and so is the next one."""
    wait_served(bed, name, port, starttls)
    bed.settled(40)
    mark = bed.cursor()
    renew(bed, name)
    fingerprint = wait_served(bed, name, port, starttls)
    verified(bed, mark, name)
    bed.settled(40)
    assert trail(bed, mark, "DEPLOY_FAILED") == []
    return fingerprint


@pytest.mark.parametrize("runs", [False, True], ids=["stopped", "running"])
@pytest.mark.parametrize("page, unit", [("nginx", "nginx.service"), ("apache", "apache2.service"),
                                        ("haproxy", "haproxy.service")])
def test_web_server__nobody_is_turned_away(bed, page, unit, runs):
    """Whether it runs already, as Debian has it, or not."""
    if page == "haproxy":
        consumers.application(bed)
    if runs:
        bed.systemctl("start", unit)
    mark = bed.cursor()
    using.follow(bed, page)
    first = wait_served(bed, SITE, 443)
    verified(bed, mark, SITE)
    bed.settled(40)
    with visitor(bed, 443, SITE) as guest:
        guest.more()
        mark = bed.cursor()
        second = renew(bed, SITE)
        guest.sees(second)
        bed.settled(40)
        guest.more()
    assert guest.errors == []
    assert guest.fingerprints == [first, second]
    assert reloads(bed, mark, unit) == 1
    verified(bed, mark, SITE)


def placeholder(machine, name):
    return store.certificate(machine, name)["subject"].replace(" ", "").endswith("CN=acmewardplaceholder")


def test_nginx__needs_a_certificate_to_start(bed):
    """The CA cannot be reached: nginx serves a placeholder. It comes back: nobody is turned away at the change."""
    page = using.page(bed, "nginx")
    bed.write_files(page.files())
    before, _, _ = page.commands.partition("systemctl start")
    bed.run(["sh", "-euc", before])
    assert bed.run(["nginx", "-t"], check=False).returncode != 0
    bed.pebble.stop()
    assert not bed.start(f"acme-renew@{SITE}.service").ok
    first = wait_served(bed, SITE, 443)
    assert placeholder(bed, SITE) and bed.active("nginx.service")
    bed.settled(40)
    bed.pebble.start(where="outside")
    bed.configure()
    with visitor(bed, 443, SITE, trusting=True) as guest:
        guest.more()
        second = renew(bed, SITE)
        guest.sees(second)
        bed.settled(40)
    assert guest.errors == []
    assert guest.fingerprints == [first, second] and not placeholder(bed, SITE)


def test_nginx__is_not_told(bed):
    """Nobody says Reload=: the old certificate is what is served, and that does not stay unknown."""
    using.follow(bed, "nginx")
    wait_served(bed, SITE, 443)
    bed.settled(40)
    old = store.certificate(bed, SITE)["serial"]
    path, text = next((path, text) for path, text in using.page(bed, "nginx").files().items() if "/etc/acme/" in path)
    bed.write(path, text.replace("Reload=nginx.service\n", ""))
    mark = bed.cursor()
    renew(bed, SITE)
    new = store.certificate(bed, SITE)["serial"]
    unit = f"acme-verify@{SITE}.service"
    bed.wait_until(lambda: bed.unit(unit)["ActiveState"] == "failed", 60, 0.2, what=f"{unit} to fail")
    failures = trail(bed, mark, "VERIFY_FAILED")
    assert {entry["ACME_ENDPOINT"] for entry in failures} == {"127.0.0.1:443", "[::1]:443"}
    for entry in failures:
        assert (entry["ACME_REASON"], entry["ACME_UNIT"]) == ("otherCertificate", "nginx.service")
        assert (entry["ACME_SERIAL"], entry["ACME_SERIAL_SERVED"]) == (new, old)
        assert new in entry["MESSAGE"] and old in entry["MESSAGE"]
    # A person does what was missing.
    bed.systemctl("reload", "nginx.service")
    wait_served(bed, SITE, 443)
    assert bed.start(unit).ok


def test_nginx__without_verify(bed):
    """Where nobody says Verify=, the ports of the unit that is reloaded are found."""
    using.follow(bed, "nginx", instead={"Verify=127.0.0.1:443\n": "", "Verify=[::1]:443\n": ""})
    wait_served(bed, SITE, 443)
    bed.settled(40)
    mark = bed.cursor()
    renew(bed, SITE)
    bed.wait_until(lambda: len(trail(bed, mark, "VERIFIED")) == 2, 40, 0.2, what="both addresses to be verified")
    bed.settled(40)
    assert {entry["ACME_ENDPOINT"] for entry in trail(bed, mark, "VERIFIED")} == {"127.0.0.1:443", "[::1]:443"}
    assert trail(bed, mark, "VERIFY_FAILED", "VERIFY_SKIPPED") == []


def test_postfix(bed):
    using.follow(bed, "postfix")
    check_renewal(bed, MAIL, 25, "smtp")


def test_dovecot(bed):
    using.follow(bed, "dovecot", version=DOVECOT.get(bed.release, "Dovecot 2.4"))
    fingerprint = check_renewal(bed, MAIL, 993)
    assert served(bed, 143, "imap") == fingerprint


def test_dovecot__after_postfix_without_a_new_certificate(bed):
    """A drop-in adds a consumer; what is live already is enough for it."""
    using.follow(bed, "postfix")
    wait_served(bed, MAIL, 25, "smtp")
    bed.settled(40)
    first = live(bed, MAIL)
    using.follow(bed, "dovecot", version=DOVECOT.get(bed.release, "Dovecot 2.4"),
                 instead={"start acme-renew@": "start acme-deploy@"})
    assert wait_served(bed, MAIL, 993) == first


@pytest.fixture
def cluster(bed):
    """The version of Debian's one cluster, which runs."""
    version, = bed.listdir("/etc/postgresql")
    settings = f"/var/lib/postgresql/{version}/main/postgresql.auto.conf"
    bed.run(["rm", "-f", settings])
    bed.systemctl("start", "postgresql.service")
    unit = f"postgresql@{version}-main.service"
    bed.wait_until(lambda: bed.active(unit), 30, what=f"{unit} to run")
    yield version
    bed.systemctl("stop", unit, check=False)
    bed.run(["rm", "-f", settings])


def test_postgresql__by_files(bed, cluster):
    using.follow(bed, "postgresql", section="By files")
    check_renewal(bed, DATABASE, 5432, "postgres")
    key, unit = f"/etc/ssl/postgresql/{DATABASE}.key", f"postgresql@{cluster}-main.service"
    found = bed.stat(key)
    assert (found["owner"], found["group"], found["mode"]) == ("postgres", "postgres", "600")
    # The table: a server starts with such a key or it does not.
    rows = using.page(bed, "postgresql").modes() + [("www-data", "600", False)]
    assert len(rows) > 6
    for owner, mode, taken in rows:
        bed.run(["chown", owner if ":" in owner else f"{owner}:{owner}", key])
        bed.run(["chmod", mode, key])
        bed.systemctl("restart", unit, check=False)
        assert bed.active(unit) is taken, (owner, mode)
        bed.systemctl("reset-failed", unit, check=False)


def test_postgresql__root_owns_the_key(bed, cluster):
    """The other line of the table, by Group= and Mode=."""
    using.follow(bed, "postgresql", instead={"Owner=postgres\n": "Group=postgres\nMode=0640\n"}, section="By files")
    check_renewal(bed, DATABASE, 5432, "postgres")
    found = bed.stat(f"/etc/ssl/postgresql/{DATABASE}.key")
    assert (found["owner"], found["group"], found["mode"]) == ("root", "postgres", "640")


def test_postgresql__by_credentials(bed, cluster):
    using.follow(bed, "postgresql", instead={"15-main": f"{cluster}-main"}, section="By credentials")
    check_renewal(bed, DATABASE, 5432, "postgres")
    assert bed.stat(f"/run/postgresql-tls/{cluster}-main/tls.key")["mode"] == "600"
    mark = bed.cursor()
    assert bed.start(f"acme-verify@{DATABASE}.service").ok
    assert trail(bed, mark, "VERIFY_SKIPPED") == []
    # It starts again by itself, as at a boot, when nothing of acmeward's is there yet.
    unit = f"postgresql@{cluster}-main.service"
    bed.systemctl("stop", "acme-credentials.socket", unit)
    assert bed.start(unit).ok
    wait_served(bed, DATABASE, 5432, "postgres")


def test_own_unit(bed):
    """Its key is in no file; the next certificate restarts it."""
    consumers.application(bed)
    using.follow(bed, "own-unit")
    first = wait_served(bed, APP, 8443)
    bed.settled(40)
    with visitor(bed, 8443, APP) as guest:
        guest.more()
    assert (guest.errors, guest.fingerprints) == ([], [first])
    pid = bed.unit("app.service")["MainPID"]
    mark = bed.cursor()
    check_renewal(bed, APP, 8443)
    assert bed.unit("app.service")["MainPID"] != pid
    given = trail(bed, mark, "CREDENTIAL_GIVEN", ACME_CONSUMER="app.service")
    assert sorted(entry["ACME_CREDENTIAL"] for entry in given) == ["tls.fullchain", "tls.key"]
    assert trail(bed, mark, "VERIFY_SKIPPED") == []


def test_own_unit__reloaded(bed):
    """With the drop-in of the page, and a program that reads its files again."""
    if bed.systemd < 260:
        pytest.skip("RefreshOnReload= comes with systemd 260")
    program = next(line for line in using.page(bed, "own-unit").text.splitlines() if line.startswith("ExecStart="))
    server = credentials.write_tls_server(bed)
    using.follow(bed, "own-unit", version="systemd 260", instead={
        program: f"Type=notify-reload\nExecStart={server} 8443"})
    first = wait_served(bed, APP, 8443)
    bed.settled(40)
    pid = bed.unit("app.service")["MainPID"]
    mark = bed.cursor()
    with visitor(bed, 8443, APP) as guest:
        guest.more()
        second = renew(bed, APP)
        guest.sees(second)
        bed.settled(40)
    verified(bed, mark, APP)
    assert (guest.errors, guest.fingerprints) == ([], [first, second])
    assert bed.unit("app.service")["MainPID"] == pid and reloads(bed, mark, "app.service") == 1


@pytest.mark.parametrize("way", ["placeholder", "real"])
def test_own_unit__before_the_first_certificate(bed, way):
    """Started while nothing is there, as at the first boot: with a placeholder, or not before the real one is there."""
    page = using.page(bed, "own-unit")
    bed.write_files(page.files(way))
    bed.systemctl("daemon-reload")
    mark = bed.cursor()
    assert bed.start("app.service").ok
    first = wait_served(bed, APP, 8443)
    assert placeholder(bed, APP) is (way == "placeholder")
    if way == "placeholder":
        second = renew(bed, APP)
        assert wait_served(bed, APP, 8443) == second != first
    verified(bed, mark, APP)


def test_ten_certificates__one_reload(bed):
    """They come within one burst; nginx is told once."""
    names = [f"{letter}.{SITE}" for letter in "abcdefghij"]
    page = using.page(bed, "nginx")
    bed.write_files({path.replace(SITE, name): text.replace(SITE, name)
                     for name in names for path, text in page.files().items()})
    bed.run(["sh", "-euc", page.commands.partition("systemctl start")[0]])
    renewals = [f"acme-renew@{name}.service" for name in names]
    bed.systemctl("start", *renewals)
    serves(bed, names)
    bed.settled(60)
    for name in names:
        bed.run(["touch", f"{store.REQUESTS}/{name}"])
    mark = bed.cursor()
    bed.systemctl("start", *renewals)
    serves(bed, names)
    bed.settled(60)
    assert reloads(bed, mark, "nginx.service") == 1


def serves(bed, names):
    """Each name is served what is live of it."""
    for name in names:
        wanted = live(bed, name)
        bed.wait_until(lambda name=name, wanted=wanted: served(bed, 443, name=name) == wanted, 60, 0.5,
                       what=f"{name} to be served")
