/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Checks of single values of [Deploy LABEL]. They end up in properties of units, in command lines
 * and in the file system, where root writes them. */

#include "config/command-line.h"
#include "config/unit-name.h"
#include "config/value.h"
#include "config/verify-endpoint.h"

#define DIGITS "0123456789"
#define ALPHANUMERIC "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS

/* What useradd(8) takes at most, and shorter than the kernel's longest number. */
#define USER_BYTES_MAX 32U

/* systemd: a credential's name is a file name. */
#define CREDENTIAL_BYTES_MAX 255U

#define MODE_READ_WRITE 0666U

static int refuse(const char **ret_reason, const char *reason)
{
        *ret_reason = reason;
        return VALUE_E_INVALID;
}

/* Is path this directory, or below it? */
static bool is_below(const char *path, const char *directory)
{
        const char *rest = startswith(path, directory);

        return rest && (*rest == '/' || *rest == 0);
}

int value_check_target_path(const char *word, char **ret, const char **ret_reason)
{
        static const char *const forbidden[] = {
                        "/var/lib/acme",
                        "/run/acme",
                        "/var/run/acme",
                        "/etc/acme",
                        "/proc",
                        "/sys",
                        "/dev",
        };

        if (word[0] == '/' && word[strlen(word) - 1] == '/')
                return refuse(ret_reason, "the path of a directory; that of a file is wanted");
        for (size_t i = 0; i < ELEMENTSOF(forbidden); i++)
                if (is_below(word, forbidden[i]))
                        return refuse(ret_reason, "this directory is not for such files");
        if (word[0] == '/' && word[1] && word[1] != '/' && !strchr(word + 1, '/'))
                return refuse(ret_reason, "the root directory is not opened for writing");
        /* The directory is handed to PID 1 as a unit's property. */
        if (strpbrk(word, " \"'\\%"))
                return refuse(ret_reason, "a blank, a quote, a '\\' or a '%' is in it");
        return value_check_path(word, ret, ret_reason);
}

/* Neither -1, which is "leave it" to chown(2), nor its 16-bit form. */
static bool number_is_valid(const char *word)
{
        unsigned long long number = 0;

        if (strlen(word) > strlen("4294967295") || (word[0] == '0' && word[1]))
                return false;
        for (; *word; word++)
                number = number * 10 + (unsigned long long) (*word - '0');
        return number < UINT32_MAX && number != UINT16_MAX;
}

int value_check_user(const char *word, char **ret, const char **ret_reason)
{
        size_t n = strlen(word), letters = strspn(word, ALPHANUMERIC "_.-");

        if (n > 0 && strspn(word, DIGITS) == n) {
                if (!number_is_valid(word))
                        return refuse(ret_reason, "no number that a user or a group can have");
                return free_and_strdup(ret, word);
        }
        if (n == 0 || n > USER_BYTES_MAX || strchr(DIGITS "-.", word[0]) ||
            (letters < n && !(letters + 1 == n && letters > 0 && word[letters] == '$')))
                return refuse(ret_reason, "no name that a user or a group can have");
        return free_and_strdup(ret, word);
}

int value_check_mode(const char *word, char **ret, const char **ret_reason)
{
        size_t n = strlen(word);
        unsigned mode = 0;
        char *text;

        if (n < 3 || n > 4 || strspn(word, "01234567") < n || (n == 4 && word[0] != '0'))
                return refuse(ret_reason, "three octal digits are wanted, with a 0 before them");
        for (; *word; word++)
                mode = mode * 8 + (unsigned) (*word - '0');
        if (mode & ~MODE_READ_WRITE)
                return refuse(ret_reason, "other bits than those to read and to write are in it");
        if (!(mode & 0400))
                return refuse(ret_reason, "the owner could not read the file");
        if (mode & 0002)
                return refuse(ret_reason, "everybody could write to the file");
        if (asprintf(&text, "%04o", mode) < 0)
                return -ENOMEM;
        *ret = text;
        return 0;
}

int value_check_credential(const char *word, char **ret, const char **ret_reason)
{
        size_t n = strlen(word);

        if (word[0] == '/') {
                if (strpbrk(word, " \"'\\%:") || word[n - 1] == '/')
                        return refuse(ret_reason,
                                      "a blank, a quote, a '\\', a '%' or a ':' is in it, or a "
                                      "'/' at its end");
                return value_check_path(word, ret, ret_reason);
        }
        if (n == 0 || n > CREDENTIAL_BYTES_MAX || word[0] == '.' ||
            strspn(word, ALPHANUMERIC "_.-") < n)
                return refuse(ret_reason, "neither an absolute path nor a credential's name");
        return free_and_strdup(ret, word);
}

int value_check_unit(const char *word, char **ret, const char **ret_reason)
{
        if (!unit_name_is_valid(word))
                return refuse(ret_reason,
                              "no unit's name with its type at the end, nor with an instance "
                              "between '@' and that");
        return free_and_strdup(ret, word);
}

int value_check_consumer(const char *word, char **ret, const char **ret_reason)
{
        if (unit_name_is_template(word))
                return free_and_strdup(ret, word);
        return value_check_unit(word, ret, ret_reason);
}

int value_check_command_line(const char *word, char **ret, const char **ret_reason)
{
        _cleanup_strv_free_ char **words = NULL;
        _cleanup_free_ char *program = NULL;
        int r;

        r = command_line_split(word, &words, ret_reason);
        if (r == 0)
                r = value_check_path(words[0], &program, ret_reason);
        if (r == 0 && !streq(program, words[0]))
                return refuse(ret_reason, "the path of a directory; that of a program is wanted");
        if (r != 0)
                return r < 0 ? r : VALUE_E_INVALID;
        return free_and_strdup(ret, word);
}

int value_check_verify(const char *word, char **ret, const char **ret_reason)
{
        _cleanup_(verify_endpoint_done) VerifyEndpoint endpoint = {};
        int r;

        r = verify_endpoint_parse(word, &endpoint, ret_reason);
        if (r != 0)
                return r < 0 ? r : VALUE_E_INVALID;
        *ret = TAKE_PTR(endpoint.text);
        return 0;
}

int value_check_label(const char *word, char **ret, const char **ret_reason)
{
        if (!deploy_label_is_valid(word))
                return refuse(ret_reason, "a label is " DEPLOY_LABEL_GRAMMAR);
        return free_and_strdup(ret, word);
}
