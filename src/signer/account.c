/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Accounts. The key is made once and then kept whatever AccountKeyType= says: to change it is
 * RFC 8555 section 7.3.5, with the CA's consent. account.json only saves a request: without it, the
 * same key finds its account again (section 7.3.1).
 *
 * Two first renewals may make a key at the same moment. Each writes its own to a file that nobody
 * else knows, and link(2) lets exactly one of them become key.pem; the other takes that one. */

#include "signer/account.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "acme/url.h"
#include "base/base64url.h"
#include "base/file.h"
#include "base/log.h"
#include "base/time-util.h"
#include "signer/account-internal.h"
#include "signer/jwk.h"
#include "json/json.h"

#define ACCOUNT_FILE "account.json"
#define ACCOUNT_BYTES_MAX (16U * 1024U)
#define TEMPORARY_NAME_MAX 64U
#define THUMBPRINT_BYTES_MAX 64U

/* A temporary of another process may be in use; one of this age was left behind. */
#define TEMPORARY_AGE_MAX_USEC USEC_PER_HOUR

typedef struct AccountMembers {
        const char *url, *directory, *thumbprint;
        bool deactivated;
} AccountMembers;

static bool is_thumbprint(const char *s)
{
        return base64url_is_valid(s, 1, THUMBPRINT_BYTES_MAX);
}

#define MEMBER(field, max, is_valid)                                                               \
        {                                                                                          \
#field, JSON_STRING, offsetof(AccountMembers, field), (max), (is_valid),           \
                                JSON_MANDATORY, 0                                                  \
        }

static const JsonField account_fields[] = {
                MEMBER(url, ACME_URL_MAX, acme_url_is_valid),
                MEMBER(directory, ACME_URL_MAX, acme_url_is_valid),
                MEMBER(thumbprint, THUMBPRINT_BYTES_MAX, is_thumbprint),
                {"deactivated",
                 JSON_BOOLEAN,
                 offsetof(AccountMembers, deactivated),
                 0,
                 NULL,
                 JSON_NULLABLE,
                 0},
                {},
};

void account_free(Account *account)
{
        if (!account)
                return;
        closep(&account->fd);
        free(account->directory);
        free(account->url);
        free(account->key_uri);
        EVP_PKEY_free(account->key);
        EVP_PKEY_free(account->next_key);
        free(account->thumbprint);
        free(account);
}

