# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two machines: one with port 80 and the way to the CA, one with the keys, as docs/using/remote-signer.md has it."""

import re

import pytest

from lib import image, store, two_machines, using
from lib.room import Fallen, held, knock, traces
from lib.trail import ca_requests, one, trail, wait_for

MACHINE = {"packages": image.SERVERS}

NAME, OTHER = "example.org", "b.example.org"
RENEW = f"acme-renew@{NAME}.service"
BRIDGE = f"acme-signer-bridge@{NAME}"
DOOR = f"/run/acme/signer/{NAME}"
PAGE = "remote-signer"
TLS = "/etc/nginx/tls"


@pytest.fixture(scope="module")
def machines(machine):
    """(web, keys), both as after installation; sshd runs on the second."""
    with two_machines.beside(machine, packages=image.SERVERS) as keys:
        keys.systemctl("start", "ssh.service")
        yield machine, keys


def begin(web, keys):
    for m in (web, keys):
        m.run("systemctl stop 'acme-signer-bridge@*.socket'; rm -f /etc/acme/bridge/* /etc/acme/bridge/.ssh/*; rm -rf "
              f"/etc/systemd/system/acme-signer*@* {TLS}; systemctl daemon-reload", check=False)
        m.reset()
    web.pebble.start(where="outside", nonce_reject=5)
    web.configure(TermsOfServiceAgreed=None, Contact=None)
    keys.configure(CA=web.pebble.directory)
    web.run(["sh", "-euc", using.page(web, PAGE, "A key for the way").commands])
    public = web.read("/etc/acme/bridge/ssh.key.pub").strip()
    using.follow(keys, PAGE, section="On the key host", instead={"ssh-ed25519 AAAA… example.org": public})
    host = " ".join(keys.read("/etc/ssh/ssh_host_ed25519_key.pub").split()[:2])
    page = using.page(web, PAGE, "On the web host")
    web.write_files({path: text.replace("ssh-ed25519 AAAA…", host).replace("keys.example.org", two_machines.FAR)
                     for path, text in page.files().items()})


@pytest.fixture
def pair(machines):
    """The page, done on both; the CA can reach the web host only, and nothing has been asked of it yet."""
    web, keys = machines
    begin(web, keys)
    web.systemctl("daemon-reload")
    yield web, keys
    keys.systemctl("stop", "nginx.service")


@pytest.fixture
def split(machines):
    """The same with the account's key alone on the second machine."""
    web, keys = machines
    begin(web, keys)
    keys.systemctl("stop", f"{BRIDGE}.socket", "nginx.service")
    using.follow(keys, PAGE, section="With the account's key")
    web.run(f"rm -r /etc/systemd/system/acme-signer@{NAME}.socket.d")
    web.write_files(using.page(web, PAGE, "With the certificate's key").files())
    web.systemctl("daemon-reload")
    yield web, keys
    for m in (web, keys):
        m.run("systemctl stop 'acme-signer-bridge@*.socket'; rm -rf /etc/systemd/system/acme-signer*@*; "
              "systemctl daemon-reload", check=False)


def test_doors__of_a_renewal_and_no_others(machine):
    """What an administrator does, such as revoking, is not for another machine."""
    def doors(unit):
        return {line.split("=", 1)[1].split("%i")[0] for line in machine.read(f"/lib/systemd/system/{unit}").splitlines()
                if line.startswith("ListenStream=")}
    words = {(re.fullmatch("/run/acme/signer(?:-for-([a-z]+))?/", path)[1] or "renew") for path in doors("acme-signer@.socket")}
    found = {re.fullmatch("/run/acme/bridge/([a-z]+)/", path)[1] for path in doors("acme-signer-bridge@.socket")}
    assert found == {"renew", "challenge", "placeholder", "dns", "alpn"} <= words and "account" in words


def private_keys(machine):
    """Files of ours that have a private key, but for the one of ssh."""
    return machine.run("grep --recursive --files-with-matches 'PRIVATE KEY' /var/lib/acme /run/acme /etc/acme "
                       "/var/lib/private 2>/dev/null | grep -v /etc/acme/bridge/", check=False).stdout.split()


