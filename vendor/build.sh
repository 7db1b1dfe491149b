#!/bin/sh
# build.sh TARGET LIB: builds one library of vendor/manifest for one target and installs its headers
# and static archive under $VENDOR_BUILD/TARGET. vendor.mk calls it; two at once are safe.
#
# TARGET  host          the machine's own compiler and C library (debug, asan, the test tools)
#         x86_64-musl   static musl programs; also aarch64-musl and arm-musl with Debian's cross compilers
#
#         data          what is embedded whatever the machine: time zones, CA certificates
#
# A library is built again when its recipe, its line in the manifest, the compiler or the target's
# flags change. Each recipes/LIB.sh defines build(): it finds its unpacked source in $src, an empty
# work folder as the current folder, and puts its results into $out/include and $out/lib.
set -eu
[ $# = 2 ] || { echo "usage: build.sh TARGET LIB" >&2; exit 2; }
target=$1 lib=$2
here=$(cd "$(dirname "$0")" && pwd)
: "${VENDOR_BUILD:=${here%/vendor}/build/vendor}"
mkdir -p "$VENDOR_BUILD"
VENDOR_BUILD=$(cd "$VENDOR_BUILD" && pwd)
export VENDOR_BUILD
prefix=$VENDOR_BUILD/$target
recipe=$here/recipes/$lib.sh
jobs=${JOBS:-$(nproc 2>/dev/null || echo 2)}

cross='' opt='-Os' pie='-fno-pie' link='-static -no-pie'
case $target in
data) CC=gcc pie='' link='' ;;
host) CC=${VENDOR_CC:-gcc} opt='-O1 -g1' pie='' link='' ;;
x86_64-musl) [ "$(uname -m)" = x86_64 ] || cross=x86_64-linux-gnu- ;;
aarch64-musl) [ "$(uname -m)" = aarch64 ] || cross=aarch64-linux-gnu- ;;
# Debian's armel compiler: its start files and libgcc run on ARMv6, those of armhf do not.
arm-musl) cross=arm-linux-gnueabi- opt='-Os -march=armv6 -marm' ;;
*) echo "basesync: unknown build target $target." >&2; exit 2 ;;
esac
realcc=${cross}gcc
# Tables for unwinding exceptions: nobody reads them in a C program without a debugger.
case $target in *-musl) opt="$opt -fno-asynchronous-unwind-tables -fno-unwind-tables" ;; esac
case $target in
*-musl)
    CC=$prefix/musl/bin/musl-gcc
    [ "$lib" != musl ] || CC=$realcc
    ;;
esac
ar=${cross}ar
# Paths of this machine stay out of the objects, so that two machines make the same bytes.
cflags="$opt $pie -ffunction-sections -fdata-sections -fno-strict-aliasing -fstack-protector-strong -w \
-ffile-prefix-map=$VENDOR_BUILD=vendor"

mkdir -p "$prefix/stamp" "$VENDOR_BUILD/src" "$VENDOR_BUILD/work"
exec 8>"$prefix/stamp/.$lib.lock"
command -v flock >/dev/null 2>&1 && flock 8

patches=$(find "$here/patches" -name "$lib-*.patch" | sort)

# shellcheck disable=SC2086
key=$(
    {
        grep "^${lib}[[:space:]]" "$here/manifest"
        cat "$recipe" "$here/recipes/$lib".* $patches
        echo "$cflags" | sed 's/-ffile-prefix-map=[^ ]*//'
        # The C library's own change shows in every library built on it.
        case $target-$lib in
        data-*) cat "$here/embed.c" ;;
        *-musl-musl) ;;
        *-musl-*) cat "$here/recipes/musl.sh" ;;
        esac
        $realcc -dumpmachine
        $realcc -dumpfullversion
    } | sha256sum | cut -d ' ' -f 1
)
stamp=$prefix/stamp/$lib
if [ "$(cat "$stamp" 2>/dev/null)" = "$key" ]; then
    touch "$stamp"
    exit 0
fi

# Unpacks the archive once for all targets and applies patches/LIB-*.patch; nothing else changes it.
why=$prefix/stamp/.$lib.why
archive=$("$here/fetch.sh" "$lib" 2>"$why") || {
    if [ "$target" != data ]; then
        cat "$why" >&2
        exit 1
    fi
    echo "basesync: the pinned $lib cannot be had, this machine's own is embedded: the program is not byte for byte the one built elsewhere." >&2
    archive=''
}
# Data without its archive has no source; its recipe looks at the system.
src=''
# shellcheck disable=SC2086
[ -z "$archive" ] || src=$VENDOR_BUILD/src/$lib-$(cat "$archive" $patches | sha256sum | cut -c 1-12)
[ -z "$archive" ] || (
    exec 7>"$VENDOR_BUILD/src/.$lib.lock"
    command -v flock >/dev/null 2>&1 && flock 7
    if [ ! -d "$src" ]; then
        rm -rf "$src.part"
        mkdir "$src.part"
        case $archive in
        *.deb) ar p "$archive" data.tar.xz | tar -xJ -C "$src.part" ;;
        *) tar -xf "$archive" -C "$src.part" --strip-components=1 ;;
        esac
        for p in $patches; do
            patch -s -p1 -d "$src.part" <"$p"
        done
        mv "$src.part" "$src"
    fi
)

# compile_all FLAGS FILE...: one object a file, several at once.
compile_all() {
    flags=$1
    shift
    # shellcheck disable=SC2016
    printf '%s\n' "$@" |
        CC=$CC CFLAGS="$cflags $flags" xargs -P "$jobs" -I {} sh -c \
            '$CC $CFLAGS -c "{}" -o "$(basename "{}" .c).o"'
}

# archive_all NAME OBJECT...: an archive without times, owners and extra members.
archive_all() {
    a=$out/lib/$1
    shift
    rm -f "$a"
    "$ar" rcsD "$a" "$@"
}

work=$VENDOR_BUILD/work/$target-$lib
log=$prefix/stamp/$lib.log
out=$work/out
rm -rf "$work"
mkdir -p "$out/include" "$out/lib" "$work/obj"
# shellcheck source=/dev/null
. "$recipe"
# In the background, so that its `set -e` counts (a condition would switch it off).
(
    cd "$work/obj"
    set -eux
    build
) >"$log" 2>&1 &
if ! wait $!; then
    tail -n 30 "$log" >&2
    echo "basesync: building $lib for $target failed; the whole log is $log." >&2
    exit 1
fi
cp -a "$out/." "$prefix/"
rm -rf "$work"
echo "$key" >"$stamp"
