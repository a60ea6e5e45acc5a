/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The record of what has been deployed. The file is ours and no secret. It is not synced: after a
 * power cut an older one makes for a reload more, never for one less, since what it notes is always
 * what has been done. */

#include "deploy/record.h"

#include <fcntl.h>
#include <limits.h>

#include "base/file.h"
#include "base/log.h"
#include "json/json.h"

#define SUFFIX ".json"
#define VERSION 1
#define FILE_BYTES_MAX (2U * 1024U * 1024U)
#define STEP_BYTES_MAX 8192U /* Exec= with all its arguments is the longest */

typedef struct TargetMembers {
        const char *label, *fingerprint;
        struct json_object *done, *paths;
} TargetMembers;

typedef struct RecordMembers {
        int64_t version;
        struct json_object *targets;
} RecordMembers;

static bool is_target(const char *label)
{
        return streq(label, RECORD_CONSUMERS) || deploy_label_is_valid(label);
}

static const JsonField target_fields[] = {
                {"label",
                 JSON_STRING,
                 offsetof(TargetMembers, label),
                 DEPLOY_LABEL_MAX,
                 is_target,
                 JSON_MANDATORY,
                 0},
                {"fingerprint",
                 JSON_STRING,
                 offsetof(TargetMembers, fingerprint),
                 RECORD_FINGERPRINTS_BYTES,
                 NULL,
                 0,
                 0},
                {"done",
                 JSON_STRING_ARRAY,
                 offsetof(TargetMembers, done),
                 STEP_BYTES_MAX,
                 NULL,
                 JSON_MANDATORY,
                 RECORD_STEPS_MAX},
                {"paths",
                 JSON_STRING_ARRAY,
                 offsetof(TargetMembers, paths),
                 PATH_MAX,
                 NULL,
                 0,
                 DEPLOY_PATHS_MAX},
                {},
};

static const JsonField record_fields[] = {
                {"version",
                 JSON_INTEGER,
                 offsetof(RecordMembers, version),
                 VERSION,
                 NULL,
                 JSON_MANDATORY,
                 0},
                {"targets",
                 JSON_ARRAY,
                 offsetof(RecordMembers, targets),
                 0,
                 NULL,
                 JSON_MANDATORY,
                 DEPLOY_TARGETS_MAX + 1},
                {},
};

int record_new(Record **ret)
{
        Record *record = calloc(1, sizeof(*record));

        if (!record)
                return -ENOMEM;
        *ret = record;
        return 0;
}

static void target_done(RecordTarget *target)
{
        free(target->label);
        free(target->fingerprint);
        strv_free(target->done);
        strv_free(target->paths);
}

void record_free(Record *record)
{
        if (!record)
                return;
        FOREACH_ARRAY (target, record->targets, record->n)
                target_done(target);
        free(record);
}

static RecordTarget *find(Record *record, const char *label)
{
        FOREACH_ARRAY (target, record->targets, record->n)
                if (streq(target->label, label))
                        return target;
        return NULL;
}

RecordTarget *record_get(Record *record, const char *label)
{
        RecordTarget *target = find(record, label);

        if (target || record->n == ELEMENTSOF(record->targets))
                return target;
        target = &record->targets[record->n];
        *target = (RecordTarget){.label = strdup(label)};
        if (!target->label)
                return NULL;
        record->n++;
        return target;
}

bool record_has(Record *record, const char *label, const char *fingerprint, char **steps)
{
        const RecordTarget *target = find(record, label);

        if (!target || !streq_ptr(target->fingerprint, fingerprint))
                return false;
        STRV_FOREACH (step, steps)
                if (!strv_contains(target->done, *step))
                        return false;
        return true;
}

int record_target_reset(RecordTarget *target, const char *fingerprint)
{
        strv_free(TAKE_PTR(target->done));
        return free_and_strdup(&target->fingerprint, fingerprint);
}

static bool is_wanted(const RecordTarget *noted, const DeployTarget *targets, size_t n)
{
        FOREACH_ARRAY (target, targets, n)
                if (streq(noted->label, target->label))
                        return true;
        return streq(noted->label, RECORD_CONSUMERS);
}

void record_keep_only(Record *record, const DeployTarget *targets, size_t n)
{
        size_t kept = 0;

        FOREACH_ARRAY (noted, record->targets, record->n)
                if (is_wanted(noted, targets, n))
                        record->targets[kept++] = *noted;
                else
                        target_done(noted);
        record->n = kept;
}

