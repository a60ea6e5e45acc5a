/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Waits until records can be seen at every server of their zones. */

#include "base/time-util.h"
#include "publisher/persist-record.h"
#include "publisher/place.h"

/* As many as a lease has. */
#define PROPAGATION_RECORDS_MAX 256U

/* A server that has not answered so often in a row is passed over, as a CA's resolver would. */
#define PROPAGATION_SILENT_MAX 3U

/* identifiers, values: n of each. Return: 0; PUBLISH_E_FAILED; -errno. */
int propagation_await(char *const *identifiers,
                      char *const *values,
                      size_t n,
                      usec_t patience_usec);

/* The same for one record of dns-persist-01. Return: also PUBLISH_E_REFUSED when a server has none
 * that says what is wanted. */
int propagation_seek(const char *identifier, const PersistRecord *wanted, usec_t patience_usec);
