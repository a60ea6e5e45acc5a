/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* [Deploy LABEL], Consumers=, Placeholder=: what files say of them, and what it comes to. */

#include "config/test-tree.h"

#define HEAD "[Certificate]\nIdentifiers=a.example\n"

static void test_resolve_deploy__everything_said(void **state)
{
        static const char text[] = "[Deploy a]\n"
                                   "PrivateKey=/srv/a/key\nBundle=/srv/a/bundle\n"
                                   "PKCS12=/srv/a/p12\nCertificate=/srv/a/cert\n"
                                   "Chain=/srv/a/chain\nFullChain=/srv/a/full\n"
                                   "Owner=postgres\nGroup=33\nMode=644\n"
                                   "PKCS12Password=java\n"
                                   "Reload=a.service b@1.service\nReload=c.service\n"
                                   "Restart=d.service\nTryReload=e.service\n"
                                   "Exec=/bin/echo \"a b\" 'c\\'d' \\s%n$PATH\n"
                                   "Verify=A.example:443\n"
                                   "Verify=[::1]:25  starttls=smtp\tsni=mail.example\n"
                                   "After=b.2\n" HEAD "Consumers=x.service y.service\n"
                                   "[Deploy b.2]\nReload=a.service\n";
        const TestDirectory *d = *state;
        _cleanup_(config_freep) Config *config = NULL;
        DeployTarget *a;

        put_ca(d);
        put(d, CERTIFICATE, text);
        config = load(d, "www");
        assert_null(config->warnings);
        assert_list(config->consumers, "x.service y.service");
        assert_true(config->placeholder);
        assert_int_equal(config->n_deploy, 2);
        a = config->deploy;
        assert_string_equal(a->label, "a");
        assert_int_equal(a->line, 1);
        assert_non_null(strstr(a->file, CERTIFICATE));
        assert_string_equal(a->paths[DEPLOY_PRIVATE_KEY], "/srv/a/key");
        assert_string_equal(a->paths[DEPLOY_BUNDLE], "/srv/a/bundle");
        assert_string_equal(a->paths[DEPLOY_PKCS12], "/srv/a/p12");
        assert_string_equal(a->paths[DEPLOY_CERTIFICATE], "/srv/a/cert");
        assert_string_equal(a->paths[DEPLOY_CHAIN], "/srv/a/chain");
        assert_string_equal(a->paths[DEPLOY_FULL_CHAIN], "/srv/a/full");
        assert_string_equal(a->pkcs12_password, "java");
        assert_string_equal(a->owner, "postgres");
        assert_string_equal(a->group, "33");
        assert_int_equal(deploy_target_mode(a, DEPLOY_FULL_CHAIN), 0644);
        assert_int_equal(deploy_target_mode(a, DEPLOY_PRIVATE_KEY), 0640);
        assert_list(a->reload, "a.service b@1.service c.service");
        assert_list(a->restart, "d.service");
        assert_list(a->try_reload, "e.service");
        assert_list(a->exec, "/bin/echo a b c'd  %n$PATH");
        assert_int_equal(strv_length(a->exec), 4);
        assert_int_equal(a->n_verify, 2);
        assert_string_equal(a->verify[0].text, "a.example:443");
        assert_string_equal(a->verify[1].text, "[::1]:25 starttls=smtp sni=mail.example");
        assert_string_equal(a->after, "b.2");
        assert_string_equal(config->deploy[1].label, "b.2");
        assert_int_equal(config->deploy[1].line, 23);
        assert_null(config->deploy[1].exec);
}

static void test_resolve_deploy__nothing_said(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_(config_freep) Config *config = NULL;

        put_ca(d);
        put(d, CERTIFICATE, HEAD "[Deploy empty]\n");
        config = load(d, "www");
        assert_int_equal(config->n_deploy, 0);
        assert_null(config->deploy);
        assert_null(config->consumers);
        assert_false(config->placeholder);
        assert_false(config->stateless);
        assert_null(config->thumbprint);
}

static void test_resolve_deploy__drop_ins_go_on(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_(config_freep) Config *config = NULL;
        DeployTarget *target;

        put_ca(d);
        put(d,
            CERTIFICATE,
            HEAD "[Deploy a]\nVerify=a.example:1\nVerify=a.example:2\nChain=/srv/1\nOwner=root\n"
                 "Reload=a.service\n[Deploy b]\nChain=/srv/2\n");
        put(d,
            CERTIFICATE ".d/1.conf",
            "[Deploy \t a]\nVerify=\nVerify=a.example:3\nVerify=a.example:4\nOwner=\nChain=/srv/3\n"
            "Reload=b.service\n[Deploy c]\nColour=blue\n");
        config = load(d, "www");
        assert_int_equal(config->n_deploy, 3);
        target = config->deploy;
        assert_non_null(strstr(target->file, "www.conf"));
        assert_null(strstr(target->file, "1.conf"));
        assert_int_equal(target->n_verify, 2);
        assert_string_equal(target->verify[0].text, "a.example:3");
        assert_null(target->owner);
        assert_string_equal(target->paths[DEPLOY_CHAIN], "/srv/3");
        assert_list(target->reload, "a.service b.service");
        assert_string_equal(config->deploy[2].label, "c");
        assert_int_equal(strv_length(config->warnings), 1);
        assert_non_null(strstr(config->warnings[0], "Colour= is not known in [Deploy LABEL]"));
}

