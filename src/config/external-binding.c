/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/external-binding.h"

#include "base/base64url.h"
#include "config/account-name.h"

#define BLANK " \t\r"

/* CAs give 20 to 90 characters. */
#define KEY_ID_MAX 512U

static const struct {
        const char *name, *digest;
} algorithms[] = {
                {"HS256", "SHA256"},
                {"HS384", "SHA384"},
                {"HS512", "SHA512"},
};

void external_binding_done(ExternalBinding *binding)
{
        explicit_bzero(binding, sizeof(*binding));
}

/* Some CAs show it in the other alphabet of RFC 4648, and with its padding. */
static bool take_mac_key(char *word, ExternalBinding *binding)
{
        for (char *p = word; *p; p++) {
                if (*p == '+')
                        *p = '-';
                if (*p == '/')
                        *p = '_';
        }
        for (size_t n = strlen(word); n > 0 && word[n - 1] == '='; n--)
                word[n - 1] = 0;
        return base64url_decode(word,
                                binding->mac_key,
                                sizeof(binding->mac_key),
                                &binding->mac_key_bytes) == 0 &&
               binding->mac_key_bytes >= EXTERNAL_BINDING_KEY_MIN;
}

/* word: NULL for the first of them. */
static bool take_algorithm(const char *word, ExternalBinding *binding)
{
        FOREACH_ARRAY (algorithm, algorithms, ELEMENTSOF(algorithms)) {
                if (word && !streq(algorithm->name, word))
                        continue;
                binding->algorithm = algorithm->name;
                binding->digest = algorithm->digest;
                return true;
        }
        return false;
}

static bool key_id_is_valid(const char *s)
{
        size_t n = strlen(s);

        for (size_t i = 0; i < n; i++)
                if (s[i] <= ' ' || s[i] > '~')
                        return false;
        return n > 0 && n <= KEY_ID_MAX;
}

const char *external_binding_parse(char *words, ExternalBinding *ret)
{
        char *rest = NULL, *key_id = strtok_r(words, BLANK, &rest);
        char *mac_key = strtok_r(NULL, BLANK, &rest);
        char *algorithm = strtok_r(NULL, BLANK, &rest);

        if (!mac_key || strtok_r(NULL, BLANK, &rest))
                return "KEY-ID MAC-KEY and, if it is not HS256, the algorithm are wanted";
        if (!key_id_is_valid(key_id))
                return "a key identifier is 1 to 512 printable ASCII characters";
        if (!take_mac_key(mac_key, ret))
                return "a MAC key is 16 to 1024 bytes in base64url";
        if (!take_algorithm(algorithm, ret))
                return "an algorithm is one of HS256, HS384, HS512";
        ret->key_id = key_id;
        return NULL;
}

int external_binding_find(char *text,
                          const char *account,
                          ExternalBinding *ret,
                          unsigned *ret_line,
                          const char **ret_reason)
{
        bool is_found = false;
        char *next = text;

        *ret_line = 0;
        for (char *line = strsep(&next, "\n"); line; line = strsep(&next, "\n")) {
                char *rest, *name = strtok_r(line, BLANK, &rest);

                ++*ret_line;
                if (!name || *name == '#')
                        continue;
                *ret_reason = NULL;
                if (!account_name_is_valid(name))
                        *ret_reason = "the name of an account is CA or CA@LABEL";
                else if (!streq(name, account))
                        continue;
                else if (is_found)
                        *ret_reason = "there is a line for this account already";
                else
                        *ret_reason = external_binding_parse(rest, ret);
                if (*ret_reason)
                        return -EBADMSG;
                is_found = true;
        }
        return is_found ? 0 : -ENOENT;
}

/* Is the line, of that many bytes, the account's? */
static bool is_of(const char *line, size_t length, const char *account)
{
        size_t begin = strspn(line, BLANK), n = strlen(account);

        if (begin + n > length || strncmp(line + begin, account, n) != 0)
                return false;
        return begin + n == length || strchr(BLANK, line[begin + n]);
}

/* The line as external_binding_find() reads it, with its end. Return: NULL without memory. */
static char *format(const char *account, const ExternalBinding *binding)
{
        _cleanup_(erase_and_freep) char *key =
                        base64url_encode(binding->mac_key, binding->mac_key_bytes);
        char *line;

        if (!key ||
            asprintf(&line, "%s %s %s %s\n", account, binding->key_id, key, binding->algorithm) < 0)
                return NULL;
        return line;
}

int external_binding_replace(const char *text,
                             const char *account,
                             const ExternalBinding *binding,
                             char **ret)
{
        _cleanup_(erase_and_freep) char *line = format(account, binding);
        _cleanup_(erase_and_freep) char *all = NULL;
        bool is_placed = false;
        char *end;

        if (!line)
                return -ENOMEM;
        /* An end for a last line that has none. */
        all = calloc(strlen(text) + strlen(line) + 2, 1);
        if (!all)
                return -ENOMEM;
        end = all;
        for (const char *next; *text; text = next) {
                size_t length = strcspn(text, "\n");

                next = text + length + (text[length] == '\n');
                if (!is_of(text, length, account)) {
                        end = mempcpy(end, text, length);
                        *end++ = '\n';
                } else if (!is_placed) {
                        end = stpcpy(end, line);
                        is_placed = true;
                }
        }
        if (!is_placed)
                end = stpcpy(end, line);
        if ((size_t) (end - all) > EXTERNAL_BINDINGS_BYTES_MAX)
                return -EFBIG;
        *ret = TAKE_PTR(all);
        return 0;
}
