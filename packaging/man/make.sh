#!/bin/sh
# make.sh PROGRAM OUT: writes the three manual pages into OUT: the words of this folder around the lists
# that PROGRAM prints of its own tables. DATE (YYYY-MM-DD) is what the pages are dated.
set -eu
[ $# = 2 ] || { echo "usage: make.sh PROGRAM OUT" >&2; exit 2; }
here=$(dirname "$0") program=$1 out=$2
date=$(LC_ALL=C date -u -d "${DATE:-@0}" '+%B %-d, %Y')
mkdir -p "$out"

# page FILE LIST: the line @LIST@ becomes what the program prints of it.
page() {
    mark=@$(echo "$2" | tr a-z A-Z)@
    "$program" manual "$2" >"$out/.$2"
    sed -e "s/@DATE@/$date/" -e "/^$mark\$/{r $out/.$2" -e 'd;}' "$here/$1.in" >"$out/.$1"
    rm "$out/.$2"
    mv "$out/.$1" "$out/$1"
}
page basesync.1 commands
page basesync.ini.5 keys
page basesync-db.7 schema
