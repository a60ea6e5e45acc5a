/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whether a run is a dry one, and with whom. */

#include "config/dry-run.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "config/test-tree.h"

#define NAME "www"
#define REQUEST "run/acme/dry-run/" NAME
#define NOW_USEC (1800000000 * USEC_PER_SEC)

static const struct {
        const char *path, *text;
} files[] = {
                {"etc/acme/ca.d/real.conf",
                 "[CA]\nDirectory=https://real.example/dir\nStaging=twin\n"},
                {"etc/acme/ca.d/twin.conf",
                 "[CA]\nDirectory=https://twin.example/dir\nOrigins=https://other.example\n"
                 "Staging=nobody\n"},
                {"etc/acme/ca.d/lone.conf", "[CA]\nDirectory=https://lone.example/dir\n"},
                {"etc/acme/ca.d/url.conf",
                 "[CA]\nDirectory=https://a.example/dir\nStaging=https://b.example/dir\n"},
                {"etc/acme/ca.d/self.conf",
                 "[CA]\nDirectory=https://s.example/dir\nStaging=self\n"},
                {"etc/acme/ca.d/lost.conf", "[CA]\nDirectory=https://l.example/dir\nStaging=no\n"},
};

static void write_all(const TestDirectory *d, const char *certificate)
{
        FOREACH_ARRAY (file, files, ELEMENTSOF(files))
                put(d, file->path, file->text);
        put(d, CERTIFICATE, certificate);
        put(d, CERTIFICATE ".d/names.conf", "[Certificate]\nIdentifiers=a.example\n");
}

/* Return: as config_load_for_run(). */
static int load_run(const TestDirectory *d, Config **ret, ConfigError *error)
{
        return config_load_for_run(NAME, d->path, NOW_USEC, ret, error);
}

static void expect_twins(void **state, const char *certificate, const char *names)
{
        const TestDirectory *d = *state;
        _cleanup_strv_free_ char **list = NULL;
        _cleanup_(config_freep) Config *config = NULL;
        ConfigError error;

        write_all(d, certificate);
        assert_int_equal(load_run(d, &config, &error), 0);
        assert_true(config->is_dry_run);
        FOREACH_ARRAY (ca, config->cas, config->n_cas)
                assert_int_equal(strv_append(&list, ca->account), 0);
        assert_list(list, names);
        assert_string_equal(config->ca, config->cas[0].name);
        config_error_done(&error);
}

static void test_config_load_for_run__twins(void **state)
{
        expect_twins(state, "[Certificate]\nDryRun=yes\nCA=real\n", "twin");
        expect_twins(state, "[Certificate]\nDryRun=yes\nCA=real\nAccount=shop\n", "twin@shop");
        expect_twins(state, "[Certificate]\nDryRun=yes\nCA=lone real https://x.example/\n", "twin");
}

static void test_config_load_for_run__url(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_(config_freep) Config *config = NULL;
        ConfigError error;

        write_all(d, "[Certificate]\nDryRun=yes\nCA=url\n");
        assert_int_equal(load_run(d, &config, &error), 0);
        assert_string_equal(config->directory, "https://b.example/dir");
        assert_list(config->origins, "https://b.example");
        config_error_done(&error);
}

static void test_config_load_for_run__no_twin(void **state)
{
        static const struct {
                const char *certificate, *key, *words;
        } rows[] = {
                        {"[Certificate]\nDryRun=yes\nCA=lone\n", "CA", "needs a CA with a staging"},
                        {"[Certificate]\nDryRun=yes\nCA=https://x.example/\n",
                         "CA",
                         "needs a CA with a staging"},
                        {"[Certificate]\nDryRun=yes\nCA=self\n", "Staging", "it is the CA itself"},
                        {"[Certificate]\nDryRun=yes\nCA=lost\n", "Staging", "there is no no.conf"},
        };
        const TestDirectory *d = *state;

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                _cleanup_(config_freep) Config *config = NULL;
                ConfigError error;

                write_all(d, row->certificate);
                assert_row(row->certificate, load_run(d, &config, &error) == CONFIG_E_INVALID);
                assert_null(config);
                assert_row(row->certificate, streq_ptr(error.key, row->key));
                assert_row(error.message, strstr(error.message, row->words));
                config_error_done(&error);
                /* For everybody else it holds. */
                assert_int_equal(config_load(NAME, d->path, &config, &error), 0);
                assert_false(config->is_dry_run);
                assert_true(config->dry_run);
                config_error_done(&error);
        }
}

static void request_at(const TestDirectory *d, usec_t usec)
{
        struct timespec times[2];

        put(d, REQUEST, "");
        times[0].tv_sec = times[1].tv_sec = (time_t) (usec / USEC_PER_SEC);
        times[0].tv_nsec = times[1].tv_nsec = 0;
        assert_int_equal(utimensat(d->fd, REQUEST, times, 0), 0);
}

static void test_config_load_for_run__requested(void **state)
{
        static const struct {
                const char *when;
                int64_t age_sec;
                bool is_dry_run;
        } rows[] = {
                        {"now", 0, true},
                        {"a minute ago", 60, true},
                        {"just before", 15 * 60 - 1, true},
                        {"too long ago", 15 * 60, false},
                        {"yesterday", 86400, false},
                        {"in the future", -1, false},
        };
        const TestDirectory *d = *state;

        write_all(d, "[Certificate]\nCA=real\n");
        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                _cleanup_(config_freep) Config *config = NULL;
                ConfigError error;

                request_at(d, NOW_USEC - (usec_t) (row->age_sec * (int64_t) USEC_PER_SEC));
                assert_row(row->when, load_run(d, &config, &error) == 0);
                assert_row(row->when, config->is_dry_run == row->is_dry_run);
                assert_row(row->when, streq(config->ca, row->is_dry_run ? "twin" : "real"));
                assert_false(config->dry_run);
                config_error_done(&error);
        }
}

#define test_of(function)                                                                          \
        cmocka_unit_test_setup_teardown(function, test_directory_setup, test_directory_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                        test_of(test_config_load_for_run__twins),
                        test_of(test_config_load_for_run__url),
                        test_of(test_config_load_for_run__no_twin),
                        test_of(test_config_load_for_run__requested),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
