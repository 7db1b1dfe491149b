#!/bin/sh
# stage.sh PROGRAM TEXTS DEST PREFIX: puts the program, its manual pages, completions and papers below
# DEST/PREFIX. TEXTS is the folder with man/, completion/ and THIRD-PARTY that make has written; what the
# program keeps running on (services, INI file) is for the callers: it lies elsewhere on each system.
set -eu
[ $# = 4 ] || { echo "usage: stage.sh PROGRAM TEXTS DEST PREFIX" >&2; exit 2; }
here=$(dirname "$0") program=$1 texts=$2 root=$3$4
share=$root/share doc=$root/share/doc/basesync
install -D -m 755 "$program" "$root/bin/basesync"
for page in "$texts"/man/*.[1-8]; do
    install -d "$share/man/man${page##*.}"
    gzip -9nc "$page" >"$share/man/man${page##*.}/$(basename "$page").gz"
done
install -D -m 644 "$texts/completion/bash" "$share/bash-completion/completions/basesync"
install -D -m 644 "$texts/completion/fish" "$share/fish/vendor_completions.d/basesync.fish"
# Debian looks for packages' completions in a folder of their own.
case $4 in /usr) zsh=vendor-completions ;; *) zsh=site-functions ;; esac
install -D -m 644 "$texts/completion/zsh" "$share/zsh/$zsh/_basesync"
for paper in README.md CHANGELOG.md LICENSE; do
    install -D -m 644 "$here/../$paper" "$doc/$paper"
done
install -m 644 "$texts/THIRD-PARTY" "$doc/THIRD-PARTY"
install -D -m 644 "$here/../conf/basesync.ini" "$doc/examples/basesync.ini"
