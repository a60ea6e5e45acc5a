/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Checks of single values. The administrator writes them, root by right; they are checked as hard
 * as a stranger's all the same, because they end up in URLs, unit properties and nftables' grammar,
 * and because the CA's refusal of a typing error costs more than ours. */

#include <strings.h>

#include "acme/challenge-type.h"
#include "acme/profile.h"
#include "acme/url.h"
#include "base/base64url.h"
#include "base/escape.h"
#include "base/name.h"
#include "config/identifier.h"
#include "config/key-type.h"
#include "config/listen-address.h"
#include "config/value.h"

/* RFC 5321 section 4.5.3.1.1. */
#define LOCAL_PART_MAX 64U

#define THUMBPRINT_CHARACTERS 43U

#define SHA256_BYTES 32U

/* RFC 5280 appendix A.1 (ub-common-name), each of four bytes at most. */
#define COMMON_NAME_BYTES_MAX (4U * 64U)

#define ALPHANUMERIC "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static int refuse(const char **ret_reason, const char *reason)
{
        *ret_reason = reason;
        return VALUE_E_INVALID;
}

int value_check_boolean(const char *word, char **ret, const char **ret_reason)
{
        static const char *const names[][2] = {
                        {"yes", "yes"},
                        {"true", "yes"},
                        {"on", "yes"},
                        {"1", "yes"},
                        {"no", "no"},
                        {"false", "no"},
                        {"off", "no"},
                        {"0", "no"},
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (strcasecmp(word, names[i][0]) == 0)
                        return free_and_strdup(ret, names[i][1]);
        return refuse(ret_reason, "neither yes nor no");
}

int value_check_account_key_type(const char *word, char **ret, const char **ret_reason)
{
        if (key_type_from_string(word) == KEY_TYPE_INVALID)
                return refuse(ret_reason, "no kind of key that is known here");
        return free_and_strdup(ret, word);
}

int value_check_key_type(const char *word, char **ret, const char **ret_reason)
{
        if (key_type_from_string(word) == KEY_TYPE_ED25519)
                return refuse(ret_reason, "no public CA issues certificates for such keys");
        return value_check_account_key_type(word, ret, ret_reason);
}

int value_check_firewall_mode(const char *word, char **ret, const char **ret_reason)
{
        if (!streq(word, "auto") && !streq(word, "set") && !streq(word, "off"))
                return refuse(ret_reason, "no such mode");
        return free_and_strdup(ret, word);
}

/* Is the component of length bytes one that a normal path may have? */
static bool component_is_valid(const char *component, size_t length)
{
        if (length == 0 || (length == 1 && component[0] == '.'))
                return false;
        return !(length == 2 && component[0] == '.' && component[1] == '.');
}

int value_check_path(const char *word, char **ret, const char **ret_reason)
{
        size_t n = strlen(word);
        char *path;

        if (word[0] != '/')
                return refuse(ret_reason, "not an absolute path");
        if (n > VALUE_PATH_MAX)
                return refuse(ret_reason, "a path has 1024 bytes at most");
        for (const char *p = word; *p; p++)
                if (*p < ' ' || *p > '~')
                        return refuse(ret_reason, "a path has printable ASCII characters only");
        if (n > 1 && word[n - 1] == '/')
                n--;
        for (const char *p = word; p < word + n; p += 1 + strcspn(p + 1, "/"))
                if (!component_is_valid(p + 1, strcspn(p + 1, "/")))
                        return refuse(ret_reason,
                                      "a path without '//', '.' and '..' is wanted, and not '/'");
        path = strndup(word, n);
        if (!path)
                return -ENOMEM;
        *ret = path;
        return 0;
}

int value_check_trust(const char *word, char **ret, const char **ret_reason)
{
        if (word[0] == '/' && !startswith(word, "/etc/") && !startswith(word, "/usr/"))
                return refuse(ret_reason, "of the file system the client sees /etc and /usr only");
        return value_check_path(word, ret, ret_reason);
}

int value_check_csr(const char *word, char **ret, const char **ret_reason)
{
        if (word[0] == '/' && !startswith(word, "/etc/acme/"))
                return refuse(ret_reason,
                              "of the file system the signer sees the configuration only");
        return value_check_path(word, ret, ret_reason);
}

int value_check_url(const char *word, char **ret, const char **ret_reason)
{
        /* RFC 8555 section 6.1. */
        if (!acme_url_is_valid(word))
                return refuse(ret_reason, "not an https URL without user, password and fragment");
        return free_and_strdup(ret, word);
}

int value_check_origin(const char *word, char **ret, const char **ret_reason)
{
        const char *host = startswith(word, "https://"), *rest;
        char *origin = NULL;
        int r;

        r = host ? acme_url_origin(word, &origin) : -EINVAL;
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return refuse(ret_reason, "not an https URL without user, password and fragment");
        rest = host + strcspn(host, "/?");
        if (*rest && !streq(rest, "/")) {
                free(origin);
                return refuse(ret_reason, "an origin has no path and no query");
        }
        *ret = origin;
        return 0;
}

int value_check_ca(const char *word, char **ret, const char **ret_reason)
{
        if (strstr(word, "://"))
                return value_check_url(word, ret, ret_reason);
        if (!ca_name_is_valid(word))
                return refuse(ret_reason, "a name is " CERTIFICATE_NAME_GRAMMAR);
        return free_and_strdup(ret, word);
}

int value_check_account(const char *word, char **ret, const char **ret_reason)
{
        if (!ca_name_is_valid(word))
                return refuse(ret_reason, "a label is " CERTIFICATE_NAME_GRAMMAR);
        return free_and_strdup(ret, word);
}

/* A dot-atom (RFC 5322 section 3.2.3) of the characters that mailto: takes as they are (RFC 6068
 * section 2): what would have to be percent-encoded is in no address that anybody gives a CA. */
static bool local_part_is_valid(const char *s, size_t length)
{
        if (length == 0 || length > LOCAL_PART_MAX || s[0] == '.' || s[length - 1] == '.')
                return false;
        if (strspn(s, ALPHANUMERIC "!$'*+-._~") < length)
                return false;
        for (size_t i = 1; i < length; i++)
                if (s[i] == '.' && s[i - 1] == '.')
                        return false;
        return true;
}

int value_check_profile(const char *word, char **ret, const char **ret_reason)
{
        if (!acme_profile_is_valid(word))
                return refuse(ret_reason, "no name that a profile can have");
        return free_and_strdup(ret, word);
}

/* "AB:CD:…" of a SHA-256, or the same without colons. Return: has it been one? */
static bool take_fingerprint(const char *word, char text[static 2 * SHA256_BYTES + 1])
{
        size_t n = 0;

        for (const char *p = word; *p; p++) {
                if (*p == ':' && n > 0 && n % 2 == 0 && p[1])
                        continue;
                if (n == 2 * SHA256_BYTES || !strchr("0123456789abcdefABCDEF", *p))
                        return false;
                text[n++] = (char) (*p >= 'A' && *p <= 'F' ? *p - 'A' + 'a' : *p);
        }
        text[n] = '\0';
        return n == 2 * SHA256_BYTES;
}

int value_check_chain(const char *word, char **ret, const char **ret_reason)
{
        _cleanup_free_ char *shown = NULL;
        char fingerprint[2 * SHA256_BYTES + 1];

        if (take_fingerprint(word, fingerprint))
                return free_and_strdup(ret, fingerprint);
        if (strlen(word) > COMMON_NAME_BYTES_MAX)
                return refuse(ret_reason, "a common name has 64 characters at most");
        shown = escape_foreign(word, strlen(word), FOREIGN_TEXT_MAX);
        if (!shown)
                return -ENOMEM;
        if (!streq(shown, word))
                return refuse(ret_reason, "a common name has printable characters only");
        return free_and_strdup(ret, word);
}

int value_check_experimental(const char *word, char **ret, const char **ret_reason)
{
        ChallengeType type = challenge_type_from_string(word);

        if (type == CHALLENGE_TYPE_INVALID || !challenge_type_is_experimental(type))
                return refuse(ret_reason, "nothing of this name is experimental here");
        return free_and_strdup(ret, word);
}

int value_check_challenge(const char *word, char **ret, const char **ret_reason)
{
        ChallengeType type = challenge_type_from_string(word);

        if (type == CHALLENGE_TYPE_INVALID)
                return refuse(ret_reason, "no type of challenge that is known here");
        if (!challenge_type_has_room(type))
                return refuse(ret_reason, "this version cannot answer such challenges");
        return free_and_strdup(ret, word);
}

int value_check_contact(const char *word, char **ret, const char **ret_reason)
{
        _cleanup_free_ char *domain = NULL;
        const char *address = word, *at;
        char *url;
        int r;

        if (strncasecmp(word, "mailto:", strlen("mailto:")) == 0)
                address += strlen("mailto:");
        else if (strchr(word, ':'))
                return refuse(ret_reason,
                              "mailto: is the only kind of URL that every CA takes "
                              "(RFC 8555 section 7.3)");
        at = strchr(address, '@');
        if (!at)
                return refuse(ret_reason, "a mail address has an '@'");
        /* RFC 8555 section 7.3: one address, and no header fields. */
        if (strpbrk(at, "?,"))
                return refuse(ret_reason,
                              "one address without header fields is wanted in each word");
        if (!local_part_is_valid(address, (size_t) (at - address)))
                return refuse(ret_reason,
                              "what stands before the '@' is letters, digits and !$'*+-._~");
        r = identifier_normalize(at + 1, &domain, ret_reason);
        if (r != 0)
                return r < 0 ? r : VALUE_E_INVALID;
        if (asprintf(&url, "mailto:%.*s@%s", (int) (at - address), address, domain) < 0)
                return -ENOMEM;
        *ret = url;
        return 0;
}

int value_check_identifier(const char *word, char **ret, const char **ret_reason)
{
        int r = identifier_normalize_any(word, ret, ret_reason);

        return r > 0 ? VALUE_E_INVALID : r;
}

int value_check_listen(const char *word, char **ret, const char **ret_reason)
{
        ListenAddress addresses[LISTEN_ADDRESSES_PER_WORD];
        char buffer[LISTEN_ADDRESS_MAX];
        size_t n = listen_address_parse(word, addresses, ret_reason);

        if (n == 0)
                return VALUE_E_INVALID;
        /* A bare port stays one, and is taken apart where the addresses are used. */
        return free_and_strdup(ret, n > 1 ? word : listen_address_format(&addresses[0], buffer));
}

int value_check_thumbprint(const char *word, char **ret, const char **ret_reason)
{
        /* SHA-256: 256 bits in 43 characters of 6, the last two of which are 0. */
        if (!base64url_is_valid(word, THUMBPRINT_CHARACTERS, THUMBPRINT_CHARACTERS) ||
            !strchr("AEIMQUYcgkosw048", word[THUMBPRINT_CHARACTERS - 1]))
                return refuse(ret_reason, "no SHA-256 in base64url (RFC 7638 section 3)");
        return free_and_strdup(ret, word);
}

/* As nftables' scanner has it, but for '.' in front and '/' inside. */
static bool nft_name_is_valid(const char *s, size_t length)
{
        if (length == 0 || length > VALUE_NFT_NAME_MAX || strchr("0123456789-.", s[0]))
                return false;
        return strspn(s, ALPHANUMERIC "_-.") >= length;
}

int value_check_nft_set(const char *word, char **ret, const char **ret_reason)
{
        static const char *const families[] = {"inet", "ip", "ip6"};
        const char *parts[3], *p = word;
        bool is_family = false;
        int lengths[3];
        char *set;

        for (size_t i = 0; i < ELEMENTSOF(parts); i++) {
                parts[i] = p;
                lengths[i] = (int) strcspn(p, " \t\n");
                p += lengths[i];
                p += strspn(p, " \t\n");
        }
        if (*p || lengths[2] == 0)
                return refuse(ret_reason, "three words are wanted");
        for (size_t i = 0; i < ELEMENTSOF(families); i++)
                is_family = is_family || (strlen(families[i]) == (size_t) lengths[0] &&
                                          startswith(parts[0], families[i]));
        if (!is_family)
                return refuse(ret_reason, "the first word is no family of inet, ip, ip6");
        for (size_t i = 1; i < ELEMENTSOF(parts); i++)
                if (!nft_name_is_valid(parts[i], (size_t) lengths[i]))
                        return refuse(ret_reason,
                                      "a table's and a set's name begin with a letter or '_', and "
                                      "have "
                                      "letters, digits, '_', '-' and '.'");
        if (asprintf(&set,
                     "%.*s %.*s %.*s",
                     lengths[0],
                     parts[0],
                     lengths[1],
                     parts[1],
                     lengths[2],
                     parts[2]) < 0)
                return -ENOMEM;
        *ret = set;
        return 0;
}
