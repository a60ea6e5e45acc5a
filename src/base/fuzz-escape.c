/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whatever goes in: what comes out is short enough, UTF-8, without a control character, and the
 * same when it is made again from itself by escape_message(). The first byte chooses the limit. */

#include "base/escape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_free_ char *once = NULL, *twice = NULL;
        size_t max;

        if (size == 0)
                return 0;
        max = data[0] == 0xff ? FOREIGN_TEXT_MAX : data[0];
        once = escape_foreign((const char *) data + 1, size - 1, max);
        if (!once)
                return 0;
        if (strlen(once) > max || !utf8_is_valid(once, strlen(once)))
                abort();
        for (const char *p = once; *p; p++)
                if ((unsigned char) *p < 0x20 || *p == 0x7f)
                        abort();
        twice = escape_message(once, strlen(once), max);
        if (twice && !streq(once, twice))
                abort();
        return 0;
}
