/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* io.acmeward.Challenge of one certificate for dns-01. A connection is a lease; when the last one
 * has ended the room ends, and PID 1 has another process remove what was published. */

#include <systemd/sd-event.h>

#include "dns/records.h"

/* Started by a knock, the room waits this long for somebody to say something. */
#define FIRST_CALL_TIMEOUT_USEC (30 * USEC_PER_SEC)

typedef struct Dns Dns;

/* event: its loop ends when the last lease has. signer_path: the signer's door. mark_fd: of
 * marks_open(). All are borrowed. Return: 0, -errno. */
int dns_new(sd_event *event, const char *signer_path, Records *records, int mark_fd, Dns **ret);
void dns_free(Dns *dns);
DEFINE_CLEANUP(Dns *, dns_free);

/* Serves on listen_fd, which is taken. Return: 0, -errno. */
int dns_serve(Dns *dns, int listen_fd);
