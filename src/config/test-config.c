/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What files say, and what it comes to. */

#include "config/test-tree.h"

static void test_config_load__nothing_but_a_name(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_(config_freep) Config *config = NULL;

        put_ca(d);
        config = load(d, "example.org");
        assert_string_equal(config->name, "example.org");
        assert_list(config->identifiers, "example.org");
        assert_string_equal(config->ca, "letsencrypt");
        assert_string_equal(config->account, "letsencrypt");
        assert_string_equal(config->directory, "https://ca.example/dir");
        assert_list(config->origins, "https://ca.example");
        assert_null(config->trust);
        assert_null(config->contact);
        assert_false(config->terms_of_service_agreed);
        assert_int_equal(config->key_type, KEY_TYPE_EC_P256);
        assert_int_equal(config->account_key_type, KEY_TYPE_EC_P256);
        assert_true(config->renew_key);
        assert_listen(config, "0.0.0.0:80 [::]:80");
        assert_string_equal(config->webroot_directory, "/run/acme/challenges");
        assert_int_equal(config->firewall_mode, FIREWALL_AUTO);
        assert_null(config->set_family);
        assert_null(config->warnings);
}

static void test_config_load__acme_conf_alone(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_(config_freep) Config *config = NULL;

        put(d,
            MAIN,
            "[Defaults]\nCA=there-is-none\n[WebRoot]\nListen=8080\nDirectory=/srv/acme/\n"
            "[Firewall]\nMode=set\nSet=inet filter acme\n");
        config = load(d, NULL);
        assert_null(config->name);
        assert_null(config->identifiers);
        assert_null(config->ca);
        assert_listen(config, "0.0.0.0:8080 [::]:8080");
        assert_string_equal(config->webroot_directory, "/srv/acme");
        assert_int_equal(config->firewall_mode, FIREWALL_SET);
        assert_string_equal(config->set_family, "inet");
        assert_string_equal(config->set_table, "filter");
        assert_string_equal(config->set_name, "acme");
}

static void test_config_load__everything_said(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_(config_freep) Config *config = NULL;

        put_ca(d);
        put(d,
            MAIN,
            "[Defaults]\nCA=letsencrypt\nContact=a@example.org\nTermsOfServiceAgreed=yes\nKeyType="
            "rsa-2048\n"
            "AccountKeyType=ed25519\nRenewKey=no\nTrust=/etc/a.pem\n"
            "Profile=shortlived tls-server.2\nProfileRequired=yes\nPreferredChain=ISRG Root X1\n"
            "Lifetime=10d\nBackdate=1h\n"
            "[WebRoot]\nListen=192.0.2.1:80 [2001:db8::1]:80 80\n[Firewall]\nMode=off\n");
        put(d,
            "etc/acme/ca.d/own.conf",
            "[CA]\nDirectory=https://own.example/dir\nOrigins=https://b.example:8443 "
            "https://OWN.example\n");
        put(d,
            CERTIFICATE,
            "[Certificate]\nIdentifiers=www.example.org Example.ORG. b\xc3\xbc"
            "cher.example\nCA=own\nContact=b@example.org "
            "mailto:c@example.org\nTermsOfServiceAgreed=no\n"
            "KeyType=ec-p384\nAccountKeyType=rsa-4096\nRenewKey=yes\nTrust=/etc/b.pem\n"
            "Profile=classic\nProfileRequired=no\n");
        config = load(d, "www");
        assert_list(config->identifiers, "example.org www.example.org xn--bcher-kva.example");
        assert_string_equal(config->ca, "own");
        assert_string_equal(config->directory, "https://own.example/dir");
        assert_list(config->origins, "https://own.example https://b.example:8443");
        assert_list(config->contact, "mailto:b@example.org mailto:c@example.org");
        assert_false(config->terms_of_service_agreed);
        assert_int_equal(config->key_type, KEY_TYPE_EC_P384);
        assert_int_equal(config->account_key_type, KEY_TYPE_RSA_4096);
        assert_true(config->renew_key);
        assert_string_equal(config->trust, "/etc/b.pem");
        assert_list(config->profiles, "classic");
        assert_false(config->profile_required);
        assert_listen(config, "192.0.2.1:80 [2001:db8::1]:80 0.0.0.0:80 [::]:80");
        assert_int_equal(config->firewall_mode, FIREWALL_OFF);

        put(d, CERTIFICATE, "[Certificate]\nIdentifiers=example.org\n");
        config_free(TAKE_PTR(config));
        config = load(d, "www");
        assert_list(config->contact, "mailto:a@example.org");
        assert_true(config->terms_of_service_agreed);
        assert_int_equal(config->key_type, KEY_TYPE_RSA_2048);
        assert_int_equal(config->account_key_type, KEY_TYPE_ED25519);
        assert_false(config->renew_key);
        assert_string_equal(config->trust, "/etc/a.pem");
        assert_list(config->profiles, "shortlived tls-server.2");
        assert_true(config->profile_required);
        assert_string_equal(config->preferred_chain, "ISRG Root X1");
        assert_true(config->lifetime_usec == 10 * USEC_PER_DAY);
        assert_true(config->backdate_usec == USEC_PER_HOUR);
}

