/*
 * rotate.h: a new key in place of the old one, in three steps that a crash may part anywhere:
 *
 *   KEY.new is written  ->  all secrets are sealed with it, in one transaction  ->  it replaces KEY
 *
 * Whoever opens the database meanwhile finds out which of the two keys it takes, and finishes.
 */
#ifndef APP_ROTATE_H
#define APP_ROTATE_H

#include "app/context.h"

/* When a rotation was cut short after its transaction: puts KEY.new in the place of KEY. */
enum bs_rc rotate_finish(const struct conf *c, struct bs_err *e) BS_MUST_CHECK;
/* Rotates; app is open with the key from its file. */
enum bs_rc rotate_key(struct app *app, struct bs_err *e) BS_MUST_CHECK;

#endif
