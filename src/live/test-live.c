/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The store as a tree of files: what is one, and what only looks so. */

#include <sys/stat.h>

#include "base/test.h"
#include "live/live.h"
#include "x509/certificate.h"
#include "x509/test-pki.h"

#define NAME "a.example"
#define CERTS "var/lib/acme/certs/" NAME
#define LIVE "var/lib/acme/live/" NAME

typedef struct Fixture {
        TestDirectory *d;
        Pki pki;
} Fixture;

static void put(const Fixture *f, const char *path, const char *text)
{
        int fd = openat(f->d->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        assert_row(path, fd >= 0);
        assert_int_equal(file_write_fd(fd, text, strlen(text)), 0);
        close(fd);
}

static void make_generation(const Fixture *f, const char *number, X509 *leaf)
{
        _cleanup_free_ char *cert = pki_pem(leaf, NULL), *chain = pki_pem(f->pki.ca, NULL);
        _cleanup_free_ char *full = pki_pem(leaf, f->pki.ca, NULL);
        char path[128];

        snprintf(path, sizeof(path), CERTS "/%s", number);
        assert_int_equal(mkdirat(f->d->fd, path, 0755), 0);
        snprintf(path, sizeof(path), CERTS "/%s/" PRIVKEY_FILE, number);
        put(f, path, number);
        snprintf(path, sizeof(path), CERTS "/%s/" CERT_FILE, number);
        put(f, path, cert);
        snprintf(path, sizeof(path), CERTS "/%s/" CHAIN_FILE, number);
        put(f, path, chain);
        snprintf(path, sizeof(path), CERTS "/%s/" FULLCHAIN_FILE, number);
        put(f, path, full);
}

static void switch_to(const Fixture *f, const char *target)
{
        (void) unlinkat(f->d->fd, LIVE, 0);
        assert_int_equal(symlinkat(target, f->d->fd, LIVE), 0);
}

static int setup(void **state)
{
        static const char *const directories[] = {
                        "var",
                        "var/lib",
                        "var/lib/acme",
                        "var/lib/acme/live",
                        "var/lib/acme/certs",
                        CERTS,
        };
        Fixture *f = calloc(1, sizeof(*f));
        void *directory;

        test_directory_setup(&directory);
        f->d = directory;
        for (size_t i = 0; i < ELEMENTSOF(directories); i++)
                assert_int_equal(mkdirat(f->d->fd, directories[i], 0755), 0);
        pki_make(&f->pki, "DNS:" NAME, NULL);
        make_generation(f, "7", f->pki.leaf);
        switch_to(f, "../certs/" NAME "/7");
        *state = f;
        return 0;
}

static int teardown(void **state)
{
        Fixture *f = *state;
        void *directory = f->d;

        pki_done(&f->pki);
        test_directory_teardown(&directory);
        free(f);
        return 0;
}

static int open_live(const Fixture *f, Live **ret)
{
        return live_open(f->d->path, NAME, ret);
}

static void test_live_open__whole(void **state)
{
        const Fixture *f = *state;
        _cleanup_(live_freep) Live *live = NULL;
        _cleanup_(erase_and_freep) char *key = NULL;
        _cleanup_free_ char *full = NULL, *expected = pki_pem(f->pki.leaf, f->pki.ca, NULL);
        CertificateSummary summary;
        size_t length;

        assert_int_equal(open_live(f, &live), 0);
        assert_string_equal(live->generation, "7");
        assert_int_equal(chain_length(live->chain), 2);
        assert_false(live->is_placeholder);
        assert_int_equal(certificate_summarize(f->pki.leaf, &summary), 0);
        assert_string_equal(live->fingerprint, summary.fingerprint);
        assert_string_equal(live->serial, summary.serial);
        certificate_summary_done(&summary);
        assert_int_equal(live_read(live, PRIVKEY_FILE, &key, &length), 0);
        assert_string_equal(key, "7");
        assert_int_equal(length, 1);
        assert_int_equal(live_read(live, FULLCHAIN_FILE, &full, NULL), 0);
        assert_string_equal(full, expected);
}

/* Key and certificate are of one generation. */
static void test_live_read__after_a_switch(void **state)
{
        const Fixture *f = *state;
        _cleanup_(live_freep) Live *live = NULL;
        _cleanup_(erase_and_freep) char *key = NULL;
        _cleanup_free_ char *generation = NULL;

        assert_int_equal(open_live(f, &live), 0);
        make_generation(f, "8", f->pki.leaf);
        switch_to(f, "../certs/" NAME "/8");
        assert_int_equal(live_read(live, PRIVKEY_FILE, &key, NULL), 0);
        assert_string_equal(key, "7");
        assert_int_equal(live_generation(f->d->path, NAME, &generation), 0);
        assert_string_equal(generation, "8");
}

static void test_live_open__placeholder(void **state)
{
        const Fixture *f = *state;
        _cleanup_(live_freep) Live *live = NULL;
        X509 *certificate = pki_certify(&(PkiSpec){
                        .cn = PLACEHOLDER_COMMON_NAME,
                        .key = f->pki.leaf_key,
                        .issuer_key = f->pki.leaf_key,
                        .names = "DNS:" NAME,
        });

        make_generation(f, "8", certificate);
        switch_to(f, "../certs/" NAME "/8");
        assert_int_equal(open_live(f, &live), 0);
        assert_true(live->is_placeholder);
        X509_free(certificate);
}

static void test_live_open__links(void **state)
{
        static const struct {
                const char *target;
                int outcome;
        } rows[] = {
                        {"../certs/" NAME "/7", 0},
                        {"../certs/" NAME "/8", -EBADMSG},
                        {"../certs/" NAME "/07", -EBADMSG},
                        {"../certs/" NAME "/7/", -EBADMSG},
                        {"../certs/" NAME "/../" NAME "/7", -EBADMSG},
                        {"../certs/" NAME "/1234567890", -EBADMSG},
                        {"../certs/" NAME "/", -EBADMSG},
                        {"../certs/b.example/7", -EBADMSG},
                        {"/etc", -EBADMSG},
        };
        const Fixture *f = *state;

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                _cleanup_(live_freep) Live *live = NULL;

                switch_to(f, row->target);
                assert_row(row->target, open_live(f, &live) == row->outcome);
                assert_row(row->target, !!live == (row->outcome == 0));
        }
        assert_int_equal(unlinkat(f->d->fd, LIVE, 0), 0);
        assert_int_equal(open_live(f, &(Live *){NULL}), -ENOENT);
        assert_int_equal(mkdirat(f->d->fd, LIVE, 0755), 0);
        assert_int_equal(open_live(f, &(Live *){NULL}), -EBADMSG);
}

