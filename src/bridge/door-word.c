/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A word becomes a part of a path, and comes from another machine: it has a grammar. */

#include "bridge/door-word.h"

#include <sys/socket.h>
#include <sys/un.h>

#define PROGRAM "acme-signer-bridge "
#define BRIDGE "/run/acme/bridge/"
#define SIGNER "/run/acme/signer"
#define AWAY "/run/acme/away/"

/* The everyday door has no word in its path. */
#define FIRST_WORD "renew"

int door_word_set(DoorWord *word, const char *text, size_t length)
{
        if (length == 0 || length > DOOR_WORD_MAX)
                return -EINVAL;
        for (size_t i = 0; i < length; i++)
                if (text[i] < 'a' || text[i] > 'z')
                        return -EINVAL;
        *word = (DoorWord){};
        memcpy(word->text, text, length);
        return 0;
}

int door_word_of_path(const char *path, const char *name, DoorWord *ret)
{
        const char *last = strrchr(path, '/'), *word;

        if (!last || !streq(last + 1, name))
                return -ENOTCONN;
        word = startswith(path, BRIDGE) ?: startswith(path, AWAY)
                               ?: startswith(path, SIGNER "-for-");
        if (word && word < last)
                return door_word_set(ret, word, (size_t) (last - word)) < 0 ? -ENOTCONN : 0;
        if (startswith(path, SIGNER) == last)
                return door_word_set(ret, FIRST_WORD, strlen(FIRST_WORD));
        return -ENOTCONN;
}

int door_word_of_socket(int fd, const char *name, DoorWord *ret)
{
        struct sockaddr_un address = {};
        socklen_t length = sizeof(address) - 1;

        if (getsockname(fd, (struct sockaddr *) &address, &length) < 0)
                return errno == ENOTSOCK || errno == EBADF ? -ENOTCONN : -errno;
        if (address.sun_family != AF_UNIX)
                return -ENOTCONN;
        return door_word_of_path(address.sun_path, name, ret);
}

int door_word_of_command(const char *command, const char *name, DoorWord *ret)
{
        const char *rest = startswith(command, PROGRAM);

        rest = rest ? startswith(rest, name) : NULL;
        rest = rest ? startswith(rest, " ") : NULL;
        return rest ? door_word_set(ret, rest, strlen(rest)) : -EINVAL;
}

const char *door_path(const DoorWord *word, const char *name, char buffer[static DOOR_PATH_MAX])
{
        (void) snprintf(buffer, DOOR_PATH_MAX, BRIDGE "%s/%s", word->text, name);
        return buffer;
}
