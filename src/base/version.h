/*
 * version.h: what this program is. The build writes these texts into an object of their own.
 */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

extern const char bs_version[];    /* "0.1.0" */
extern const char bs_commit[];     /* "0123456789ab"; "" when not built from a repository */
extern const char bs_user_agent[]; /* "basesync/0.1.0": how the program names itself to servers */

#endif
