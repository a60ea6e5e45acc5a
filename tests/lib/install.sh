#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Inside an image, does what a user does to install acmeward from source: usage install.sh SOURCE BUILD.
# SOURCE is mounted read-only; BUILD lasts from run to run, so that only what changed is compiled again.

set -eu
source=$1 build=$2

setup() {
        [ -e "$build/build.ninja" ] || meson setup "$build" "$source"
}

# A build directory that another state of the tree left may be beyond repair: once more from nothing.
if ! { setup && meson compile -C "$build"; }; then
        find "$build" -mindepth 1 -delete
        setup
        meson compile -C "$build"
fi
meson install -C "$build" --no-rebuild --quiet

# What a package's maintainer script or docs/HACKING tells a user to do after an installation.
systemd-sysusers
journalctl --update-catalog
