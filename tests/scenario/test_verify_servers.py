# SPDX-License-Identifier: LGPL-2.1-or-later
"""Servers of Debian that begin TLS later, each as it is: the right certificate, and then another one."""

import pytest

from lib import image
from lib.served import NAME, OTHER, go_live, make_certificate, verify

MACHINE = {"packages": image.SERVERS}

TLS = "/etc/test-tls"
UNITS = ["dovecot.service", "mariadb.service", "postfix.service", "postgresql.service", "vsftpd.service"]


def give(machine, folder, owner="root"):
    """The files that servers of this owner are configured with become copies of these, as a deploy would make them."""
    machine.run(["install", "-D", "-m", "0644", f"{folder}/fullchain.pem", f"{TLS}/{owner}/fullchain.pem"])
    machine.run(["install", "-o", owner, "-m", "0600", f"{folder}/privkey.pem", f"{TLS}/{owner}/privkey.pem"])


_DOVECOT = {
    "2.3": f"""protocols = imap pop3
ssl = yes
ssl_cert = <{TLS}/root/fullchain.pem
ssl_key = <{TLS}/root/privkey.pem
passdb {{
  driver = pam
}}
userdb {{
  driver = passwd
}}
""",
    "2.4": f"""dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
protocols = imap pop3
ssl = yes
ssl_server_cert_file = {TLS}/root/fullchain.pem
ssl_server_key_file = {TLS}/root/privkey.pem
passdb pam {{
}}
userdb passwd {{
}}
""",
}


def dovecot(machine):
    version = machine.run(["dovecot", "--version"]).stdout[:3]
    machine.write("/etc/dovecot/dovecot.conf", _DOVECOT[version])
    machine.systemctl("restart", "dovecot.service")


def postfix(machine):
    machine.run(["postconf", "-e", f"smtpd_tls_cert_file={TLS}/root/fullchain.pem",
                 f"smtpd_tls_key_file={TLS}/root/privkey.pem", "smtpd_tls_security_level=may",
                 "smtpd_tls_chain_files=", "mydestination=localhost"])
    machine.systemctl("restart", "postfix.service")


def postgresql(machine):
    folder = machine.run("ls -d /etc/postgresql/*/main").stdout.strip()
    machine.write(f"{folder}/conf.d/tls.conf", f"ssl = on\nssl_cert_file = '{TLS}/postgres/fullchain.pem'\n"
                                               f"ssl_key_file = '{TLS}/postgres/privkey.pem'\n")
    machine.systemctl("restart", "postgresql.service")


def mariadb(machine):
    machine.write("/etc/mysql/mariadb.conf.d/99-tls.cnf",
                  f"[mysqld]\nssl_cert={TLS}/mysql/fullchain.pem\nssl_key={TLS}/mysql/privkey.pem\n")
    machine.systemctl("restart", "mariadb.service")


def vsftpd(machine):
    machine.write("/etc/vsftpd.conf", "listen=YES\nlisten_ipv6=NO\nlocal_enable=YES\nssl_enable=YES\n"
                                      "ssl_ciphers=HIGH\nsecure_chroot_dir=/var/run/vsftpd/empty\n"
                                      f"rsa_cert_file={TLS}/root/fullchain.pem\n"
                                      f"rsa_private_key_file={TLS}/root/privkey.pem\n")
    machine.systemctl("restart", "vsftpd.service")


SERVERS = {
    "smtp": (postfix, 25, "root", "postfix"), "imap": (dovecot, 143, "root", "dovecot.service"),
    "pop3": (dovecot, 110, "root", "dovecot.service"), "postgres": (postgresql, 5432, "postgres", "postgresql@"),
    "mysql": (mariadb, 3306, "mysql", "mariadb."), "ftp": (vsftpd, 21, "root", "vsftpd.service"),
}


@pytest.fixture
def stopped(fresh):
    yield fresh
    fresh.systemctl("stop", *UNITS, "postgresql@*.service", "postfix@*.service", check=False)


def test_servers(stopped):
    """All at once, since a wrong certificate is looked at again for as long as there is hope."""
    m, live = stopped, go_live(stopped)
    make_certificate(m, OTHER)
    m.configure()
    where = {protocol: f"127.0.0.1:{port} starttls={protocol}" for protocol, (_, port, *_) in SERVERS.items()}
    runs = []
    for folder in (live, OTHER):
        for start, _, owner, _ in SERVERS.values():
            give(m, folder, owner)
            start(m)
        runs.append(verify(m, *where.values()))
    right, wrong = runs
    assert right.started.ok and right.events == dict.fromkeys(where.values(), "VERIFIED")
    assert wrong.started.exit_status == 69 and wrong.reasons == dict.fromkeys(where.values(), "otherCertificate")
    for protocol, (_, _, _, unit) in SERVERS.items():
        assert right.entry(where[protocol])["ACME_UNIT"].startswith(unit)
        assert wrong.entry(where[protocol])["ACME_CERTIFICATE"] == NAME


def test_found_by_itself__not_with_two_ports(stopped):
    """Dovecot has imaps and pop3s: which of them is meant, nobody knows."""
    give(stopped, go_live(stopped))
    stopped.configure()
    dovecot(stopped)
    assert verify(stopped, Reload="dovecot.service").reasons == {"dovecot.service": "severalFound"}
    assert verify(stopped, "localhost:993", Reload="dovecot.service").started.ok
