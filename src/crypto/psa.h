/* psa.h: what the files of crypto/ share among themselves. Not for others: see crypto.h. */
#ifndef CRYPTO_PSA_H
#define CRYPTO_PSA_H

#include <psa/crypto.h>
#include <stddef.h>

/* As crypto_init, but aborts: for functions that cannot fail otherwise. */
void crypto_ensure_ready(void);
/* Aborts unless the status is success: for calls that can fail only by our own bug or for want of
 * memory. */
void crypto_must(psa_status_t status);
/* A volatile key; the caller destroys it. */
psa_key_id_t crypto_import(psa_key_type_t type, psa_algorithm_t alg, psa_key_usage_t usage,
                           const void *key, size_t len);

#endif
