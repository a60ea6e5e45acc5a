/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The tables against what is written about them: every key is in its manual page and in acme.conf,
 * under its section, and nothing else is; the shipped files of CAs hold. */

#include <dirent.h>

#include "base/test.h"
#include "config/config.h"
#include "config/settings.h"
#include "config/values.h"

static char *slurp(const char *path)
{
        char *text = NULL;

        if (file_read(AT_FDCWD, path, CONFIG_FILE_BYTES_MAX, 0, &text, NULL) < 0)
                fail_msg("%s cannot be read", path);
        return text;
}

/* How often each setting has been met. */
typedef struct Count {
        unsigned n[SECTION_MAX][SETTINGS_PER_SECTION_MAX];
} Count;

static void count_key(Count *count, const Section *section, const char *key)
{
        const Setting *setting;

        if (!section)
                fail_msg("%s= stands outside of a section", key);
        setting = setting_find(section, key);
        if (!setting)
                fail_msg("%s= is described in [%s], and is none of its settings",
                         key,
                         section->name);
        count->n[section - sections][setting - section->settings]++;
}

/* Each setting of the sections of this kind once. */
static void expect_all(const Count *count, ConfigFile kind, const char *where)
{
        for (size_t s = 0; s < SECTION_MAX; s++)
                for (size_t i = 0; sections[s].file == kind && i < sections[s].n_settings; i++)
                        if (count->n[s][i] != 1)
                                fail_msg("%s= of [%s] stands %u times in %s",
                                         sections[s].settings[i].key,
                                         sections[s].name,
                                         count->n[s][i],
                                         where);
}

/* "Deploy LABEL" as manuals and examples write it. */
static const Section *find_title(const char *title)
{
        FOREACH_ARRAY (section, sections, SECTION_MAX) {
                if (streq(section->title, title))
                        return section;
        }
        return NULL;
}

/* ".Sh [Section] SECTION" and ".It Cm Key Ns = Ns …". */
static void count_page(const char *path, Count *count)
{
        _cleanup_free_ char *text = slurp(path);
        const Section *section = NULL;
        char *rest = text, *line;

        while ((line = strsep(&rest, "\n"))) {
                char name[64];

                if (sscanf(line, ".Sh [%63[A-Za-z ]] SECTION", name) == 1) {
                        section = find_title(name);
                        if (!section)
                                fail_msg("%s describes [%s], which is no section", path, name);
                } else if (startswith(line, ".Sh "))
                        section = NULL;
                else if (sscanf(line, ".It Cm %63[A-Za-z0-9] Ns = Ns", name) == 1)
                        count_key(count, section, name);
        }
}

static void test_manual__acme_conf(void **state _unused_)
{
        Count count = {};

        count_page(SOURCE "/man/acme.conf.5", &count);
        expect_all(&count, CONFIG_FILE_MAIN, "acme.conf(5)");
        expect_all(&count, CONFIG_FILE_CA, "acme.conf(5)");
        expect_all(&count, CONFIG_FILE_DNS, "acme.conf(5)");
        for (size_t i = 0; i < CERTIFICATE_MAX; i++)
                assert_int_equal(count.n[SECTION_CERTIFICATE][i], 0);
}

static void test_manual__acme_certificate(void **state _unused_)
{
        Count count = {};

        count_page(SOURCE "/man/acme-certificate.5", &count);
        expect_all(&count, CONFIG_FILE_CERTIFICATE, "acme-certificate(5)");
}

/* The default, or, where there is none, an example that holds. */
static void check_example(const Section *section, const char *key, const char *value)
{
        const Setting *setting = setting_find(section, key);
        const char *reason = NULL;

        if (setting->initial)
                assert_string_equal(value, setting->initial);
        else {
                _cleanup_free_ char *normal = NULL, *word = strdup(value);

                /* Of a list, its first word. */
                if (setting->list_max > 0 && !setting->is_by_line)
                        word[strcspn(word, " ")] = 0;
                assert_row(key, setting->check(word, &normal, &reason) == 0);
        }
}

