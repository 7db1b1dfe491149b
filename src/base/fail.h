/*
 * fail.h: failpoints. FAIL_POINT("name") does nothing in a release build. In test builds
 * BASESYNC_FAIL="name:k:kill" kills the process with SIGKILL when the point is passed the k-th
 * time; "name:k:stop" makes fail_hit return true there (the caller then fails as the point says);
 * name "*" counts every point. BASESYNC_FAIL_LIST=FILE appends each point passed to FILE.
 */
#ifndef BASE_FAIL_H
#define BASE_FAIL_H

#include <stdbool.h>

#ifdef BASESYNC_FAILPOINTS
bool fail_hit(const char *name);
#define FAIL_POINT(name) ((void)fail_hit(name))
#define FAIL_HIT(name) fail_hit(name)
#else
#define FAIL_POINT(name) ((void)0)
#define FAIL_HIT(name) false
#endif

#endif
