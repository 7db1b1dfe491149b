#!/bin/bash
# The build's own promises: archives are what the manifest says or are refused, missing tools are named,
# a program that is not static is caught, files are embedded byte for byte, lint sees what it is for.
# Needs no network. Ends with "N passed, N failed".
set -u
cd "$(dirname "$0")/../.." || exit 1
top=$PWD
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

# it NAME COMMAND...
it() {
    local name=$1
    shift
    if out=$("$@" 2>&1); then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $name"
        printf '%s\n' "$out" | head -n 20
    fi
}
says() { grep -q -- "$1" || { echo "it does not say: $1"; return 1; }; }

# A tree with a vendor folder of its own, one archive "thing" that no apt and no address can bring.
fresh() {
    rm -rf "$tmp/tree"
    mkdir -p "$tmp/tree/vendor/cache"
    cp vendor/fetch.sh vendor/need.sh "$tmp/tree/vendor/"
    echo "the right bytes" >"$tmp/right"
    sum=$(sha256sum <"$tmp/right" | cut -d ' ' -f 1)
    echo "thing 1 MIT thing-1.tar.gz $sum hand the thing's own page" >"$tmp/tree/vendor/manifest"
}
fetch() { env -u BASESYNC_VENDOR_CACHE VENDOR_BUILD="$tmp/tree/vb" "$@" sh "$tmp/tree/vendor/fetch.sh" thing; }

right_archive_is_taken() {
    fresh
    cp "$tmp/right" "$tmp/tree/vendor/cache/thing-1.tar.gz"
    [ "$(fetch)" = "$tmp/tree/vb/dl/thing-1.tar.gz" ] && cmp "$tmp/right" "$tmp/tree/vb/dl/thing-1.tar.gz"
}
shared_cache_is_used() {
    fresh
    mkdir -p "$tmp/cache"
    cp "$tmp/right" "$tmp/cache/thing-1.tar.gz"
    fetch BASESYNC_VENDOR_CACHE="$tmp/cache" && cmp "$tmp/right" "$tmp/tree/vb/dl/thing-1.tar.gz"
}
wrong_archive_is_refused() {
    fresh
    echo "other bytes" >"$tmp/tree/vendor/cache/thing-1.tar.gz"
    fetch >"$tmp/out" 2>&1 && return 1
    says "thing-1.tar.gz is not the file vendor/manifest names" <"$tmp/out" && [ ! -e "$tmp/tree/vb/dl/thing-1.tar.gz" ]
}
changed_download_is_refused() {
    right_archive_is_taken || return 1
    echo "more" >>"$tmp/tree/vb/dl/thing-1.tar.gz"
    ! fetch
}
# An upstream that serves other bytes under the same address.
wrong_download_is_refused() {
    fresh
    mkdir "$tmp/tree/bin"
    printf '#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\necho other bytes >"$2"\n' >"$tmp/tree/bin/curl"
    chmod +x "$tmp/tree/bin/curl"
    sed -i 's|hand .*|url https://example.invalid/thing-1.tar.gz|' "$tmp/tree/vendor/manifest"
    fetch PATH="$tmp/tree/bin:$PATH" >"$tmp/out" 2>&1 && return 1
    says "where vendor/manifest wants $sum: refused" <"$tmp/out" && [ ! -e "$tmp/tree/vb/dl/thing-1.tar.gz" ]
}
absent_archive_is_explained() {
    fresh
    fetch >"$tmp/out" 2>&1 && return 1
    says "place one of thing-1.tar.gz into vendor/cache" <"$tmp/out"
}
every_archive_has_a_hash() {
    awk '!/^#/ && NF { n++; if (length($5) != 64 || $5 !~ /^[0-9a-f]+$/ || $6 !~ /^(debsrc|deb|url|hand)$/ || NF < 7) { print; bad = 1 } }
        END { exit bad || n < 7 }' vendor/manifest
}
every_library_is_described() {
    local lib
    for lib in $(awk '!/^#/ && NF { print $1 }' vendor/manifest | sort -u); do
        [ -f "vendor/recipes/$lib.sh" ] || { echo "no recipe for $lib"; return 1; }
        version=$(awk -v l="$lib" '$1 == l { print $2; exit }' vendor/manifest)
        grep -qF "| $version |" vendor/README.md || { echo "README does not have $lib $version"; return 1; }
    done
}
# Machines without apt-get get a sentence, not a riddle.
missing_tools_are_named() {
    mkdir -p "$tmp/bare"
    ln -sf "$(command -v id)" "$(command -v sh)" "$tmp/bare/"
    PATH=$tmp/bare "$(command -v sh)" vendor/need.sh no-such-tool=some-package >"$tmp/out" 2>&1 && return 1
    says "missing: no-such-tool; please install them (Debian packages: some-package)" <"$tmp/out"
}
present_tools_need_nothing() { [ -z "$(sh vendor/need.sh sh=dash stdio.h=libc6-dev /etc/passwd=base-passwd)" ]; }

