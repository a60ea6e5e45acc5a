/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which key is the account's, when that changes (RFC 8555 section 7.3.5).
 *
 *     key.pem                the account's
 *     next.pem               the one that is to take its place, while the CA has not said that it
 * has old-THUMBPRINT.pem     what was one of the two once; nobody uses it again
 *
 * The next key is on disk before anybody hears of it. Who finds it there, after a crash, asks the
 * CA which of the two it knows, and keeps the other as an old one: a key is never removed here, so
 * that a client that lies about what the CA has said can have no account lost.
 *
 * Two may not do this at the same time, and nobody may sign with a key meanwhile that is about to
 * be worth nothing: a signer has a share of the lock of the account's directory, and who changes
 * the key, or settles it, has it alone. The kernel takes it back from whom it kills. */

#include <fcntl.h>
#include <sys/file.h>

#include "base/file.h"
#include "signer/account-internal.h"
#include "signer/jwk.h"

#define NEXT_FILE "next.pem"
#define OLD_FILE "old-%s.pem"

static bool has_next(const Account *account)
{
        return !account->key_uri &&
               faccessat(account->fd, NEXT_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int account_lock(Account *account, bool is_exclusive)
{
        bool is_alone = is_exclusive || has_next(account);

        if (flock(account->fd, (is_alone ? LOCK_EX : LOCK_SH) | LOCK_NB) < 0)
                return errno == EWOULDBLOCK ? -EBUSY : -errno;
        /* Who had it before has left one. */
        return !is_alone && has_next(account) ? -EBUSY : 0;
}

bool account_key_is_unclear(const Account *account)
{
        return account->is_unclear;
}

/* Return: 0, -ENOENT, -EBADMSG, -EOPNOTSUPP, -errno. */
static int load(Account *account, const char *file)
{
        _cleanup_key_ EVP_PKEY *key = NULL;
        int r;

        r = key_read_file(account->fd, file, &key);
        if (r == 0)
                r = account_adopt_key(account, key);
        if (r == 0)
                key = NULL;
        return r;
}

/* Return: 0; -ENOKEY; -EOPNOTSUPP; -ENOMEM. */
static int load_from_token(Account *account)
{
        _cleanup_key_ EVP_PKEY *key = NULL;
        int r;

        /* Once: a token counts wrong PINs, and locks itself. */
        if (account->token_reason != 0)
                return -ENOKEY;
        r = token_key_load(account->key_uri, &key);
        if (r > 0) {
                account->token_reason = (TokenReason) r;
                return -ENOKEY;
        }
        if (r == 0)
                r = account_adopt_key(account, key);
        if (r == 0)
                key = NULL;
        return r;
}

int account_read_keys(Account *account)
{
        int r;

        if (account->key_uri)
                return load_from_token(account);
        account->is_unclear = has_next(account);
        account->is_next = false;
        r = load(account, KEY_FILE);
        if (r != -ENOENT || !account->is_unclear)
                return r;
        account->is_next = true;
        return load(account, NEXT_FILE);
}

/* Return: a new string, NULL without memory. */
static char *old_name(const char *thumbprint)
{
        char *name;

        return asprintf(&name, OLD_FILE, thumbprint) < 0 ? NULL : name;
}

/* Under its new name as well, so that there is no moment without it. Return: 0, -errno. */
static int keep(const Account *account, const char *file)
{
        _cleanup_key_ EVP_PKEY *key = NULL;
        _cleanup_free_ char *thumbprint = NULL, *name = NULL;
        int r;

        r = key_read_file(account->fd, file, &key);
        if (r == 0)
                r = jwk_thumbprint(key, &thumbprint);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        name = old_name(thumbprint);
        if (!name)
                return -ENOMEM;
        if (linkat(account->fd, file, account->fd, name, 0) < 0 && errno != EEXIST)
                return -errno;
        return file_sync_directory(account->fd);
}

/* Puts next.pem aside. Return: 0, -errno. */
static int drop_next(Account *account)
{
        int r;

        r = keep(account, NEXT_FILE);
        /* What is no key is nobody's, and must not stand in the way for ever. */
        if (r < 0 && r != -EBADMSG)
                return r;
        if (unlinkat(account->fd, NEXT_FILE, 0) < 0 && errno != ENOENT)
                return -errno;
        return file_sync_directory(account->fd);
}

/* Puts next.pem in the place of key.pem. Return: 0, -errno. */
static int promote_next(Account *account)
{
        int r;

        r = keep(account, KEY_FILE);
        if (r < 0)
                return r;
        if (renameat(account->fd, NEXT_FILE, account->fd, KEY_FILE) < 0)
                return -errno;
        return file_sync_directory(account->fd);
}

int account_settle_key(Account *account, bool *ret_other_key)
{
        int r;

        *ret_other_key = account->is_unclear && account->is_next;
        if (!account->is_unclear)
                return 0;
        r = account->is_next ? promote_next(account) : drop_next(account);
        if (r == 0)
                account->is_unclear = account->is_next = false;
        return r;
}

/* Neither is known: it is as if there had never been a next one, or any. Return: 0, -errno. */
static int begin_again(Account *account)
{
        int r;

        r = drop_next(account);
        if (r < 0)
                return r;
        account->is_unclear = account->is_next = false;
        EVP_PKEY_free(TAKE_PTR(account->key));
        free(TAKE_PTR(account->thumbprint));
        r = account_read_keys(account);
        return r == -ENOENT ? 0 : r;
}

int account_try_next_key(Account *account)
{
        int r;

        if (!account->is_unclear)
                return 0;
        if (account->is_next)
                return begin_again(account);
        r = load(account, NEXT_FILE);
        if (r < 0)
                return r;
        account->is_next = true;
        return ACCOUNT_E_OTHER_KEY;
}

int account_next_key(const Account *account, EVP_PKEY **ret)
{
        *ret = account->next_key;
        return *ret ? 0 : -ENOENT;
}

int account_store_next_key(Account *account, EVP_PKEY *key)
{
        int r;

        r = account_create_key(account, NEXT_FILE, key);
        if (r < 0)
                return r;
        account->next_key = key;
        return 0;
}

int account_take_next_key(Account *account)
{
        _cleanup_free_ char *url = NULL;
        int r;

        assert(account->next_key);
        r = free_and_strdup(&url, account->url);
        if (r == 0)
                r = promote_next(account);
        if (r == 0)
                r = account_adopt_key(account, account->next_key);
        if (r < 0)
                return r;
        account->next_key = NULL;
        return account_set_url(account, url, NULL);
}

int account_import_key(Account *account, EVP_PKEY *key)
{
        int r;

        r = account_create_key(account, NEXT_FILE, key);
        if (r == 0)
                r = account_adopt_key(account, key);
        if (r == 0)
                account->is_unclear = account->is_next = true;
        return r;
}

int account_retire_key(Account *account)
{
        int r;

        r = keep(account, KEY_FILE);
        if (r < 0)
                return r;
        if (unlinkat(account->fd, KEY_FILE, 0) < 0 && errno != ENOENT)
                return -errno;
        EVP_PKEY_free(TAKE_PTR(account->key));
        free(TAKE_PTR(account->thumbprint));
        free(TAKE_PTR(account->url));
        account->is_deactivated = false;
        return file_sync_directory(account->fd);
}