/* "[Section]", "[Section label]" and "#Key=value"; nothing is set. */
static void check_commented_out(const char *path, ConfigFile kind)
{
        _cleanup_free_ char *text = slurp(path);
        const Section *section = NULL;
        char *rest = text, *line;
        Count count = {};

        while ((line = strsep(&rest, "\n"))) {
                char name[64], value[128];
                const char *label;

                if (sscanf(line, "[%63[A-Za-z ]]", name) == 1) {
                        section = section_match(name, &label);
                        assert_row(line, section && section->file == kind);
                        assert_row(line, !label || deploy_label_is_valid(label));
                } else if (sscanf(line, "#%63[A-Za-z0-9]=%127[^\n]", name, value) == 2) {
                        count_key(&count, section, name);
                        check_example(section, name, value);
                } else
                        assert_row(line, *line == 0 || startswith(line, "# ") || streq(line, "#"));
        }
        expect_all(&count, kind, path);
}

static void test_acme_conf__every_setting_commented_out(void **state _unused_)
{
        check_commented_out(SOURCE "/conf/acme.conf", CONFIG_FILE_MAIN);
}

static void test_certificate_conf__every_setting_commented_out(void **state _unused_)
{
        check_commented_out(SOURCE "/conf/certificate.conf", CONFIG_FILE_CERTIFICATE);
}

/* Reads the file with every setting uncommented: no error, no warning. */
static void read_uncommented(const char *path, ConfigFile kind, Values *values)
{
        _cleanup_free_ char *text = slurp(path);
        ConfigError error = {};

        for (char *p = text; (p = strstr(p, "\n#")); p++)
                if (p[2] != ' ' && p[2] != '\n')
                        p[1] = ' ';
        if (values_read(values, kind, path, text, strlen(text), &error) != 0)
                fail_msg("%s", error.message);
        assert_null(values->warnings);
}

static void test_acme_conf__every_key_taken(void **state _unused_)
{
        Values values = {};

        read_uncommented(SOURCE "/conf/acme.conf", CONFIG_FILE_MAIN, &values);
        for (size_t s = 0; s < SECTION_MAX; s++)
                for (size_t i = 0; i < sections[s].n_settings; i++)
                        assert_true((values.values[s][i].n_words > 0) ==
                                    (sections[s].file == CONFIG_FILE_MAIN));
        values_done(&values);
}

static void test_certificate_conf__every_key_taken(void **state _unused_)
{
        Values values = {};

        read_uncommented(SOURCE "/conf/certificate.conf", CONFIG_FILE_CERTIFICATE, &values);
        for (size_t i = 0; i < CERTIFICATE_MAX; i++)
                assert_true(values.values[SECTION_CERTIFICATE][i].n_words > 0);
        assert_int_equal(values.n_targets, 1);
        for (size_t i = 0; i < TARGET_MAX; i++)
                assert_true(values.targets[0].values[i].n_words > 0);
        values_done(&values);
}

static void check_ca_file(const char *name)
{
        _cleanup_free_ char *path = NULL, *text = NULL;
        Values values = {};
        ConfigError error = {};

        assert_true(asprintf(&path, SOURCE "/conf/ca.d/%s", name) > 0);
        text = slurp(path);
        if (values_read(&values, CONFIG_FILE_CA, path, text, strlen(text), &error) != 0)
                fail_msg("%s", error.message);
        assert_row(name, !values.warnings);
        assert_row(name, values.values[SECTION_CA][CA_DIRECTORY].n_words == 1);
        values_done(&values);
}

