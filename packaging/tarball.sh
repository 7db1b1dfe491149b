#!/bin/sh
# tarball.sh PROGRAM TEXTS VERSION MACHINE OUT: the archive for systems without a package of their own:
# usr/ to be copied to a prefix, and the services beside it. install.sh knows what to do with it.
set -eu
[ $# = 5 ] || { echo "usage: tarball.sh PROGRAM TEXTS VERSION MACHINE OUT" >&2; exit 2; }
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
top=$work/basesync-$3-linux-$4
mkdir -p "$top"
sh "$here/stage.sh" "$1" "$2" "$top" /usr/local
mv "$top/usr/local" "$top/local"
rmdir "$top/usr"
install -D -m 644 "$here/basesync.service" "$top/services/systemd/basesync.service"
install -D -m 755 "$here/openrc/basesync" "$top/services/openrc/basesync"
install -D -m 755 "$here/runit/run" "$top/services/runit/basesync/run"
sh "$here/pack.sh" "$top" "$5"
