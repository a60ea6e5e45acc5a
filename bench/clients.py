# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who is measured, each set up the way its own documentation shows, with the choices that favour it.

Every run starts with nothing: no account, no key, no order. Whatever a client expects to find (acme-tiny's keys and
CSR, a web server for those that write files) is made before its clock starts. All keys that can be are on P-256.
"""

from bed import ROOT_CERTIFICATE, TOOLS

CONTACT = "admin@example.test"
WORK = "/var/lib/bench/work"


class Client:
    """One way to get a certificate."""

    name = ""
    # A file that shows up when the certificate is there, for those that work in the background.
    until = None
    needs_nginx = False

    def __init__(self, bed, label, names):
        """label: what the certificate is called. names: its DNS names."""
        self.bed = bed
        self.label = label
        self.names = names

    def prepare(self, directory):
        """Forget every earlier run; make what the client expects to find."""
        self.bed.run(f"rm -rf {WORK} && mkdir -p {WORK}")
        if self.needs_nginx:
            self.bed.systemctl("start", "nginx.service")

    def command(self, directory):
        """What is timed."""
        raise NotImplementedError

    def certificate(self):
        """Where the certificate is afterwards."""
        return f"{WORK}/chain.pem"

    def finish(self):
        """Stop what is left running."""
        if self.needs_nginx:
            self.bed.systemctl("stop", "nginx.service")

    def shell(self, script):
        return ["/bin/sh", "-e", "-c", script]

    @property
    def told(self):
        """The file with the CA's root, if the client is to be told of it."""
        return ROOT_CERTIFICATE if self.bed.roots == "told" else None


class Floor(Client):
    name = "floor"

    def command(self, directory):
        return self.shell(f"exec {TOOLS}/floor {directory} {ROOT_CERTIFICATE} {' '.join(self.names)} "
                          f">{self.certificate()}")


class Acmeward(Client):
    """Timed as a person starts it: PID 1's work and every room's are in it."""

    name = "acmeward"

    def prepare(self, directory):
        super().prepare(directory)
        self.bed.run("systemctl stop 'acme-*'; systemctl reset-failed 'acme-*'; rm -rf /run/acme/challenges/* "
                     "/var/lib/acme/accounts/* /var/lib/acme/certs/* /var/lib/acme/live/*", check=False)
        self.bed.configure(CA=directory, Trust=self.told, Contact=f"mailto:{CONTACT}")
        # As the README's quick start has it: one name needs no file of its own.
        if self.names != [self.label]:
            self.bed.configure(self.label, Identifiers=self.names)

    def command(self, directory):
        return ["systemctl", "start", f"acme-renew@{self.label}.service"]

    def certificate(self):
        return f"/var/lib/acme/live/{self.label}/fullchain.pem"


class AcmeTiny(Client):
    """Its README makes the keys and the CSR beforehand; so do we, and do not count it."""

    name = "acme-tiny"
    needs_nginx = True

    def prepare(self, directory):
        super().prepare(directory)
        alternatives = ",".join(f"DNS:{name}" for name in self.names)
        # It can only use an RSA account key; 2048 bits sign faster than the 4096 of the README.
        self.bed.run(f"cd {WORK} && openssl genrsa -out account.key 2048 && "
                     "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout domain.key "
                     f"-out domain.csr -sha256 -subj / -addext 'subjectAltName = {alternatives}'")

    def command(self, directory):
        trust = f"export SSL_CERT_FILE={self.told}; " if self.told else ""
        return self.shell(f"{trust}cd {WORK}; exec acme-tiny --account-key account.key --csr domain.csr "
                          f"--acme-dir /var/www/challenges/ --directory-url {directory} >chain.pem")


