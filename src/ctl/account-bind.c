/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Takes what a CA gave its customer from standard input, and puts it where the account's signer
 * finds it. Whatever would make that fail is looked at before anybody types a secret. */

#include "ctl/account-bind.h"

#include "base/log.h"
#include "config/config.h"
#include "ctl/external-accounts.h"
#include "ctl/secret-input.h"

/* Is it an account that a signer would ever look up? */
static ExitStatus check_account(const char *name)
{
        _cleanup_(config_error_done) ConfigError error = {};
        _cleanup_(config_freep) Config *config = NULL;
        int r;

        r = config_load_account(name, "", &config, &error);
        if (r < 0)
                return log_oom(), EXIT_BUG;
        if (r == 0)
                return EXIT_DONE;
        log_error("There can be no account %s: %s", name, error.message);
        return EXIT_CONFIGURATION;
}

static ExitStatus fail_input(int error)
{
        if (error == -EFBIG || error == -EBADMSG) {
                log_error("Standard input has more in it than KEY-ID MAC-KEY [ALGORITHM], or what "
                          "is no text");
                return EXIT_CONFIGURATION;
        }
        log_error_errno(error, "Failed to read the binding from standard input");
        return EXIT_TRY_AGAIN;
}

/* Return: 0, as of secret_input_ask(). */
static int ask(char **ret)
{
        _cleanup_(erase_and_freep) char *key_id = NULL, *key = NULL, *algorithm = NULL;
        int r;

        r = secret_input_ask("Key identifier: ", false, &key_id);
        if (r == 0)
                r = secret_input_ask("MAC key (it is not shown): ", true, &key);
        if (r == 0)
                r = secret_input_ask("Algorithm, if it is not HS256: ", false, &algorithm);
        if (r == 0 && asprintf(ret, "%s %s %s", key_id, key, algorithm) < 0) {
                *ret = NULL;
                r = -ENOMEM;
        }
        return r;
}

static ExitStatus bind_words(const char *name, char *words, bool is_encrypted, const char *path)
{
        _cleanup_(external_binding_done) ExternalBinding binding = {};
        const char *reason;
        ExitStatus status;

        for (char *p = words; *p; p++)
                if (*p == '\n')
                        *p = ' ';
        reason = external_binding_parse(words, &binding);
        if (reason) {
                log_error("The binding of %s on standard input cannot be taken: %s", name, reason);
                return EXIT_CONFIGURATION;
        }
        status = external_accounts_bind(name, &binding, is_encrypted);
        if (status == EXIT_DONE)
                printf("%s: bound by the key identifier %s, %s, in %s\n",
                       name,
                       binding.key_id,
                       binding.algorithm,
                       path);
        return status;
}

ExitStatus account_bind(const char *name, bool is_encrypted)
{
        _cleanup_(erase_and_freep) char *words = NULL;
        const char *path;
        ExitStatus status;
        size_t length;
        int r;

        status = check_account(name);
        if (status == EXIT_DONE)
                status = external_accounts_look(is_encrypted, &path);
        if (status != EXIT_DONE)
                return status;
        r = isatty(STDIN_FILENO) ? ask(&words) : secret_input_read(&words);
        if (r < 0)
                return fail_input(r);
        length = strlen(words);
        status = bind_words(name, words, is_encrypted, path);
        /* It has been cut to pieces. */
        explicit_bzero(words, length);
        return status;
}
