#!/bin/sh
# licences.sh: prints the licences of everything that is inside the program, taken from the very archives
# it is built from. The result is what `basesync version --licences` shows and what packages carry.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# from_archive NAME FILE: prints a file of the source archive, whatever its top folder is called.
from_archive() {
    tar -xOf "$("$here/fetch.sh" "$1")" --wildcards --no-wildcards-match-slash "*/$2"
}

# from_package NAME PACKAGE: the copyright file of a package of data; without its archive, this machine's.
from_package() {
    file=./usr/share/doc/$2/copyright
    if archive=$("$here/fetch.sh" "$1" 2>/dev/null); then
        ar p "$archive" data.tar.xz | tar -xJO "$file"
    elif [ -f "${file#.}" ]; then
        cat "${file#.}"
    else
        echo "See https://spdx.org/licenses/ for the text of the licence."
    fi
}

# stanza FILES: the licence of one entry of a Debian copyright file, as it reads without the marks.
stanza() {
    awk -v files="Files: $1" '
        $0 == files { on = 1 }
        on && /^$/ { exit }
        on && /^License:/ { text = 1; next }
        on && text { sub(/^ /, ""); if ($0 == ".") $0 = ""; print }'
}

text_of() {
    case $1 in
    curl) from_archive curl COPYING ;;
    mbedtls) # The whole text of the one of its two licences that is chosen here.
        from_archive mbedtls LICENSE | awk '/^=====/ { exit } /Apache License/ { on = 1 } on' ;;
    cjson) from_archive cjson LICENSE ;;
    inih) from_archive inih LICENSE.txt ;;
    sqlite) from_archive sqlite LICENSE.md ;;
    zlib) from_archive zlib LICENSE ;;
    musl) from_archive musl COPYRIGHT ;;
    tzdata) from_package tzdata tzdata | stanza '*' ;;
    cabundle) from_package cabundle ca-certificates | stanza mozilla/certdata.txt ;;
    *)
        echo "licences.sh: where is the licence of $1?" >&2
        exit 1
        ;;
    esac
}

echo "What is inside basesync beside its own code, and under which licences."
sh "$here/components.sh" >"$work/list"
while read -r name version licence; do
    printf '\n==== %s %s: %s\n\n' "$name" "$version" "$licence"
    text_of "$name" >"$work/text"
    [ -s "$work/text" ] || {
        echo "licences.sh: $name has no licence text" >&2
        exit 1
    }
    cat "$work/text"
done <"$work/list"
cat <<'END'

==== libgcc

Pieces of the compiler's own library are in every program that GCC makes. It is under the GNU General
Public License, version 3 or later, with the GCC Runtime Library Exception, version 3.1, which lets the
program be given away under its own terms: https://www.gnu.org/licenses/gcc-exception-3.1.html
END