def gone(web, keys):
    """The signer has gone as well; nginx may stay."""
    store.wait_gone(web, 20)
    keys.settled(30)
    assert not keys.active(f"acme-signer@{NAME}.socket")


def test_renewal__no_key_is_on_the_web_host(pair):
    web, keys = pair
    mark, asked = keys.cursor(), web.cursor()
    started = web.start(RENEW)
    assert started.ok, started
    # Where the keys are is where it is installed, and goes on from there.
    wait_for(keys, mark, "RELOADED", 30, ACME_CERTIFICATE=NAME, ACME_UNIT="nginx.service")
    found = store.certificate(keys, NAME)
    assert found["names"] == [NAME, f"www.{NAME}"]
    assert store.certificate(keys, NAME, f"{TLS}/{NAME}.pem")["serial"] == found["serial"]
    assert found["public_key"] == store.public_key(keys, f"{TLS}/{NAME}.key")
    assert private_keys(web) == [] and web.listdir(store.ACCOUNTS) == [] and web.listdir(store.LIVE) == []
    assert len(private_keys(keys)) >= 2
    # Every signature is in the journal there.
    assert len(trail(keys, mark, "SIGNED", ACME_CERTIFICATE=NAME)) >= 4 and trail(web, asked, "SIGNED") == []
    gone(web, keys)
    # Nothing is due, and nobody asks the CA.
    asked = web.cursor()
    assert web.start(RENEW).ok
    assert one(web, asked, "NOT_DUE", ACME_CERTIFICATE=NAME) and ca_requests(web, asked) == []
    # An administrator asks for it where the keys are.
    keys.run(["touch", f"{store.REQUESTS}/{NAME}"])
    assert web.start(RENEW).ok
    assert store.certificate(keys, NAME)["serial"] != found["serial"]
    gone(web, keys)


def ssh(web, *command, more=()):
    """What somebody gets who has taken the ssh key."""
    return web.run(["ssh", "-T", "-F", "/etc/acme/bridge/ssh_config", "-i", "/etc/acme/bridge/ssh.key", "-o", "BatchMode=yes",
                    "-o", "UserKnownHostsFile=/etc/acme/bridge/known_hosts", *more, "key-host", *command],
                   check=False, timeout=30, input="")


def test_promise__the_ssh_key_opens_the_doors_of_one_signer(pair):
    web, keys = pair
    keys.systemctl("start", f"acme-signer-bridge@{OTHER}.socket")
    refused = {command: ssh(web, *filter(None, [command])) for command in (
        "", "id", f"acme-signer-bridge {OTHER} renew", f"acme-signer-bridge {NAME} renew; id",
        f"acme-signer-bridge {NAME} ../renew")}
    assert {(done.returncode, done.stdout) for done in refused.values()} == {(77, "")}, refused
    assert ssh(web, f"acme-signer-bridge {NAME} revoke").returncode == 75
    # No port of the key host, neither there nor back.
    for more in (["-W", "127.0.0.1:22"], ["-N", "-R", "7777:127.0.0.1:22", "-o", "ExitOnForwardFailure=yes"]):
        done = ssh(web, more=more)
        assert done.returncode == 255 and done.stdout == "", done
    assert not [unit for unit in keys.units("acme-signer-bridge@*.service") if unit["ActiveState"] != "inactive"]
    # The way it can fail: that one door is opened.
    assert ssh(web, f"acme-signer-bridge {NAME} renew").returncode == 0
    gone(web, keys)