static void test_resolve_use__placeholder(void **state)
{
        static const struct {
                const char *text;
                bool placeholder;
        } rows[] = {
                        {HEAD, false},
                        {HEAD "Placeholder=yes\n", true},
                        {HEAD "Placeholder=no\n", false},
                        {HEAD "Consumers=a.service\n", true},
                        {HEAD "Consumers=a.service\nConsumers=\n", false},
                        {HEAD "Consumers=a.service\nPlaceholder=no\n", false},
                        {HEAD "[Deploy a]\nReload=a.service\n", true},
                        {HEAD "Placeholder=no\n[Deploy a]\nReload=a.service\n", false},
                        {HEAD "Placeholder=no\nPlaceholder=\n[Deploy a]\nReload=a.service\n", true},
        };
        const TestDirectory *d = *state;

        put_ca(d);
        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                _cleanup_(config_freep) Config *config = NULL;

                put(d, CERTIFICATE, row->text);
                config = load(d, "www");
                assert_row(row->text, config->placeholder == row->placeholder);
        }
}

static void test_resolve_webroot__stateless(void **state)
{
        static const char thumbprint[] = "LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ";
        const TestDirectory *d = *state;
        _cleanup_(config_freep) Config *config = NULL;

        put(d,
            MAIN,
            "[WebRoot]\nStateless=yes\nThumbprint=LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ\n");
        config = load(d, NULL);
        assert_true(config->stateless);
        assert_string_equal(config->thumbprint, thumbprint);
}

/* Each behind HEAD; the line is from the file's first. */
static void test_resolve_deploy__refused(void **state)
{
        static const struct {
                const char *text;
                unsigned line;
                const char *key, *words;
        } rows[] = {
                        {"[Deploy]\nChain=/srv/a\n", 3, NULL, "[Deploy] is refused. Allowed: "},
                        {"[Deploy a b]\nChain=/srv/a\n", 3, NULL, "[Deploy a b] is refused"},
                        {"[Deploy a/b]\nColour=blue\n", 3, NULL, "[A-Za-z0-9][A-Za-z0-9_.-]{0,31}"},
                        {"[Deploy .a]\nChain=/srv/a\n", 3, NULL, "is refused"},
                        {"[Deploy a]\nChain=srv/a\n", 4, "Chain", "not an absolute path"},
                        {"[Deploy a]\nMode=0755\n", 4, "Mode", "Allowed: an octal mode"},
                        {"[Deploy a]\nReload=nginx\n", 4, "Reload", "such as nginx.service"},
                        {"[Deploy a]\nReload=a.service \\\n b@.service\n", 5, "Reload", "instance"},
                        {"[Deploy a]\nExec=echo\n", 4, "Exec", "not an absolute path"},
                        {"[Deploy a]\nVerify=a.example\n", 4, "Verify", "Allowed: HOST:PORT"},
                        {"[Deploy a]\nVerify=a.example:1\nVerify=A.example:1\n",
                         5,
                         "Verify",
                         "has a.example:1 already"},
                        {"[Deploy a]\nPKCS12=/srv/a\n", 4, "PKCS12", "needs PKCS12Password="},
                        {"[Deploy a]\nOwner=0x0\n", 4, "Owner", "Allowed: a user's name or number"},
                        {"[Deploy a]\nChain=/srv/a\nFullChain=/srv/a\n",
                         5,
                         "FullChain",
                         "is Chain= of [Deploy a] already, from "},
                        {"[Deploy a]\nChain=/srv/a\n[Deploy b]\nPrivateKey=/srv/a\n",
                         6,
                         "PrivateKey",
                         "is Chain= of [Deploy a] already, from "},
                        {"[Deploy a]\nAfter=b\n", 4, "After", "there is no section [Deploy b]"},
                        {"[Deploy a]\nAfter=a\n", 4, "After", "[Deploy a] would come after itself"},
                        {"[Deploy a]\nAfter=b\n[Deploy b]\nAfter=c\n[Deploy c]\nAfter=a\n",
                         4,
                         "After",
                         "would come after itself"},
                        {"[Deploy a]\nAfter=b\n[Deploy b]\nAfter=b\n", 6, "After", "[Deploy b]"},
                        {"[Certificate]\nConsumers=a.b\n", 4, "Consumers", "Allowed: whole names"},
                        {"[Certificate]\nPlaceholder=?\n", 4, "Placeholder", "Allowed: yes or no"},
        };
        const TestDirectory *d = *state;

        put_ca(d);
        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                char text[512];

                snprintf(text, sizeof(text), HEAD "%s", row->text);
                put(d, CERTIFICATE, text);
                expect_error(d, "www", CERTIFICATE, row->line, row->key, row->words);
        }
}

