#!/bin/bash
# test-deb.sh PACKAGE: installs, upgrades, removes and purges a package of this machine's kind in a clean
# Debian root, and looks at what is there after each; then the same with install.sh beside it. Needs root, debootstrap and the mirror that this
# machine's apt is set up with.
#
#   SUITE    bookworm
#   ROOT_TAR an archive to keep the clean root in; the second time it is unpacked instead of made
set -u
[ $# = 1 ] && [ -f "$1" ] || { echo "usage: test-deb.sh PACKAGE" >&2; exit 2; }
[ "$(id -u)" = 0 ] || { echo "test-deb.sh: root is needed" >&2; exit 2; }
suite=${SUITE:-bookworm}
work=$(mktemp -d) || exit 1
root=$work/root
over() {
    umount "$root/proc" 2>/dev/null
    rm -rf "$work"
}
trap over EXIT

die() {
    echo "test-deb.sh: $*" >&2
    exit 1
}
in_root() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"; }
as_basesync() { in_root runuser -u basesync -- "$@"; }
# expect TEXT COMMAND...: the command succeeds and says the text.
expect() {
    local text=$1 out
    shift
    out=$("$@" 2>&1) || die "failed: $* $out"
    [[ $out == *"$text"* ]] || die "$* does not say \"$text\" but: $out"
}
mode() { [ "$(in_root stat -c '%a %U:%G' "$1")" = "$2" ] || die "$1 is $(in_root stat -c '%a %U:%G' "$1"), not $2"; }
files() { in_root find / -xdev \( -path /proc -o -path /var/lib/dpkg -o -path /var/log -o -path /run -o -path /var/lib/apt -o -path /var/cache -o -path /root \) -prune -o -print | LC_ALL=C sort; }

mirror=$({
    sed -n 's/^deb \(\[[^]]*\] \)\?\([^ ]*\/debian\/\?\) .*/\2/p' /etc/apt/sources.list /etc/apt/sources.list.d/*.list
    sed -n 's/^URIs: *\([^ ]*\/debian\/\?\)$/\1/p' /etc/apt/sources.list.d/*.sources
} 2>/dev/null | head -n 1)
[ -n "$mirror" ] || die "no mirror in this machine's apt sources"
mkdir "$root"
if [ -n "${ROOT_TAR:-}" ] && [ -f "$ROOT_TAR" ]; then
    tar -xf "$ROOT_TAR" -C "$root" || die "$ROOT_TAR cannot be unpacked"
else
    debootstrap --variant=minbase "$suite" "$root" "$mirror" >"$work/log" 2>&1 || { tail "$work/log" && die "debootstrap failed"; }
    [ -z "${ROOT_TAR:-}" ] || tar -cf "$ROOT_TAR" -C "$root" .
fi
mount -t proc proc "$root/proc" || die "/proc cannot be mounted"

# A later version of the same package: another number, a word more in the INI file.
later() {
    mkdir "$work/later" && dpkg-deb -R "$1" "$work/later" || return 1
    version=$(sed -n 's/^Version: \(.*\)-1$/\1/p' "$work/later/DEBIAN/control")
    sed -i 's/^Version: .*/Version: '"$version"'.1-1/' "$work/later/DEBIAN/control"
    echo '# of the later version' >>"$work/later/etc/basesync/basesync.ini"
    dpkg-deb --root-owner-group --build "$work/later" "$root/later.deb" >/dev/null
}
cp "$1" "$root/first.deb" && later "$1" || die "packages cannot be made"
files >"$work/before"

echo "install"
in_root apt-get -q -y --no-install-recommends install /first.deb >"$work/log" 2>&1 || { tail "$work/log" && die "install failed"; }
mode /var/lib/basesync "700 basesync:basesync"
mode /var/lib/basesync/basesync.key "600 basesync:basesync"
mode /var/lib/basesync/basesync.db "600 basesync:basesync"
mode /etc/basesync/basesync.ini "640 root:basesync"
mode /usr/bin/basesync "755 root:root"
[ "$(in_root getent passwd basesync | cut -d : -f 6,7)" = /var/lib/basesync:/usr/sbin/nologin ] || die "the user basesync is $(in_root getent passwd basesync)"
expect "$version" in_root basesync version
expect "ok      database" as_basesync basesync check
# What the unit would start: ready, quiet, and it ends when told.
as_basesync timeout -s TERM 3 basesync -c /etc/basesync/basesync.ini serve >"$work/serve" 2>&1
case $? in 0 | 124) ;; *) cat "$work/serve" && die "serve failed" ;; esac
# Root would leave files behind that the service cannot open: it is sent to the right user.
out=$(in_root basesync check 2>&1) && die "root may run it"
[[ $out == *"belongs to another user"*"run basesync as that user"* ]] || die "root is told: $out"

