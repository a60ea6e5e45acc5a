/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The errors of rooms, made reasons of a failure: what a person is told, and which exit code. */

#include "client/room-error.h"

#include "base/escape.h"
#include "json/json.h"

const char *room_error_name(const RoomErrors *errors, const VarlinkReply *reply)
{
        return startswith(reply->error, errors->interface);
}

char *room_error_text(const VarlinkReply *reply, const char *parameter)
{
        struct json_object *value;
        const char *text = "";

        if (json_object_object_get_ex(reply->parameters, parameter, &value) &&
            json_object_is_type(value, json_type_string))
                text = json_object_get_string(value);
        return escape_foreign(text, strlen(text), FOREIGN_TEXT_MAX);
}

static int fail_by(const RoomError *error, const VarlinkReply *reply, Failure *failure)
{
        _cleanup_free_ char *more = NULL;

        if (!error->parameter)
                return failure_set(failure, error->exit_status, "%s", error->text);
        more = room_error_text(reply, error->parameter);
        if (!more)
                return -ENOMEM;
        return failure_set(failure, error->exit_status, "%s: %s", error->text, more);
}

int room_error_fail(const RoomErrors *errors, const VarlinkReply *reply, Failure *failure)
{
        const char *name = room_error_name(errors, reply);
        _cleanup_free_ char *shown = NULL;

        for (const RoomError *e = errors->table; name && e->name; e++)
                if (streq(name, e->name))
                        return fail_by(e, reply, failure);

        shown = escape_foreign(reply->error, strlen(reply->error), FOREIGN_TEXT_MAX);
        if (!shown)
                return -ENOMEM;
        return failure_set(failure, EXIT_BUG, "%s answered with the error %s", errors->room, shown);
}
