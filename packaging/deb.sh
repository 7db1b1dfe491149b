#!/bin/sh
# deb.sh PROGRAM TEXTS VERSION ARCH OUT: makes one Debian package with dpkg-deb alone. The same input
# gives the same bytes; SOURCE_DATE_EPOCH is the time of all files.
set -eu
[ $# = 5 ] || { echo "usage: deb.sh PROGRAM TEXTS VERSION ARCH OUT" >&2; exit 2; }
# MAINTAINER is who publishes the package.
here=$(dirname "$0") version=$3 arch=$4 out=$5
export SOURCE_DATE_EPOCH
umask 022
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
doc=$root/usr/share/doc/basesync
sh "$here/stage.sh" "$1" "$2" "$root" /usr

# Papers as Debian has them.
gzip -9n <"$doc/CHANGELOG.md" >"$doc/changelog.gz"
{
    printf 'basesync (%s) unstable; urgency=medium\n\n  * See changelog.gz.\n\n' "$version"
    printf ' -- %s  %s\n' "${MAINTAINER:?}" \
        "$(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")"
} | gzip -9n >"$doc/changelog.Debian.gz"
gzip -9n "$doc/THIRD-PARTY"
{
    cat "$doc/LICENSE"
    printf '\nThe program holds these libraries and data of others, each under its own licence. The texts stand in\n'
    printf 'THIRD-PARTY.gz beside this file; Debian keeps those of Apache-2.0 and MPL-2.0 in\n'
    printf '/usr/share/common-licenses too.\n\n'
    zcat "$doc/THIRD-PARTY.gz" | sed -n 's/^==== /  /p'
} >"$doc/copyright"
rm "$doc/CHANGELOG.md" "$doc/LICENSE"
gzip -9n "$doc/README.md"
install -D -m 644 "$here/debian/lintian-overrides" "$root/usr/share/lintian/overrides/basesync"

install -D -m 644 "$here/basesync.service" "$root/lib/systemd/system/basesync.service"
install -d "$root/etc/basesync"
sed -e 's|^#database  *=.*|database        = /var/lib/basesync/basesync.db|' \
    -e 's|^#key_file  *=.*|key_file        = /var/lib/basesync/basesync.key|' \
    "$here/../conf/basesync.ini" >"$root/etc/basesync/basesync.ini"
[ "$(grep -c '= /var/lib/basesync/' "$root/etc/basesync/basesync.ini")" = 2 ] || {
    echo "deb.sh: conf/basesync.ini has no line for database or key_file" >&2
    exit 1
}

install -d "$root/DEBIAN"
echo /etc/basesync/basesync.ini >"$root/DEBIAN/conffiles"
for script in postinst prerm postrm; do
    install -m 755 "$here/debian/$script" "$root/DEBIAN/$script"
done
(cd "$root" && find usr lib -type f | LC_ALL=C sort | xargs md5sum) >"$root/DEBIAN/md5sums"
size=$(cd "$root" && find etc lib usr -type f -printf '%s\n' | awk '{ n += int(($1 + 1023) / 1024) } END { print n }')
sed -e "s/@MAINTAINER@/$MAINTAINER/" -e "s/@VERSION@/$version/" -e "s/@ARCH@/$arch/" -e "s/@SIZE@/$size/" "$here/debian/control.in" >"$root/DEBIAN/control"
find "$root" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group -Zxz -z9 --build "$root" "$work/out.deb" >/dev/null
mv "$work/out.deb" "$out"
