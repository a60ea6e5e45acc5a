# SPDX-License-Identifier: LGPL-2.1-or-later
"""CA=first second: the next one is asked when the first is of no use, and the first again when it is."""

import json
import time

import pytest

from lib import caddy_ca, image, store
from lib.trail import names, one, started_units, trail

MACHINE = {"packages": image.SERVERS}
NAME = "a.example.test"
UNIT = f"acme-renew@{NAME}.service"
SIGNER = f"acme-signer@{NAME}.service"
HOUR = 3600


class Cas:
    """The first is Pebble behind the mangler, the second is Caddy."""

    def __init__(self, machine, mangler):
        self.machine, self.first = machine, mangler
        self.second = caddy_ca.start(machine)
        machine.write_files({
            "/etc/acme/ca.d/first.conf": f"[CA]\nDirectory={mangler.directory}\n",
            "/etc/acme/ca.d/second.conf": self.second.ca_file(),
        })
        machine.configure(CA=["first", "second"])

    def issue(self, by):
        """A renewal that ends well; which of the two has issued is in the certificate, and in the state."""
        mark = self.machine.cursor()
        started = self.machine.start(UNIT)
        assert started.ok and started.result == "success", started
        check = self.second.check_live if by == "second" else lambda *a: store.check_live(self.machine, *a)
        found = check(NAME, [NAME])
        assert store.state(self.machine, NAME)["certificate"]["ca"] == by
        assert one(self.machine, mark, "INSTALLED")["ACME_CA"] == by
        self.machine.settled()
        return found

    def promised(self, directory):
        """When each CA that was passed over may be asked again, seconds from now."""
        authorities = store.state(self.machine, NAME).get("authorities", [])
        return {a["directory"]: a["failure"]["nextAttemptUsec"] / 1e6 - time.time() for a in authorities}[directory]


@pytest.fixture
def cas(fresh):
    fresh.pebble.start(validity=90 * 86400)
    fresh.run(["rm", "-f", f"{store.REQUESTS}/{NAME}"])
    with fresh.mangler() as mangler:
        yield Cas(fresh, mangler)


def request(machine):
    machine.run(["touch", f"{store.REQUESTS}/{NAME}"])


def change_state(machine, change):
    state = store.state(machine, NAME)
    change(state["certificate"])
    machine.write(f"{store.CERTS}/{NAME}/state.json", json.dumps(state), owner="acme-signer:acme-signer")


@pytest.mark.parametrize("way", ["stopped", "hanging", "503", "rateLimited", "serverInternal", "no nonces"])
def test_first_of_no_use__the_second_issues(fresh, cas, way):
    ca, least = cas.first, 50
    if way == "stopped":
        ca.stop()
    elif way == "hanging":
        ca.on("newOrder").hang()
    elif way == "503":
        ca.on("directory").status(503)
    elif way == "rateLimited":
        ca.on("newOrder").problem("rateLimited", status=429, headers={"Retry-After": str(2 * HOUR)})
        least = 2 * HOUR - 60
    elif way == "serverInternal":
        ca.on("finalize").problem("serverInternal", status=500)
    else:
        ca.on(method="POST").problem("badNonce")
    mark, begin = fresh.cursor(), time.monotonic()
    cas.issue(by="second")
    # One that hangs is waited for as long as for any reply, and no longer.
    assert time.monotonic() - begin < 100
    passed = one(fresh, mark, "CA_PASSED_OVER", ACME_CERTIFICATE=NAME)
    assert passed["ACME_CA"] == "first" and passed["ACME_REASON"] and passed["ACME_RETRY_AT"]
    assert passed.get("ACME_PROBLEM", "").rpartition(":")[2] == (
        {"rateLimited": way, "serverInternal": way, "no nonces": "badNonce"}.get(way, ""))
    assert trail(fresh, mark, "FAILED") == [] and store.failure(fresh, NAME) == {}
    assert least < cas.promised(ca.directory) <= max(60, 2 * HOUR)
    # Each has an account of its own.
    accounts = {entry["ACME_CA"]: entry["ACME_ACCOUNT"] for entry in trail(fresh, mark, "ACCOUNT_REGISTERED")}
    registered = way in ("hanging", "rateLimited", "serverInternal")
    assert sorted(accounts) == (["first", "second"] if registered else ["second"])
    assert accounts["second"].startswith(f"https://localhost:{caddy_ca.PORT}/")
    assert fresh.listdir(store.ACCOUNTS) == ["first", "second"]
    keys = [store.public_key(fresh, f"{store.ACCOUNTS}/{name}/key.pem") for name in fresh.listdir(store.ACCOUNTS)
            if fresh.exists(f"{store.ACCOUNTS}/{name}/key.pem")]
    assert len(keys) == len(set(keys)) >= 1
    store.wait_gone(fresh)


