/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The record: what goes out comes back, what cannot be ours is refused as a whole, and nothing is
 * taken for done that is not noted. */

#include "base/test.h"
#include "deploy/record.h"

#define PRINT_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define PRINT_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static Record *parse(const char *text)
{
        Record *record;

        assert_int_equal(record_parse(text, strlen(text), &record), 0);
        return record;
}

static RecordTarget *add(Record *record, const char *label, const char *fingerprint)
{
        RecordTarget *target = record_get(record, label);

        assert_non_null(target);
        assert_int_equal(record_target_reset(target, fingerprint), 0);
        return target;
}

static void test_format__comes_back(void **state _unused_)
{
        _cleanup_(record_freep) Record *record = NULL, *again = NULL;
        _cleanup_free_ char *text = NULL;
        RecordTarget *target;

        assert_int_equal(record_new(&record), 0);
        target = add(record, "web", PRINT_A);
        assert_int_equal(strv_append(&target->done, "Reload=nginx.service"), 0);
        assert_int_equal(strv_append(&target->done, "Exec=/bin/x \"a\" \\ \n"), 0);
        assert_int_equal(strv_append(&target->paths, "/etc/web/key.pem"), 0);
        assert_non_null(record_get(record, RECORD_CONSUMERS));
        assert_int_equal(record_format(record, &text), 0);
        again = parse(text);
        assert_int_equal(again->n, 2);
        assert_string_equal(again->targets[0].fingerprint, PRINT_A);
        assert_true(strv_equal(again->targets[0].done, target->done));
        assert_true(strv_equal(again->targets[0].paths, target->paths));
        assert_string_equal(again->targets[1].label, RECORD_CONSUMERS);
        assert_null(again->targets[1].fingerprint);
        assert_int_equal(strv_length(again->targets[1].done), 0);
}

static void test_parse__what_is_none_of_ours(void **state _unused_)
{
        static const struct {
                const char *what, *text;
        } rows[] = {
                        {"nothing", ""},
                        {"no object", "[]"},
                        {"half", "{\"version\":1,\"targets\":[{"},
                        {"no version", "{\"targets\":[]}"},
                        {"newer", "{\"version\":2,\"targets\":[]}"},
                        {"no targets", "{\"version\":1}"},
                        {"a target that is none", "{\"version\":1,\"targets\":[1]}"},
                        {"no label", "{\"version\":1,\"targets\":[{\"done\":[]}]}"},
                        {"a path for a label",
                         "{\"version\":1,\"targets\":[{\"label\":\"../x\",\"done\":[]}]}"},
                        {"no list", "{\"version\":1,\"targets\":[{\"label\":\"a\"}]}"},
                        {"no list of strings",
                         "{\"version\":1,\"targets\":[{\"label\":\"a\",\"done\":[1]}]}"},
                        {"paths that are none",
                         "{\"version\":1,\"targets\":[{\"label\":\"a\",\"done\":[],\"paths\":1}]}"},
                        {"a label twice",
                         "{\"version\":1,\"targets\":[{\"label\":\"a\",\"done\":[]},"
                         "{\"label\":\"a\",\"done\":[]}]}"},
                        {"a member twice", "{\"version\":1,\"version\":1,\"targets\":[]}"},
        };

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                Record *record = NULL;

                assert_row(row->what,
                           record_parse(row->text, strlen(row->text), &record) == RECORD_E_DAMAGED);
                assert_row(row->what, !record);
        }
}

static void test_parse__members_of_a_later_version(void **state _unused_)
{
        _cleanup_(record_freep) Record *record = parse(
                        "{\"version\":1,\"more\":1,\"targets\":[{\"label\":\"a\",\"done\":[\"x\"],"
                        "\"more\":null}]}");

        assert_int_equal(record->n, 1);
        assert_null(record->targets[0].paths);
}