dynamic_program_is_caught() {
    echo 'int main(void) { return 0; }' >"$tmp/p.c"
    gcc "$tmp/p.c" -o "$tmp/p" || return 1
    sh tests/lint/static.sh "$tmp/p" >"$tmp/out" 2>&1 && return 1
    says "is not static" <"$tmp/out" || return 1
    gcc -static -no-pie "$tmp/p.c" -o "$tmp/p" && sh tests/lint/static.sh "$tmp/p"
}
files_are_embedded_byte_for_byte() {
    gcc -std=c17 -Wall -Wextra -Werror vendor/embed.c -o "$tmp/embed" || return 1
    LC_ALL=C awk 'BEGIN { for (k = 0; k < 3; k++) for (i = 1; i < 256; i++) printf "%c", i }' >"$tmp/bytes"
    printf '\0?""\\' >>"$tmp/bytes"
    "$tmp/embed" some_bytes "$tmp/bytes" >"$tmp/bytes.c" || return 1
    cat >"$tmp/show.c" <<'END'
#include "base/embed.h"
#include <stdio.h>
EMBED_DECLARE(some_bytes);
int main(void)
{
    fwrite(embed_some_bytes, 1, embed_some_bytes_len, stdout);
    return embed_some_bytes[embed_some_bytes_len] != 0;
}
END
    gcc -Isrc -Wall -Wextra -Werror "$tmp/show.c" "$tmp/bytes.c" -o "$tmp/show" && "$tmp/show" >"$tmp/shown" &&
        cmp "$tmp/bytes" "$tmp/shown"
}

# lint CHECK FILE TEXT: true when the check refuses a tree that holds this file.
lint_refuses() {
    rm -rf "$tmp/lint"
    mkdir -p "$tmp/lint/src/base" "$tmp/lint/vendor" "$tmp/lint/tests" "$(dirname "$tmp/lint/$2")"
    cp -R tests/lint "$tmp/lint/tests/"
    echo 'int base_one(void);' >"$tmp/lint/src/base/one.h"
    (cd "$tmp/lint" && O=$tmp/lint/o sh tests/lint/run.sh "$1") || return 1
    printf '%b\n' "$3" >"$tmp/lint/$2"
    ! (cd "$tmp/lint" && O=$tmp/lint/o sh tests/lint/run.sh "$1")
}

it "the archive the manifest names is taken from vendor/cache" right_archive_is_taken
it "a shared cache is used" shared_cache_is_used
it "another file under the same name is refused" wrong_archive_is_refused
it "a download that was changed later is refused" changed_download_is_refused
it "an address that serves other bytes is refused" wrong_download_is_refused
it "an archive nobody has is explained in a sentence" absent_archive_is_explained
it "every line of the manifest has a hash and an origin" every_archive_has_a_hash
it "every library has a recipe and stands in the README with its version" every_library_is_described
it "missing tools are named where they cannot be installed" missing_tools_are_named
it "tools that are there need nothing" present_tools_need_nothing
it "a program that is not static is caught" dynamic_program_is_caught
it "files are embedded byte for byte" files_are_embedded_byte_for_byte
it "lint refuses an include of a higher layer" lint_refuses layers src/base/a.c '#include "net/http.h"'
it "lint refuses an include of the same layer" lint_refuses layers src/net/a.c '#include "store/store.h"'
it "lint refuses a library outside its place" lint_refuses layers src/engine/a.c '#include <sqlite3.h>'
it "lint refuses a twin that uses our code" lint_refuses layers tests/twin/a.c '#include "base/buf.h"'
it "lint refuses unbounded copies" lint_refuses calls src/base/a.c 'void f(char *a) { strcpy(a, "x"); }'
it "lint refuses lookups that ignore case" lint_refuses calls src/net/a.c 'void f(void) { cJSON_GetObjectItem(0, "x"); }'
it "lint refuses a clock in the pure folders" lint_refuses calls src/sync/a.c 'long f(void) { return clock_wall_ms(); }'
it "lint refuses a log line from below" lint_refuses calls src/net/a.c 'void f(void) { log_line(0, "a", "b"); }'
it "lint refuses a file that is too long" lint_refuses size src/base/a.c "$(yes '/**/' | head -n 701)"
it "lint refuses a line that is too wide" lint_refuses size src/base/a.c "/* $(printf '%0100d' 0) */"
it "lint refuses a path of one machine" lint_refuses places src/base/a.c '/* /home/../wo''rk/ see /wo''rk/main */'
cd "$top" || exit 1

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
