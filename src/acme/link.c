/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Link: <https://ca.example/terms>;rel="terms-of-service", <…>;rel="index"
 *
 * The grammar of RFC 8288 section 3, of which only "rel" means something here; other parameters,
 * and what is in their quotes, are stepped over. */

#include "acme/link.h"

#include <strings.h>

static bool is_space(char c)
{
        return c == ' ' || c == '\t';
}

static const char *skip_spaces(const char *p)
{
        while (is_space(*p))
                p++;
        return p;
}

/* A parameter's value, without its quotes. */
typedef struct LinkText {
        const char *text;
        size_t length;
} LinkText;

/* Return: behind it; NULL when a quote does not end. */
static const char *take_value(const char *p, LinkText *ret)
{
        if (*p != '"') {
                *ret = (LinkText){p, strcspn(p, " \t;,")};
                return p + ret->length;
        }
        ret->text = ++p;
        while (*p && *p != '"')
                p += p[0] == '\\' && p[1] ? 2 : 1;
        ret->length = (size_t) (p - ret->text);
        return *p == '"' ? p + 1 : NULL;
}

/* Section 3.3: "rel" has one relation or several, with spaces between them. */
static bool has_relation(const LinkText *value, const char *relation)
{
        const char *p = value->text, *end = p + value->length;

        while (p < end) {
                size_t n = 0;

                while (p < end && is_space(*p))
                        p++;
                while (p + n < end && !is_space(p[n]))
                        n++;
                if (n == strlen(relation) && strncasecmp(p, relation, n) == 0)
                        return true;
                p += n;
        }
        return false;
}

/* The parameters of one link; the first "rel" counts (section 3.3).
 * Return: behind them; NULL when they are none. */
static const char *take_parameters(const char *p, const char *relation, bool *ret_is_it)
{
        bool has_rel = false;

        *ret_is_it = false;
        for (p = skip_spaces(p); *p == ';'; p = skip_spaces(p)) {
                const char *name = skip_spaces(p + 1);
                size_t n = strcspn(name, " \t=;,");
                LinkText value = {};

                p = skip_spaces(name + n);
                if (*p == '=') {
                        p = take_value(skip_spaces(p + 1), &value);
                        if (!p)
                                return NULL;
                }
                if (n == 3 && strncasecmp(name, "rel", n) == 0 && value.text && !has_rel) {
                        has_rel = true;
                        *ret_is_it = has_relation(&value, relation);
                }
        }
        return *p == ',' || *p == '\0' ? p : NULL;
}

static bool is_visible(const char *text, size_t length)
{
        for (size_t i = 0; i < length; i++)
                if (text[i] <= ' ' || text[i] > '~')
                        return false;
        return true;
}

/* The next link from *p on, which is moved behind it; its target, and whether it has the relation.
 * Return: 0; -ENOENT at the end; -EBADMSG. */
static int take_link(const char **p, const char *relation, LinkText *ret_target, bool *ret_is_it)
{
        const char *target, *end;
        size_t n;

        while (is_space(**p) || **p == ',')
                (*p)++;
        if (**p == '\0')
                return -ENOENT;
        if (**p != '<')
                return -EBADMSG;
        target = *p + 1;
        n = strcspn(target, ">");
        if (target[n] != '>' || !is_visible(target, n))
                return -EBADMSG;
        end = take_parameters(target + n + 1, relation, ret_is_it);
        if (!end)
                return -EBADMSG;
        *p = end;
        *ret_target = (LinkText){target, n};
        return 0;
}

int link_find(const char *value, const char *relation, char **ret)
{
        const char *p = value;
        LinkText target;
        bool is_it;
        int r;

        for (unsigned i = 0; i < LINKS_MAX; i++) {
                r = take_link(&p, relation, &target, &is_it);
                if (r < 0)
                        return r;
                if (is_it) {
                        *ret = strndup(target.text, target.length);
                        return *ret ? 0 : -ENOMEM;
                }
        }
        return -ENOENT;
}

int link_collect(const char *value, const char *relation, size_t max, char ***list)
{
        const char *p = value;
        LinkText target;
        bool is_it;
        int r;

        for (unsigned i = 0; i < LINKS_MAX && strv_length(*list) < max; i++) {
                _cleanup_free_ char *text = NULL;

                r = take_link(&p, relation, &target, &is_it);
                if (r < 0)
                        return r == -ENOENT ? 0 : r;
                if (!is_it)
                        continue;
                text = strndup(target.text, target.length);
                r = text ? strv_append(list, text) : -ENOMEM;
                if (r < 0)
                        return r;
        }
        return 0;
}
