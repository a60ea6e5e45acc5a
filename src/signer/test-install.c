/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From Finalize to what is live: keys that are renewed and kept, chains that are refused. */

#include "signer/key.h"
#include "signer/test-room.h"

static char *describe_due(Room *room)
{
        _cleanup_json_ struct json_object *reply = room_ask(room, "Describe", NULL);
        const char *due = member(reply, "due");

        return strdup(due ?: "none");
}

static void assert_due(Room *room, const char *expected)
{
        _cleanup_free_ char *due = describe_due(room);

        assert_string_equal(due, expected);
}

static void restart(Room *room)
{
        room_stop(room);
        room_start(room);
}

static void wrong_purpose(PkiSpecs *s)
{
        s->leaf.extended_usage = "clientAuth";
}

static void future(PkiSpecs *s)
{
        s->leaf.not_before = 7200;
        s->leaf.not_after = 10000;
}

static void expect_refusal(Room *room, const char *chain, const char *reason)
{
        _cleanup_json_ struct json_object *reply = NULL;
        _cleanup_free_ char *error = NULL;

        reply = room_call(room, room->client, &error, "Install", "chain", chain, NULL);
        assert_string_equal(error ?: "none", "ChainRefused");
        assert_string_equal(member(reply, "reason"), reason);
        assert_non_null(strstr(member(reply, "message"), "Certificate "));
}

static void test_install__from_nothing_to_live(void **state)
{
        _cleanup_json_ struct json_object *reply = NULL;
        _cleanup_(state_freep) State *s = NULL;
        _cleanup_free_ char *live = NULL;
        struct json_object *certificate;
        Room *room = *state;

        room_start(room);
        assert_due(room, "first");
        EVP_PKEY_free(room_renew(room));
        live = room_live(room);
        assert_string_equal(live, "1");
        assert_false(room_has(room, ROOM_CERTS "/pending"));

        reply = room_ask(room, "Describe", NULL);
        assert_null(member(reply, "due"));
        assert_null(member(reply, "order"));
        assert_string_equal(member(reply, "account"), ROOM_ACCOUNT);
        assert_true(json_object_object_get_ex(reply, "certificate", &certificate));
        assert_string_equal(member(certificate, "generation"), "1");
        assert_string_equal(member(certificate, "issuer"), "Test CA 1");
        assert_int_equal(integer_member(certificate, "installedAt"), PKI_NOW_USEC / USEC_PER_SEC);
        assert_int_equal(integer_member(reply, "renewAt"),
                         PKI_NOW_USEC / USEC_PER_SEC - 86400 + 60 * 86400);
        room_stop(room);

        s = room_state(room);
        assert_true(s->certificate.is_set);
        assert_string_equal(s->certificate.directory, ROOM_DIRECTORY);
        assert_string_equal(s->certificate.key_type, "ec-p256");
        assert_true(s->certificate.checked_usec == PKI_NOW_USEC);
        assert_true(room_logged(room, "ACME_SERIAL="));
        assert_true(room_logged(room, "ACME_NOT_AFTER="));
        assert_true(room_logged(room, "ACME_IDENTIFIERS=" ROOM_NAME));
        room_start(room);
        assert_due(room, "none");
}

static int weigh(Room *room, const char *chain)
{
        _cleanup_json_ struct json_object *reply =
                        room_ask(room, "WeighChain", "chain", chain, NULL);

        return (int) integer_member(reply, "preference");
}

static void named_authorities(PkiSpecs *s)
{
        s->ca.cn = "R10";
        s->root.cn = "Root X1";
}

static void prefer_chain(Room *room, const char *setting)
{
        _cleanup_free_ char *certificate = NULL;

        assert_true(asprintf(&certificate, "[Certificate]\n%s\n", setting) > 0);
        room_configure(room,
                       "[Defaults]\nCA=" ROOM_DIRECTORY "\nTermsOfServiceAgreed=yes\n",
                       certificate);
}

