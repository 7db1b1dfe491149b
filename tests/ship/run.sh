#!/bin/bash
# What is given away, before it is given away: manual pages, completions, licences, the programs for each
# machine under QEMU, archives, packages, a container's empty root, and the same bytes from another
# folder. Started by `make test-ship`, which builds all of it. Ends with "N passed, N failed, N skipped".
#
#   SHIP="man arch ..."  only these groups: man completion version arch scratch dist deb root same
set -u
cd "$(dirname "$0")/../.." || exit 1
: "${O:=build}" "${VENDOR_BUILD:=build/vendor}" "${VERSION:?make test-ship}" "${DEB_VERSION:?make test-ship}"
case $O in /*) ;; *) O=$PWD/$O ;; esac
case $VENDOR_BUILD in /*) ;; *) VENDOR_BUILD=$PWD/$VENDOR_BUILD ;; esac
export VENDOR_BUILD
dist=$O/dist texts=$O/texts program=$O/release/basesync
# Largest program allowed, in bytes.
size_limit=$((3 * 1024 * 1024))
tmp=$(mktemp -d) || exit 1
chmod 755 "$tmp"
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0 skipped=0

# it NAME COMMAND...
it() {
    local name=$1 out from=$SECONDS
    shift
    if out=$("$@" 2>&1); then
        passed=$((passed + 1))
        [ $((SECONDS - from)) -lt 10 ] || echo "  ($name: $((SECONDS - from)) s)"
    else
        failed=$((failed + 1))
        echo "FAIL $name"
        printf '%s\n' "$out" | tail -n 30
    fi
}
skip() {
    skipped=$((skipped + 1))
    echo "SKIP $1"
}
wanted() { [[ -z ${SHIP:-} || " $SHIP " == *" $1 "* ]]; }
has() { grep -qF -- "$2" "$1" || { echo "$1 does not have: $2"; return 1; }; }
empty() { [ -z "$1" ] || { printf '%s\n' "$1"; return 1; }; }

# ---- manual pages ----
# References are looked for in the current folder too; what is not installed here is no fault of the page.
page_is_clean() { (cd "$texts/man" && empty "$(mandoc -Tlint -W style "$1" 2>&1 | grep -v '^mandoc: outdated mandoc.db')"); }
every_command_has_its_place() {
    local n=0 name
    for name in $("$program" help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
        has "$texts/man/basesync.1" ".It Cm $name" || return 1
        n=$((n + 1))
    done
    [ "$n" -ge 20 ]
}
every_key_has_its_place() {
    local n=0 name
    for name in $(sed -n 's/^#\([a-z_]*\) *=.*/\1/p' conf/basesync.ini | sort -u); do
        has "$texts/man/basesync.ini.5" ".It Cm $name No" || return 1
        n=$((n + 1))
    done
    [ "$n" -ge 60 ]
}
every_table_has_its_place() {
    local n=0 name
    for name in $(cat src/store/schema/*.sql | sed -n 's/^CREATE TABLE "\([A-Za-z]*\)".*/\1/p; s/^CREATE VIEW \([a-z_]*\) AS.*/\1/p' | sort -u); do
        has "$texts/man/basesync-db.7" ".Ss $name" || return 1
        n=$((n + 1))
    done
    [ "$n" -ge 18 ]
}
# The sample queries of basesync-db(7) on a real database.
queries_work() {
    rm -rf "$tmp/db" && mkdir "$tmp/db" && "$program" -c "$tmp/db/basesync.ini" init >/dev/null || return 1
    awk '/^\.Sh EXAMPLES/ { on = 1 } /^\.Bd/ { text = 1; next } /^\.Ed/ { text = 0 } on && text' "$texts/man/basesync-db.7" >"$tmp/db/q.sql"
    [ "$(grep -c '^SELECT' "$tmp/db/q.sql")" -ge 7 ] && "$program" -c "$tmp/db/basesync.ini" sql -- -bail ".read $tmp/db/q.sql"
}
if wanted man; then
    for page in basesync.1 basesync.ini.5 basesync-db.7; do
        it "$page is clean" page_is_clean $page
    done
    it "every command stands in basesync(1)" every_command_has_its_place
    it "every key stands in basesync.ini(5)" every_key_has_its_place
    it "every table and view stands in basesync-db(7)" every_table_has_its_place
    it "the sample queries of basesync-db(7) work" queries_work
fi

# ---- completion ----
bash_completes() {
    # shellcheck disable=SC2016
    bash --norc -c 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _basesync; echo "${COMPREPLY[*]}"' - "$texts/completion/bash" "$@"
}
bash_knows() { [ "$(bash_completes basesync sy)" = sync ] && [ "$(bash_completes basesync -c x sync --dr)" = --dry-run ] && [ "$(bash_completes basesync connect a)" = airtable ]; }
fish_completes() { HOME=$tmp fish --no-config -c "source $texts/completion/fish; complete -C '$1'" | cut -f 1; }
fish_knows() { [ "$(fish_completes 'basesync sy')" = sync ] && [ "$(fish_completes 'basesync sync --dr')" = --dry-run ] && [ "$(fish_completes 'basesync connect a')" = airtable ]; }
zsh_knows() {
    mkdir -p "$tmp/zsh" && cp "$texts/completion/zsh" "$tmp/zsh/_basesync"
    python3 tests/ship/zsh_completion.py "$tmp/zsh" 'basesync sy' 'basesync sync --dr' 'basesync connect a' >"$tmp/zsh.out" || return 1
    printf '%s\n' 'basesync sync' 'basesync sync --dry-run' 'basesync connect airtable' | diff - "$tmp/zsh.out"
}
if wanted completion; then
    it "bash completes commands, options and words" bash_knows
    it "fish completes commands, options and words" fish_knows
    it "zsh completes commands, options and words" zsh_knows
fi

# ---- version ----
says_what_is_inside() {
    "$program" version --verbose >"$tmp/verbose" && has "$tmp/verbose" "basesync $VERSION" && has "$tmp/verbose" "compiler " || return 1
    awk '!/^#/ && NF && !seen[$1]++ && $1 !~ /tzdata|cabundle/ { print "inside    " $1 " " $2 " " }' vendor/manifest | while read -r line; do
        has "$tmp/verbose" "$line" || exit 1
    done || return 1
    # What the libraries say of themselves is what the manifest says.
    has "$tmp/verbose" "libcurl/$(awk '$1 == "curl" { print $2; exit }' vendor/manifest) mbedTLS/$(awk '$1 == "mbedtls" { print $2; exit }' vendor/manifest)" &&
        has "$tmp/verbose" "SQLite $(awk '$1 == "sqlite" { print $2; exit }' vendor/manifest)"
}
says_how_old_the_certificates_are() {
    local day age
    read -r day age < <(sed -n 's/^CA  *embedded bundle of \([0-9-]*\), \([0-9]*\) days old.*/\1 \2/p' "$tmp/verbose")
    [ "$age" = $((($(date -u +%s) - $(date -u -d "$day" +%s)) / 86400)) ]
}
licences_are_those_of_the_sources() {
    "$program" version --licences >"$tmp/licences" && cmp "$tmp/licences" "$texts/THIRD-PARTY" || return 1
    for part in 'Copyright (c) 1996' 'Apache License' 'Dave Gamble' 'Ben Hoyt' 'May you do good and not evil' \
        'Jean-loup Gailly' 'Rich Felker' 'public domain' 'Mozilla Public License Version 2.0' 'Runtime Library Exception'; do
        has "$tmp/licences" "$part" || return 1
    done
}
starts_at_once() {
    local from=${EPOCHREALTIME/./} n
    for n in {1..20}; do "$program" version >/dev/null || return 1; done
    n=$(((${EPOCHREALTIME/./} - from) / 20))
    echo "start to exit of version: $n us" && [ "$n" -le 50000 ]
}
if wanted version; then
    it "version --verbose names what is inside" says_what_is_inside
    it "version --verbose tells the age of the CA bundle" says_how_old_the_certificates_are
    it "version --licences prints the texts of the sources" licences_are_those_of_the_sources
    it "version starts and ends within 50 ms" starts_at_once
fi

# ---- one program per machine ----
qemu_x86_64=''
qemu_arm64='qemu-aarch64-static'
qemu_armv6='qemu-arm-static -cpu arm1176'
[ "$(uname -m)" = x86_64 ] || qemu_x86_64=qemu-x86_64-static
[ "$(uname -m)" != aarch64 ] || qemu_arm64=''
# on MACHINE: a program that starts the machine's basesync, whatever this machine is.
on() {
    local qemu=qemu_$1
    printf '#!/bin/sh\nexec %s %s "$@"\n' "${!qemu}" "$O/release-$1/basesync" >"$tmp/basesync-$1"
    chmod 755 "$tmp/basesync-$1"
    echo "$tmp/basesync-$1"
}
is_static() { sh tests/lint/static.sh "$O/release-$1/basesync"; }
is_small() {
    local bytes
    bytes=$(stat -c %s "$O/release-$1/basesync") && echo "$bytes bytes, $size_limit allowed" && [ "$bytes" -le "$size_limit" ]
}
is_for() { readelf -h "$O/release-$1/basesync" | grep -q "Machine: *$2\$"; }
# The attributes are the highest of all that was linked, the C library and the compiler's own pieces too.
# Newer instructions stand in two functions of musl alone, which asks the kernel before it takes them.
is_armv6() {
    readelf -A "$O/release-armv6/basesync" >"$tmp/attributes"
    cat "$tmp/attributes"
    grep -q '^  Tag_CPU_arch: v6\(K\|KZ\)\?$' "$tmp/attributes" &&
        ! grep -qE 'Tag_(FP_arch|Advanced_SIMD_arch|ABI_VFP_args: VFP)' "$tmp/attributes" || return 1
    empty "$(arm-linux-gnueabi-objdump -d --no-show-raw-insn "$O/release-armv6/basesync.full" | awk '
        /^[0-9a-f]+ <.*>:$/ { function_name = $2 }
        $2 ~ /^(movw|movt|dmb|dsb|isb|udiv|sdiv|mls|ubfx|sbfx|bfi|bfc|rbit|v(ld|st|mov|add|mul|sub)[.0-9a-z]*)$/ &&
            function_name !~ /^<__a_(barrier|cas)_v7>:$/ { print function_name, $0 }')"
}
says_its_version() { "$(on "$1")" version | grep -qF "basesync $VERSION"; }
# A whole sync, `check` included, with TLS, against the stand-in.
runs_the_demo() {
    BASESYNC=$(on "$1") TWIN=$O/debug/twin sh tests/demo.sh >"$tmp/demo-$1" 2>&1 || { tail -n 30 "$tmp/demo-$1"; return 1; }
    has "$tmp/demo-$1" 'Sync completed successfully' && has "$tmp/demo-$1" 'basesync check' && has "$tmp/demo-$1" 'The second run finds nothing to do'
}
if wanted arch; then
    for machine in x86_64 arm64 armv6; do
        it "$machine: the program is static" is_static $machine
        it "$machine: it is small" is_small $machine
        it "$machine: it says its version" says_its_version $machine
        it "$machine: it runs a whole sync" runs_the_demo $machine
    done
    it "x86_64 is for that machine" is_for x86_64 'Advanced Micro Devices X86-64'
    it "arm64 is for that machine" is_for arm64 AArch64
    it "armv6 is for that machine" is_for armv6 ARM
    it "armv6 has nothing of ARMv7" is_armv6
fi

# ---- a root with nothing in it ----
# Like a container FROM scratch: the program, its files and the devices that every container has.
# The demo's own folder becomes the root.
make_root() { mkdir -p "$1/dev" && mknod -m 666 "$1/dev/null" c 1 3 && mknod -m 666 "$1/dev/random" c 1 8 && mknod -m 666 "$1/dev/urandom" c 1 9 && cp "$program" "$1/program"; }
runs_in_an_empty_root() {
    {
        echo '#!/bin/bash'
        declare -f make_root
        # shellcheck disable=SC2016
        printf 'program=%q\n[ -e "$PWD/program" ] || make_root "$PWD"\nexec chroot "$PWD" /program "$@"\n' "$program"
    } >"$tmp/in-root"
    chmod 755 "$tmp/in-root"
    BASESYNC=$tmp/in-root TWIN=$O/debug/twin sh tests/demo.sh >"$tmp/demo-root" 2>&1 || { tail -n 30 "$tmp/demo-root"; return 1; }
    has "$tmp/demo-root" 'Sync completed successfully'
}
# No system's certificates, no system's zones: the embedded ones.
brings_its_own() {
    rm -rf "$tmp/root" && make_root "$tmp/root" || return 1
    chroot "$tmp/root" /program init >/dev/null || return 1
    printf '[basesync]\ntime_zone = Australia/Lord_Howe\n' >"$tmp/root/basesync.ini"
    chroot "$tmp/root" /program --print-config | grep -q 'Australia/Lord_Howe' &&
        env -u SSL_CERT_FILE chroot "$tmp/root" /program check 2>&1 | grep -q 'certificates .*built in'
}
dockerfile_names_what_is_there() { has packaging/Dockerfile 'COPY build/release/basesync /basesync' && has packaging/Dockerfile 'FROM scratch'; }
if wanted scratch; then
    if [ "$(id -u)" = 0 ]; then
        it "a whole sync in a root that holds the program alone" runs_in_an_empty_root
        it "there it uses its own certificates and time zones" brings_its_own
    else
        skip "an empty root: chroot needs root"
        skip "certificates and zones in it"
    fi
    it "the Dockerfile copies what make builds" dockerfile_names_what_is_there
fi

# ---- archives, sums, list of contents, install.sh ----
sums_are_right() {
    (cd "$dist" && sha256sum -c SHA256SUMS >/dev/null) || return 1
    local n
    n=$(wc -l <"$dist/SHA256SUMS") && [ "$n" -ge 9 ] && [ "$(cut -d ' ' -f 3 "$dist/SHA256SUMS" | sort -u | wc -l)" = "$n" ]
}
list_of_contents_is_whole() {
    local name sum
    while read -r name sum; do
        has "$dist/basesync-$VERSION.spdx" "PackageName: $name" || return 1
        grep -q "$sum" "$dist/basesync-$VERSION.spdx" || [ "$name" = tzdata ] || [ "$name" = cabundle ] || { echo "no sum of $name"; return 1; }
    done < <(awk '!/^#/ && NF { name[$1] = name[$1] (name[$1] ? "\\|" : "") $5 } END { for (n in name) print n, name[n] }' vendor/manifest)
    for tag in 'SPDXVersion: SPDX-2.3' 'DataLicense: CC0-1.0' 'DocumentNamespace: https://' 'DESCRIBES SPDXRef-basesync'; do
        has "$dist/basesync-$VERSION.spdx" "$tag" || return 1
    done
}
installs() {
    sh "$dist/install.sh" --from "$dist" --prefix "$tmp/prefix" --program-only && "$tmp/prefix/bin/basesync" version &&
        [ -s "$tmp/prefix/share/man/man1/basesync.1.gz" ] && [ -s "$tmp/prefix/share/doc/basesync/THIRD-PARTY" ] &&
        cmp "$tmp/prefix/bin/basesync" "$program"
}
refuses_a_changed_archive() {
    rm -rf "$tmp/bad" && cp -r "$dist" "$tmp/bad" || return 1
    for f in "$tmp/bad"/*.tar.gz; do printf x >>"$f"; done
    if sh "$tmp/bad/install.sh" --prefix "$tmp/bad-prefix" --program-only >"$tmp/bad.out" 2>&1; then return 1; fi
    has "$tmp/bad.out" 'is not the file that SHA256SUMS names' && [ ! -e "$tmp/bad-prefix" ]
}
refuses_http() { if sh "$dist/install.sh" --from http://127.0.0.1/ >"$tmp/http.out" 2>&1; then return 1; fi; has "$tmp/http.out" 'only https'; }
if wanted dist; then
    it "SHA256SUMS holds and names every file once" sums_are_right
    it "the list of contents names every part with its sum" list_of_contents_is_whole
    it "install.sh installs the program of this machine" installs
    it "install.sh refuses an archive that was changed" refuses_a_changed_archive
    it "install.sh refuses an address that is not https" refuses_http
fi

# ---- packages ----
lintian_is_silent() { empty "$(lintian --allow-root --tag-display-limit 0 --display-info "$1" 2>&1 | grep -v '^N: ')"; }
package_holds_the_program() {
    rm -rf "$tmp/deb" && dpkg-deb -x "$dist/basesync_${DEB_VERSION}_$1.deb" "$tmp/deb" && cmp "$tmp/deb/usr/bin/basesync" "$O/release-$2/basesync" &&
        [ "$(dpkg-deb -f "$dist/basesync_${DEB_VERSION}_$1.deb" Architecture)" = "$1" ]
}
unit_is_hardened() {
    systemd-analyze security --offline=true --threshold=20 packaging/basesync.service >"$tmp/unit" 2>&1 || { tail -n 3 "$tmp/unit"; return 1; }
    # Neither program nor pages need be installed here.
    empty "$(systemd-analyze verify packaging/basesync.service 2>&1 | grep 'basesync.service' | grep -vE "is not executable|Command 'man ")"
}
if wanted deb; then
    for pair in amd64:x86_64 arm64:arm64 armhf:armv6; do
        it "the ${pair%:*} package: lintian has nothing to say" lintian_is_silent "$dist/basesync_${DEB_VERSION}_${pair%:*}.deb"
        it "the ${pair%:*} package carries the program for ${pair#*:}" package_holds_the_program "${pair%:*}" "${pair#*:}"
    done
    if command -v systemd-analyze >/dev/null; then
        it "the unit is hardened (exposure at most 2.0) and says nothing wrong" unit_is_hardened
    else
        skip "the unit: systemd-analyze is not here"
    fi
fi

# ---- install, upgrade, remove and purge in a clean root ----
if wanted root; then
    if [ "$(id -u)" = 0 ] && command -v debootstrap >/dev/null; then
        it "install, upgrade, remove and purge in a clean root" bash packaging/test-deb.sh "$dist/basesync_${DEB_VERSION}_$(dpkg --print-architecture).deb"
    else
        skip "install and purge in a clean root: root and debootstrap are needed"
    fi
fi

# ---- the same bytes from another folder ----
same_bytes_elsewhere() {
    local there=$tmp/another/place
    mkdir -p "$there" && git ls-files -z | xargs -0 cp -a --parents -t "$there" && cp -a .git "$there/" || return 1
    BASESYNC_VENDOR_CACHE=$VENDOR_BUILD/dl VENDOR_BUILD=$there/vb O=$there/out MAKEFLAGS='' \
        make -C "$there" -s "release-$1" >"$tmp/another.log" 2>&1 || { tail -n 20 "$tmp/another.log"; return 1; }
    cmp "$there/out/release-$1/basesync" "$O/release-$1/basesync" || return 1
    rm -rf "$there/out"
}
if wanted same; then
    for machine in ${SAME:-x86_64}; do
        it "$machine: another folder gives the same bytes" same_bytes_elsewhere "$machine"
    done
fi

[ $((passed + failed)) = 0 ] && failed=1 && echo "no test was run"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
