/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What one peer may cost the other. */

/* One message, its NUL excluded. The largest is Install with a chain of 96 KiB of PEM, whose line
 * ends take two bytes each in JSON. A reply has the same limit. */
#define VARLINK_FRAME_MAX (128U * 1024U)

/* Connections that one server holds at once; the next one waits in the socket's backlog. A signer
 * has two callers, its client and its challenge. */
#define VARLINK_CONNECTIONS_MAX 8U

/* Accepted connections a second, so that one who comes and goes in a loop, or a process that is out
 * of descriptors, does not turn the processor. */
#define VARLINK_ACCEPTS_PER_SEC 100U

/* Calls that wait in one connection behind the one being answered are not read before its reply has
 * left: there is no queue to fill, and what a peer that does not read can cost is one reply.
 *
 * A begun message must be whole after this long, and a begun reply taken, however slowly the bytes
 * trickle. Between messages a connection may be idle for ever: a lease is an idle connection. */
#define VARLINK_FRAME_TIMEOUT_USEC (5U * 1000U * 1000U)

/* "interface.Method" and "interface.Error". */
#define VARLINK_NAME_MAX 255U
