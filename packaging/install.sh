#!/bin/sh
# install.sh: puts a release of basesync on a system that has no package for it, after its checksum was
# found right. Nothing that is configured already is overwritten.
#
#     sh install.sh [--from PLACE] [--prefix /usr/local] [--program-only]
#
# PLACE is the folder or the https address that has SHA256SUMS and the archives beside it; without it the
# folder of this script. As root it also makes the user basesync, /etc/basesync/basesync.ini,
# /var/lib/basesync and, where systemd, OpenRC or runit is there, the service (not started).
# --program-only leaves all that out.
set -eu
from=$(dirname "$0") prefix=/usr/local service=yes

die() {
    echo "install.sh: $*" >&2
    exit 1
}
while [ $# -gt 0 ]; do
    case $1 in
    --from) [ $# -gt 1 ] || die "--from needs a folder or an address" ; from=$2 && shift ;;
    --prefix) [ $# -gt 1 ] || die "--prefix needs a folder" ; prefix=$2 && shift ;;
    --program-only) service=no ;;
    *) die "there is no option $1; the first lines of this script say what there is" ;;
    esac
    shift
done
case $from in http:*) die "$from: only https, or a folder" ;; esac

case $(uname -m) in
x86_64 | amd64) machine=x86_64 ;;
aarch64 | arm64) machine=arm64 ;;
armv6* | armv7* | armv8l) machine=armv6 ;;
*) die "there is no release for a machine of kind $(uname -m)" ;;
esac
command -v sha256sum >/dev/null || die "sha256sum is missing; without it nothing is installed"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# bring NAME: copies or fetches one file into the work folder.
bring() {
    case $from in
    https://*)
        if command -v curl >/dev/null; then
            curl -fsS --proto =https --tlsv1.2 -L -o "$work/$1" "$from/$1" || die "$from/$1 could not be fetched"
        elif command -v wget >/dev/null; then
            wget -q -O "$work/$1" "$from/$1" || die "$from/$1 could not be fetched"
        else
            die "curl or wget is needed to fetch $from/$1"
        fi
        ;;
    *) cp "$from/$1" "$work/$1" || die "$from/$1 is not there" ;;
    esac
}

bring SHA256SUMS
archive=$(sed -n "s/^[0-9a-f]\{64\}  \(basesync-[0-9A-Za-z.]*-linux-$machine\.tar\.gz\)$/\1/p" "$work/SHA256SUMS")
[ "$(echo "$archive" | wc -w)" = 1 ] || die "SHA256SUMS does not name one archive for $machine"
bring "$archive"
# Its line alone, so that a missing or doubled one is no success.
grep "^[0-9a-f]\{64\}  $archive\$" "$work/SHA256SUMS" >"$work/sum"
(cd "$work" && sha256sum -c sum >/dev/null 2>&1) ||
    die "$archive is not the file that SHA256SUMS names: nothing was installed"
tar -xzf "$work/$archive" -C "$work"
top=$work/${archive%.tar.gz}
"$top/local/bin/basesync" version >/dev/null || die "the program does not run on this machine"

# By renaming: the program may be running.
mkdir -p "$prefix/bin" && cp "$top/local/bin/basesync" "$prefix/bin/.basesync.new" &&
    mv -f "$prefix/bin/.basesync.new" "$prefix/bin/basesync" && cp -R "$top/local/share" "$prefix/" ||
    die "$prefix cannot be written; be root, or give --prefix"
echo "installed $("$prefix/bin/basesync" version) as $prefix/bin/basesync"
[ "$service" = yes ] && [ "$(id -u)" = 0 ] || exit 0

if ! grep -q '^basesync:' /etc/passwd; then
    if command -v useradd >/dev/null; then
        useradd --system --user-group --home-dir /var/lib/basesync --no-create-home --shell /bin/false basesync
    else
        # BusyBox
        addgroup -S basesync && adduser -S -D -H -h /var/lib/basesync -s /bin/false -G basesync basesync
    fi
    echo "made the system user basesync"
fi
mkdir -p /etc/basesync /var/lib/basesync
chown basesync:basesync /var/lib/basesync
chmod 0700 /var/lib/basesync
if [ ! -e /etc/basesync/basesync.ini ]; then
    # Addresses for notifications can be secrets: nobody else reads the file.
    (umask 077 && sed -e 's|^#database  *=.*|database        = /var/lib/basesync/basesync.db|' \
        -e 's|^#key_file  *=.*|key_file        = /var/lib/basesync/basesync.key|' \
        "$top/local/share/doc/basesync/examples/basesync.ini" >/etc/basesync/basesync.ini)
    chown root:basesync /etc/basesync/basesync.ini
    chmod 0640 /etc/basesync/basesync.ini
    echo "wrote /etc/basesync/basesync.ini"
fi

# into FILE TARGET: the service, with this prefix in it, where none is yet.
into() {
    [ ! -e "$2" ] || { echo "kept $2" && return 0; }
    mkdir -p "$(dirname "$2")"
    sed "s|/usr/local/bin/basesync|$prefix/bin/basesync|; s|/usr/bin/basesync|$prefix/bin/basesync|" "$1" >"$2"
    chmod "$3" "$2"
    echo "wrote $2"
}
if [ -d /run/systemd/system ] || [ -d /etc/systemd/system ]; then
    into "$top/services/systemd/basesync.service" /etc/systemd/system/basesync.service 644
    start='systemctl enable --now basesync'
elif [ -x /sbin/openrc-run ]; then
    into "$top/services/openrc/basesync" /etc/init.d/basesync 755
    start='rc-update add basesync && rc-service basesync start'
elif [ -d /etc/sv ]; then
    into "$top/services/runit/basesync/run" /etc/sv/basesync/run 755
    start='link /etc/sv/basesync into the folder of services'
else
    start="$prefix/bin/basesync -c /etc/basesync/basesync.ini serve"
fi
echo "Next, as the user basesync: $prefix/bin/basesync init, then connect airtable, connect sheets, a [sync]"
echo "section in /etc/basesync/basesync.ini, check; then: $start"