static void test_resolve_deploy__password_without_pkcs12(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_(config_freep) Config *config = NULL;

        put_ca(d);
        put(d, CERTIFICATE, HEAD "[Deploy a]\nPKCS12Password=/srv/password\n");
        config = load(d, "www");
        assert_int_equal(strv_length(config->warnings), 1);
        assert_non_null(strstr(config->warnings[0], "with PKCS12= only"));
}

static void test_resolve_deploy__limits(void **state)
{
        static const struct {
                const char *head, *word;
                unsigned line;
                const char *key;
        } rows[] = {
                        {"", "[Deploy t%u]\nReload=a.service\n", 2 + 64 + 1, NULL},
                        {"[Deploy a]\n", "Verify=a.example:%u\n", 3 + 33, "Verify"},
                        {"[Deploy a]\n", "Reload=u%u.service\n", 3 + 33, "Reload"},
                        {"[Deploy a]\n", "Restart=u%u.service\n", 3 + 33, "Restart"},
                        {"[Deploy a]\n", "TryReload=u%u.service\n", 3 + 33, "TryReload"},
                        {"[Certificate]\n", "Consumers=u%u.service\n", 3 + 33, "Consumers"},
        };
        const TestDirectory *d = *state;

        put_ca(d);
        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                char text[4096] = HEAD;
                size_t n = strlen(text);

                n += (size_t) snprintf(text + n, sizeof(text) - n, "%s", row->head);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
                for (unsigned i = 1; i <= 32; i++)
                        n += (size_t) snprintf(text + n, sizeof(text) - n, row->word, i);
                put(d, CERTIFICATE, text);
                config_free(load(d, "www"));
                snprintf(text + n, sizeof(text) - n, row->word, 33);
#pragma GCC diagnostic pop
                put(d, CERTIFICATE, text);
                expect_error(d, "www", CERTIFICATE, row->line, row->key, "which is the limit");
        }
}

static void test_resolve_deploy__belongs_to_a_certificate(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_(config_freep) Config *config = NULL;

        put(d, MAIN, "[Deploy a]\nChain=nonsense\n");
        config = load(d, NULL);
        assert_int_equal(config->n_deploy, 0);
        assert_int_equal(strv_length(config->warnings), 1);
        assert_non_null(strstr(config->warnings[0], "it belongs into certs/NAME.conf"));
}

static void test_deploy_target_mode__never_for_others_with_a_key(void **state _unused_)
{
        static const struct {
                bool has_mode;
                mode_t mode, key, certificate;
        } rows[] = {
                        {false, 0, 0600, 0644},
                        {true, 0666, 0660, 0666},
                        {true, 0644, 0640, 0644},
                        {true, 0640, 0640, 0640},
                        {true, 0400, 0400, 0400},
        };

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                DeployTarget target = {.has_mode = row->has_mode, .mode = row->mode};

                for (DeployFile file = 0; file < DEPLOY_FILE_MAX; file++) {
                        bool has_key = file <= DEPLOY_PKCS12;

                        assert_int_equal(deploy_file_has_key(file), has_key);
                        assert_int_equal(deploy_target_mode(&target, file),
                                         has_key ? row->key : row->certificate);
                }
        }
}

static void test_starttls__there_and_back(void **state _unused_)
{
        assert_null(starttls_to_string(STARTTLS_NONE));
        for (StartTls i = STARTTLS_NONE + 1; i < STARTTLS_MAX; i++)
                assert_int_equal(starttls_from_string(starttls_to_string(i)), i);
        assert_int_equal(starttls_from_string("SMTP"), STARTTLS_INVALID);
        assert_int_equal(starttls_from_string(""), STARTTLS_INVALID);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_directory_test(test_resolve_deploy__everything_said),
                        cmocka_directory_test(test_resolve_deploy__nothing_said),
                        cmocka_directory_test(test_resolve_deploy__drop_ins_go_on),
                        cmocka_directory_test(test_resolve_use__placeholder),
                        cmocka_directory_test(test_resolve_webroot__stateless),
                        cmocka_directory_test(test_resolve_deploy__refused),
                        cmocka_directory_test(test_resolve_deploy__password_without_pkcs12),
                        cmocka_directory_test(test_resolve_deploy__limits),
                        cmocka_directory_test(test_resolve_deploy__belongs_to_a_certificate),
                        cmocka_unit_test(test_deploy_target_mode__never_for_others_with_a_key),
                        cmocka_unit_test(test_starttls__there_and_back),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
