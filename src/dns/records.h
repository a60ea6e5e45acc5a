/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Has PID 1 run acme-dns-publish, one transient unit for each thing that is done. What never
 * changes about these is in units/acme-dns-publish@.service.d/ and
 * units/acme-dns-program@.service.d/.
 */

#include "config/config.h"
#include "manager/manager.h"

/* RFC 8555 section 8.4: SHA-256 in base64url. */
#define RECORD_VALUE_BYTES 43U
/* Of dns-persist-01: a CA's name, and a URL. */
#define RECORD_TEXT_MAX 1024U

typedef struct Records {
        Manager *manager;
        const Config *config; /* with a publisher, but for records_seek() */
        char *reason;         /* why the last one failed: a sentence */
} Records;

enum {
        RECORDS_E_FAILED = 1, /* another time may be better */
        RECORDS_E_REFUSED,    /* a person has to act */
};

/* list: names without "*.". Return: 0; as above; -errno. */
int records_check(Records *records, char *const *identifiers);
int records_present(Records *records, const char *identifier, const char *value);
int records_cleanup(Records *records, const char *identifier, const char *value);
/* pairs: identifier, value, identifier, … */
int records_await(Records *records, char *const *pairs);
/* Looks for a record of dns-persist-01. RECORDS_E_REFUSED: it is not there. */
int records_seek(Records *records, const char *identifier, const char *text);
/* Ends what a room has left under way. Return: 0, -errno. */
int records_stop(Records *records);
void records_done(Records *records);
