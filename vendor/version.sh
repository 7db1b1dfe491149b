#!/bin/sh
# version.sh VERSION COMMIT: prints the C file behind src/base/version.h.
set -eu
[ $# = 2 ] || { echo "usage: version.sh VERSION COMMIT" >&2; exit 2; }
cat <<END
#include "base/version.h"

#include <stddef.h>

const char bs_version[] = "$1";
const char bs_commit[] = "$2";
const char bs_user_agent[] = "basesync/$1";
const struct bs_component bs_components[] = {
END
sh "$(dirname "$0")/components.sh" | sed 's/\([^ ]*\) \([^ ]*\) \(.*\)/    {"\1", "\2", "\3"},/'
echo '    {NULL, NULL, NULL},
};'
