/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/stat.h>

#include "base/test.h"
#include "config/unit-name.h"
#include "credentials/consumers.h"

static void put(const TestDirectory *d, const char *path, const char *text)
{
        char parent[256];
        int fd;

        for (const char *p = strchr(path, '/'); p; p = strchr(p + 1, '/')) {
                snprintf(parent, sizeof(parent), "%.*s", (int) (p - path), path);
                assert_true(mkdirat(d->fd, parent, 0755) == 0 || errno == EEXIST);
        }
        fd = openat(d->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), strlen(text));
        close(fd);
}

static void put_certificate(const TestDirectory *d, const char *file, const char *consumers)
{
        char path[256], text[256];

        put(d, "usr/lib/acme/ca.d/letsencrypt.conf", "[CA]\nDirectory=https://ca.example/dir\n");
        snprintf(path, sizeof(path), "etc/acme/certs/%s", file);
        snprintf(text,
                 sizeof(text),
                 "[Certificate]\nIdentifiers=a.example\nConsumers=%s\n",
                 consumers);
        put(d, path, text);
}

/* What is found, as words: "NAMES: a b LISTING: a". */
static void
expect(const TestDirectory *d, const char *unit, const char *name, int outcome, const char *listing)
{
        Consumers consumers;
        char *text;

        assert_row(unit, consumers_find(d->path, unit, name, &consumers) == outcome);
        assert_int_equal(strv_join(consumers.listing, " ", &text), 0);
        assert_string_equal(text, listing);
        free(text);
        consumers_done(&consumers);
}

static void test_unit_name_matches__table(void **state)
{
        static const struct {
                const char *entry, *unit;
                bool matches;
        } cases[] = {
                        {"a.service", "a.service", true},
                        {"a.service", "a.socket", false},
                        {"a.service", "ab.service", false},
                        {"a@.service", "a@b.service", true},
                        {"a@b.service", "a@b.service", true},
                        {"a@b.service", "a@c.service", false},
                        {"a@.service", "a.service", false},
                        {"a@.service", "ab@c.service", false},
                        {"a@.service", "a@b.socket", false},
                        {"a@.service", "a@b.c.service", true},
                        {"a@.service", "a@b@c.service", true},
                        {"a@b@.service", "a@b@c.service", false},
                        {"a.service", "a@b.service", false},
        };

        (void) state;
        FOREACH_ARRAY (c, cases, ELEMENTSOF(cases))
                assert_row(c->unit, unit_name_matches(c->entry, c->unit) == c->matches);
}

static void test_consumers_find__listed(void **state)
{
        TestDirectory *d = *state;

        put_certificate(d, "a.conf", "web.service mail.service");
        put_certificate(d, "b.conf", "mail.service");
        expect(d, "web.service", "", 0, "a");
        expect(d, "web.service", "a", 0, "a");
        expect(d, "web.service", "b", CONSUMERS_E_NOT_LISTED, "");
        expect(d, "mail.service", "", CONSUMERS_E_SEVERAL, "a b");
        expect(d, "mail.service", "b", 0, "b");
        expect(d, "mail.socket", "", CONSUMERS_E_NOT_LISTED, "");
        expect(d, "web.service", "c", CONSUMERS_E_NOT_LISTED, "");
}

static void test_consumers_find__nothing_configured(void **state)
{
        expect(*state, "web.service", "", CONSUMERS_E_NOT_LISTED, "");
}

static void test_consumers_find__instance(void **state)
{
        TestDirectory *d = *state;

        put_certificate(d, "a.conf", "web@one.service");
        put_certificate(d, "b.conf", "mail@.service");
        expect(d, "web@one.service", "", 0, "a");
        expect(d, "web@two.service", "", CONSUMERS_E_NOT_LISTED, "");
        expect(d, "mail@two.service", "", 0, "b");
}

static void test_consumers_find__drop_in_alone(void **state)
{
        TestDirectory *d = *state;

        put_certificate(d, "a.conf.d/10-x.conf", "web.service");
        expect(d, "web.service", "", 0, "a");
}

/* What is no NAME is nobody's configuration. */
static void test_consumers_find__other_files(void **state)
{
        static const char *const files[] = {"a.conf.bak",
                                            ".a.conf",
                                            "A.conf",
                                            "a-.conf",
                                            "conf",
                                            ".conf",
                                            "a.d",
                                            "a.conf~"};
        TestDirectory *d = *state;
        Consumers consumers;

        FOREACH_ARRAY (file, files, ELEMENTSOF(files))
                put_certificate(d, *file, "web.service");
        assert_int_equal(consumers_find(d->path, "web.service", "", &consumers),
                         CONSUMERS_E_NOT_LISTED);
        assert_null(consumers.names);
        consumers_done(&consumers);
}

static void test_consumers_find__broken(void **state)
{
        TestDirectory *d = *state;
        Consumers consumers;

        put_certificate(d, "a.conf", "web.service");
        put(d, "etc/acme/certs/broken.conf", "[Certificate]\nKeyType=dsa\n");
        assert_int_equal(consumers_find(d->path, "web.service", "", &consumers), 0);
        assert_string_equal(consumers.listing[0], "a");
        assert_int_equal(strv_length(consumers.problems), 1);
        assert_non_null(strstr(consumers.problems[0], "broken.conf:2"));
        consumers_done(&consumers);
        expect(d, "web.service", "broken", CONSUMERS_E_NOT_LISTED, "");
}

static void test_consumers_find__too_many(void **state)
{
        TestDirectory *d = *state;
        char file[64];

        for (unsigned i = 0; i <= CONSUMERS_NAMES_MAX; i++) {
                snprintf(file, sizeof(file), "etc/acme/certs/n%u.conf", i);
                put(d, file, "");
        }
        expect(d, "web.service", "", -E2BIG, "");
        put_certificate(d, "n5.conf", "web.service");
        expect(d, "web.service", "n5", 0, "n5");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_unit_name_matches__table),
                        cmocka_directory_test(test_consumers_find__listed),
                        cmocka_directory_test(test_consumers_find__nothing_configured),
                        cmocka_directory_test(test_consumers_find__instance),
                        cmocka_directory_test(test_consumers_find__drop_in_alone),
                        cmocka_directory_test(test_consumers_find__other_files),
                        cmocka_directory_test(test_consumers_find__broken),
                        cmocka_directory_test(test_consumers_find__too_many),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
