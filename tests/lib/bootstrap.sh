# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Sourced by tools/test, tools/demo and tools/shell: makes a bare Debian 12 able to run the test bed.
# Sets $tree. `need PACKAGE…` installs what is missing from Debian's archive; `bed MODULE ARGUMENT…` becomes
# the Python program tests/lib/MODULE.py. Debian's python3 is named by its path: another may come first in PATH.

tree=$(cd "$(dirname "$0")/.." && pwd)

# What booting a machine takes: root file systems, containers, namespaces.
# shellcheck disable=SC2034 # used by who sources this
bed_packages='python3 python3-pytest mmdebstrap systemd-container iproute2 util-linux'

fail() {
        echo "${0##*/}: $*" >&2
        exit 2
}

need() {
        [ "$(id -u)" -eq 0 ] || fail 'containers and their networks need root; run it with sudo'
        command -v apt-get >/dev/null || fail 'needs Debian 12 or later: there is no apt-get here'
        missing=
        for package; do
                case $(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) in
                installed) ;;
                *) missing="$missing $package" ;;
                esac
        done
        # The image's mirror is taken from apt's lists, so they have to be there even when nothing is missing.
        if [ -n "$missing" ] || ! apt-get indextargets 2>/dev/null | grep -q '^Origin: Debian'; then
                apt_get update
        fi
        [ -n "$missing" ] || return 0
        echo "installing from Debian:$missing"
        # shellcheck disable=SC2086 # a list of words
        apt_get install --yes --no-install-recommends $missing
}

apt_get() {
        mkdir -p "$tree/build/logs"
        DEBIAN_FRONTEND=noninteractive apt-get --quiet -o DPkg::Lock::Timeout=600 "$@" \
                >"$tree/build/logs/apt.log" 2>&1 </dev/null || {
                tail -n 20 "$tree/build/logs/apt.log" >&2
                fail "apt-get $1 failed; all it said is in build/logs/apt.log"
        }
}

bed() {
        module=$1
        shift
        export PYTHONPATH="$tree/tests" PYTHONDONTWRITEBYTECODE=1
        exec /usr/bin/python3 -m "lib.$module" "$@"
}
