/*
 * version.h: what this program is and what is inside it. The build writes these into an object of
 * their own (vendor/version.sh).
 */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

extern const char bs_version[];    /* "0.1.0" */
extern const char bs_commit[];     /* "0123456789ab"; "" when not built from a repository */
extern const char bs_user_agent[]; /* "basesync/0.1.0": how the program names itself to servers */

/* A library or data of others, as vendor/manifest names it. */
struct bs_component {
    const char *name;    /* "curl" */
    const char *version; /* "8.14.1"; of the CA bundle the day, "20250419" */
    const char *licence; /* SPDX name */
};
extern const struct bs_component bs_components[]; /* ended by a NULL name */

#endif
