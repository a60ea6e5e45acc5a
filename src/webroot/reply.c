/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The request target is compared as it came: nothing is decoded, so that there is one way to write
 * a token's path, and everything else is not found. */

#include "webroot/reply.h"
#include "base/log.h"
#include "webroot/token-file.h"

/* By this the client on this machine sees that it is us who serve the port. */
#define SERVER_NAME "acmeward"

/* RFC 8555 section 8.3 asks for application/octet-stream. */
#define CONTENT_TYPE "application/octet-stream"

static struct MHD_Response *error_new(const char *allow)
{
        struct MHD_Response *response;

        response = MHD_create_response_from_buffer(0, (void *) "", MHD_RESPMEM_PERSISTENT);
        if (!response)
                return NULL;
        if (MHD_add_response_header(response, MHD_HTTP_HEADER_SERVER, SERVER_NAME) == MHD_YES &&
            MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close") == MHD_YES &&
            (!allow || MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allow) == MHD_YES))
                return response;
        MHD_destroy_response(response);
        return NULL;
}

int replies_init(Replies *replies, int directory_fd)
{
        *replies = (Replies){
                        .directory_fd = directory_fd,
                        .not_found = error_new(NULL),
                        .method_not_allowed = error_new("GET, HEAD"),
        };
        return replies->not_found && replies->method_not_allowed ? 0 : -ENOMEM;
}

void replies_done(Replies *replies)
{
        if (replies->not_found)
                MHD_destroy_response(replies->not_found);
        if (replies->method_not_allowed)
                MHD_destroy_response(replies->method_not_allowed);
        *replies = (Replies){.directory_fd = -EBADF};
}

static enum MHD_Result
reply_with(struct MHD_Connection *connection, const char *text, size_t length)
{
        struct MHD_Response *response;
        enum MHD_Result result = MHD_NO;

        response = MHD_create_response_from_buffer(length, (void *) text, MHD_RESPMEM_MUST_COPY);
        if (!response)
                return MHD_NO;
        if (MHD_add_response_header(response, MHD_HTTP_HEADER_SERVER, SERVER_NAME) == MHD_YES &&
            MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, CONTENT_TYPE) ==
                            MHD_YES)
                result = MHD_queue_response(connection, MHD_HTTP_OK, response);
        MHD_destroy_response(response);
        return result;
}

enum MHD_Result reply_to_request(Replies *replies,
                                 struct MHD_Connection *connection,
                                 const char *path,
                                 const char *method)
{
        char text[KEY_AUTHORIZATION_MAX + 1];
        const char *token;
        size_t length;
        int r;

        if (!streq(method, MHD_HTTP_METHOD_GET) && !streq(method, MHD_HTTP_METHOD_HEAD))
                return MHD_queue_response(connection,
                                          MHD_HTTP_METHOD_NOT_ALLOWED,
                                          replies->method_not_allowed);
        token = token_of_path(path);
        if (!token)
                return MHD_queue_response(connection, MHD_HTTP_NOT_FOUND, replies->not_found);
        r = token_file_read(replies->directory_fd, token, text, &length);
        if (r == -ENOENT)
                r = thumbprint_file_answer(replies->directory_fd, token, text, &length);
        if (r < 0) {
                /* Anybody may ask for what is not there; the other reasons are ours. */
                if (r != -ENOENT)
                        log_warning_errno(r,
                                          "Failed to read the file of a token that was asked for");
                return MHD_queue_response(connection, MHD_HTTP_NOT_FOUND, replies->not_found);
        }
        return reply_with(connection, text, length);
}