static void test_weigh_chain__changes_nothing(void **state)
{
        static const struct {
                const char *preferred;
                int preference;
        } table[] = {{"", 0}, {"PreferredChain=Root X1", 2}, {"PreferredChain=Other", 0}};
        _cleanup_free_ char *chain = NULL, *foreign = NULL;
        Room *room = *state;

        room_start(room);
        room_register(room);
        json_object_put(room_ask(room, "SetOrder", "order", ROOM_ORDER, NULL));
        chain = room_issue(room_finalize(room), "DNS:" ROOM_NAME, named_authorities);
        foreign = room_issue(pki_key("P-256"), "DNS:" ROOM_NAME, NULL);
        FOREACH_ARRAY (row, table, ELEMENTSOF(table)) {
                _cleanup_json_ struct json_object *reply = NULL;

                prefer_chain(room, row->preferred);
                restart(room);
                assert_int_equal(weigh(room, chain), row->preference);
                room_expect(room, "ChainRefused", "WeighChain", "chain", foreign, NULL);
                reply = room_ask(room, "Describe", NULL);
                assert_string_equal(member(reply, "order"), ROOM_ORDER);
                assert_false(room_has(room, ROOM_LIVE));
        }
        json_object_put(room_ask(room, "Install", "chain", chain, NULL));
        room_stop(room);
        assert_true(room_logged(room, "PreferredChain=Other"));
}

static void test_install__refusals_leave_the_store_alone(void **state)
{
        _cleanup_free_ char *other_names = NULL, *purpose = NULL, *other_key = NULL,
                            *with_key = NULL, *live = NULL, *large = NULL;
        Room *room = *state;
        EVP_PKEY *key;

        room_start(room);
        room_register(room);
        expect_refusal(room, "", "empty");
        key = room_finalize(room);
        assert_int_equal(EVP_PKEY_up_ref(key), 1);
        assert_int_equal(EVP_PKEY_up_ref(key), 1);
        other_names = room_issue(key, "DNS:evil.example", NULL);
        purpose = room_issue(key, "DNS:" ROOM_NAME, wrong_purpose);
        other_key = room_issue(pki_key("P-256"), "DNS:" ROOM_NAME, NULL);
        EVP_PKEY_free(key);
        assert_true(asprintf(&with_key,
                             "%s-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
                             other_key) > 0);
        large = malloc(96 * 1024 + 2);
        memset(large, 'A', 96 * 1024 + 1);
        large[96 * 1024 + 1] = '\0';

        expect_refusal(room, other_names, "otherNames");
        expect_refusal(room, purpose, "purpose");
        expect_refusal(room, other_key, "otherKey");
        expect_refusal(room, with_key, "notPem");
        expect_refusal(room, large, "tooLarge");
        live = room_live(room);
        assert_null(live);
        assert_false(room_has(room, ROOM_CERTS "/1"));
        assert_false(room_has(room, ROOM_CERTS "/.#generation"));
        assert_true(room_has(room, ROOM_CERTS "/pending/key.pem"));
        room_stop(room);
        assert_true(room_logged(room, "ACME_REASON=otherNames"));
}

/* An order with a bad chain has nothing better to give; one from a clock ahead of ours will. */
static void test_install__refused_order_is_forgotten(void **state)
{
        _cleanup_free_ char *early = NULL, *purpose = NULL;
        Room *room = *state;
        EVP_PKEY *key;

        room_start(room);
        room_register(room);
        room_expect(room, NULL, "SetOrder", "order", ROOM_ORDER, NULL);
        key = room_finalize(room);
        assert_int_equal(EVP_PKEY_up_ref(key), 1);
        early = room_issue(key, "DNS:" ROOM_NAME, future);
        purpose = room_issue(key, "DNS:" ROOM_NAME, wrong_purpose);
        for (unsigned i = 0; i < 2; i++) {
                _cleanup_json_ struct json_object *reply = NULL;

                expect_refusal(room, i == 0 ? early : purpose, i == 0 ? "notYetValid" : "purpose");
                reply = room_ask(room, "Describe", NULL);
                assert_true(!!member(reply, "order") == (i == 0));
        }
}