static void test_config_load__two_key_types(void **state)
{
        static const struct {
                const char *value, *words;
        } refused[] = {
                        {"ec-p256 ec-p384", "two keys of one kind"},
                        {"rsa-2048 rsa-2048", "already"},
                        {"ec-p256 rsa-2048 ec-p384", "more than 2 words"},
                        {"rsa-2048 ed25519", "ed25519"},
        };
        const TestDirectory *d = *state;
        _cleanup_(config_freep) Config *config = NULL;

        put_ca(d);
        put(d,
            CERTIFICATE,
            "[Certificate]\nIdentifiers=a.example\nKeyType=rsa-4096 ec-p384\n"
            "[Deploy web]\nBundle=/srv/site.pem\n");
        config = load(d, "www");
        assert_int_equal(config->n_key_types, 2);
        assert_int_equal(config->key_type, KEY_TYPE_RSA_4096);
        assert_null(config->variant);
        assert_string_equal(config->deploy[0].second_paths[DEPLOY_BUNDLE], "/srv/site.ec.pem");
        config_use_key_type(config, 1);
        assert_int_equal(config->key_type, KEY_TYPE_EC_P384);
        assert_string_equal(config->variant, "ec");

        FOREACH_ARRAY (row, refused, ELEMENTSOF(refused)) {
                char text[256];

                snprintf(text,
                         sizeof(text),
                         "[Certificate]\nIdentifiers=a.example\nKeyType=%s\n",
                         row->value);
                put(d, CERTIFICATE, text);
                expect_error(d, "www", CERTIFICATE, 3, "KeyType", row->words);
        }
        /* Another file says it anew. */
        put(d, MAIN, "[Defaults]\nKeyType=ec-p256 rsa-2048\nKeyType=ec-p384\n");
        put(d, CERTIFICATE, "[Certificate]\nIdentifiers=a.example\n");
        config_free(TAKE_PTR(config));
        config = load(d, "www");
        assert_int_equal(config->n_key_types, 1);
        assert_int_equal(config->key_type, KEY_TYPE_EC_P384);
}

static void test_config_load__empty_assignment_falls_back(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_(config_freep) Config *config = NULL;

        put_ca(d);
        put(d, MAIN, "[Defaults]\nKeyType=ec-p384\nContact=a@example.org\nTrust=/etc/a\nTrust=\n");
        put(d,
            "etc/acme/certs/example.org.conf",
            "[Certificate]\nKeyType=rsa-2048\nKeyType=\nContact=b@example.org\nContact=\n"
            "Identifiers=c.example\nIdentifiers=\n");
        config = load(d, "example.org");
        assert_int_equal(config->key_type, KEY_TYPE_EC_P384);
        assert_list(config->contact, "mailto:a@example.org");
        assert_list(config->identifiers, "example.org");
        assert_null(config->trust);
}

