#!/bin/sh
# run.sh SECONDS FUZZER...: each fuzzer for so long, one per processor at a time, from its corpus in tests/fuzz/corpus and
# what earlier runs have found; what is new stays beside the program. Ends with "N passed, N failed".
set -u
seconds=$1
shift
here=$(dirname "$0")

# one SECONDS FOLDER FUZZER: prints the outcome; an input that breaks it is shown as base64, to be kept as a
# unit test.
one() {
    name=$(basename "$3") found=$3.corpus
    mkdir -p "$found" "$2/corpus/${name#fuzz_}"
    if "$3" -max_total_time="$1" -timeout=10 -rss_limit_mb=1024 -artifact_prefix="$3." \
        "$found" "$2/corpus/${name#fuzz_}" >"$3.log" 2>&1; then
        echo "  PASS    $name: $(sed -n 's/^Done \(.*\)$/\1/p' "$3.log")"
    else
        tail -n 40 "$3.log"
        echo "  FAIL    $name"
        return 1
    fi
}

if [ "$seconds" = one ]; then
    one "$@"
    exit
fi
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
printf '%s\n' "$@" | xargs -P "$(nproc 2>/dev/null || echo 2)" -I '{}' sh "$0" one "$seconds" "$here" '{}' | tee "$out"
passed=$(grep -c '^  PASS ' "$out") failed=$(grep -c '^  FAIL ' "$out")
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" = $# ]
