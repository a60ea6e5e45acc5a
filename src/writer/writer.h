/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Brings the files of one target to what is live. */

#include "writer/failure.h"

typedef struct WriterRequest {
        const char *root;        /* put before every path, "" but in tests */
        const char *name;        /* the certificate */
        const char *label;       /* of one of its sections [Deploy LABEL] */
        const char *credentials; /* $CREDENTIALS_DIRECTORY; NULL: none */
} WriterRequest;

/* ret_is_written: false when everything was as it should be.
 * Return: 0; WRITER_E_FAILED, and the files are as before, but see README.md for file systems that
 * cannot exchange names; WRITER_E_CONFIGURATION when the configuration could not be read, which has
 * been logged; -errno. */
enum {
        WRITER_E_CONFIGURATION = 2, /* 1 is WRITER_E_FAILED */
};
int writer_run(const WriterRequest *request, bool *ret_is_written, Failure *failure);
