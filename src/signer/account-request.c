/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Requests about an account. A request is done once: its file's age is its name, and the one that
 * was done last is remembered in the account's record. Who is killed in the middle finds it again.
 */

#include "signer/account-request.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "json/json.h"

#define REQUEST_BYTES_MAX 4096U
#define WORD_MAX 32U

static const char *const operations[ACCOUNT_OPERATION_MAX] = {
                [ACCOUNT_REGISTER] = "register",
                [ACCOUNT_SHOW] = "show",
                [ACCOUNT_UPDATE] = "update",
                [ACCOUNT_AGREE] = "agree",
                [ACCOUNT_DEACTIVATE] = "deactivate",
                [ACCOUNT_CHANGE_KEY] = "changeKey",
                [ACCOUNT_IMPORT] = "import",
                [ACCOUNT_EXPORT] = "export",
};

typedef struct RawRequest {
        const char *operation, *key_type;
        bool force;
} RawRequest;

static const JsonField fields[] = {
                {"force", JSON_BOOLEAN, offsetof(RawRequest, force), 0, NULL, JSON_NULLABLE, 0},
                {"operation",
                 JSON_STRING,
                 offsetof(RawRequest, operation),
                 WORD_MAX,
                 NULL,
                 JSON_MANDATORY,
                 0},
                {"keyType",
                 JSON_STRING,
                 offsetof(RawRequest, key_type),
                 WORD_MAX,
                 NULL,
                 JSON_NULLABLE,
                 0},
                {},
};

const char *account_operation_to_string(AccountOperation operation)
{
        return operations[operation];
}

/* Return: 0, -EBADMSG. */
static int understand(const RawRequest *raw, AccountRequest *request)
{
        if (raw->key_type) {
                request->key_type = key_type_from_string(raw->key_type);
                if (request->key_type == KEY_TYPE_INVALID)
                        return -EBADMSG;
        }
        for (AccountOperation o = 0; o < ACCOUNT_OPERATION_MAX; o++)
                if (streq(operations[o], raw->operation)) {
                        request->operation = o;
                        request->is_explicit = true;
                        request->is_forced = raw->force;
                        return 0;
                }
        return -EBADMSG;
}

/* Return: 0; -ENOENT; -EBADMSG; -errno. */
static int read_file(const char *root, usec_t *ret_made_usec, struct json_object **ret)
{
        _cleanup_free_ char *path = NULL, *text = NULL;
        struct stat st;
        size_t length;
        int r;

        if (asprintf(&path, "%s" ACCOUNT_REQUEST_FILE, root) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        if (lstat(path, &st) < 0)
                return -errno;
        r = file_read(AT_FDCWD, path, REQUEST_BYTES_MAX, O_NOFOLLOW, &text, &length);
        if (r == 0)
                r = json_parse(text, length, ret);
        if (r == 0 && !json_object_is_type(*ret, json_type_object))
                r = -EBADMSG;
        *ret_made_usec = (usec_t) st.st_mtim.tv_sec * USEC_PER_SEC +
                         (usec_t) st.st_mtim.tv_nsec / 1000;
        return r;
}

int account_request_read(const char *root, usec_t handled_usec, AccountRequest **ret)
{
        _cleanup_free_ AccountRequest *request = calloc(1, sizeof(*request));
        _cleanup_json_ struct json_object *object = NULL;
        RawRequest raw = {};
        usec_t made_usec = 0;
        int r;

        if (!request)
                return -ENOMEM;
        request->operation = ACCOUNT_REGISTER;
        request->key_type = KEY_TYPE_INVALID;
        r = read_file(root, &made_usec, &object);
        if (r == 0 && made_usec != handled_usec) {
                r = json_dispatch(object, fields, &raw, 0, NULL);
                if (r == 0)
                        r = understand(&raw, request);
                request->made_usec = made_usec;
        }
        if (r < 0 && r != -ENOENT)
                return r;
        *ret = TAKE_PTR(request);
        return 0;
}