def test_promise__a_web_host_in_strange_hands_gets_what_is_configured(pair):
    """Whoever has the web host speaks to the signer as the client does, and no more."""
    web, keys = pair
    mark = keys.cursor()
    with held(web, f"acme-signer@{NAME}.socket"):
        found = knock(web, DOOR, """
result = {
    "names": [i["value"] for i in door.call("Describe")[1]["identifiers"]],
    "elsewhere": door.call("Fetch", url="https://elsewhere.example/a", nonce="n")[0],
    "order": door.call("NewOrder", url=URL, nonce="n")[0],
    "token": door.call("KeyAuthorization", token="t" * 43)[0],
    "placeholder": door.call("InstallPlaceholder")[0],
}
""", URL=web.pebble.directory)
    assert found["names"] == [NAME, f"www.{NAME}"]
    assert found["elsewhere"] == "io.acmeward.Signer.UrlRefused"
    # There is no account yet, so that not even an order is signed.
    assert found["order"] == "io.acmeward.Signer.NoAccount"
    assert {found["token"], found["placeholder"]} == {"org.varlink.service.PermissionDenied"}
    assert trail(keys, mark, "SIGNED") == [] and trail(keys, mark, "REFUSED")
    gone(web, keys)


@pytest.mark.parametrize("how", ["another-host-key", "not-enabled", "no-sshd"])
def test_no_way__fails_and_is_tried_again(pair, how):
    web, keys = pair
    if how == "another-host-key":
        known = web.read("/etc/acme/bridge/known_hosts")
        web.write("/etc/acme/bridge/known_hosts", re.sub("AAAA.*", web.read("/etc/acme/bridge/ssh.key.pub").split()[1], known))
    elif how == "not-enabled":
        keys.systemctl("stop", f"{BRIDGE}.socket")
    else:
        keys.systemctl("stop", "ssh.service")
    try:
        mark = web.cursor()
        started = web.start(RENEW)
        assert started.exit_status == 75 and started.seconds < 60, started
        assert one(web, mark, "FAILED", ACME_CERTIFICATE=NAME)
        # What ssh says, or the key host by it, is where the administrator looks.
        said = [entry["MESSAGE"] for entry in web.journal(since=mark, _SYSTEMD_UNIT=f"acme-signer-remote@{NAME}.service")]
        assert len(said) >= 2, said
        assert not web.exists(f"{store.LIVE}/{NAME}") and not keys.exists(f"{store.LIVE}/{NAME}")
    finally:
        keys.systemctl("start", "ssh.service", f"{BRIDGE}.socket")
    gone(web, keys)


def test_promise__the_bridge_on_the_key_host_sees_the_doors_and_nothing_else(pair):
    _, keys = pair
    store_files = keys.run("find /var/lib/acme /etc/acme -type f").stdout.split()
    with Fallen(keys, f"{BRIDGE}.service", """
result = {path: can_read(path) for path in FILES}, private_keys(), sorted(os.listdir("/run/acme/door")), can_make_sockets()
""", values={"FILES": store_files}) as room:
        readable, found, doors, sockets = room.start()
    assert store_files and set(readable.values()) == {"ENOENT"} and found == []
    assert "renew" in doors and "credentials" not in doors
    assert "ok" not in {sockets[kind] for kind in ("inet", "inet6", "packet", "netlink") if kind in sockets}, sockets
    assert traces(keys, f"{BRIDGE}.service") == ([], [])


def test_promise__the_way_on_the_web_host_has_the_key_of_ssh_alone(pair):
    web, _ = pair
    unit = f"acme-signer-remote@{NAME}.service"
    web.write("/var/lib/acme/certs/other/1/privkey.pem", "-----BEGIN PRIVATE KEY-----\n", 0o600, "acme-signer")
    with Fallen(web, unit, """
result = (can_read("/etc/acme/bridge/ssh.key"), can_read(os.environ["CREDENTIALS_DIRECTORY"] + "/ssh.key"),
          os.path.exists("/var/lib/acme/certs/other"),
          [path for path in DOORS if os.path.exists(path)], flush_ruleset())
""", values={"DOORS": [DOOR, "/run/acme/door/signer", "/run/acme/credentials", "/run/systemd/private"]}) as room:
        assert room.start() == ["EACCES", "ok", False, [], "EPERM"]
    assert traces(web, unit) == ([], [])


