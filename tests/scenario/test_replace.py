# SPDX-License-Identifier: LGPL-2.1-or-later
"""acmectl replace: another certificate in use before the one before is revoked, whatever comes in between."""

import pytest

from lib import consumers, image, store, using
from lib.consumers import live, served, visitor, wait_served
from lib.moments import held_request
from lib.trail import one, trail
from lib.unhappy import prompt

MACHINE = {"packages": image.SERVERS}

SITE = "example.org"
RECORD = f"/var/lib/acme/replace/{SITE}"
RETIRED = "/var/lib/acme/retired"


@pytest.fixture
def bed(fresh):
    """nginx serves a certificate, as its page says; its key would be kept for the next one."""
    consumers.quiet(fresh)
    fresh.run("rm -rf /etc/nginx/tls /etc/nginx/sites-enabled/*example.org")
    fresh.pebble.start(where="outside", nonce_reject=5, authz_reuse=50)
    fresh.configure()
    yield fresh
    fresh.systemctl("unmask", "--runtime", "nginx.service", check=False)
    for unit in fresh.units("acme-renew@*.timer"):
        fresh.systemctl("disable", "--quiet", "--now", unit["Id"], check=False)
    consumers.quiet(fresh)


def site(machine, types="ec-p256", pages=""):
    """The certificate that is served, by its serial number and fingerprint."""
    using.follow(machine, "nginx", instead={
        "www.example.org\n\n": f"www.example.org\nKeyType={types}\nRenewKey=no\n\n",
        "example.org.key;\n": f"example.org.key;\n{pages}"})
    wait_served(machine, SITE, 443)
    machine.settled(40)
    return store.certificate(machine, SITE)


def replace(machine, *arguments):
    return machine.run(["acmectl", "replace", SITE, *arguments], check=False)


def test_compromise_drill__nobody_is_turned_away(bed):
    old = site(bed)
    with visitor(bed, 443, SITE) as guest:
        guest.more()
        mark = bed.cursor()
        done = replace(bed, "--compromised")
        assert done.returncode == 0 and done.stderr == "", done
        new = store.certificate(bed, SITE)
        guest.sees(new["fingerprint"])
        guest.more()
    assert guest.errors == []
    assert guest.fingerprints == [old["fingerprint"], new["fingerprint"]]
    assert bed.pebble.status_of(old["serial"]) == ("Revoked", 1)
    assert bed.pebble.status_of(new["serial"])[0] == "Valid"
    # A fresh key, although RenewKey=no; the old one comes back nowhere.
    assert new["public_key"] != old["public_key"] and len(bed.listdir(RETIRED)) == 1
    # In this order: retired, installed, deployed, seen served at each endpoint, and only then revoked.
    events = [entry["EVENT"] for entry in trail(bed, mark, "KEY_RETIRED", "INSTALLED", "DEPLOYED", "VERIFIED", "REVOKED")]
    assert events[:3] == ["KEY_RETIRED", "INSTALLED", "DEPLOYED"] and events.count("INSTALLED") == 1, events
    assert events.index("REVOKED") > events.index("VERIFIED") and events.count("REVOKED") == 1, events
    assert one(bed, mark, "REVOKED")["ACME_SERIAL"] == old["serial"]
    # All is done, and nothing is due.
    bed.settled(40)
    assert not bed.exists(RECORD) and bed.listdir("/run/acme/revoke") == []
    assert bed.start(f"acme-renew@{SITE}.service").ok
    assert live(bed, SITE) == new["fingerprint"]
    # The next one has the new key again, as RenewKey=no has it, and another reason.
    assert replace(bed).returncode == 0
    assert store.certificate(bed, SITE)["public_key"] == new["public_key"]
    assert bed.pebble.status_of(new["serial"]) == ("Revoked", 4)