def test_back_to_the_first__when_a_renewal_is_due_anyway(fresh, cas):
    cas.first.on().refuse()
    before = cas.issue(by="second")
    # It works again: no reason to renew.
    cas.first.heal()
    cas.first.forget()
    mark = fresh.cursor()
    assert fresh.start(UNIT).ok
    fresh.settled()
    assert store.certificate(fresh, NAME) == before
    assert not cas.first.seen() and SIGNER not in started_units(fresh, mark)
    # Who asks for it has the first tried again, whatever was.
    request(fresh)
    mark = fresh.cursor()
    cas.issue(by="first")
    assert trail(fresh, mark, "CA_PASSED_OVER") == []
    assert "authorities" not in store.state(fresh, NAME)
    # Its place in the list is no reason either, ...
    live = store.certificate(fresh, NAME)
    fresh.configure(CA=["second", "first"])
    assert fresh.start(UNIT).ok
    fresh.settled()
    assert store.certificate(fresh, NAME) == live
    # ... but that it has none is.
    fresh.configure(CA="second")
    cas.issue(by="second")


def test_put_off__the_second_is_asked_at_once(fresh, cas):
    cas.first.on("newOrder").problem("rateLimited", status=429, headers={"Retry-After": str(2 * HOUR)})
    cas.issue(by="second")
    cas.first.forget()
    # Due by what the certificate is for; no new request.
    fresh.configure(NAME, Identifiers=[NAME, "b.example.test"])
    mark = fresh.cursor()
    started = fresh.start(UNIT)
    assert started.ok, started
    # Other settings are tried from the beginning: what has failed was for those of then.
    assert cas.first.seen("newOrder") and one(fresh, mark, "CA_PASSED_OVER")
    fresh.settled()
    cas.first.forget()
    # Due by its absence.
    fresh.run(["rm", f"{store.LIVE}/{NAME}"])
    change_state(fresh, lambda certificate: certificate.update(checkedUsec=0))
    mark = fresh.cursor()
    assert fresh.start(UNIT).ok
    assert not cas.first.seen() and trail(fresh, mark, "CA_PASSED_OVER") == []
    assert one(fresh, mark, "INSTALLED")["ACME_CA"] == "second"


def test_all_of_no_use__one_failure_with_the_shortest_wait(fresh, cas):
    cas.first.on("newOrder").problem("rateLimited", status=429, headers={"Retry-After": str(2 * HOUR)})
    cas.second.stop()
    mark = fresh.cursor()
    assert fresh.start(UNIT).exit_status == 75
    assert names(trail(fresh, mark, "CA_PASSED_OVER", "FAILED")) == ["CA_PASSED_OVER", "FAILED"]
    assert one(fresh, mark, "FAILED")["ACME_CA"] == "second"
    failure = store.failure(fresh, NAME)
    assert failure["count"] == 1 and 50 < failure["nextAttemptUsec"] / 1e6 - time.time() <= 60
    assert cas.promised(cas.first.directory) > HOUR and 50 < cas.promised(cas.second.directory) <= 60
    store.wait_gone(fresh)
    # The second comes back; the first has asked for peace and has it.
    cas.second.start()
    cas.first.forget()
    cas.issue(by="second")
    assert not cas.first.seen()
    assert store.failure(fresh, NAME) == {}


