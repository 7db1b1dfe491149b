/*
 * connect_p.h: the run's way to both services: credentials, governed callers, drivers (private).
 */
#ifndef ENGINE_CONNECT_P_H
#define ENGINE_CONNECT_P_H

#include "engine/run_p.h"

/* Opens credentials and drivers. A missing connection is BS_STOP_SYNC / BS_K_CONFIG: the run is
 * SKIPPED with that reason. */
enum bs_rc run_connect(struct run *r, struct bs_err *e) BS_MUST_CHECK;
void run_disconnect(struct run *r);
/* Whether anything was sent that may have changed what the service holds; NULL: nothing. */
bool run_wrote(const struct caller *c);
/* Another token, with the scopes that are wanted now: false when only a person can give them. */
bool run_renew_google(struct run *r);
/* Calls and bytes so far into r->counts. */
void run_count_calls(struct run *r);

#endif
