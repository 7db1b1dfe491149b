/*
 * lease.h: who may touch a base, a spreadsheet or a credential's refresh just now. A lease names
 * its owner by boot id, pid and the pid's start time: an owner that is gone is detected at once and
 * its lease taken over, a live one is never robbed, and wall-clock jumps do not matter.
 */
#ifndef STORE_LEASE_H
#define STORE_LEASE_H

#include "store/store.h"

#include <stddef.h>

/* Takes all n leases ("base:app…", "sheet:…", "refresh:<connection>") or none, in one transaction.
 * BS_RETRY / BS_K_BUSY with "…is being synced by process N since T" when a live one holds any. What
 * this process holds already it may take again; one release frees it. */
enum bs_rc lease_take(struct store *s, const char *const *names, size_t n, int64_t now_ms,
                      struct bs_err *e) BS_MUST_CHECK;
/* Frees what this process holds of them; never fails loudly. */
void lease_release(struct store *s, const char *const *names, size_t n);

#endif
