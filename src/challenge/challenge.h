/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* io.acmeward.Challenge of one certificate. A connection is a lease: what is published on it is
 * taken back when it ends. */

#include <systemd/sd-event.h>

#include "acme/challenge-type.h"
#include "challenge/stateless.h"
#include "challenge/tokens.h"

/* Started by a knock, the room waits this long for somebody to publish something. */
#define FIRST_LEASE_TIMEOUT_USEC (10U * 1000U * 1000U)

typedef struct Challenge Challenge;

/* event: its loop ends when the last lease has. type: http-01 or tls-alpn-01. signer_path: the
 * signer's door, borrowed. tokens: borrowed. stateless: borrowed; NULL: tokens that are not
 * published are not answered. Return: 0, -errno. */
int challenge_new(sd_event *event,
                  ChallengeType type,
                  const char *signer_path,
                  Tokens *tokens,
                  Stateless *stateless,
                  Challenge **ret);
void challenge_free(Challenge *challenge);
DEFINE_CLEANUP(Challenge *, challenge_free);

/* Serves on listen_fd, which is taken. Return: 0, -errno. */
int challenge_serve(Challenge *challenge, int listen_fd);