static void test_ca_files__hold(void **state _unused_)
{
        DIR *directory = opendir(SOURCE "/conf/ca.d");
        const struct dirent *entry;
        unsigned n = 0;

        assert_non_null(directory);
        while ((entry = readdir(directory)))
                if (entry->d_name[0] != '.') {
                        check_ca_file(entry->d_name);
                        n++;
                }
        closedir(directory);
        assert_true(n >= 6);
}

static void test_sections__whole(void **state _unused_)
{
        FOREACH_ARRAY (section, sections, SECTION_MAX) {
                assert_ptr_equal(section_find(section->name), section);
                assert_true(section->n_settings <= SETTINGS_PER_SECTION_MAX);
                assert_true(startswith(section->title, section->name));
                FOREACH_ARRAY (setting, section->settings, section->n_settings) {
                        assert_ptr_equal(setting_find(section, setting->key), setting);
                        assert_non_null(setting->allowed);
                        assert_non_null(setting->check);
                }
        }
        assert_null(section_find("defaults"));
        assert_null(section_find(""));
        assert_null(setting_find(&sections[SECTION_DEFAULTS], "Identifiers"));
}

static void test_section_match__table(void **state _unused_)
{
        static const struct {
                const char *head;
                int section; /* -1: none */
                const char *label;
        } rows[] = {
                        {"Certificate", SECTION_CERTIFICATE, NULL},
                        {"Certificate a", -1, NULL},
                        {"Deploy nginx", SECTION_DEPLOY, "nginx"},
                        {"Deploy \t nginx", SECTION_DEPLOY, "nginx"},
                        {"Deploy a b", SECTION_DEPLOY, "a b"},
                        {"Deploy", SECTION_DEPLOY, ""},
                        {"Deploy ", SECTION_DEPLOY, ""},
                        {"Deployment", -1, NULL},
                        {"deploy nginx", -1, NULL},
                        {"", -1, NULL},
        };

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                const char *label = "none";
                const Section *section = section_match(row->head, &label);

                assert_row(row->head, (section ? section - sections : -1) == row->section);
                assert_row(row->head, streq_ptr(label, row->label));
        }
}

/* The files stand at their DeployFile. */
static void test_sections__deploy_has_the_files(void **state _unused_)
{
        for (DeployFile file = 0; file < DEPLOY_FILE_MAX; file++)
                assert_string_equal(sections[SECTION_DEPLOY].settings[file].key,
                                    deploy_file_to_string(file));
}

/* What [Defaults] has, [Certificate] has at the same place. */
static void test_sections__certificate_has_the_defaults(void **state _unused_)
{
        for (size_t i = 0; i < DEFAULTS_MAX; i++)
                assert_memory_equal(&sections[SECTION_DEFAULTS].settings[i],
                                    &sections[SECTION_CERTIFICATE].settings[i],
                                    sizeof(Setting));
}

static void test_values_fill_initial__each_default_holds(void **state _unused_)
{
        Values values = {};
        ConfigError error = {};

        assert_int_equal(values_fill_initial(&values, &error), 0);
        assert_int_equal(values.values[SECTION_WEBROOT][WEBROOT_LISTEN].n_words, 2);
        assert_int_equal(values.values[SECTION_CERTIFICATE][DEFAULTS_CA].n_words, 0);
        values_done(&values);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_manual__acme_conf),
                        cmocka_unit_test(test_manual__acme_certificate),
                        cmocka_unit_test(test_acme_conf__every_setting_commented_out),
                        cmocka_unit_test(test_acme_conf__every_key_taken),
                        cmocka_unit_test(test_certificate_conf__every_setting_commented_out),
                        cmocka_unit_test(test_certificate_conf__every_key_taken),
                        cmocka_unit_test(test_ca_files__hold),
                        cmocka_unit_test(test_sections__whole),
                        cmocka_unit_test(test_section_match__table),
                        cmocka_unit_test(test_sections__deploy_has_the_files),
                        cmocka_unit_test(test_sections__certificate_has_the_defaults),
                        cmocka_unit_test(test_values_fill_initial__each_default_holds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
