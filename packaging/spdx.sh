#!/bin/sh
# spdx.sh VERSION COMMIT: prints the list of what is inside the program as SPDX 2.3, tag-value form, from
# vendor/manifest. SOURCE_DATE_EPOCH is its date.
set -eu
[ $# = 2 ] || { echo "usage: spdx.sh VERSION COMMIT" >&2; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
sh "$root/vendor/components.sh" | awk -v version="$1" -v commit="$2" \
    -v date="$(date -u -d "@${SOURCE_DATE_EPOCH:?}" +%Y-%m-%dT%H:%M:%SZ)" -v manifest="$root/vendor/manifest" '
    function licence(name) {
        if (name == "sqlite") return "blessing"
        return $3 == "public-domain" ? "LicenseRef-public-domain" : $3
    }
    function package(id, name, v, where, lic) {
        printf "\n##### %s\n\nPackageName: %s\nSPDXID: SPDXRef-%s\nPackageVersion: %s\n", name, name, id, v
        printf "PackageDownloadLocation: %s\nFilesAnalyzed: false\n", where
        printf "PackageLicenseConcluded: %s\nPackageLicenseDeclared: %s\nPackageCopyrightText: NOASSERTION\n", lic, lic
    }
    BEGIN {
        while ((getline line <manifest) > 0) {
            if (line ~ /^#/ || split(line, f, /[ \t]+/) < 7) continue
            if (!(f[1] in sum)) { sum[f[1]] = f[5]; file[f[1]] = f[4]; pinned[f[1]] = f[2] }
            if (f[6] == "url") { url[f[1]] = f[7]; sum[f[1]] = f[5]; file[f[1]] = f[4] }
        }
        print "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT"
        print "DocumentName: basesync-" version
        print "DocumentNamespace: https://spdx.org/spdxdocs/basesync-" version "-" commit
        print "Creator: Organization: basesync\nCreated: " date
        package("basesync", "basesync", version, "NOASSERTION", "MIT")
        print "Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-basesync"
    }
    {
        package($1, $1, $2, $1 in url ? url[$1] : "NOASSERTION", licence($1))
        # Data of this machine has another archive than the pinned one.
        if ($2 == pinned[$1]) printf "PackageFileName: %s\nPackageChecksum: SHA256: %s\n", file[$1], sum[$1]
        printf "Relationship: SPDXRef-basesync %s SPDXRef-%s\n", $1 ~ /^(tzdata|cabundle)$/ ? "CONTAINS" : "STATIC_LINK", $1
    }
    END {
        print "\nLicenseID: LicenseRef-public-domain\nLicenseName: public domain"
        print "ExtractedText: <text>This database is in the public domain.</text>"
    }'