static void test_finalize__pending_key_outlives_the_run(void **state)
{
        Room *room = *state;
        EVP_PKEY *first, *second, *third;

        room_start(room);
        room_register(room);
        first = room_finalize(room);
        room_kill(room);
        room_start(room);
        second = room_finalize(room);
        assert_int_equal(EVP_PKEY_eq(first, second), 1);

        /* KeyType= has changed: another key. */
        room_configure(room,
                       "[Defaults]\nCA=" ROOM_DIRECTORY "\nTermsOfServiceAgreed=yes\n",
                       "[Certificate]\nKeyType=ec-p384\n");
        room_expect(room, NULL, "SetOrder", "order", ROOM_ORDER, NULL);
        restart(room);
        {
                _cleanup_json_ struct json_object *reply = room_ask(room, "Describe", NULL);

                assert_null(member(reply, "order"));
        }
        third = room_finalize(room);
        assert_int_equal(EVP_PKEY_get_bits(third), 384);
        EVP_PKEY_free(first);
        EVP_PKEY_free(second);
        EVP_PKEY_free(third);
}

static void test_install__renewed_and_kept_keys(void **state)
{
        _cleanup_free_ char *live = NULL;
        EVP_PKEY *first, *second, *kept, *other;
        Room *room = *state;

        room_start(room);
        first = room_renew(room);
        second = room_renew(room);
        assert_int_equal(EVP_PKEY_eq(first, second), 0);

        room_configure(room,
                       "[Defaults]\nCA=" ROOM_DIRECTORY "\nTermsOfServiceAgreed=yes\n",
                       "[Certificate]\nRenewKey=no\n");
        restart(room);
        kept = room_renew(room);
        assert_int_equal(EVP_PKEY_eq(second, kept), 1);
        live = room_live(room);
        assert_string_equal(live, "3");

        /* Of another type than is wanted now: not kept. */
        room_configure(room,
                       "[Defaults]\nCA=" ROOM_DIRECTORY "\nTermsOfServiceAgreed=yes\n",
                       "[Certificate]\nRenewKey=no\nKeyType=ec-p384\n");
        restart(room);
        assert_due(room, "keyType");
        other = room_renew(room);
        assert_int_equal(EVP_PKEY_get_bits(other), 384);
        assert_due(room, "none");
        EVP_PKEY_free(first);
        EVP_PKEY_free(second);
        EVP_PKEY_free(kept);
        EVP_PKEY_free(other);
}

/* RSA keys are made beside the door: who needs none of them is answered meanwhile. */
static void test_rsa__made_beside_the_door(void **state)
{
        Room *room = *state;
        EVP_PKEY *key;

        room_configure(room,
                       "[Defaults]\nCA=" ROOM_DIRECTORY "\nTermsOfServiceAgreed=yes\n"
                       "AccountKeyType=rsa-2048\n",
                       "[Certificate]\nKeyType=rsa-3072\n");
        room_start(room);
        assert_due(room, "first");
        assert_due(room, "first");
        key = room_renew(room);
        assert_int_equal(EVP_PKEY_get_bits(key), 3072);
        EVP_PKEY_free(key);
        assert_due(room, "none");
}

/* Stopped while it makes a key: at once, and in order. */
static void test_rsa__stopped_in_the_middle(void **state)
{
        Room *room = *state;

        room_configure(room,
                       "[Defaults]\nCA=" ROOM_DIRECTORY "\nTermsOfServiceAgreed=yes\n"
                       "AccountKeyType=rsa-4096\n",
                       "[Certificate]\nKeyType=rsa-4096\n");
        room_start(room);
        assert_due(room, "first");
}

/* A heap or a stack is smaller; a sanitizer's shadow is not, and has no keys. */
#define REGION_BYTES_MAX (256UL * 1024 * 1024)

