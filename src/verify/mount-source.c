/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One line of /proc/self/mountinfo, which the kernel writes: id, parent, device, the source's path
 * in its file system, the mount point, and more. Blanks inside of a path are escaped. */

#include "verify/mount-source.h"

/* Takes the next word off the line; the line ends at its '\n'. */
static const char *next_word(const char **line, size_t *ret_length)
{
        const char *word = *line;

        *ret_length = strcspn(word, " \n");
        *line = word + *ret_length + (word[*ret_length] == ' ');
        return word;
}

/* ".../NAME/12/cert.pem" → "12". Return: 0, -ENOMEM. */
static int take_directory(const char *source, size_t length, char **ret)
{
        const char *end = memrchr(source, '/', length), *begin;

        if (!end)
                return 0;
        begin = memrchr(source, '/', (size_t) (end - source));
        if (!begin)
                return 0;
        free(*ret);
        *ret = strndup(begin + 1, (size_t) (end - begin - 1));
        return *ret ? 0 : -ENOMEM;
}

int mount_source_directory(const char *text, const char *path, char **ret)
{
        _cleanup_free_ char *found = NULL;

        /* Of several on one point the last is what is seen. */
        while (*text) {
                const char *line = text, *source = NULL, *point;
                size_t source_length = 0, length;
                int r = 0;

                for (unsigned i = 0; i < 4; i++)
                        source = next_word(&line, &source_length);
                point = next_word(&line, &length);
                if (length == strlen(path) && memcmp(point, path, length) == 0)
                        r = take_directory(source, source_length, &found);
                if (r < 0)
                        return r;
                text += strcspn(text, "\n");
                text += *text == '\n';
        }
        *ret = TAKE_PTR(found);
        return 0;
}
