#!/bin/sh
# run.sh [unit] [prop] [build] [e2e] [contract]: runs the tests that make has built (all kinds when none is
# named; under the sanitizers not build and contract) and ends with one line, "N passed, N failed". Exit code 1 when anything failed or nothing ran.
#
#   O, PROFILE  the build to test          T  unit tests by name (t_NAME), no other
#   CONTRACTS   folder of recorded answers of the real services; without it the contract tests skip
#
# A unit program speaks cmocka's language; every other program or script ends with its own line
# "N passed, N failed[, N skipped]". One that ends without a count is one test, judged by its exit code.
set -u
: "${O:=build}" "${PROFILE:=debug}"
dir=$O/$PROFILE
# The sanitizers look at the program. That it builds, and that the twin is as the services are, does not depend
# on them.
case $PROFILE in asan) all='unit prop e2e' ;; *) all='unit prop build e2e contract' ;; esac
kinds=${*:-$all}
passed=0 failed=0 skipped=0
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT TERM

case $PROFILE in
release*) TWIN=$O/debug/twin ;;
*) TWIN=$dir/twin ;;
esac
BASESYNC=$dir/basesync
export BASESYNC TWIN PROFILE
# A leak found at exit must fail a test as any other error does.
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0:exitcode=99}"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1}"

# number PATTERN: the sum of the numbers that PATTERN finds in the log.
number() { sed -n "s/$1/\\1/p" "$log" | awk '{ n += $1 } END { print n + 0 }'; }

# judge NAME EXIT PASSED FAILED SKIPPED
judge() {
    f=$4
    if [ "$2" != 0 ] && [ "$f" = 0 ]; then
        f=1
    fi
    if [ $(($3 + f + $5)) = 0 ]; then
        # No count of its own.
        set -- "$1" "$2" 1 0 0
    fi
    passed=$((passed + $3)) failed=$((failed + f)) skipped=$((skipped + $5))
    if [ "$f" != 0 ]; then
        cat "$log"
        echo "  FAIL    $1: $3 passed, $f failed (exit code $2)"
    else
        printf '  %-8s%s: %s passed%s\n' PASS "$1" "$3" "$([ "$5" = 0 ] || echo ", $5 skipped")"
    fi
}

limit() { if command -v timeout >/dev/null 2>&1; then timeout -k 10 "$@"; else shift && "$@"; fi; }

run_unit() {
    limit 300 "$1" >"$log" 2>&1
    code=$?
    judge "$(basename "$1")" $code "$(number '^\[  PASSED  \] \([0-9]*\) test.*')" \
        "$(number '^\[  FAILED  \] \([0-9]*\) test.*')" "$(number '^\[  SKIPPED \] \([0-9]*\) test.*')"
}

# run_counted SECONDS NAME COMMAND...: shows what it says while it runs.
run_counted() {
    seconds=$1 name=$2
    shift 2
    { limit "$seconds" "$@" 2>&1 && echo "exit 0" || echo "exit $?"; } </dev/null |
        tee "$log.raw" | grep -v '^exit [0-9]*$' | sed 's/^/    /'
    code=$(sed -n 's/^exit \([0-9]*\)$/\1/p' "$log.raw" | tail -n 1)
    # Only the last such line counts: it sums what stands above.
    grep -E '^([A-Za-z]+: )?[0-9]+ passed, [0-9]+ failed' "$log.raw" | tail -n 1 |
        sed 's/^[A-Za-z]*: //' >"$log"
    rm -f "$log.raw"
    p=$(number '^\([0-9]*\) passed.*') f=$(number '.* \([0-9]*\) failed.*') s=$(number '.* \([0-9]*\) skipped.*')
    : >"$log"
    judge "$name" "${code:-1}" "$p" "$f" "$s"
}

for kind in $kinds; do
    case $kind in
    unit)
        case $PROFILE in release*) continue ;; esac
        for t in tests/unit/t_*.c; do
            name=$(basename "$t" .c)
            case " ${T:-${name#t_}} " in
            *" ${name#t_} "*) [ -f "$t" ] && run_unit "$dir/tests/unit/$name" ;;
            esac
        done
        ;;
    prop)
        case $PROFILE in release*) continue ;; esac
        [ -n "${T:-}" ] && continue
        for t in tests/prop/*.c; do
            [ -f "$t" ] && grep -q '^int main' "$t" || continue
            run_counted 900 "$(basename "$t" .c)" "$dir/tests/prop/$(basename "$t" .c)"
        done
        ;;
    build)
        run_counted 300 build bash tests/build/test_build.sh
        ;;
    e2e)
        [ -f tests/e2e/run.py ] && run_counted 4500 e2e python3 tests/e2e/run.py
        ;;
    contract)
        for t in tests/contract/test_*.py; do
            [ -f "$t" ] && run_counted 1200 "contract/$(basename "$t" .py)" python3 "$t"
        done
        ;;
    *)
        echo "run.sh: unknown kind of test $kind" >&2
        exit 2
        ;;
    esac
done

[ $((passed + failed)) = 0 ] && failed=1 && echo "no test was run"
if [ "$skipped" = 0 ]; then
    echo "$passed passed, $failed failed"
else
    echo "$passed passed, $failed failed, $skipped skipped"
fi
[ "$failed" = 0 ]
