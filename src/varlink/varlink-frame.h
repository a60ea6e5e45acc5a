/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Varlink's framing (varlink.org/Wire-Protocol): each message is followed by one NUL. */

#include "base/macro.h"

typedef struct FrameReader {
        char *data;
        size_t allocated;
        size_t begin;   /* what lies before has been taken */
        size_t end;     /* what lies behind has not come yet */
        size_t scanned; /* up to here there is no NUL */
} FrameReader;
void frame_reader_done(FrameReader *reader);

enum {
        FRAME_E_NOTHING = 1, /* no bytes are there now */
        FRAME_E_END = 2,     /* the peer sends no more */
};

/* Takes what the socket has, up to what one message may have; frames taken before are gone. File
 * descriptors that come along are closed by the kernel, because nobody asks for them.
 * Return: 0 when there are new bytes; FRAME_E_NOTHING; FRAME_E_END; -EMSGSIZE when the message is
 * larger than VARLINK_FRAME_MAX; -errno. */
int frame_reader_receive(FrameReader *reader, int fd);

/* The next whole message, NUL-terminated, or NULL. It lives until the next receive. */
const char *frame_reader_next(FrameReader *reader, size_t *ret_length);

/* Is there a whole message? */
bool frame_reader_has_frame(FrameReader *reader);

/* Are there bytes that nobody has taken? */
static inline bool frame_reader_is_empty(const FrameReader *reader)
{
        return reader->begin == reader->end;
}

/* Sends as much as the socket takes at once. Return: 0, *ret_sent bytes are sent; -errno. */
int frame_send(int fd, const char *data, size_t length, size_t *ret_sent);