def test_compromise_drill__interrupted_anywhere(bed):
    """At each step by something else: what is missing is done by the same command, and nothing twice."""
    with bed.mangler() as ca:
        bed.configure(CA=ca.directory)
        old = site(bed)

        def is_good():
            return bed.pebble.status_of(old["serial"])[0] == "Valid" and bed.exists(RECORD)
        mark, generation = bed.cursor(), store.generation(bed, SITE)
        ca.on("newOrder").problem("serverInternal", status=500)
        assert replace(bed, "--compromised").returncode == 75
        assert is_good() and live(bed, SITE) == old["fingerprint"]
        ca.heal()
        with held_request(ca, "finalize") as arrived:
            bed.run(["systemd-run", "--quiet", "--collect", "--unit=drill.service", "acmectl", "replace", SITE])
            arrived()
            bed.systemctl("kill", "--signal=KILL", "drill.service")
            bed.wait_until(lambda: not bed.active("drill.service"))
        bed.settled(40)
        assert is_good()
        # The server does not come along.
        bed.systemctl("stop", "nginx.service")
        bed.systemctl("mask", "--runtime", "nginx.service")
        bed.run(f"rm -f /etc/nginx/tls/{SITE}.pem")
        assert replace(bed).returncode == 78
        assert is_good() and served(bed, 443) is None
        bed.systemctl("unmask", "--runtime", "nginx.service")
        # Nor is what it serves the new one: somebody has pinned the old.
        bed.run(f"cp -L {store.CERTS}/{SITE}/{generation}/fullchain.pem /etc/nginx/tls/old.pem; "
                f"cp -L {store.CERTS}/{SITE}/{generation}/privkey.pem /etc/nginx/tls/old.key; "
                f"sed -i 's|tls/{SITE}|tls/old|' /etc/nginx/sites-enabled/{SITE}")
        done = replace(bed)
        assert done.returncode == 69 and is_good(), done
        assert served(bed, 443) == old["fingerprint"]
        bed.run(f"sed -i 's|tls/old|tls/{SITE}|' /etc/nginx/sites-enabled/{SITE}; systemctl reload nginx.service")
        ca.on("revokeCert").problem("serverInternal", status=500)
        assert replace(bed).returncode == 75
        assert is_good() and served(bed, 443) == live(bed, SITE) != old["fingerprint"]
        ca.heal()
        done = replace(bed)
        assert done.returncode == 0, done
    assert bed.pebble.status_of(old["serial"]) == ("Revoked", 1) and not bed.exists(RECORD)
    assert store.certificate(bed, SITE)["public_key"] != old["public_key"]
    assert len(trail(bed, mark, "INSTALLED")) == len(trail(bed, mark, "REVOKED")) == 1
    assert len(bed.listdir(RETIRED)) == 1


def path(suffix):
    return f"{store.LIVE}/{SITE}/cert{suffix}.pem"


def both(machine):
    """The live certificates of both key types."""
    return [store.certificate(machine, SITE, path(suffix)) for suffix in ("", ".rsa")]


def statuses(machine, certificates):
    return [machine.pebble.status_of(found["serial"]) for found in certificates]


VALID, COMPROMISED = ("Valid", None), ("Revoked", 1)


def test_two_key_types__both_in_use_before_both_are_revoked(bed):
    second = f"/etc/nginx/tls/{SITE}.rsa"
    site(bed, "ec-p256 rsa-2048", f"ssl_certificate {second}.pem; ssl_certificate_key {second}.key;\n")
    old, mark = both(bed), bed.cursor()
    done = replace(bed, "--compromised")
    assert done.returncode == 0 and done.stderr == "", done
    new = both(bed)
    assert statuses(bed, old) == [COMPROMISED] * 2 and statuses(bed, new) == [VALID] * 2
    assert len({found["public_key"] for found in old + new}) == 4 and len(bed.listdir(RETIRED)) == 2
    assert not bed.exists(RECORD) and bed.listdir("/run/acme/revoke") == []
    # Both are retired first of all, and revoked after both were seen served.
    events = trail(bed, mark, "KEY_RETIRED", "INSTALLED", "VERIFIED", "REVOKED", ACME_CERTIFICATE=SITE)
    told = [entry["EVENT"] for entry in events]
    assert told[:2] == ["KEY_RETIRED"] * 2 and told[-2:] == ["REVOKED"] * 2, told
    assert (told.count("INSTALLED"), told.count("REVOKED")) == (2, 2)
    assert {entry["ACME_SERIAL"] for entry in events[-2:]} == {found["serial"] for found in old}
    assert {found["serial"] for found in new} <= {entry["ACME_SERIAL"] for entry in events if entry["EVENT"] == "VERIFIED"}


