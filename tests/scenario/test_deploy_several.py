# SPDX-License-Identifier: LGPL-2.1-or-later
"""Several deploys at once: of one certificate, and of several with a path or a consumer in common."""

import pytest

from lib import deploys, moments, store
from lib.deploys import DEPLOY, NAME, TARGET, consumer, files, forget, renew, script, serial, told
from lib.trail import endings, one, trail


@pytest.fixture
def live(fresh):
    return deploys.bed(fresh)


def test_two_starts__do_not_overlap(live):
    hook = script(live, f"mkdir {TARGET}/inside && sleep 0.5 && rmdir {TARGET}/inside && echo x >>{TARGET}/runs")
    live.configure(NAME, Deploy={"web": {**files(), "Exec": hook}})
    starts = [live.popen(["systemctl", "start", DEPLOY]) for _ in range(4)]
    assert [moments.finish(start) for start in starts] == [0] * 4
    assert live.read(f"{TARGET}/runs").split() == ["x"]


def test_renewed_while_it_deploys__goes_round_again(live):
    mark = live.cursor()
    hook = script(live, f"echo $ACME_SERIAL >>{TARGET}/serials; until test -e {TARGET}/go; do sleep 0.1; done")
    live.configure(NAME, Deploy={"web": {**files(), "Exec": hook}})
    start = live.popen(["systemctl", "start", DEPLOY])
    live.wait_until(lambda: live.exists(f"{TARGET}/serials"))
    # acme-renew@ waits for the deploy: the switch itself is what is made here.
    old = store.generation(live, NAME)
    new = str(int(old) + 5)
    live.run(["cp", "-a", f"{store.CERTS}/{NAME}/{old}", f"{store.CERTS}/{NAME}/{new}"])
    live.run(f"ln -s ../certs/{NAME}/{new} /var/lib/acme/live/.new && mv -T /var/lib/acme/live/.new /var/lib/acme/live/{NAME}")
    live.write(f"{TARGET}/go", "")
    assert moments.finish(start) == 0
    assert trail(live, mark, "DEPLOY_FAILED") == []
    # The certificate is the same, so nothing was left to be done; but it was looked at.
    writers = [unit for unit in endings(live, mark, f"acme-deploy-write@{NAME}:web.service")]
    assert len(writers) >= 2


def test_two_certificates_with_a_file_at_one_path__the_first_keeps_it(live):
    other = "b.example.test"
    store.issue(live, other)
    live.configure(NAME, Deploy={"web": files()})
    assert live.start(DEPLOY).ok
    live.configure(other, Deploy={"copy": {"Bundle": f"{TARGET}/web.pem"}, "own": {"Bundle": f"{TARGET}/own.pem"}})
    for _ in range(2):
        mark = live.cursor()
        assert live.start(f"acme-deploy@{other}.service").exit_status == 78
        entry = one(live, mark, "DEPLOY_FAILED", ACME_CERTIFICATE=other)
        assert (entry["ACME_REASON"], entry["ACME_TARGET"]) == ("pathTaken", "copy")
        # The first has it and keeps it, the other one's other target is served.
        assert live.start(DEPLOY).ok and serial(live) == store.certificate(live, NAME)["serial"]
        assert live.exists(f"{TARGET}/own.pem")
    # A renewal of the second makes no difference.
    live.run(["touch", f"{store.REQUESTS}/{other}"])
    assert live.start(f"acme-renew@{other}.service").ok
    live.settled()
    assert serial(live) == store.certificate(live, NAME)["serial"]
    # Who moves away has let go, started or not.
    live.configure(NAME, Deploy={"web": files("elsewhere")})
    assert live.start(f"acme-deploy@{other}.service").ok
    assert serial(live) == store.certificate(live, other)["serial"]
    assert live.start(DEPLOY).ok and serial(live, "elsewhere") == store.certificate(live, NAME)["serial"]


def test_two_certificates_with_a_file_at_one_path__at_the_same_time(live):
    other = "b.example.test"
    store.issue(live, other)
    for name in (NAME, other):
        live.configure(name, Deploy={"web": files()})
    units = [DEPLOY, f"acme-deploy@{other}.service"]
    mark = live.cursor()
    starts = [live.popen(["systemctl", "start", unit]) for unit in units]
    assert sorted(bool(moments.finish(start)) for start in starts) == [False, True]
    loser = one(live, mark, "DEPLOY_FAILED")
    assert loser["ACME_REASON"] == "pathTaken"
    winner = {NAME: other, other: NAME}[loser["ACME_CERTIFICATE"]]
    assert serial(live) == store.certificate(live, winner)["serial"]


def test_many_certificates_one_consumer__one_reload(live):
    """Renewed in one burst, each deployed by the OnSuccess= of its own renewal."""
    consumer(live, "t-web")
    names = [f"n{i}.example.test" for i in range(5)]
    units = [f"acme-renew@{name}.service" for name in names]
    for name in names:
        live.configure(name, Deploy={"web": {"Bundle": f"{TARGET}/{name}.pem", "Reload": "t-web.service"}})
    mark = live.cursor()
    live.systemctl("start", *units)
    live.settled(90)
    # First a placeholder for each, then the real ones: a reload for each of the two.
    assert len(trail(live, mark, "DEPLOYED")) == 2 * len(names)
    assert told(live, "t-web") == ["reload", "reload"]
    assert len(trail(live, mark, "RELOADED")) == 2
    # All of them renewed.
    forget(live, "t-web")
    for name in names:
        live.run(["touch", f"{store.REQUESTS}/{name}"])
    mark = live.cursor()
    live.systemctl("start", *units)
    live.settled(90)
    assert len(trail(live, mark, "INSTALLED")) == len(trail(live, mark, "DEPLOYED")) == len(names)
    assert told(live, "t-web") == ["reload"]
    one(live, mark, "RELOADED")
    # Another certificate of another day gets a reload of its own.
    renew(live, names[0])
    assert told(live, "t-web") == ["reload", "reload"]


def test_many_certificates_one_consumer_that_fails__each_says_so(live):
    consumer(live, "t-web", reload="/usr/bin/false")
    names = [f"n{i}.example.test" for i in range(3)]
    for name in names:
        store.issue(live, name)
        live.configure(name, Deploy={"web": {"Bundle": f"{TARGET}/{name}.pem", "Reload": "t-web.service"}})
    mark = live.cursor()
    starts = [live.popen(["systemctl", "start", f"acme-deploy@{name}.service"]) for name in names]
    assert 0 not in [moments.finish(start) for start in starts]
    failed = trail(live, mark, "DEPLOY_FAILED")
    assert sorted(entry["ACME_CERTIFICATE"] for entry in failed) == names
