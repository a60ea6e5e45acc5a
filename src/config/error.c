/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The one error that a configuration that does not hold has. Whoever finds it fills it in, and it
 * is handed up untouched. */

#include <stdarg.h>

#include "base/escape.h"
#include "config/error.h"

void config_error_done(ConfigError *error)
{
        free(error->file);
        free(error->key);
        free(error->message);
        strv_free(error->warnings);
        *error = (ConfigError){};
}

/* "FILE:LINE: ", "FILE: " or nothing. Return: NULL without memory. */
static char *format_place(const char *file, unsigned line)
{
        _cleanup_free_ char *escaped = NULL;
        char *place;
        int r;

        if (!file)
                return strdup("");
        escaped = escape_foreign(file, strlen(file), FOREIGN_TEXT_MAX);
        if (!escaped)
                return NULL;
        r = line > 0 ? asprintf(&place, "%s:%u: ", escaped, line)
                     : asprintf(&place, "%s: ", escaped);
        return r < 0 ? NULL : place;
}

int config_error_set(ConfigError *error,
                     const char *file,
                     unsigned line,
                     const char *key,
                     const char *format,
                     ...)
{
        _cleanup_free_ char *place = NULL, *text = NULL;
        va_list arguments;
        int r;

        va_start(arguments, format);
        r = vasprintf(&text, format, arguments);
        va_end(arguments);
        if (r < 0) {
                text = NULL;
                return -ENOMEM;
        }
        place = format_place(file, line);
        if (!place || asprintf(&error->message, "%s%s", place, text) < 0) {
                error->message = NULL;
                return -ENOMEM;
        }
        if (free_and_strdup(&error->file, file) < 0 || free_and_strdup(&error->key, key) < 0)
                return -ENOMEM;
        error->line = line;
        return CONFIG_E_INVALID;
}
