#!/bin/sh
# pack.sh FOLDER OUT.tar.gz: packs FOLDER so that the same content gives the same bytes: members in
# order, of nobody, all of the time SOURCE_DATE_EPOCH.
set -eu
[ $# = 2 ] || { echo "usage: pack.sh FOLDER OUT" >&2; exit 2; }
tar -C "$(dirname "$1")" --sort=name --format=ustar --mtime="@${SOURCE_DATE_EPOCH:?}" --owner=0 --group=0 \
    --numeric-owner --mode=u+rwX,go+rX,go-w -cf - "$(basename "$1")" | gzip -9n >"$2"