/* How often data stands in the memory that the process can write to. */
static unsigned count_in_memory(pid_t pid, const void *data, size_t length)
{
        char path[64], line[512];
        unsigned n = 0;
        FILE *maps;
        int fd;

        (void) snprintf(path, sizeof(path), "/proc/%i/mem", (int) pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        (void) snprintf(path, sizeof(path), "/proc/%i/maps", (int) pid);
        maps = fopen(path, "re");
        if (fd < 0 || !maps)
                skip(); /* not allowed to look */
        while (fgets(line, sizeof(line), maps)) {
                _cleanup_free_ unsigned char *copy = NULL;
                unsigned long start, end;
                char access[5];
                ssize_t got;

                if (sscanf(line, "%lx-%lx %4s", &start, &end, access) != 3 || access[1] != 'w')
                        continue;
                if (end - start > REGION_BYTES_MAX)
                        continue;
                copy = malloc(end - start);
                got = copy ? pread(fd, copy, end - start, (off_t) start) : -1;
                for (unsigned char *p = copy; got > 0 && p; p = p ? p + 1 : NULL) {
                        p = memmem(p, (size_t) (copy + got - p), data, length);
                        n += p != NULL;
                }
        }
        fclose(maps);
        close(fd);
        return n;
}

/* The secret number of an EC key, as a file has it and as OpenSSL computes with it. */
static void get_secret(EVP_PKEY *key, unsigned char big[static 32], unsigned char little[static 32])
{
        BIGNUM *n = NULL;

        assert_int_equal(EVP_PKEY_get_bn_param(key, "priv", &n), 1);
        assert_int_equal(BN_bn2binpad(n, big, 32), 32);
        assert_int_equal(BN_bn2lebinpad(n, little, 32), 32);
        BN_clear_free(n);
}

static EVP_PKEY *read_key(Room *room, const char *path)
{
        EVP_PKEY *key = NULL;
        int dir_fd = openat(room->d->fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);

        assert_true(dir_fd >= 0);
        (void) key_read_file(dir_fd, streq(path, ROOM_LIVE) ? "privkey.pem" : "key.pem", &key);
        close(dir_fd);
        assert_non_null(key);
        return key;
}

/* The base64 of a key file's middle, which has the secret in it. */
static void get_text(Room *room, const char *path, char text[static 12])
{
        _cleanup_free_ char *pem = NULL;
        size_t length;

        assert_int_equal(file_read(room->d->fd, path, 4096, 0, &pem, &length), 0);
        memcpy(text, strchr(pem, '\n') + 50, 12);
}

/* The key is in locked memory only while it is needed, and nowhere after it has been installed. */
static void test_install__key_leaves_the_memory(void **state)
{
        unsigned char big[32], little[32];
        char text[12];
        Room *room = *state;
        EVP_PKEY *key;

        room_start(room);
        room_register(room);
        EVP_PKEY_free(room_finalize(room));
        key = read_key(room, ROOM_CERTS "/pending");
        get_secret(key, big, little);
        get_text(room, ROOM_CERTS "/pending/key.pem", text);
        EVP_PKEY_free(key);
        /* Once, where OpenSSL computes with it. */
        assert_int_equal(count_in_memory(room->pid, little, sizeof(little)), 1);
        assert_int_equal(count_in_memory(room->pid, big, sizeof(big)), 0);
        assert_int_equal(count_in_memory(room->pid, text, sizeof(text)), 0);

        EVP_PKEY_free(room_renew(room));
        key = read_key(room, ROOM_LIVE);
        get_secret(key, big, little);
        get_text(room, ROOM_LIVE "/privkey.pem", text);
        assert_int_equal(count_in_memory(room->pid, little, sizeof(little)), 0);
        assert_int_equal(count_in_memory(room->pid, big, sizeof(big)), 0);
        assert_int_equal(count_in_memory(room->pid, text, sizeof(text)), 0);
        EVP_PKEY_free(key);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, room_setup, room_teardown)
        static const struct CMUnitTest tests[] = {
                        TEST(test_install__from_nothing_to_live),
                        TEST(test_weigh_chain__changes_nothing),
                        TEST(test_install__refusals_leave_the_store_alone),
                        TEST(test_install__refused_order_is_forgotten),
                        TEST(test_finalize__pending_key_outlives_the_run),
                        TEST(test_install__renewed_and_kept_keys),
                        TEST(test_install__key_leaves_the_memory),
                        TEST(test_rsa__made_beside_the_door),
                        TEST(test_rsa__stopped_in_the_middle),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