static void test_live_open__damaged(void **state)
{
        static const char *const texts[] = {"", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n"};
        const Fixture *f = *state;
        Live *live = NULL;

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                put(f, CERTS "/7/" FULLCHAIN_FILE, texts[i]);
                assert_row(texts[i], open_live(f, &live) == -EBADMSG);
        }
        assert_int_equal(unlinkat(f->d->fd, CERTS "/7/" FULLCHAIN_FILE, 0), 0);
        assert_int_equal(open_live(f, &live), -EBADMSG);
        assert_int_equal(symlinkat(CERT_FILE, f->d->fd, CERTS "/7/" FULLCHAIN_FILE), 0);
        assert_int_equal(open_live(f, &live), -EBADMSG);
        assert_null(live);
}

static void test_live_open__generation_is_a_link(void **state)
{
        const Fixture *f = *state;
        Live *live = NULL;

        assert_int_equal(symlinkat("7", f->d->fd, CERTS "/8"), 0);
        switch_to(f, "../certs/" NAME "/8");
        assert_int_equal(open_live(f, &live), -EBADMSG);
        assert_null(live);
}

static void test_live_read__missing_and_too_large(void **state)
{
        const Fixture *f = *state;
        _cleanup_(live_freep) Live *live = NULL;
        _cleanup_free_ char *large = malloc(LIVE_KEY_BYTES_MAX + 2);
        char *text = NULL;

        assert_int_equal(open_live(f, &live), 0);
        memset(large, 'a', LIVE_KEY_BYTES_MAX + 1);
        large[LIVE_KEY_BYTES_MAX + 1] = 0;
        put(f, CERTS "/7/" PRIVKEY_FILE, large);
        assert_int_equal(live_read(live, PRIVKEY_FILE, &text, NULL), -EFBIG);
        assert_int_equal(unlinkat(f->d->fd, CERTS "/7/" PRIVKEY_FILE, 0), 0);
        assert_int_equal(live_read(live, PRIVKEY_FILE, &text, NULL), -EBADMSG);
        assert_null(text);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                        TEST(test_live_open__whole),
                        TEST(test_live_read__after_a_switch),
                        TEST(test_live_open__placeholder),
                        TEST(test_live_open__links),
                        TEST(test_live_open__damaged),
                        TEST(test_live_open__generation_is_a_link),
                        TEST(test_live_read__missing_and_too_large),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
