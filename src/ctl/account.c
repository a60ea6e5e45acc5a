/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acmectl account VERB ACCOUNT: leaves a request for the account's signer, has the unit of the
 * account do it, and shows what is known of the account then. */

#include <fcntl.h>
#include <pwd.h>

#include "base/file.h"
#include "base/log.h"
#include "config/account-name.h"
#include "config/key-type.h"
#include "ctl/account-about.h"
#include "ctl/account-bind.h"
#include "ctl/request-file.h"
#include "ctl/unit.h"
#include "ctl/verb.h"

#define REQUESTS "/run/acme/account-request"
#define KEYS "/run/acme/account-key"
#define KEY_BYTES_MAX (64U * 1024U)
#define SIGNER_USER "acme-signer"

typedef struct Operation {
        const char *verb;
        const char *operation; /* in the request's words */
        bool is_shown;
} Operation;

/* The one that no unit is needed for. */
#define BIND "bind"

static const Operation operations[] = {
                {"register", "register", true},
                {"show", "show", true},
                {"update", "update", true},
                {"agree", "agree", true},
                {"deactivate", "deactivate", true},
                {"rollover", "changeKey", true},
                {"import-key", "import", true},
                {"export-key", "export", false},
};

typedef struct Options {
        const char *key_type;        /* NULL: as configured */
        AccountKeyFormat key_format; /* of export-key */
        bool is_forced;              /* of import-key */
        bool is_encrypted;           /* of bind */
} Options;

static const Operation *find_operation(const char *verb)
{
        FOREACH_ARRAY (o, operations, ELEMENTSOF(operations))
                if (streq(o->verb, verb))
                        return o;
        return NULL;
}

/* Return: 0, -EINVAL. */
static int parse_options(int argc, char *argv[], Options *ret)
{
        static const struct option options[] = {
                        {"key-type", required_argument, NULL, 't'},
                        {"format", required_argument, NULL, 'f'},
                        {"force", no_argument, NULL, 'F'},
                        {"encrypt", no_argument, NULL, 'e'},
                        {},
        };
        int option;

        *ret = (Options){};
        while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0)
                switch (option) {
                case 't':
                        if (key_type_from_string(optarg) == KEY_TYPE_INVALID) {
                                log_error("\"%s\" is no kind of key; there are ec-p256, ec-p384, "
                                          "rsa-2048, rsa-3072, rsa-4096 and ed25519",
                                          optarg);
                                return -EINVAL;
                        }
                        ret->key_type = optarg;
                        break;
                case 'f':
                        if (account_key_format_parse(optarg, &ret->key_format) < 0) {
                                log_error("\"%s\" is no format; there are pem, jwk and thumbprint",
                                          optarg);
                                return -EINVAL;
                        }
                        break;
                case 'F':
                        ret->is_forced = true;
                        break;
                case 'e':
                        ret->is_encrypted = true;
                        break;
                default:
                        return -EINVAL;
                }
        return 0;
}

/* Its words are ours, and those of a table: nothing in it needs JSON's escapes. */
static ExitStatus
leave_request(const char *name, const Operation *operation, const Options *options)
{
        _cleanup_free_ char *text = NULL;

        if (asprintf(&text,
                     "{\"operation\":\"%s\"%s%s%s%s}\n",
                     operation->operation,
                     options->key_type ? ",\"keyType\":\"" : "",
                     options->key_type ?: "",
                     options->key_type ? "\"" : "",
                     options->is_forced ? ",\"force\":true" : "") < 0) {
                text = NULL;
                log_oom();
                return EXIT_BUG;
        }
        return request_leave(REQUESTS, name, text);
}

/* Return: as account_about_show(). */
static int show(const AccountAbout *about, const char *name)
{
        _cleanup_(config_error_done) ConfigError error = {};
        _cleanup_(config_freep) Config *config = NULL;

        if (config_load_account(name, "", &config, &error) != 0)
                config = NULL;
        return account_about_show(about, name, config);
}