static int parse_target(struct json_object *object, Record *record)
{
        TargetMembers members = {};
        RecordTarget *target;
        int r;

        r = json_dispatch(object, target_fields, &members, JSON_ALLOW_UNKNOWN, NULL);
        if (r < 0)
                return r;
        if (find(record, members.label))
                return -EBADMSG;
        target = record_get(record, members.label);
        if (!target)
                return -ENOMEM;
        r = record_target_reset(target, members.fingerprint);
        if (r == 0)
                r = json_to_strv(members.done, &target->done);
        if (r == 0 && members.paths)
                r = json_to_strv(members.paths, &target->paths);
        return r;
}

int record_parse(const char *text, size_t length, Record **ret)
{
        _cleanup_(record_freep) Record *record = NULL;
        _cleanup_json_ struct json_object *object = NULL;
        RecordMembers members = {};
        int r;

        r = record_new(&record);
        if (r < 0)
                return r;
        r = json_parse(text, length, &object);
        if (r >= 0)
                r = json_dispatch(object, record_fields, &members, JSON_ALLOW_UNKNOWN, NULL);
        for (size_t i = 0; r >= 0 && i < json_object_array_length(members.targets); i++)
                r = parse_target(json_object_array_get_idx(members.targets, i), record);
        if (r == -ENOMEM)
                return r;
        if (r < 0 || members.version != VERSION)
                return RECORD_E_DAMAGED;
        *ret = TAKE_PTR(record);
        return 0;
}

static int format_target(const RecordTarget *target, struct json_object *list)
{
        _cleanup_json_ struct json_object *object = json_object_new_object();
        int r;

        if (!object)
                return -ENOMEM;
        r = json_add_string(object, "label", target->label);
        if (r >= 0 && target->fingerprint)
                r = json_add_string(object, "fingerprint", target->fingerprint);
        if (r >= 0)
                r = json_add_strv(object, "done", target->done);
        if (r >= 0 && target->paths)
                r = json_add_strv(object, "paths", target->paths);
        if (r >= 0 && json_object_array_add(list, json_object_get(object)) < 0)
                r = -ENOMEM;
        return r;
}

int record_format(const Record *record, char **ret)
{
        _cleanup_json_ struct json_object *object = json_object_new_object();
        struct json_object *list = json_object_new_array();
        const char *text;
        int r;

        if (!object) {
                json_object_put(list);
                return -ENOMEM;
        }
        r = json_add(object, "targets", list);
        if (r >= 0)
                r = json_add_integer(object, "version", VERSION);
        for (size_t i = 0; r >= 0 && i < record->n; i++)
                r = format_target(&record->targets[i], list);
        if (r >= 0)
                r = json_format(object, &text, NULL);
        if (r < 0)
                return r;
        *ret = strdup(text);
        return *ret ? 0 : -ENOMEM;
}

static const char *file_name(const char *name, char buffer[static CERTIFICATE_NAME_MAX + 8])
{
        snprintf(buffer, CERTIFICATE_NAME_MAX + 8, "%s" SUFFIX, name);
        return buffer;
}

int record_load(const char *name, Record **ret)
{
        _cleanup_free_ char *text = NULL, *path = NULL;
        char file[CERTIFICATE_NAME_MAX + 8];
        size_t length;
        int r;

        if (asprintf(&path, RECORD_DIRECTORY "/%s", file_name(name, file)) < 0)
                return -ENOMEM;
        r = file_read(AT_FDCWD, path, FILE_BYTES_MAX, O_NOFOLLOW, &text, &length);
        if (r >= 0)
                r = record_parse(text, length, ret);
        if (r == 0 || r == -ENOMEM)
                return r;
        if (r != -ENOENT)
                log_warning_errno(r > 0 ? -EBADMSG : r,
                                  "Passing over %s, which is made anew: consumers may be reloaded "
                                  "once more than needed",
                                  path);
        return record_new(ret);
}

int record_save(const Record *record, const char *name)
{
        _cleanup_close_ int dir_fd = open(RECORD_DIRECTORY, O_PATH | O_DIRECTORY | O_CLOEXEC);
        char file[CERTIFICATE_NAME_MAX + 8];
        _cleanup_free_ char *text = NULL;
        int r;

        if (dir_fd < 0)
                return -errno;
        r = record_format(record, &text);
        if (r < 0)
                return r;
        return file_replace_unsynced(dir_fd, file_name(name, file), text, strlen(text), 0644);
}

bool record_file_to_name(const char *file, char ret[static CERTIFICATE_NAME_MAX + 1])
{
        size_t length = strlen(file);

        if (length <= strlen(SUFFIX) || length > CERTIFICATE_NAME_MAX + strlen(SUFFIX) ||
            !streq(file + length - strlen(SUFFIX), SUFFIX))
                return false;
        length -= strlen(SUFFIX);
        memcpy(ret, file, length);
        ret[length] = 0;
        return certificate_name_is_valid(ret);
}