@pytest.mark.parametrize("problem, status", [("rejectedIdentifier", 77), ("userActionRequired", 77)])
def test_a_reason_of_ours__is_no_reason_for_another_ca(fresh, cas, problem, status):
    cas.first.on("newOrder").problem(problem, status=403)
    mark = fresh.cursor()
    assert fresh.start(UNIT).exit_status == status
    assert trail(fresh, mark, "CA_PASSED_OVER") == []
    assert one(fresh, mark, "FAILED")["ACME_CA"] == "first"


def test_revocation__by_who_has_issued(fresh, cas):
    cas.first.on().refuse()
    serial = cas.issue(by="second")["serial"]
    cas.first.heal()
    cas.first.forget()
    mark = fresh.cursor()
    done = fresh.run(["acmectl", "revoke", NAME], check=False)
    assert done.returncode == 0, done
    revoked = one(fresh, mark, "REVOKED")
    assert revoked["ACME_CA"] == "second" and int(revoked["ACME_SERIAL"], 16) == int(serial, 16)
    assert not cas.first.seen()


def test_terms_of_one_alone(fresh, cas):
    """Agreed to for the first, and not for the second, which therefore gets no account."""
    fresh.write("/etc/acme/ca.d/second.conf", cas.second.ca_file() + "TermsOfServiceAgreed=no\n")
    cas.issue(by="first")
    cas.first.on().refuse()
    request(fresh)
    mark = fresh.cursor()
    assert fresh.start(UNIT).exit_status == 77
    assert one(fresh, mark, "CA_PASSED_OVER")["ACME_CA"] == "first"
    assert trail(fresh, mark, "ACCOUNT_REGISTERED", ACME_CA="second") == []


def test_renewal_information__of_who_has_issued(fresh, cas):
    cas.first.on("directory").json(
        lambda document: document.update(renewalInfo=document["newNonce"].replace("nonce-plz", "renewal-info")))
    day = 86400
    cas.issue(by="first")
    fresh.configure(CA=["second", "first"])
    change_state(fresh, lambda certificate: certificate.update(
        installedUsec=certificate["installedUsec"] - 2 * day * 1000000,
        renewalInfo={"againUsec": certificate["renewalInfo"]["againUsec"] - 2 * day * 1000000}))
    moments = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + days * day)) for days in (-2, -1)]
    cas.first.on("renewalInfo").answer(200, {"suggestedWindow": dict(zip(("start", "end"), moments))})
    cas.first.forget()
    # It was asked, and it was listened to; the renewal is for the preferred one.
    cas.issue(by="second")
    assert len(cas.first.seen("renewalInfo")) == 1 and not cas.first.seen("newOrder")


def test_revocation__of_an_older_one_by_who_had_issued_it(fresh, cas):
    """What is live is the second's; generation 1 goes to the first, with the account there, and to nobody else."""
    old = cas.issue("first")
    cas.first.on("newOrder", times=1).problem("rateLimited", status=429, headers={"Retry-After": str(2 * HOUR)})
    request(fresh)
    cas.issue("second")
    cas.first.forget()
    mark = fresh.cursor()
    done = fresh.run(["acmectl", "revoke", NAME, "--generation=1"], check=False)
    assert done.returncode == 0, done
    revoked = one(fresh, mark, "REVOKED")
    assert revoked["ACME_CA"] == "first" and int(revoked["ACME_SERIAL"], 16) == int(old["serial"], 16)
    asked, = cas.first.seen("revokeCert", method="POST")
    assert asked.status == 200
    # The same by its serial number, and the CA knows it already.
    again = fresh.run(["acmectl", "revoke", NAME, f"--serial={old['serial']}"], check=False)
    assert again.returncode == 0 and len(cas.first.seen("revokeCert", method="POST")) == 2, again
    assert "revocation" not in store.state(fresh, NAME)["certificate"]
