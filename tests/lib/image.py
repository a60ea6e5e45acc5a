# SPDX-License-Identifier: LGPL-2.1-or-later
"""Root file systems: one per Debian release, made with mmdebstrap, cached under the hash of what they are made from.

One image serves for building and for running: the project is compiled and installed inside it the way a user would.
It is only ever the lower layer of an overlay, so it never changes once it exists.
"""

from lib import debian
from lib.host import BUILD, LIB, Lock, digest, once, prune, run

_BOOT = ["systemd", "systemd-sysv", "dbus"]
_NETWORK = ["nftables", "iptables", "iproute2", "iputils-ping", "curl", "ca-certificates", "openssl", "socat"]
_PEERS = ["pebble", "nginx-light"]
_TOOLS = ["strace", "procps", "less", "python3"]
_BUILD_DEPENDENCIES = [
    "gcc", "libc6-dev", "meson", "ninja-build", "pkgconf", "libssl-dev", "libcurl4-openssl-dev", "libjson-c-dev",
    "libsystemd-dev", "libnftables-dev", "libmicrohttpd-dev", "libinih-dev", "libidn2-dev", "libcmocka-dev",
    "mandoc",
]
PACKAGES = _BOOT + _NETWORK + _PEERS + _TOOLS + _BUILD_DEPENDENCIES

_SETUP = LIB / "image-setup.sh"
_DPKG_OPTIONS = [
    "force-unsafe-io",
    "path-exclude=/usr/share/man/*", "path-exclude=/usr/share/locale/*", "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/doc/*", "path-include=/usr/share/doc/*/copyright",
]
_MMDEBSTRAP_OPTIONS = [
    "--variant=apt", "--format=directory",
    # The package cache is ours (see _command), and the machine id we choose is to stay.
    "--skip=download/empty,essential/unlink,cleanup/apt/cache,cleanup/reproducible",
    *[f"--dpkgopt={option}" for option in _DPKG_OPTIONS],
]

# Debian starts at boot what is installed; here the test that wants it does.
_NOTHING_STARTS = ('rm -f "$1"/etc/systemd/system/multi-user.target.wants/*.service '
                   '"$1"/etc/systemd/system/sockets.target.wants/*')

# The servers that scenarios put certificates into or stand behind, name servers and what sends updates to them, a CA
# that is not Pebble, and ssh: one image for whatever is more than the plain one has.
SERVERS = ["apache2", "bind9", "bind9-dnsutils", "caddy", "default-jre-headless", "dovecot-imapd", "dovecot-pop3d",
           "haproxy", "libnginx-mod-stream", "lighttpd", "mariadb-server", "openssh-client", "openssh-server", "postfix",
           "postgresql", "vsftpd"]


class Image:
    """A root file system on disk, locked against removal while we use it.

    plain_key: the key of the one without more packages; what was compiled there is good for all of a release.
    """

    def __init__(self, release, path, lock, plain_key):
        self.release = release
        self.path = path
        self.lock = lock
        self.key = path.name
        self.plain_key = plain_key


def _command(release, packages, target, cache):
    arguments = ["mmdebstrap", *_MMDEBSTRAP_OPTIONS]
    arguments += [f"--aptopt={option}" for option in debian.apt_options()]
    arguments += [
        f"--include={','.join(packages)}",
        # Packages are downloaded once and kept: the next image, with one package more, fetches only that one.
        f'--setup-hook=mkdir -p "$1/var/cache/apt/archives" && mount --bind {cache} "$1/var/cache/apt/archives"',
        # What is left out above is also where some packages make links: a Java runtime fails to install without it.
        '--essential-hook=mkdir -p "$1/usr/share/man/man1"',
        f"--customize-hook={_NOTHING_STARTS}",
        f'--customize-hook={_SETUP} "$1"',
        '--customize-hook=umount "$1/var/cache/apt/archives"',
    ]
    return arguments + [release, target, debian.mirror()]


def _key(release, more):
    options = _MMDEBSTRAP_OPTIONS + ([_NOTHING_STARTS] if more else [])
    return digest(release, "\n".join(PACKAGES + sorted(more) + options), _SETUP.read_bytes())


def prepare(release, say=lambda text: None, more=()):
    """Return the Image of a release, with more packages if wanted; made first if it does not exist (a minute)."""
    packages = PACKAGES + sorted(more)
    key = _key(release, more)
    folder = BUILD / "images"
    path = folder / f"{release}-{key}"

    def make(temporary):
        say(f"making a root file system of {release} (once, about a minute)")
        cache = BUILD / "cache" / release
        (cache / "partial").mkdir(parents=True, exist_ok=True)
        turn = Lock(cache).exclusive()
        try:
            # Namespaces of its own: processes and mounts of mmdebstrap are gone with it, however this ends.
            run(["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child",
                 "--mount-proc", "--", *_command(release, packages, temporary, cache)],
                log=BUILD / "logs" / release / "image.log")
        finally:
            turn.release()

    lock = once(path, make)
    # The plain one, and those of modules that want more packages, before and after a change.
    prune(folder, release + "-", keep=8)
    return Image(release, path, lock, f"{release}-{_key(release, ())}")