static void test_parse__too_many_targets(void **state _unused_)
{
        _cleanup_(record_freep) Record *record = NULL;
        char text[8192] = "{\"version\":1,\"targets\":[";
        Record *refused;

        for (unsigned i = 0; i < DEPLOY_TARGETS_MAX + 2; i++)
                snprintf(text + strlen(text),
                         sizeof(text) - strlen(text),
                         "%s{\"label\":\"t%u\",\"done\":[]}",
                         i > 0 ? "," : "",
                         i);
        strcat(text, "]}");
        assert_int_equal(record_parse(text, strlen(text), &refused), RECORD_E_DAMAGED);
        /* And one by one. */
        assert_int_equal(record_new(&record), 0);
        for (unsigned i = 0; i < DEPLOY_TARGETS_MAX + 1; i++) {
                char label[16];

                snprintf(label, sizeof(label), "t%u", i);
                assert_non_null(record_get(record, label));
        }
        assert_null(record_get(record, "one-more"));
        assert_non_null(record_get(record, "t0"));
}

static void test_has(void **state _unused_)
{
        _cleanup_(record_freep) Record *record = NULL;
        char *both[] = {(char *) "Reload=a", (char *) "Reload=b", NULL};
        char *one[] = {(char *) "Reload=b", NULL};
        RecordTarget *target;

        assert_int_equal(record_new(&record), 0);
        assert_false(record_has(record, "web", PRINT_A, NULL));
        target = add(record, "web", PRINT_A);
        assert_true(record_has(record, "web", PRINT_A, NULL));
        assert_false(record_has(record, "web", PRINT_A, one));
        assert_int_equal(strv_append(&target->done, "Reload=b"), 0);
        assert_true(record_has(record, "web", PRINT_A, one));
        assert_false(record_has(record, "web", PRINT_A, both));
        assert_false(record_has(record, "mail", PRINT_A, one));
        assert_false(record_has(record, "web", PRINT_B, one));
        /* Another certificate: all over again. */
        assert_int_equal(record_target_reset(target, PRINT_B), 0);
        assert_false(record_has(record, "web", PRINT_B, one));
        assert_int_equal(record_target_reset(target, NULL), 0);
        assert_false(record_has(record, "web", PRINT_B, NULL));
}

static void test_keep_only(void **state _unused_)
{
        DeployTarget targets[] = {{.label = (char *) "two"}, {.label = (char *) "four"}};
        _cleanup_(record_freep) Record *record = NULL;

        assert_int_equal(record_new(&record), 0);
        add(record, "one", PRINT_A);
        add(record, "two", PRINT_A);
        add(record, RECORD_CONSUMERS, PRINT_A);
        add(record, "three", PRINT_A);
        record_keep_only(record, targets, ELEMENTSOF(targets));
        assert_int_equal(record->n, 2);
        assert_string_equal(record->targets[0].label, "two");
        assert_string_equal(record->targets[1].label, RECORD_CONSUMERS);
        record_keep_only(record, NULL, 0);
        assert_int_equal(record->n, 1);
}

static void test_file_to_name(void **state _unused_)
{
        static const struct {
                const char *file, *name;
        } rows[] = {
                        {"a.example.org.json", "a.example.org"},
                        {"a.json", "a"},
                        {".json", NULL},
                        {"json", NULL},
                        {"a", NULL},
                        {"a.json.", NULL},
                        {".#a.json", NULL},
                        {"A.json", NULL},
                        {"", NULL},
        };
        char name[CERTIFICATE_NAME_MAX + 1], file[CERTIFICATE_NAME_MAX + 8];

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                assert_row(row->file, record_file_to_name(row->file, name) == !!row->name);
                assert_row(row->file, !row->name || streq(name, row->name));
        }
        memset(file, 'a', sizeof(file));
        strcpy(file + CERTIFICATE_NAME_MAX, ".json");
        assert_true(record_file_to_name(file, name));
        assert_int_equal(strlen(name), CERTIFICATE_NAME_MAX);
        memset(file, 'a', sizeof(file));
        strcpy(file + CERTIFICATE_NAME_MAX + 1, ".json");
        assert_false(record_file_to_name(file, name));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_format__comes_back),
                        cmocka_unit_test(test_parse__what_is_none_of_ours),
                        cmocka_unit_test(test_parse__members_of_a_later_version),
                        cmocka_unit_test(test_parse__too_many_targets),
                        cmocka_unit_test(test_has),
                        cmocka_unit_test(test_keep_only),
                        cmocka_unit_test(test_file_to_name),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