/* Return: the descriptor, -errno. */
static int open_directory(const char *root, const char *name)
{
        _cleanup_free_ char *parent = NULL;
        _cleanup_close_ int parent_fd = -EBADF;
        int fd, r;

        if (asprintf(&parent, "%s" ACCOUNTS_PATH, root) < 0) {
                parent = NULL;
                return -ENOMEM;
        }
        if (mkdir(parent, 0700) < 0 && errno != EEXIST && errno != EROFS)
                return -errno;
        parent_fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (parent_fd < 0)
                return -errno;
        if (mkdirat(parent_fd, name, 0700) == 0) {
                /* A key that is synced in a directory that is not would be lost with it. */
                r = file_sync_directory(parent_fd);
                if (r < 0)
                        return r;
        } else if (errno != EEXIST && errno != EROFS)
                return -errno;
        fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

/* *ret borrows from *ret_object. Return: 0; -ENOENT; -EBADMSG; -errno. */
static int read_members(int dir_fd, struct json_object **ret_object, AccountMembers *ret)
{
        _cleanup_free_ char *text = NULL;
        size_t length;
        int r;

        r = file_read(dir_fd, ACCOUNT_FILE, ACCOUNT_BYTES_MAX, O_NOFOLLOW, &text, &length);
        if (r == 0)
                r = json_parse(text, length, ret_object);
        if (r == 0 && !json_object_is_type(*ret_object, json_type_object))
                r = -EBADMSG;
        if (r == 0)
                r = json_dispatch(*ret_object, account_fields, ret, JSON_ALLOW_UNKNOWN, NULL);
        return r;
}

bool account_is_known_by(int dir_fd, const char *thumbprint)
{
        _cleanup_json_ struct json_object *object = NULL;
        AccountMembers members = {};

        return read_members(dir_fd, &object, &members) == 0 &&
               streq(members.thumbprint, thumbprint);
}

/* Takes over what account.json says if that is for this directory and this key: with another key
 * the URL would be refused for ever. It is a cache: a file that cannot be read is passed over. */
static void read_url(Account *account)
{
        _cleanup_json_ struct json_object *object = NULL;
        AccountMembers members = {};
        int r;

        r = read_members(account->fd, &object, &members);
        if (r == -ENOENT)
                return;
        if (r < 0)
                log_warning_errno(r,
                                  "The account's URL cannot be read and will be asked for again");
        else if (streq(members.directory, account->directory) &&
                 streq(members.thumbprint, account->thumbprint)) {
                account->url = strdup(members.url);
                account->is_deactivated = members.deactivated;
        }
}

/* A run that was killed between making a key and linking it leaves the key's file. */
static void sweep(Account *account)
{
        usec_t now_usec = now_realtime();
        struct dirent *entry;
        struct stat st;
        DIR *d;
        int fd;

        fd = openat(account->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        d = fd < 0 ? NULL : fdopendir(fd);
        if (!d) {
                closep(&fd);
                return;
        }
        while ((entry = readdir(d))) {
                if (!startswith(entry->d_name, FILE_TEMPORARY_PREFIX))
                        continue;
                if (fstatat(account->fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                        continue;
                if ((usec_t) st.st_mtim.tv_sec * USEC_PER_SEC + TEMPORARY_AGE_MAX_USEC < now_usec)
                        (void) unlinkat(account->fd, entry->d_name, 0);
        }
        closedir(d);
}

int account_open(const char *root, const char *name, const char *directory, Account **ret)
{
        _cleanup_(account_freep) Account *account = calloc(1, sizeof(Account));

        if (!account)
                return -ENOMEM;
        account->fd = open_directory(root, name);
        if (account->fd < 0)
                return account->fd;
        account->directory = strdup(directory);
        if (!account->directory)
                return -ENOMEM;
        sweep(account);
        *ret = TAKE_PTR(account);
        return 0;
}

int account_use_token(Account *account, const char *uri)
{
        return free_and_strdup(&account->key_uri, uri);
}

TokenReason account_token_reason(const Account *account)
{
        return account->token_reason;
}

const char *account_url(const Account *account)
{
        return account->is_unclear ? NULL : account->url;
}

bool account_is_deactivated(const Account *account)
{
        return account->is_deactivated;
}

const char *account_thumbprint(const Account *account)
{
        return account->thumbprint;
}

/* A cache: what a power cut leaves of it is asked for again. That the account is deactivated has to
 * stay, though. */
static int write_url(Account *account)
{
        _cleanup_json_ struct json_object *object = json_object_new_object();
        const char *text;
        size_t length;
        int r;

        if (!object || json_add_string(object, "url", account->url) < 0 ||
            json_add_string(object, "directory", account->directory) < 0 ||
            json_add_string(object, "thumbprint", account->thumbprint) < 0 ||
            (account->is_deactivated && json_add_boolean(object, "deactivated", true) < 0))
                return -ENOMEM;
        r = json_format(object, &text, &length);
        if (r < 0)
                return r;
        return account->is_deactivated ? file_replace(account->fd, ACCOUNT_FILE, text, length, 0600)
                                       : file_replace_unsynced(account->fd,
                                                               ACCOUNT_FILE,
                                                               text,
                                                               length,
                                                               0600);
}

int account_set_url(Account *account, const char *url, bool *ret_other_key)
{
        bool is_other_key;
        int r;

        assert(account->key);
        r = account_settle_key(account, &is_other_key);
        if (r == 0)
                r = free_and_strdup(&account->url, url);
        if (r < 0)
                return r;
        account->is_deactivated = false;
        if (ret_other_key)
                *ret_other_key = is_other_key;
        return write_url(account);
}

int account_set_deactivated(Account *account)
{
        account->is_deactivated = true;
        return write_url(account);
}

int account_forget_url(Account *account)
{
        int r;

        r = account_try_next_key(account);
        if (r != 0)
                return r;
        free(account->url);
        account->url = NULL;
        if (unlinkat(account->fd, ACCOUNT_FILE, 0) < 0 && errno != ENOENT)
                return -errno;
        return 0;
}

int account_adopt_key(Account *account, EVP_PKEY *key)
{
        char *thumbprint;
        int r;

        r = jwk_thumbprint(key, &thumbprint);
        if (r < 0)
                return r;
        free(account->thumbprint);
        EVP_PKEY_free(account->key);
        account->thumbprint = thumbprint;
        account->key = key;
        free(TAKE_PTR(account->url));
        account->is_deactivated = false;
        read_url(account);
        return 0;
}

int account_load_key(Account *account, EVP_PKEY **ret)
{
        int r;

        if (!account->key) {
                r = account_read_keys(account);
                if (r < 0)
                        return r;
        }
        *ret = account->key;
        return 0;
}

int account_create_key(const Account *account, const char *file, EVP_PKEY *key)
{
        char temporary[TEMPORARY_NAME_MAX];
        uint64_t random;
        int r;

        if (getrandom(&random, sizeof(random), 0) != sizeof(random))
                return -EIO;
        (void) snprintf(temporary,
                        sizeof(temporary),
                        FILE_TEMPORARY_PREFIX "%s.%016llx",
                        file,
                        (unsigned long long) random);
        r = key_create_file(account->fd, temporary, key);
        if (r < 0)
                return r;
        r = linkat(account->fd, temporary, account->fd, file, 0) < 0 ? -errno : 0;
        (void) unlinkat(account->fd, temporary, 0);
        return r < 0 ? r : file_sync_directory(account->fd);
}

int account_store_key(const Account *account, EVP_PKEY *key, bool *ret_made)
{
        int r;

        r = account_create_key(account, KEY_FILE, key);
        if (r < 0 && r != -EEXIST)
                return r;
        *ret_made = r == 0;
        /* Who was faster may not have come so far. */
        return r == 0 ? 0 : file_sync_directory(account->fd);
}
