#!/bin/sh
# run.sh [check...]: holds the tree to its own rules; every check prints what is wrong as
# file:line: sentence. Checks: format layers calls size places shell cppcheck tidy. Exit code 1 when any failed.
set -u
: "${O:=build}" "${VENDOR_BUILD:=build/vendor}"
checks=${*:-format layers calls size places shell cppcheck tidy}
here=$(dirname "$0")
src=$(find src -name '*.[ch]' | sort)
tests=$(find tests vendor -name '*.[ch]' ! -path 'vendor/recipes/*' ! -path 'vendor/cache/*' | sort)
jobs=$(nproc 2>/dev/null || echo 2)
flags="-std=c17 -D_GNU_SOURCE -DBASESYNC_FAILPOINTS -Isrc -isystem $VENDOR_BUILD/host/include"

# The norm is what clang-format 14 prints; other versions differ in small things.
check_format() {
    case $(clang-format --version) in
    *" version 14."*) ;;
    *)
        echo "  SKIP    format: this is not clang-format 14"
        return 0
        ;;
    esac
    # shellcheck disable=SC2086
    clang-format --dry-run -Werror $src $tests
}

# shellcheck disable=SC2086
check_layers() { awk -f "$here/layers.awk" $src $tests; }

# shellcheck disable=SC2086
check_calls() { awk -f "$here/calls.awk" $src $tests; }

check_size() {
    bad=0
    for f in $src $tests; do
        limit=700
        case $f in tests/*) limit=1000 ;; esac
        lines=$(wc -l <"$f")
        [ "$lines" -le "$limit" ] || {
            echo "$f:1: $lines lines where $limit are allowed"
            bad=1
        }
    done
    # shellcheck disable=SC2086
    awk 'length($0) > 100 { print FILENAME ":" FNR ": wider than 100 columns"; bad = 1 } END { exit bad }' \
        $(for f in $src $tests; do LC_ALL=C grep -q '[^ -~	]' "$f" || echo "$f"; done) || bad=1
    return $bad
}

# What belongs to one machine, or to one way of getting packages, has no place in the tree.
check_places() {
    if git rev-parse --git-dir >/dev/null 2>&1; then
        files=$(git ls-files)
    else
        files="$src $tests"
    fi
    # shellcheck disable=SC2086
    ! grep -nIE '(^|[^A-Za-z0-9_}.])/[w]ork/|/[t]mp/briefs|[d]eb\.debian\.org|[r]egistry\.npmjs|[p]ypi\.org|[.]pyenv|[b]asesync-helper' $files
}

check_shell() {
    scripts=$(find vendor tests packaging .ci \( -name '*.sh' -o -path .ci/run \) -type f | sort)
    bad=0
    for f in $scripts; do
        case $(head -n 1 "$f") in
        *bash*) bash -n "$f" || bad=1 ;;
        *) sh -n "$f" || bad=1 ;;
        esac
    done
    # A recipe is read into build.sh: what it uses is set there, what it sets is used there.
    # shellcheck disable=SC2086
    shellcheck -S warning -s sh -e SC2154,SC2115,SC2034,SC2046 $(for f in $scripts; do case $(head -n 1 "$f") in *bash*) ;; *) echo "$f" ;; esac; done) || bad=1
    return $bad
}

check_cppcheck() {
    mkdir -p "$O/lint/cppcheck"
    cppcheck -q -j "$jobs" --std=c11 --language=c --enable=warning,performance,portability --inline-suppr \
        --suppress=missingIncludeSystem --suppress=preprocessorErrorDirective --error-exitcode=1 --cppcheck-build-dir="$O/lint/cppcheck" \
        --template='{file}:{line}: {message} [{id}]' -D_GNU_SOURCE -DBASESYNC_FAILPOINTS -Isrc src
}

# A file is looked at again only when it, its headers or the chosen checks change.
check_tidy() {
    mkdir -p "$O/lint/tidy"
    export flags O
    # shellcheck disable=SC2016
    printf '%s\n' $src | grep '\.c$' | xargs -P "$jobs" -I {} sh -c '
        case "{}" in src/base/err.c) ;; *) flags="$flags -include tests/lint/analyzer.h" ;; esac
        key=$({ cat .clang-tidy; gcc -E -P $flags "{}" 2>/dev/null; } | sha256sum | cut -d " " -f 1)
        mark=$O/lint/tidy/$(echo "{}" | tr / _)
        [ "$(cat "$mark" 2>/dev/null)" = "$key" ] && exit 0
        out=$(clang-tidy --quiet "{}" -- $flags 2>/dev/null) && echo "$key" >"$mark" && exit 0
        printf "%s\n" "$out"
        exit 1'
}

failed=0
for c in $checks; do
    if out=$(check_"$c" 2>&1); then
        echo "  LINT    $c"
        [ -z "$out" ] || printf '%s\n' "$out"
    else
        printf '%s\n' "$out"
        echo "  FAIL    lint $c"
        failed=1
    fi
done
exit $failed