echo "upgrade with a changed INI file"
echo '# mine' >>"$root/etc/basesync/basesync.ini"
key=$(sha256sum <"$root/var/lib/basesync/basesync.key")
in_root apt-get -q -y -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold install /later.deb >"$work/log" 2>&1 ||
    { tail "$work/log" && die "upgrade failed"; }
[ "$(in_root dpkg-query -W -f '${Version}' basesync)" = "$version.1-1" ] || die "the later version is not installed"
tail -n 1 "$root/etc/basesync/basesync.ini" | grep -q '^# mine$' || die "the INI file was overwritten"
mode /etc/basesync/basesync.ini "640 root:basesync"
[ "$(sha256sum <"$root/var/lib/basesync/basesync.key")" = "$key" ] || die "the key has changed"
expect "ok      database" as_basesync basesync check

echo "remove, and install again"
in_root apt-get -q -y remove basesync >"$work/log" 2>&1 || { tail "$work/log" && die "remove failed"; }
[ ! -e "$root/usr/bin/basesync" ] || die "the program is still there"
[ -e "$root/etc/basesync/basesync.ini" ] && [ -e "$root/var/lib/basesync/basesync.key" ] || die "remove took the INI file or the key"
in_root apt-get -q -y -o Dpkg::Options::=--force-confold --no-install-recommends install /later.deb >"$work/log" 2>&1 || { tail "$work/log" && die "the second install failed"; }
[ "$(sha256sum <"$root/var/lib/basesync/basesync.key")" = "$key" ] || die "the second install made another key"
expect "ok      database" as_basesync basesync check

echo "purge"
in_root apt-get -q -y purge basesync >"$work/log" 2>&1 || { tail "$work/log" && die "purge failed"; }
files >"$work/after"
# adduser's own copies of what it changes stay.
diff "$work/before" "$work/after" | grep '^[<>]' | grep -vE '^> /etc/(passwd|group|shadow|gshadow|subuid|subgid)-$' && die "purge left this behind or took it away"

# The other way in, with the archives beside the package: twice, the second time over a running program.
dist=$(dirname "$1")
if [ -f "$dist/SHA256SUMS" ]; then
    echo "install.sh"
    mkdir "$root/dist" && cp "$dist"/* "$root/dist/" || die "no room"
    expect "wrote /etc/basesync/basesync.ini" in_root sh /dist/install.sh
    mode /etc/basesync/basesync.ini "640 root:basesync"
    mode /var/lib/basesync "700 basesync:basesync"
    expect "wrote database /var/lib/basesync/basesync.db" as_basesync /usr/local/bin/basesync init
    echo '# mine' >>"$root/etc/basesync/basesync.ini"
    as_basesync timeout -s TERM 20 /usr/local/bin/basesync -c /etc/basesync/basesync.ini serve >"$work/serve" 2>&1 &
    sleep 2
    expect "installed basesync" in_root sh /dist/install.sh
    tail -n 1 "$root/etc/basesync/basesync.ini" | grep -q '^# mine$' || die "install.sh overwrote the INI file"
    expect "ok      database" as_basesync /usr/local/bin/basesync check
    wait
fi
echo "all good"
