#!/bin/sh
# components.sh: prints what is inside the program, one "NAME VERSION LICENCE" a line, from the manifest.
# Data whose pinned archive could not be had was taken from this machine: its version is that package's.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
: "${VENDOR_BUILD:=${here%/vendor}/build/vendor}"

# of_system PACKAGE: its upstream version, as the manifest writes it.
of_system() {
    v=$(dpkg-query -W -f '${Version}' "$1" 2>/dev/null) || v=unknown
    echo "$v" | sed 's/[~+-].*//'
}

awk '!/^#/ && NF && !seen[$1]++ { print $1, $2, $3, $4 }' "$here/manifest" | while read -r name version licence file; do
    case $name in
    tzdata) [ -f "$VENDOR_BUILD/dl/$file" ] || version=$(of_system tzdata) ;;
    cabundle) [ -f "$VENDOR_BUILD/dl/$file" ] || version=$(of_system ca-certificates) ;;
    esac
    echo "$name $version $licence"
done
