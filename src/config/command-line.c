/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The part of systemd.service(5)'s command lines that says how words are told apart, and nothing of
 * what it says about their meaning. What systemd would understand otherwise is refused here, never
 * taken as something else. */

#include "config/command-line.h"

#define BLANK " \t\n"

static int refuse(const char **ret_reason, const char *reason)
{
        *ret_reason = reason;
        return COMMAND_LINE_E_INVALID;
}

/* What stands behind a backslash. Return: 0 when it is nothing that is known. */
static char unescape(char c)
{
        switch (c) {
        case '\\':
        case '"':
        case '\'':
                return c;
        case 's':
                return ' ';
        default:
                return 0;
        }
}

/* Takes one word at *p into buffer, which has room for all of the text. */
static int take_word(const char **p, char *buffer, const char **ret_reason)
{
        const char *s = *p;
        char quote = 0;

        if (*s == '"' || *s == '\'')
                quote = *s++;
        for (; *s && (quote ? *s != quote : !strchr(BLANK, *s)); s++) {
                if (*s == '\\') {
                        *buffer = unescape(*++s);
                        if (!*buffer)
                                return refuse(ret_reason,
                                              "behind a backslash stands \\, \", ' or s");
                } else if (!quote && strchr("\"'", *s))
                        return refuse(ret_reason,
                                      "a quote begins or ends a word; inside of one it is \\\" or "
                                      "\\'");
                else
                        *buffer = *s;
                buffer++;
        }
        *buffer = 0;
        if (quote && *s++ != quote)
                return refuse(ret_reason, "a quote is not closed");
        if (*s && !strchr(BLANK, *s))
                return refuse(ret_reason, "something stands right behind a closing quote");
        *p = s;
        return 0;
}

int command_line_split(const char *text, char ***ret, const char **ret_reason)
{
        _cleanup_strv_free_ char **words = NULL;
        _cleanup_free_ char *buffer = NULL;
        size_t n = 0;
        int r;

        if (strlen(text) > COMMAND_LINE_BYTES_MAX)
                return refuse(ret_reason, "a command has 4096 bytes at most");
        buffer = malloc(strlen(text) + 1);
        if (!buffer)
                return -ENOMEM;
        for (const char *p = text + strspn(text, BLANK); *p; p += strspn(p, BLANK)) {
                r = take_word(&p, buffer, ret_reason);
                if (r != 0)
                        return r;
                if (n++ == COMMAND_LINE_WORDS_MAX)
                        return refuse(ret_reason, "a command has 64 words at most");
                r = strv_append(&words, buffer);
                if (r < 0)
                        return r;
        }
        if (n == 0)
                return refuse(ret_reason, "there is no program");
        *ret = TAKE_PTR(words);
        return 0;
}