def test_two_key_types__interrupted(fresh):
    """What is live is not revoked, what is new is not asked for once more, and what is revoked stays so."""
    # Requests are counted below.
    fresh.pebble.start(nonce_reject=0)
    fresh.configure()

    def drill(status, *arguments):
        assert replace(fresh, *arguments).returncode == status
        fresh.settled()
    with fresh.mangler() as ca:
        fresh.configure(CA=ca.directory)
        fresh.configure(SITE, KeyType="ec-p256 rsa-2048", RenewKey="no")
        assert fresh.start(f"acme-renew@{SITE}.service").ok
        fresh.settled()
        old, mark = both(fresh), fresh.cursor()
        # The second type cannot be had, whoever asks how often.
        prompt(ca)
        ca.on("finalize", skip=1).problem("serverInternal", status=500)
        drill(75, "--compromised")
        new = both(fresh)
        assert new[0] != old[0] and new[1] == old[1]
        assert statuses(fresh, old) == [VALID] * 2 and len(fresh.listdir(RETIRED)) == 2
        # Nor after a power cut, which takes the request with it.
        fresh.run(["rm", "-f", f"{store.REQUESTS}/{SITE}"])
        ca.heal()
        ca.on("finalize").problem("serverInternal", status=500)
        drill(75, "--compromised")
        assert both(fresh) == new and statuses(fresh, old) == [VALID] * 2
        # It can, and one of them is revoked before the CA is down.
        ca.heal()
        ca.on("revokeCert", skip=1).problem("serverInternal", status=500)
        drill(75)
        assert both(fresh)[0] == new[0] and both(fresh)[1] != old[1]
        assert statuses(fresh, old) == [VALID, COMPROMISED] and len(fresh.read(RECORD).splitlines()) == 1
        # Killed while the other one is being revoked.
        ca.heal()
        with held_request(ca, "revokeCert") as arrived:
            fresh.run(["systemd-run", "--quiet", "--collect", "--unit=drill.service", "acmectl", "replace", SITE])
            arrived(30)
            fresh.systemctl("kill", "--signal=KILL", "drill.service")
            fresh.systemctl("kill", "--signal=KILL", f"acme-revoke@{SITE}.service")
        fresh.settled()
        assert fresh.exists(RECORD)
        new = both(fresh)
        drill(0)
    assert both(fresh) == new and not fresh.exists(RECORD)
    assert statuses(fresh, old) == [COMPROMISED] * 2 and statuses(fresh, new) == [VALID] * 2
    assert len({found["public_key"] for found in old + new}) == 4 and len(fresh.listdir(RETIRED)) == 2
    assert len(trail(fresh, mark, "INSTALLED", ACME_CERTIFICATE=SITE)) == 2


def test_replace__nothing_to_replace(bed):
    mark = bed.cursor()
    assert replace(bed, "--compromised").returncode == 78
    bed.configure(SITE, Placeholder=True)
    assert bed.start(f"acme-placeholder@{SITE}.service").ok
    assert replace(bed).returncode == 78
    for arguments in ("--reason=7",), ("--key=x",), ("--bogus",), ("x",):
        assert replace(bed, *arguments).returncode == 78
    bed.write(RECORD, "{")
    assert replace(bed).returncode == 78
    bed.run(["rm", RECORD])
    assert bed.run(["runuser", "-u", "nobody", "--", "acmectl", "replace", SITE], check=False).returncode == 78
    assert trail(bed, mark, "INSTALLED", "REVOKED", "KEY_RETIRED") == [] and not bed.exists(RECORD)


@pytest.mark.parametrize("way", ["link", "generation", "file"])
def test_replace__a_fallen_signer_has_nothing_read_for_it(fresh, way):
    """The store is the signer's; acmectl is root, and writes down for everybody what it has read there."""
    store_of, secret = f"{store.CERTS}/{SITE}", "/root/secret"
    fresh.write_files({f"{secret}/cert.pem": "secret", f"{store_of}/1/privkey.pem": ""})
    if way == "file":
        fresh.run(["ln", "-s", f"{secret}/cert.pem", f"{store_of}/1/cert.pem"])
    if way == "generation":
        fresh.run(["ln", "-s", secret, f"{store_of}/2"])
    fresh.run(["ln", "-sfn", secret if way == "link" else f"../certs/{SITE}/{2 if way == 'generation' else 1}",
               f"{store.LIVE}/{SITE}"])
    assert replace(fresh).returncode == 78
    assert fresh.listdir("/var/lib/acme/replace") == []
    fresh.run(["rm", "-r", secret, store_of, f"{store.LIVE}/{SITE}"])
