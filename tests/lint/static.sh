#!/bin/sh
# static.sh PROGRAM: fails unless the program needs no interpreter and no shared library. Some ways of
# asking for a static program silently give a dynamic one.
set -u
command -v readelf >/dev/null || { echo "basesync: readelf (binutils) is missing." >&2; exit 1; }
headers=$(readelf -lW "$1") && dynamic=$(readelf -dW "$1" 2>&1) || exit 1
case $headers in
*INTERP*) echo "basesync: $1 is not static: it names an interpreter." >&2; exit 1 ;;
esac
case $dynamic in
*NEEDED*) echo "basesync: $1 is not static: it needs shared libraries." >&2; exit 1 ;;
esac