def test_killed_on_the_key_host__the_next_run_completes(pair):
    web, keys = pair
    with web.mangler() as ca:
        for m in pair:
            m.configure(CA=ca.directory, TermsOfServiceAgreed=None if m is web else True)
        ca.on("finalize", times=1).hang()
        start = web.popen(["systemctl", "start", RENEW])
        web.wait_until(lambda: ca.seen("finalize"), 30, what="finalize")
        keys.systemctl("kill", "--signal=KILL", f"{BRIDGE}.service", f"acme-signer@{NAME}.service")
        web.systemctl("stop", RENEW)
        start.wait()
    gone(web, keys)
    for m in pair:
        m.configure(CA=web.pebble.directory, TermsOfServiceAgreed=None if m is web else True)
    mark = keys.cursor()
    assert web.start(RENEW).ok
    wait_for(keys, mark, "RELOADED", 30, ACME_CERTIFICATE=NAME)
    assert private_keys(web) == []


def test_several_cas__each_with_an_account_on_the_key_host(pair):
    """CA=first second: it is the key host that turns to the next one, by what the web host has met there."""
    web, keys = pair
    with web.mangler() as first:
        for m in pair:
            m.write_files({"/etc/acme/ca.d/first.conf": f"[CA]\nDirectory={first.directory}\n",
                           "/etc/acme/ca.d/second.conf": f"[CA]\nDirectory={web.pebble.directory}\n"})
            m.configure(CA=["first", "second"], TermsOfServiceAgreed=None if m is web else True)
        first.on("newOrder").problem("serverInternal", status=500)
        mark = keys.cursor()
        started = web.start(RENEW)
        assert started.ok, started
        assert one(keys, mark, "CA_PASSED_OVER", ACME_CERTIFICATE=NAME)["ACME_CA"] == "first"
        assert one(keys, mark, "INSTALLED", ACME_CERTIFICATE=NAME)["ACME_CA"] == "second"
        assert {entry["ACME_CA"] for entry in trail(keys, mark, "ACCOUNT_REGISTERED")} == {"first", "second"}
        assert keys.listdir(store.ACCOUNTS) == ["first", "second"]
        assert web.listdir(store.ACCOUNTS) == [] and private_keys(web) == []
        wait_for(keys, mark, "RELOADED", 30, ACME_CERTIFICATE=NAME)
        gone(web, keys)
        # It works again, and somebody asks for a renewal where the keys are.
        first.heal()
        keys.run(["touch", f"{store.REQUESTS}/{NAME}"])
        mark = keys.cursor()
        assert web.start(RENEW).ok
        assert one(keys, mark, "INSTALLED", ACME_CERTIFICATE=NAME)["ACME_CA"] == "first"
        assert private_keys(web) == []
        # Who has only one of them here is told that the two machines do not agree, before anybody is asked.
        web.configure(CA="second", TermsOfServiceAgreed=None)
        gone(web, keys)
        keys.run(["touch", f"{store.REQUESTS}/{NAME}"])
        mark = web.cursor()
        first.forget()
        assert not web.start(RENEW).ok
        assert one(web, mark, "FAILED", ACME_CERTIFICATE=NAME)
        assert not first.seen("newOrder")
    gone(web, keys)


AWAY = f"/run/acme/away/account/{NAME}"


def csr(web, names):
    """A signing request for these names by a new key, in base64url of DER."""
    done = web.run(["sh", "-euc", "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout /dev/null "
                    '-outform DER -subj / -addext "subjectAltName=$1" | base64 --wrap=0', "csr",
                    ",".join(f"DNS:{name}" for name in names)])
    return done.stdout.strip().rstrip("=").translate(str.maketrans("+/", "-_"))


