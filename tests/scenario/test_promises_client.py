# SPDX-License-Identifier: LGPL-2.1-or-later
"""The client has fallen: what an attacker in acme-renew@NAME.service still cannot do (docs/SECURITY.md, line one).

Every test runs the attacker in exactly that unit, in place of the client, with the two doors of NAME before it.
"""

import base64
import json

import pytest

from lib import store
from lib.room import Fallen, traces
from lib.trail import trail

NAME = "a.example.test"
UNIT = f"acme-renew@{NAME}.service"
SIGNER = "io.acmeward.Signer"
CA = "https://localhost:14000"
ACCOUNT = f"{CA}/my-account/1"


def unpack(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def json_of(jws, part):
    data = unpack(jws["jws"][part])
    return json.loads(data) if data else None


@pytest.fixture(scope="module")
def target(machine):
    """A machine with a certificate of NAME and one of a neighbour, both with their keys in the store."""
    machine.reset()
    machine.pebble.start()
    machine.configure()
    for name in (NAME, "neighbour.example.test"):
        store.issue(machine, name)
    machine.settled()
    return machine


def attack(machine, code, **values):
    with Fallen(machine, UNIT, code, values={"CA": CA, "ACCOUNT": ACCOUNT, **values}) as room:
        return room.start()


def test_cannot_read_a_key(target):
    keys = target.run("find /var/lib/acme -name '*key*.pem'").stdout.split()
    assert len(keys) >= 3
    found = attack(target, "result = {path: can_read(path) for path in KEYS}, private_keys()", KEYS=keys)
    assert set(found[0].values()) <= {"ENOENT", "EACCES"}
    assert found[1] == []


def test_cannot_find_a_key_behind_another_process(target):
    with Fallen(target, "acme-signer@neighbour.example.test.service", "import time; result = 1",
                after="import time; time.sleep(60)") as signer:
        signer.start()
        pid = target.processes(unit=r"acme-signer@neighbour.*")[0]["pid"]
        found = attack(target, "result = threaten(PID), visible_processes()", PID=pid)
    assert "ok" not in found[0].values(), found[0]
    assert pid not in found[1]


def test_cannot_trace_read_or_signal_a_sibling(target):
    """Two instances of one template, at the same moment, perhaps with the same uid."""
    sibling = "acme-renew@neighbour.example.test.service"
    with Fallen(target, sibling, "result = os.getuid()", after="import time; time.sleep(60)") as room:
        room.start()
        process = target.processes(unit=sibling.replace(".", r"\."))[0]
        found = attack(target, "result = threaten(PID), visible_processes()", PID=process["pid"])
    assert "ok" not in found[0].values(), found[0]
    assert process["pid"] not in found[1]


def test_cannot_touch_the_firewall(target):
    target.nft("add table inet canary")
    assert attack(target, "result = flush_ruleset()") == "EPERM"
    assert [item for item in target.nft() if item.get("table", {}).get("name") == "canary"]
    target.nft("delete table inet canary")


def test_cannot_leave_anything_on_disk(target):
    assert traces(target, UNIT) == ([], [])


def test_sees_nothing_of_the_machine_or_of_others_that_it_does_not_need(target):
    """Of /sys where groups are looked up; of what root has asked for, what concerns its own certificate."""
    asked = [f"{store.REQUESTS}/{name}" for name in (NAME, "neighbour.example.test")]
    target.run(["touch", *asked])
    found = attack(target, 'result = [sorted(os.listdir(path)) for path in ("/sys", "/sys/fs", "/run/acme/request")]')
    assert found == [["fs"], ["cgroup"], [NAME]]
    target.run(["rm", *asked])


def test_has_each_of_its_mounts_once(target):
    """/usr is mounted with what is mounted below, which must not be the room itself."""
    points = attack(target, 'result = [line.split()[4] for line in open("/proc/self/mountinfo")]')
    assert len(points) == len(set(points)) and {"/", "/usr", "/etc", "/run/acme/door/signer"} <= set(points)
    assert not [point for point in points if point.startswith(("/usr/lib/acmeward", "/run/acme/root"))]


def test_reaches_no_door_but_its_own(target):
    found = attack(target, """
import glob
result = {
    "doors": sorted(os.listdir("/run/acme/door")),
    "run": sorted(os.listdir("/run/acme")),
    "neighbour": can_connect("/run/acme/signer/neighbour.example.test", socket.AF_UNIX),
    "manager": can_connect("/run/systemd/private", socket.AF_UNIX),
}""")
    assert {"challenge", "signer"} <= set(found["doors"]) <= {"challenge", "challenge-alpn", "dns", "signer", "state.json"}
    assert set(found["run"]) <= {"door", "dry-run", "request"}
    assert found["neighbour"] in ("ENOENT", "EACCES") and found["manager"] in ("ENOENT", "EACCES")


def test_no_signature_for_another_name(target):
    found = attack(target, """
door = Door("/run/acme/door/signer")
door.call("SetAccount", account=ACCOUNT)
result = {
    "order": door.call("NewOrder", url=CA + "/order-plz", nonce="AAAA"),
    "foreign": door.call("NewOrder", url=CA + "/order-plz", nonce="AAAA",
                         identifiers=[{"type": "dns", "value": "foreign.example.test"}]),
    "csr": door.call("Finalize", url=CA + "/finalize-order/1", nonce="AAAA", csr="AAAA"),
    "finalize": door.call("Finalize", url=CA + "/finalize-order/1", nonce="AAAA"),
}""")
    assert found["order"][0] is None
    assert json_of(found["order"][1], "payload") == {"identifiers": [{"type": "dns", "value": NAME}]}
    assert found["foreign"][0] == "org.varlink.service.InvalidParameter"
    assert found["csr"][0] == "org.varlink.service.InvalidParameter"
    assert found["finalize"][0] is None
    csr = unpack(json_of(found["finalize"][1], "payload")["csr"])
    target.run(["sh", "-c", "mkdir -p /run/acmeward-test && cat >/run/acmeward-test/csr.der"], input=csr, text=False)
    text = target.run("openssl req -inform DER -in /run/acmeward-test/csr.der -noout -text -verify 2>&1").stdout
    assert f"DNS:{NAME}" in text and text.count("DNS:") == 1
    # The key is one that the signer has made and kept.
    asked = target.run("openssl req -inform DER -in /run/acmeward-test/csr.der -noout -pubkey").stdout
    kept = target.run("find /var/lib/acme/certs -path '*/pending/*.pem'").stdout.split()
    assert asked in [store.public_key(target, path) for path in kept if "key" in path]


def test_no_other_account_action(target):
    """No method deactivates, changes the key or the contact, or revokes; none signs bytes of a caller's."""
    found = attack(target, """
door = Door("/run/acme/door/signer")
door.call("SetAccount", account=ACCOUNT)
names = ["Sign", "SignJws", "DeactivateAccount", "UpdateAccount", "KeyChange", "ChangeKey", "RevokeCert"]
result = {
    "missing": {name: door.call(name, url=CA + "/x", nonce="AAAA")[0] for name in names},
    "elsewhere": [door.call("Revoke", url=CA + "/x", nonce="AAAA")[0], door.call("DescribeRevocation")[0],
                  door.call("SetRevocation", revoked=True)[0]],
    "contact": door.call("NewAccount", url=CA + "/sign-me-up", nonce="AAAA", contact=["mailto:evil@example.test"]),
    "status": door.call("Fetch", url=ACCOUNT, nonce="AAAA", payload="eyJzdGF0dXMiOiJkZWFjdGl2YXRlZCJ9"),
    "account": door.call("NewAccount", url=CA + "/sign-me-up", nonce="AAAA"),
    "fetch": door.call("Fetch", url=ACCOUNT, nonce="AAAA"),
    "answer": door.call("AnswerChallenge", url=ACCOUNT, nonce="AAAA"),
}""")
    assert set(found["missing"].values()) == {"org.varlink.service.MethodNotFound"}
    # What another unit's door has.
    assert set(found["elsewhere"]) == {"org.varlink.service.PermissionDenied"}
    assert found["contact"][0] == found["status"][0] == "org.varlink.service.InvalidParameter"
    assert json_of(found["account"][1], "payload") == {
        "contact": ["mailto:admin@example.test"], "termsOfServiceAgreed": True}
    assert found["fetch"][1]["jws"]["payload"] == ""
    # {} is what a challenge's answer says; at an account's URL it changes nothing (RFC 8555 section 7.3.2).
    assert json_of(found["answer"][1], "payload") == {}
    # The nonce and the URL are the caller's; the key and what is meant are not.
    header = json_of(found["fetch"][1], "protected")
    assert header["url"] == ACCOUNT and header["nonce"] == "AAAA" and header["kid"] == ACCOUNT


FOREIGN = [
    "http://localhost:14000/order-plz", "https://localhost:14001/order-plz", "https://localhost/order-plz",
    "https://evil.example.test/order-plz", "https://localhost:14000@evil.example.test/order-plz",
    "https://evil.example.test/?https://localhost:14000/", "https://localhost.evil.example.test:14000/order-plz",
    "https://127.0.0.1:14000/order-plz", "HTTPS://LOCALHOST:14000.evil.example.test/", "",
    "https://localhost:14000/a b", "https://localhost:14000/a\nb", "https://localhost:14000/\u00e9",
    "https://localhost:14000/" + "x" * 5000,
]


def test_no_signature_for_another_origin(target):
    mark = target.cursor()
    found = attack(target, """
door = Door("/run/acme/door/signer")
door.call("SetAccount", account=ACCOUNT)
result = []
for url in FOREIGN:
    for method in ("NewAccount", "NewOrder", "Fetch", "AnswerChallenge", "DeactivateAuthorization", "Finalize"):
        result.append(door.call(method, url=url, nonce="AAAA"))
    result.append(door.call("SetAccount", account=url))
    result.append(door.call("SetOrder", order=url))
""", FOREIGN=FOREIGN)
    assert len(found) == 8 * len(FOREIGN)
    assert {error for error, _ in found} <= {f"{SIGNER}.UrlRefused", "org.varlink.service.InvalidParameter"}
    assert trail(target, mark, "SIGNED") == []
    refused = trail(target, mark, "REFUSED", ACME_CERTIFICATE=NAME)
    assert len(refused) >= 5 * 8
    assert all("\n" not in entry.get("ACME_URL", "") for entry in refused)


def test_no_account_is_deactivated_as_an_authorization(target):
    """The words are the same (sections 7.3.6 and 7.5.2): no spelling of the account's URL gets them."""
    mark = target.cursor()
    found = attack(target, """
door = Door("/run/acme/door/signer")
door.call("SetAccount", account=ACCOUNT)
head, _, last = ACCOUNT.rpartition("/")
spellings = [ACCOUNT, ACCOUNT + "?a", ACCOUNT + "/", head + "//" + last, head.upper().replace("HTTPS:", "https:") + "/" + last,
             head + "/x/../" + last, head + "/./" + last, head + "/%" + "%02x" % ord(last[0]) + last[1:], ACCOUNT + ";x",
             ACCOUNT + "/authz", head + "/other"]
result = [door.call("DeactivateAuthorization", url=url, nonce="AAAA")[0] for url in spellings]
""")
    assert set(found) == {f"{SIGNER}.UrlRefused"}
    assert trail(target, mark, "SIGNED") == []


def test_nonces_have_their_grammar(target):
    found = attack(target, r"""
door = Door("/run/acme/door/signer")
door.call("SetAccount", account=ACCOUNT)
result = [door.call("Fetch", url=CA + "/x", nonce=bad)[0]
          for bad in ("", "a b", "a\n", '"', "\u00e9", "x" * 5000)]
""")
    assert set(found) == {"org.varlink.service.InvalidParameter"}


def test_signatures_have_a_budget(target):
    found = attack(target, """
door = Door("/run/acme/door/signer")
door.call("SetAccount", account=ACCOUNT)
result = 0
while result < 20000 and door.call("Fetch", url=CA + "/x", nonce="AAAA")[0] is None:
    result += 1
""")
    assert 100 <= found < 20000


def test_publishes_no_key_authorization_but_ours(target):
    found = attack(target, """
token = "attackerattackerattacker"
door = Door("/run/acme/door/challenge")
def challenge(token):
    return {"type": "http-01", "identifier": "a.example.test", "token": token}
result = {
    "foreign": door.call("Publish", "io.acmeward.Challenge", challenges=[challenge(token)],
                         answers=[token + ".foreign-thumbprint"]),
    "bad": [(Door("/run/acme/door/challenge").call("Publish", "io.acmeward.Challenge", challenges=[challenge(bad)]) or ["gone"])[0]
            for bad in ("../../../../etc/passwd", "short", "a" * 129, "a" * 24 + "\\n", ".." * 12)],
    "ours": door.call("Publish", "io.acmeward.Challenge", challenges=[challenge(token)]),
    "signer": Door("/run/acme/door/signer").call("KeyAuthorization", token=token),
}""")
    assert found["foreign"][0] == "org.varlink.service.InvalidParameter"
    assert set(found["bad"]) <= {"io.acmeward.Challenge.ChallengeRefused", "org.varlink.service.InvalidParameter"}
    authorization, = found["ours"][1]["answers"]
    # Not even those does it get but by having them published.
    assert found["signer"][0] == "org.varlink.service.PermissionDenied"
    token, _, thumbprint = authorization.partition(".")
    assert token == "attackerattackerattacker" and len(thumbprint) == 43
    store.wait_gone(target)


def test_passes_over_authorities_forwards_and_once(target):
    """NextAuthority: no CA that is not configured, no way back, and nothing of the one signed for the other."""
    name, second, elsewhere = "turn.example.test", "https://second.example.test/dir", "https://evil.example.test/dir"
    target.configure(name, CA=[target.pebble.directory, second])
    accounts = set(target.listdir("/var/lib/acme/accounts"))
    mark = target.cursor()
    code = """
door = Door("/run/acme/door/signer")
def turn(ca, **more):
    return door.call("NextAuthority", ca=ca, outcome=75, **more)
first = door.call("Describe")[1]
door.call("SetAccount", account=ACCOUNT)
result = {
    "unknown": [turn("letsencrypt")[0], turn(SECOND)[0], turn(ELSEWHERE)[0], turn("../x")[0], turn("")[0]],
    "more": turn(first["ca"], next="letsencrypt")[0],
    "stays": door.call("Describe")[1]["directory"],
    "next": turn(first["ca"], detail="evil \\n\\x1b[31m", retryAfter=31536000)[1],
    "second": door.call("Describe")[1],
    "back": turn(first["ca"])[0],
    "signed": {origin: [door.call(method, url=origin + "/x", nonce="AAAA")[0] for method in ("NewAccount", "NewOrder", "Fetch")]
               for origin in (CA, "https://second.example.test", "https://evil.example.test")},
    "account": door.call("SetAccount", account=ACCOUNT)[0],
}
result["end"] = [turn(result["second"]["ca"]) for _ in range(3)]
result["at"] = door.call("Describe")[1]["directory"]
"""
    try:
        with Fallen(target, f"acme-renew@{name}.service", code,
                    values={"CA": CA, "ACCOUNT": ACCOUNT, "SECOND": second, "ELSEWHERE": elsewhere}) as room:
            found = room.start()
    finally:
        target.run(["rm", f"/etc/acme/certs/{name}.conf"])
    refused = f"{SIGNER}.AuthorityRefused"
    assert set(found["unknown"]) <= {refused, "org.varlink.service.InvalidParameter"}
    assert found["more"] == "org.varlink.service.InvalidParameter"
    assert found["stays"] == target.pebble.directory
    assert found["second"]["directory"] == second == found["at"]
    assert found["next"]["next"] == found["second"]["ca"] and "account" not in found["second"]
    assert found["back"] == refused
    # What is the second's is signed for with a key of its own, and nothing at all elsewhere.
    assert set(found["signed"][CA]) == set(found["signed"]["https://evil.example.test"]) == {f"{SIGNER}.UrlRefused"}
    assert found["signed"]["https://second.example.test"] == [None, f"{SIGNER}.NoAccount", f"{SIGNER}.NoAccount"]
    assert found["account"] == f"{SIGNER}.UrlRefused"
    assert found["end"] == [[None, {}]] * 3
    assert len(set(target.listdir("/var/lib/acme/accounts")) - accounts) == 1
    # What it says of the first is bounded and escaped, and nobody's but this certificate's.
    state = store.state(target, name)
    assert {a["directory"] for a in state["authorities"]} == {target.pebble.directory, second}
    assert "\n" not in state["authorities"][0]["failure"]["detail"]
    assert not store.state(target, NAME).get("authorities")
    passed = trail(target, mark, "CA_PASSED_OVER")
    assert [entry["ACME_CERTIFICATE"] for entry in passed] == [name]
