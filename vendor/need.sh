#!/bin/sh
# need.sh THING=PACKAGE...: makes sure that tools and headers are there. A THING that ends in .h is a
# header the compiler must find, one that starts with / is a file, everything else is a command. What
# is missing is installed with apt-get where that needs no password; elsewhere one sentence names it.
set -u
missing='' packages=''
has() {
    case $1 in
    /*) [ -e "$1" ] ;;
    *.h) command -v gcc >/dev/null 2>&1 && echo "#include <$1>" | gcc -E -x c - >/dev/null 2>&1 ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}
for pair; do
    if ! has "${pair%%=*}"; then
        missing="$missing ${pair%%=*}"
        packages="$packages ${pair#*=}"
    fi
done
[ -z "$missing" ] && exit 0

sudo=''
if [ "$(id -u)" != 0 ]; then
    sudo='sudo -n'
    $sudo true >/dev/null 2>&1 || sudo=no
fi
if ! command -v apt-get >/dev/null 2>&1 || [ "$sudo" = no ]; then
    echo "basesync: missing:$missing; please install them (Debian packages:$packages) and start again." >&2
    exit 1
fi
echo "  APT    $packages"
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
get() {
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" >"$log" 2>&1
}
# The package lists may be missing or old: try with what is there, then refresh and try again.
# shellcheck disable=SC2086
get install --no-install-recommends $packages ||
    { get update && get install --no-install-recommends $packages; } ||
    {
        tail -n 20 "$log" >&2
        echo "basesync: apt-get could not install:$packages; its last lines stand above." >&2
        exit 1
    }
