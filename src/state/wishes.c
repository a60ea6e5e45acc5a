/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Text is compared with text: what a setting means is nothing to this file. */

#include "state/wishes.h"

/* Takes value, NULL: it is not set. Return: 0, -ENOMEM. */
static int add(char ***list, const char *name, const char *value)
{
        _cleanup_free_ char *wish = NULL;

        if (asprintf(&wish, "%s%s", name, value ?: "") < 0) {
                wish = NULL;
                return -ENOMEM;
        }
        return strv_append(list, wish);
}

int wishes_format(const Config *config, char ***ret)
{
        _cleanup_strv_free_ char **list = NULL;
        _cleanup_free_ char *profiles = NULL;
        int r;

        r = strv_join(config->profiles, " ", &profiles);
        if (r == 0)
                r = add(&list, "Profile=", profiles);
        if (r == 0)
                r = add(&list, "PreferredChain=", config->preferred_chain);
        if (r == 0)
                r = add(&list,
                        "Lifetime=",
                        config->lifetime_usec > 0 ? FORMAT_TIMESPAN(config->lifetime_usec) : NULL);
        if (r == 0)
                r = add(&list,
                        "Backdate=",
                        config->backdate_usec > 0 ? FORMAT_TIMESPAN(config->backdate_usec) : NULL);
        if (r == 0)
                *ret = TAKE_PTR(list);
        return r;
}

/* How the setting of this wish was; NULL: nobody knows. */
static const char *find(char *const *wishes, const char *wish)
{
        size_t n = (size_t) (strchr(wish, '=') + 1 - wish);

        for (; wishes && *wishes; wishes++)
                if (strncmp(*wishes, wish, n) == 0)
                        return *wishes;
        return NULL;
}

int wishes_changed(char *const *wishes, const Config *config, char ***ret)
{
        _cleanup_strv_free_ char **now = NULL, **changed = NULL;
        int r;

        r = wishes_format(config, &now);
        for (char **w = now; r == 0 && *w; w++) {
                const char *then = find(wishes, *w);

                if (!then || streq(then, *w))
                        continue;
                strchr(*w, '=')[1] = '\0';
                r = strv_append(&changed, *w);
        }
        if (r == 0)
                *ret = TAKE_PTR(changed);
        return r;
}

int wishes_has_other_moments(char *const *wishes, const Config *config)
{
        _cleanup_strv_free_ char **changed = NULL;
        int r;

        r = wishes_changed(wishes, config, &changed);
        if (r < 0)
                return r;
        return strv_contains(changed, "Lifetime=") || strv_contains(changed, "Backdate=");
}
