/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a request gets: a key authorization (RFC 8555 section 8.3), or an error without a body and
 * the end of the connection. */

#include <microhttpd.h>

#include "base/macro.h"

typedef struct Replies {
        int directory_fd;
        struct MHD_Response *not_found;
        struct MHD_Response *method_not_allowed;
} Replies;

/* directory_fd: where the tokens are; borrowed. Return: 0, -ENOMEM. */
int replies_init(Replies *replies, int directory_fd);
void replies_done(Replies *replies);

/* path: the request target as it came, undecoded. Queues one reply. */
enum MHD_Result reply_to_request(Replies *replies,
                                 struct MHD_Connection *connection,
                                 const char *path,
                                 const char *method);
