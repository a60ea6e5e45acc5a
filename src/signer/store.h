/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The store of one certificate:
 *
 *     certs/NAME/7/               a generation: privkey.pem 0600; cert.pem, chain.pem,
 *                                 fullchain.pem 0644; in a placeholder's, an empty file placeholder
 *     certs/NAME/pending/key.pem  the next certificate's key
 *     certs/NAME/state.json       what is remembered; public
 *     live/NAME                   -> ../certs/NAME/7
 *
 * With two key types a generation has each file twice, the second time as privkey.rsa.pem and so
 * on, and pending.rsa/ and state.rsa.json are beside the others: see base/variant.h. The plain
 * files are always there: the second certificate comes when there is a first.
 *
 * Generations are numbers that go up. Whatever happens at whatever moment, what live/NAME points at
 * has a key and a certificate that fit: a generation is whole and synced before the link is
 * switched to it, by one rename, and is never written to again. One signer per NAME runs at a time;
 * PID 1 sees to that. */

#include "signer/key.h"
#include "state/state.h"
#include "x509/chain.h"

/* Generations that stay beside the live one: to go back to, by hand. */
#define STORE_OLD_GENERATIONS 3U

#define STORE_PATH "/var/lib/acme"

/* What an order may need at most: keys, chains and state, several times over. */
#define STORE_FREE_BYTES_MIN (1024U * 1024U)
#define STORE_FREE_FILES_MIN 32U

typedef struct Store Store;

/* root: put before every path, "" but in tests. Return: 0, -errno. */
int store_open(const char *root, const char *name, Store **ret);
void store_free(Store *store);
DEFINE_CLEANUP(Store *, store_free);

/* Which certificate all that follows is about: of the plain names (NULL), or of the second variant;
 * and which that is, NULL where the configuration has one key type. A new generation takes the
 * other certificate along; a variant that is not configured is not taken along, and what is kept
 * for it goes with store_tidy(). Both strings outlive the store. */
void store_use_variant(Store *store, const char *variant, const char *second);

/* Removes what a run that was killed left behind. Return: 0, -errno. */
int store_tidy(Store *store);

/* Is there room for one more generation, and may we write it? Return: 0; -ENOSPC; -EROFS; -EACCES;
 * -errno. */
int store_check_room(Store *store);

/* What is live, as found: whether chain and key fit is the caller's question. */
typedef struct StoreLive {
        char *generation;
        Chain *chain;
        EVP_PKEY *key; /* NULL when it cannot be read, or was never ours */
        usec_t installed_usec;
} StoreLive;
void store_live_done(StoreLive *live);

/* Return: 0; -ENOENT when nothing is live, or nothing with this variant; -EBADMSG when the link is
 * not one of ours or the certificate cannot be read; -errno. */
int store_read_live(Store *store, StoreLive *ret);

/* The same of a generation by its name; -EBADMSG also when there is none of that name. */
int store_read_generation(Store *store, const char *generation, StoreLive *ret);

/* The newest certificate that passes the test, of whichever variant. Return: 0; -ENOENT when none
 * does; -errno. */
typedef bool (*StoreTest)(const StoreLive *generation, const void *userdata);
int store_find(Store *store, StoreTest test, const void *userdata, StoreLive *ret);

/* A private key that root has put beside the generations, for a certificate that is not ours.
 * Return: 0; -ENOENT; -EBADMSG when it is no key; -errno. */
#define STORE_REVOKE_KEY_FILE "revoke-key.pem"
int store_read_revoke_key(Store *store, EVP_PKEY **ret);

/* The same for a key that a certificate is to be for; in PEM, or as a JWK.
 * Return: 0; -ENOENT; -EBADMSG when it is no private key in either form without a password;
 * -errno. */
#define STORE_IMPORT_KEY_FILE "import-key"
int store_read_import(Store *store, EVP_PKEY **ret);
int store_drop_import(Store *store);

/* Removes it when nobody holds the directory (flock(2), shared) for it any more. Return: 0, -errno.
 */
int store_drop_stale_import(Store *store);

/* Makes a generation of key, NULL for one that is not ours, and chain, and makes it live.
 * ret_generation: its name, to be freed. Return: 0; -errno, and what was live is live then. */
int store_install(Store *store, const Chain *chain, EVP_PKEY *key, char **ret_generation);

/* Removes old generations but for the newest STORE_OLD_GENERATIONS. Return: 0, -errno. */
int store_prune(Store *store, const char *live_generation);

/* The next certificate's key, synced. Return: 0; -ENOENT; -EBADMSG when it is no key; -errno. */
int store_read_pending(Store *store, EVP_PKEY **ret);
int store_write_pending(Store *store, EVP_PKEY *key);
int store_drop_pending(Store *store);

/* Is there a certificate with this variant in the generation that is live? */
bool store_has_variant(Store *store, const char *variant);

/* Return: 0, and a new state when there is none; STATE_E_DAMAGED, STATE_E_NEWER; -ENOMEM. */
int store_read_state(Store *store, State **ret);

/* text: as state_format() made it. Everybody sees it at once, and nobody waits for the disk: a
 * power cut may leave anything of it, until store_sync_state(). Return: 0, -errno. */
int store_write_state(Store *store, const char *text);
int store_sync_state(Store *store);

/* To state.json.bad, over an earlier one. Return: 0, -errno. */
int store_set_state_aside(Store *store);

/* Which of two generations is newer? Return: as strcmp(); 0 also when one is none of ours. */
int generation_compare(const char *a, const char *b);
