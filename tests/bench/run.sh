#!/bin/sh
# run.sh: the benchmark: the release program against the twin with the services' real limits and
# latencies. `make bench`, or `SCENES="fill" RECORDS="1000" sh tests/bench/run.sh`.
set -u
cd "$(dirname "$0")/../.." || exit 1
command -v python3 >/dev/null || sh vendor/need.sh python3 || exit 1
exec python3 tests/bench/bench.py "$@"