/* A wildcard, and who publishes for it. */
static void test_config_load__dns(void **state)
{
        const TestDirectory *d = *state;
        Config *config;

        put_ca(d);
        put(d, MAIN, "[Defaults]\nChallenge=http-01 dns-01\nDNSPublisher=bind\n");
        put(d, CERTIFICATE, "[Certificate]\nIdentifiers=a.example.org *.a.example.org\n");
        put(d,
            DNS,
            "[DNS]\nServer=192.0.2.1\nZone=example.org\nKey=/etc/keys/a\nPropagationSec=9\n");
        config = load(d, "www");
        assert_string_equal(config->identifiers[0], "*.a.example.org");
        assert_string_equal(config->dns->name, "bind");
        assert_string_equal(config->dns->server, "192.0.2.1:53");
        assert_string_equal(config->dns->zone, "example.org");
        assert_string_equal(config->dns->key, "/etc/keys/a");
        assert_int_equal(config->dns->propagation_sec, 9);
        assert_null(config->dns->program);
        config_free(config);

        put(d, DNS, "[DNS]\nProgram=/bin/x 'a b'\nConvention=lego\nCredentials=a:/b c:d\n");
        config = load(d, "www");
        assert_string_equal(config->dns->program[1], "a b");
        assert_string_equal(config->dns->credentials[1], "c:d");
        assert_int_equal(config->dns->convention, DNS_LEGO);
        config_free(config);

        put(d, DNS, "[DNS]\nProgram=/bin/x\nKey=/etc/keys/a\n");
        expect_error(d, "www", DNS, 0, "Program", "beside Server=, Zone= or Key=");
        put(d, DNS, "[DNS]\nServer=192.0.2.1\n");
        expect_error(d, "www", DNS, 0, "Key", "neither Key=");
        put(d, DNS, "[DNS]\nKey=/etc/acme/key\n");
        expect_error(d, "www", DNS, 2, "Key", "see this directory");
        put(d, MAIN, "[Defaults]\nDNSPublisher=bind\n");
        put(d, DNS, "[DNS]\nKey=/etc/keys/a\n");
        expect_error(d, "www", CERTIFICATE, 2, "Identifiers", "can prove *.a.example.org");
}

static void test_config_load__line_of_a_word(void **state)
{
        const TestDirectory *d = *state;

        put_ca(d);
        put(d,
            CERTIFICATE,
            "[Certificate]\nIdentifiers=a.example \\\n # b\n  c.example \\\n *.d "
            "e.example\n");
        expect_error(d, "www", CERTIFICATE, 5, "Identifiers", "wildcard");
        put(d, CERTIFICATE, "[Certificate]\nIdentifiers=\\\n *.d\n");
        expect_error(d, "www", CERTIFICATE, 3, "Identifiers", "wildcard");
        put(d, CERTIFICATE, "[Certificate]\nIdentifiers=a.example\n");
        put(d, CERTIFICATE ".d/a.conf", "[Certificate]\n\nIdentifiers=b.example\\\na.example\n");
        expect_error(d,
                     "www",
                     CERTIFICATE ".d/a.conf",
                     4,
                     "Identifiers",
                     "has a.example already, from ");
}

static void test_config_load__set_without_its_mode(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_(config_freep) Config *config = NULL;

        put(d, MAIN, "[Firewall]\nSet=inet filter acme\n");
        config = load(d, NULL);
        assert_int_equal(config->firewall_mode, FIREWALL_AUTO);
        assert_null(config->set_name);
        assert_int_equal(strv_length(config->warnings), 1);
        assert_non_null(strstr(config->warnings[0], ":2: Set= is used with Mode=set only"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_directory_test(test_config_load__nothing_but_a_name),
                        cmocka_directory_test(test_config_load__acme_conf_alone),
                        cmocka_directory_test(test_config_load__everything_said),
                        cmocka_directory_test(test_config_load__two_key_types),
                        cmocka_directory_test(test_config_load__empty_assignment_falls_back),
                        cmocka_directory_test(test_config_load__dns),
                        cmocka_directory_test(test_config_load__line_of_a_word),
                        cmocka_directory_test(test_config_load__set_without_its_mode),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
