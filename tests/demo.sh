#!/bin/sh
# demo.sh: a whole sync with no account: basesync against the twin, which stands in for Airtable and
# Google. Started by `make demo`, which builds both. BASESYNC and TWIN name the programs.
set -eu
: "${BASESYNC:?run make demo}" "${TWIN:?run make demo}"
root=$(cd "$(dirname "$0")/.." && pwd)
dir=$(mktemp -d)
twin=''
over() {
    [ -z "$twin" ] || { kill "$twin" 2>/dev/null && wait "$twin" 2>/dev/null; } || true
    rm -rf "$dir"
}
trap over EXIT
trap 'exit 130' INT TERM

case $BASESYNC in /*) ;; *) BASESYNC=$PWD/$BASESYNC ;; esac
say() { printf '\n\033[1m# %s\033[0m\n' "$*"; }
# Shows a command as a person would type it, then runs it in the demo's folder.
run() {
    printf '\n\033[1m$ basesync'
    for word; do
        case $word in *[!A-Za-z0-9_./=-]*) printf " '%s'" "$word" ;; *) printf ' %s' "$word" ;; esac
    done
    printf '\033[0m\n'
    (cd "$dir" && "$BASESYNC" "$@")
}
# await FILE: until the twin has written it, 20 s at most.
await() {
    i=0
    while [ ! -s "$1" ]; do
        i=$((i + 1))
        [ "$i" -lt 400 ] || { echo "demo: the twin did not answer" >&2 && exit 1; }
        kill -0 "$twin" 2>/dev/null || { echo "demo: the twin ended" >&2 && exit 1; }
        sleep 0.05
    done
}
show() {
    rm -f "$dir/show.txt"
    kill -USR1 "$twin"
    await "$dir/show.txt"
    cat "$dir/show.txt"
}

# How many requests have written something by now.
writes() { show | sed -n '1s/.*; \([0-9]*\) of them wrote.*/\1/p'; }

say "A stand-in for Airtable and Google starts, with a base of deals, contacts and products"
"$TWIN" --state-dir "$dir" --scenario "$root/tests/twin/scenarios/demo.json" >/dev/null &
twin=$!
await "$dir/port"
url=https://127.0.0.1:$(cat "$dir/port")

cat >"$dir/basesync.ini" <<INI
[sync deals]
name        = Sales Data Sync
base        = appDemo0000000001
table       = Deals
view        = Grid view
spreadsheet = 1DemoSpreadsheet0000000000000000000000000001
tab         = Deals
direction   = airtable_to_sheets
field       = Name -> Deal
field       = Stage
field       = Amount
field       = Close date
field       = Won
field       = Tags
field       = Probability
field       = Call length
field       = Next call
field       = Contacts
field       = Score

[airtable]
api_url     = $url

[google]
sheets_url  = $url
drive_url   = $url
token_url   = $url/token

[network]
ca_file     = ca.pem
INI
say "What is wanted stands in basesync.ini"
sed '/^\[airtable\]/,$d' "$dir/basesync.ini"

run init
printf '%s\n' patDemoToken00001.0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef >"$dir/token.txt"
run connect airtable --token-file token.txt
run connect sheets --service-account robot.json
run check

say "The first run fills the tab"
run sync
say "The spreadsheet now, as a person sees it"
show
wrote=$(writes)
say "The second run finds nothing to do, and writes nothing"
run sync
show | head -n 1
if [ "$(writes)" != "$wrote" ] || [ "$wrote" = 0 ]; then
    echo "demo: writes were expected in the first run alone" >&2
    exit 1
fi

say "What has happened is in SQLite"
run sql -- -box "SELECT status, triggeredBy AS \"by\", direction, recordsSynced AS synced, rowsAdded AS added,
       rowsUpdated AS updated, airtableCalls, sheetsCalls, durationMs AS ms FROM \"SyncLog\" WHERE NOT dryRun ORDER BY startedAt"
run sql -- -line "SELECT * FROM \"SyncLog\" WHERE NOT dryRun ORDER BY startedAt LIMIT 1"
run sql -- -box "SELECT name, syncDirection, lastSyncStatus, lastSyncAt FROM \"SyncConfig\""
say "That was all of it: one program, one INI file, one key, one SQLite file"
(cd "$dir" && ls -l basesync.ini basesync.key basesync.db)
