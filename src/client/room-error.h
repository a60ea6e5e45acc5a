/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a room answers instead of what it was asked for. The rooms behind the doors are trusted to
 * mean what they say; what they quote may be a stranger's. */

#include "client/failure.h"
#include "varlink/varlink-client.h"

typedef struct RoomError {
        const char *name;      /* without the interface; NULL ends a table */
        const char *parameter; /* a string of the error's that says more; NULL: none */
        ExitStatus exit_status;
        const char *text;
} RoomError;

typedef struct RoomErrors {
        const char *interface; /* with its dot at the end */
        const char *room;      /* "The signer" */
        const RoomError *table;
} RoomErrors;

/* The name of the reply's error without the interface; NULL when it is of another one. */
const char *room_error_name(const RoomErrors *errors, const VarlinkReply *reply);

/* A string of the error's parameters, "" without one: escaped and owned. NULL without memory. */
char *room_error_text(const VarlinkReply *reply, const char *parameter);

/* Sets the reason by the table; an error that is not in it is a bug. Return: CLIENT_E_FAILED;
 * -ENOMEM. */
int room_error_fail(const RoomErrors *errors, const VarlinkReply *reply, Failure *failure);
