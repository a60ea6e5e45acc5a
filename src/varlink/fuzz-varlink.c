/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The server's end of one connection. The first byte says how the rest is cut into writes; whatever
 * comes, the server answers with whole JSON objects or goes, and the connection is gone when the
 * peer is. */

#include "varlink/test-service.h"
#include "varlink/varlink-internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* More would not fit the socket's buffer at once. */
#define INPUT_MAX (64U * 1024U)

/* Takes what the server has sent; every message must be an object with parameters. */
static void check_replies(FrameReader *replies, int fd)
{
        const char *frame;
        size_t length;

        while (frame_reader_receive(replies, fd) == 0)
                while ((frame = frame_reader_next(replies, &length))) {
                        _cleanup_json_ struct json_object *reply = NULL;

                        if (json_parse(frame, length, &reply) < 0 ||
                            !json_object_object_get_ex(reply, "parameters", NULL))
                                abort();
                }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static TestService service;
        FrameReader replies = {};
        size_t step;
        int fds[2];

        if (size < 1 || size > INPUT_MAX)
                return 0;
        if (!service.server) {
                log_set_target(LOG_TARGET_STDERR);
                if (test_service_start(&service) < 0)
                        abort();
        }
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0 ||
            connection_new(service.server, fds[0]) < 0)
                abort();
        step = data[0] == 0 ? size : data[0];
        for (size_t i = 1; i < size; i += step) {
                if (send(fds[1], data + i, MIN(step, size - i), MSG_NOSIGNAL) < 0)
                        break;
                test_service_run(&service);
                check_replies(&replies, fds[1]);
        }
        if (shutdown(fds[1], SHUT_WR) < 0 && errno != ENOTCONN)
                abort();
        /* A large reply leaves in parts. */
        do
                check_replies(&replies, fds[1]);
        while (test_service_run(&service) > 0);
        if (varlink_server_connections(service.server) != 0)
                abort();
        frame_reader_done(&replies);
        close(fds[1]);
        return 0;
}
