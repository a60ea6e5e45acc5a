/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What one peer may cost the other. */

/* One message, its NUL excluded. The largest is Install with a chain of 96 KiB of PEM, whose line
 * ends take two bytes each in JSON. */
#define VARLINK_FRAME_MAX (128U * 1024U)

/* Connections that one server holds at once; the next one waits in the socket's backlog. A signer
 * has two callers, its client and its challenge. */
#define VARLINK_CONNECTIONS_MAX 8U

/* Calls that wait in one connection behind the one being answered are simply not read yet: there
 * is no queue to fill. Replies that a peer does not read may use this much. */
#define VARLINK_OUTPUT_MAX (4U * VARLINK_FRAME_MAX)

/* A begun message must be whole after this long, and a reply taken. */
#define VARLINK_FRAME_TIMEOUT_USEC (5U * 1000U * 1000U)

/* "interface.Method" and "interface.Error". */
#define VARLINK_NAME_MAX 255U
