#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# install-once.sh SOURCE DESTINATION: run by "meson install". The administrator's file is never
# replaced; what the new version would say is in the documentation folder.

set -eu

source=$1
destination=${DESTDIR:-}$2

if [ -e "$destination" ] || [ -h "$destination" ]; then
        echo "Keeping $destination"
        exit 0
fi
echo "Installing $source to $destination"
install -D -m 0644 -- "$source" "$destination"