def test_account_alone__each_key_on_its_machine(split):
    web, keys = split
    mark, asked = keys.cursor(), web.cursor()
    started = web.start(RENEW)
    assert started.ok, started
    found = store.certificate(web, NAME)
    assert found["names"] == [NAME, f"www.{NAME}"]
    # The certificate's key is here and nowhere else, the account's there and nowhere else.
    assert [path.rpartition("/")[2] for path in private_keys(web)] == ["privkey.pem"], private_keys(web)
    assert [path.startswith(f"{store.ACCOUNTS}/") for path in private_keys(keys)] == [True], private_keys(keys)
    assert not keys.exists(f"{store.LIVE}/{NAME}")
    assert {entry["ACME_OPERATION"] for entry in trail(keys, mark, "SIGNED", ACME_CERTIFICATE=NAME)} >= {
        "NewAccount", "NewOrder", "FinalizeRequest"}
    assert trail(web, asked, "SIGNED") == [] and trail(keys, mark, "REFUSED") == []
    gone(web, keys)
    # Nothing is due: nobody is asked, on either machine.
    mark, asked = keys.cursor(), web.cursor()
    assert web.start(RENEW).ok
    assert one(web, asked, "NOT_DUE", ACME_CERTIFICATE=NAME) and ca_requests(web, asked) == []
    assert not [unit for unit in keys.units("acme-signer-bridge@*.service") if unit["ActiveState"] != "inactive"]
    # The key host is out of reach: tried again later, and what is installed stays.
    keys.systemctl("stop", "ssh.service")
    try:
        web.run(["touch", f"{store.REQUESTS}/{NAME}"])
        mark = web.cursor()
        started = web.start(RENEW)
        assert started.exit_status == 75, started
        assert one(web, mark, "FAILED", ACME_CERTIFICATE=NAME) and ca_requests(web, mark) == []
        assert store.certificate(web, NAME)["serial"] == found["serial"]
    finally:
        keys.systemctl("start", "ssh.service")
    gone(web, keys)
    assert web.start(RENEW).ok
    assert store.certificate(web, NAME)["serial"] != found["serial"]
    assert [path.rpartition("/")[2] for path in private_keys(web)].count("key.pem") == 0
    gone(web, keys)


def test_promise__the_account_signs_for_what_the_key_host_has_configured(split):
    """Whoever has the web host has its way to the account, and gets no other name by it."""
    web, keys = split
    assert web.start(RENEW).ok
    gone(web, keys)
    mark = keys.cursor()
    with held(web, f"acme-signer-account@{NAME}.socket"):
        found = knock(web, AWAY, """
result = {
    "requests": {what: [error, reply.get("reason")] for what, (error, reply) in (
        (what, door.call("FinalizeRequest", url=URL, nonce="n", csr=csr)) for what, csr in REQUESTS.items())},
    "other": {method: door.call(method)[0] for method in ("Describe", "Install", "Finalize", "Revoke", "ImportKey")},
    "elsewhere": door.call("Fetch", url="https://elsewhere.example/a", nonce="n")[0],
}
""", URL=web.pebble.directory, REQUESTS={
            "ours": csr(web, [NAME, f"www.{NAME}"]), "other": csr(web, [OTHER]), "more": csr(web, [NAME, f"www.{NAME}", OTHER]),
            "fewer": csr(web, [NAME]), "garbage": "AAAA"})
    refused = "io.acmeward.Signer.RequestRefused"
    assert found["requests"] == {"ours": [None, None], "other": [refused, "names"], "more": [refused, "names"],
                                 "fewer": [refused, "names"], "garbage": [refused, "notRequest"]}
    assert set(found["other"].values()) == {"org.varlink.service.PermissionDenied"}
    assert found["elsewhere"] == "io.acmeward.Signer.UrlRefused"
    assert len([entry for entry in trail(keys, mark, "REFUSED", ACME_CERTIFICATE=NAME)
                if entry["ACME_OPERATION"] == "FinalizeRequest"]) == 4
    assert [entry["ACME_OPERATION"] for entry in trail(keys, mark, "SIGNED")] == ["FinalizeRequest"]
    # No other door is there for this machine's ssh key.
    assert ssh(web, f"acme-signer-bridge {NAME} renew").returncode == 75
    gone(web, keys)