static ExitStatus
tell(const char *name, const Operation *operation, AccountKeyFormat format, ExitStatus status)
{
        _cleanup_(account_about_freep) AccountAbout *about = NULL;
        int r;

        /* unit_run() has told why. */
        if (status != EXIT_DONE)
                return status;
        r = account_about_load("", name, &about);
        if (r < 0) {
                log_error_errno(r, "Failed to read what is known of the account %s", name);
                return EXIT_TRY_AGAIN;
        }
        r = operation->is_shown ? show(about, name) : account_about_show_key(about, format);
        if (r == 0)
                return EXIT_DONE;
        log_error_errno(r, "What is known of the account %s cannot be shown", name);
        return EXIT_BUG;
}

/* Copies the key to where its signer, and nobody else, can read it. */
static ExitStatus leave_key(const char *name, const char *file)
{
        const struct passwd *owner = getpwnam(SIGNER_USER);
        _cleanup_close_ int directory = -EBADF;
        char *text = NULL;
        size_t length;
        int r;

        r = file_read(AT_FDCWD, file, KEY_BYTES_MAX, 0, &text, &length);
        if (r < 0) {
                log_error_errno(r, "Failed to read the key %s", file);
                return EXIT_CONFIGURATION;
        }
        directory = open(KEYS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        r = directory < 0 ? -errno : 0;
        if (r == 0)
                r = file_replace_unsynced(directory, name, text, length, 0600);
        explicit_bzero(text, length);
        free(text);
        if (r == 0 &&
            (!owner || fchownat(directory, name, owner->pw_uid, 0, AT_SYMLINK_NOFOLLOW) < 0))
                r = owner ? -errno : -ENOENT;
        if (r == 0)
                return EXIT_DONE;
        log_error_errno(r, "Failed to leave the key in " KEYS "/%s", name);
        return r == -EACCES || r == -EPERM ? EXIT_REFUSED : EXIT_TRY_AGAIN;
}

static ExitStatus
run(const char *name, const Operation *operation, const Options *options, const char *file)
{
        _cleanup_free_ char *unit = unit_of("acme-account", name);
        ExitStatus status;

        if (!unit)
                return log_oom(), EXIT_BUG;
        status = file ? leave_key(name, file) : EXIT_DONE;
        if (status == EXIT_DONE)
                status = leave_request(name, operation, options);
        if (status == EXIT_DONE)
                status = tell(name,
                              operation,
                              options->key_format,
                              unit_run(unit, UNIT_TIMEOUT_USEC));
        /* It is done, or has failed: another start of the unit is not to do it again. */
        request_remove(REQUESTS, name);
        if (file)
                request_remove(KEYS, name);
        return status;
}

/* Says why it is none. */
static bool check_name(const char *name)
{
        if (account_name_is_valid(name))
                return true;
        log_error("\"%s\" cannot be the name of an account: that is its CA's, as in CA=, or has a "
                  "label behind it, as in Account=: \"letsencrypt@shop\"",
                  name);
        return false;
}

ExitStatus verb_account(int argc, char *argv[])
{
        const Operation *operation;
        const char *name, *file = NULL;
        Options options;
        int n;

        if (parse_options(argc, argv, &options) < 0)
                return verb_usage(argv[0]);
        n = argc - optind;
        if (n == 2 && streq(argv[optind], BIND)) {
                if (options.key_type || options.is_forced)
                        return verb_usage(argv[0]);
                return account_bind(argv[optind + 1], options.is_encrypted);
        }
        operation = n > 0 && !options.is_encrypted ? find_operation(argv[optind]) : NULL;
        if (!operation || n != (streq(operation->verb, "import-key") ? 3 : 2))
                return verb_usage(argv[0]);
        name = argv[optind + 1];
        if (n == 3)
                file = argv[optind + 2];
        if (!check_name(name))
                return EXIT_CONFIGURATION;
        if ((options.key_type && !streq(operation->verb, "rollover")) ||
            (options.is_forced && !file)) {
                log_error("--key-type= is for rollover, and --force for import-key");
                return EXIT_CONFIGURATION;
        }
        return run(name, operation, &options, file);
}
