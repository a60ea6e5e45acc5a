/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Bytes to messages. The peer chooses how its bytes are cut into reads; it does not choose how much
 * is allocated. Invariant: begin <= scanned <= end <= allocated <= VARLINK_FRAME_MAX + 1. */

#include <sys/socket.h>

#include "varlink/varlink-frame.h"
#include "varlink/varlink-limits.h"

/* Most messages are a URL and a nonce. */
#define FRAME_BUFFER_MIN 4096U
#define FRAME_BUFFER_MAX (VARLINK_FRAME_MAX + 1U)

void frame_reader_done(FrameReader *reader)
{
        free(reader->data);
        *reader = (FrameReader){};
}

/* Makes room for one byte at least; to be called when there is no whole message. Return: 0,
 * -EMSGSIZE, -ENOMEM. */
static int make_room(FrameReader *reader)
{
        size_t allocated;
        char *data;

        if (reader->begin > 0) {
                memmove(reader->data, reader->data + reader->begin, reader->end - reader->begin);
                reader->end -= reader->begin;
                reader->scanned -= reader->begin;
                reader->begin = 0;
        }
        if (reader->end < reader->allocated)
                return 0;
        if (reader->allocated >= FRAME_BUFFER_MAX)
                return -EMSGSIZE;
        allocated = MIN(MAX(reader->allocated * 2, FRAME_BUFFER_MIN), FRAME_BUFFER_MAX);
        data = realloc(reader->data, allocated);
        if (!data)
                return -ENOMEM;
        reader->data = data;
        reader->allocated = allocated;
        return 0;
}

int frame_reader_receive(FrameReader *reader, int fd)
{
        ssize_t n;
        int r;

        r = make_room(reader);
        if (r < 0)
                return r;
        do
                n = recv(fd,
                         reader->data + reader->end,
                         reader->allocated - reader->end,
                         MSG_DONTWAIT);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return errno == EAGAIN ? FRAME_E_NOTHING : -errno;
        if (n == 0)
                return FRAME_E_END;
        reader->end += (size_t) n;
        if (reader->end == FRAME_BUFFER_MAX && !frame_reader_has_frame(reader))
                return -EMSGSIZE;
        return 0;
}

bool frame_reader_has_frame(FrameReader *reader)
{
        char *nul = NULL;

        if (reader->end > reader->scanned)
                nul = memchr(reader->data + reader->scanned, 0, reader->end - reader->scanned);
        reader->scanned = nul ? (size_t) (nul - reader->data) : reader->end;
        return nul;
}

const char *frame_reader_next(FrameReader *reader, size_t *ret_length)
{
        const char *frame;

        if (!frame_reader_has_frame(reader))
                return NULL;
        frame = reader->data + reader->begin;
        *ret_length = reader->scanned - reader->begin;
        reader->begin = ++reader->scanned;
        return frame;
}

int frame_send(int fd, const char *data, size_t length, size_t *ret_sent)
{
        size_t sent = 0;

        while (sent < length) {
                ssize_t n = send(fd, data + sent, length - sent, MSG_DONTWAIT | MSG_NOSIGNAL);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno == EAGAIN)
                        break;
                if (n < 0)
                        return -errno;
                sent += (size_t) n;
        }
        *ret_sent = sent;
        return 0;
}