class Uacme(Client):
    """Two commands, as in its README, with the hook that it ships. It cannot be told of a root."""

    name = "uacme"
    needs_nginx = True

    def command(self, directory):
        common = f"uacme -y -c {WORK}/uacme.d -a {directory} -t EC"
        return self.shell(f"export UACME_CHALLENGE_PATH=/var/www/challenges; {common} new {CONTACT}; "
                          f"exec {common} -h /usr/share/uacme/uacme.sh issue {' '.join(self.names)}")

    def certificate(self):
        return f"{WORK}/uacme.d/{self.names[0]}/cert.pem"


class Lego(Client):
    """With its own web server."""

    name = "lego"

    def command(self, directory):
        domains = [word for name in self.names for word in ("--domains", name)]
        trust = ["env", f"LEGO_CA_CERTIFICATES={self.told}"] if self.told else []
        return [*trust, "lego", "--accept-tos", "--email", CONTACT, "--server", directory, "--path", WORK, "--http",
                "--key-type", "ec256", *domains, "run"]

    def certificate(self):
        return f"{WORK}/certificates/{self.names[0]}.crt"


class ModMd(Client):
    """Timed from the start of Apache until the certificate is in its store, waiting to be activated."""

    name = "mod_md"
    _CONF = """
MDCertificateAgreement accepted
MDCertificateAuthority {directory}
{trust}
MDContactEmail {contact}
MDPrivateKeys secp256r1
MDStoreDir {work}/md
MDomain {names}
<VirtualHost *:443>
    ServerName {first}
    {aliases}
    SSLEngine on
    DocumentRoot /var/www/html
</VirtualHost>
"""

    def prepare(self, directory):
        super().prepare(directory)
        self.bed.run("a2enmod --quiet ssl md")
        aliases = "".join(f"    ServerAlias {name}\n" for name in self.names[1:]).strip()
        trust = f"MDCACertificateFile {self.told}" if self.told else ""
        self.bed.write("/etc/apache2/sites-enabled/bench.conf", self._CONF.format(
            directory=directory, trust=trust, contact=CONTACT, work=WORK, names=" ".join(self.names),
            first=self.names[0], aliases=aliases))

    def command(self, directory):
        return self.shell(". /etc/apache2/envvars; mkdir -p $APACHE_RUN_DIR $APACHE_LOCK_DIR; "
                          "exec /usr/sbin/apache2 -k start")

    @property
    def until(self):
        return self.certificate()

    def certificate(self):
        return f"{WORK}/md/staging/{self.names[0]}/pubcert.secp256r1.pem"

    def finish(self):
        # It forks before it writes down its number.
        self.bed.wait_until(lambda: self.bed.exists("/run/apache2/apache2.pid"), what="Apache to start")
        self.bed.run("pid=$(cat /run/apache2/apache2.pid) && . /etc/apache2/envvars && apache2 -k stop && "
                     "while kill -0 $pid; do sleep 0.02; done 2>/dev/null", check=False)


class ModMdAgain(ModMd):
    """The same with an account of before: most of a first time is the search for its RSA key of 3072 bits."""

    name = "mod_md-again"
    _KEPT = "/var/lib/bench/accounts"

    def prepare(self, directory):
        super().prepare(directory)
        mine = f"{self._KEPT}/{directory.rpartition(':')[2].partition('/')[0]}"
        if not self.bed.exists(mine):
            self._make_account(mine)
            super().prepare(directory)
        self.bed.run(f"cp -a {mine} {WORK}/md")

    def _make_account(self, mine):
        """Get a certificate once; the next start of Apache moves what is staged to where it is found again."""
        self.bed.run(self.command(None))
        self.bed.wait_until(lambda: self.bed.exists(self.certificate()), timeout=60)
        self.finish()
        self.bed.run(self.command(None))
        self.finish()
        self.bed.run(f"mkdir -p {self._KEPT} && cp -a {WORK}/md {mine} && cd {mine} && rm -rf archive/* challenges/* "
                     "domains/* staging/* tmp/* && ls accounts/*/account.pem")


ALL = {client.name: client for client in (Floor, Acmeward, ModMd, ModMdAgain, AcmeTiny, Uacme, Lego)}


