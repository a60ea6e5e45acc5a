/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* state.json: what goes out comes back, and what cannot be ours is refused as a whole. */

#include "base/test.h"
#include "state/state.h"

#define CERTIFICATE                                                                                \
        "\"generation\":\"7\",\"serial\":\"0a\",\"fingerprint\":\"ff\",\"issuer\":\"I\","          \
        "\"notBeforeUsec\":1,\"notAfterUsec\":2,\"installedUsec\":3,\"checkedUsec\":4,"            \
        "\"identifiers\":[\"a.example\"],\"keyType\":\"ec-p256\""
#define ORDER                                                                                      \
        "\"url\":\"https://ca.example/o/1\",\"createdUsec\":1,\"identifiers\":[\"a.example\"],"    \
        "\"directory\":\"https://ca.example/dir\""
#define FINGERPRINT "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define FAILURE "\"count\":1,\"lastUsec\":1,\"outcome\":75,\"nextAttemptUsec\":2"

static char **make_identifiers(unsigned n)
{
        char **list = NULL;

        for (unsigned i = 0; i < n; i++) {
                char name[32];

                snprintf(name, sizeof(name), "n%03u.example", i);
                assert_int_equal(strv_append(&list, name), 0);
        }
        return list;
}

static State *make_full_state(unsigned n_identifiers)
{
        State *state;

        assert_int_equal(state_new(&state), 0);
        state->certificate = (StateCertificate){
                        .is_set = true,
                        .generation = strdup("12"),
                        .serial = strdup("00ab"),
                        .fingerprint = strdup("0123456789abcdef"),
                        .issuer = strdup("Some \"CA\" \\ R3"),
                        .not_before_usec = 1 * USEC_PER_DAY,
                        .not_after_usec = 91 * USEC_PER_DAY,
                        .installed_usec = 2 * USEC_PER_DAY,
                        .checked_usec = 3 * USEC_PER_DAY,
                        .identifiers = make_identifiers(n_identifiers),
                        .key_type = strdup("rsa-2048"),
                        .directory = strdup("https://ca.example/dir"),
                        .revocation = {6, 7, strdup("keyCompromise")},
                        .renewal_info =
                                        {
                                                        .again_usec = 8,
                                                        .moment_usec = 9,
                                                        .explanation = strdup(
                                                                        "https://ca.example/why"),
                                        },
        };
        assert_int_equal(strv_append(&state->certificate.wishes, "Profile=classic other"), 0);
        assert_int_equal(strv_append(&state->certificate.wishes, "Lifetime="), 0);
        state->order = (StateOrder){
                        .url = strdup("https://ca.example/order/1"),
                        .created_usec = 5,
                        .identifiers = make_identifiers(n_identifiers),
                        .directory = strdup("https://ca.example/dir"),
        };
        assert_int_equal(strv_append(&state->order.wishes, "Backdate=1h"), 0);
        state->failure = (StateFailure){
                        .count = 3,
                        .last_usec = 6,
                        .outcome = 75,
                        .problem = strdup("urn:ietf:params:acme:error:dns"),
                        .detail = strdup("no such name\n"),
                        .next_attempt_usec = 7,
                        .settings = strdup("00ff"),
        };
        assert_int_equal(strv_append(&state->challenges, "http-01 a.example"), 0);
        assert_int_equal(strv_append(&state->challenges, "dns-01 *.b.example"), 0);
        assert_int_equal(state_add_issuer(state, FINGERPRINT, "https://a.b/"), 0);
        state->thumbprint = strdup("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        return state;
}

static void assert_same(const State *a, const State *b)
{
        assert_true(a->certificate.is_set && b->certificate.is_set);
        assert_true(a->certificate.is_placeholder == b->certificate.is_placeholder);
        assert_string_equal(a->certificate.generation, b->certificate.generation);
        assert_string_equal(a->certificate.serial, b->certificate.serial);
        assert_string_equal(a->certificate.fingerprint, b->certificate.fingerprint);
        assert_string_equal(a->certificate.issuer, b->certificate.issuer);
        assert_string_equal(a->certificate.key_type, b->certificate.key_type);
        assert_string_equal(a->certificate.directory, b->certificate.directory);
        assert_true(a->certificate.not_before_usec == b->certificate.not_before_usec);
        assert_true(a->certificate.not_after_usec == b->certificate.not_after_usec);
        assert_true(a->certificate.installed_usec == b->certificate.installed_usec);
        assert_true(a->certificate.checked_usec == b->certificate.checked_usec);
        assert_true(strv_equal(a->certificate.identifiers, b->certificate.identifiers));
        assert_true(strv_equal(a->certificate.wishes, b->certificate.wishes));

        assert_true(a->certificate.renewal_info.again_usec ==
                    b->certificate.renewal_info.again_usec);
        assert_true(a->certificate.renewal_info.moment_usec ==
                    b->certificate.renewal_info.moment_usec);
        assert_string_equal(a->certificate.renewal_info.explanation,
                            b->certificate.renewal_info.explanation);

        assert_string_equal(a->thumbprint, b->thumbprint);
        assert_true(strv_equal(a->challenges, b->challenges));
        assert_true(strv_equal(a->issuers, b->issuers));
        assert_string_equal(a->order.url, b->order.url);
        assert_string_equal(a->order.directory, b->order.directory);
        assert_true(a->order.created_usec == b->order.created_usec);
        assert_true(strv_equal(a->order.identifiers, b->order.identifiers));
        assert_true(strv_equal(a->order.wishes, b->order.wishes));

        assert_int_equal(a->failure.count, b->failure.count);
        assert_int_equal(a->failure.outcome, b->failure.outcome);
        assert_true(a->failure.last_usec == b->failure.last_usec);
        assert_true(a->failure.next_attempt_usec == b->failure.next_attempt_usec);
        assert_string_equal(a->failure.problem, b->failure.problem);
        assert_string_equal(a->failure.detail, b->failure.detail);
        assert_string_equal(a->failure.settings, b->failure.settings);
}

static void test_state_parse__what_was_formatted(_unused_ void **unused)
{
        static const unsigned counts[] = {0, 1, 100};

        FOREACH_ARRAY (n, counts, ELEMENTSOF(counts)) {
                _cleanup_(state_freep) State *state = make_full_state(*n), *read = NULL;
                _cleanup_free_ char *text = NULL;

                assert_int_equal(state_format(state, &text), 0);
                assert_true(strlen(text) <= STATE_BYTES_MAX);
                assert_int_equal(state_parse(text, strlen(text), &read), 0);
                assert_same(state, read);
        }
}

static void test_state_parse__authorities(_unused_ void **unused)
{
        _cleanup_(state_freep) State *state = make_full_state(1), *read = NULL;
        _cleanup_free_ char *text = NULL;

        for (state->n_authorities = 0; state->n_authorities < STATE_AUTHORITIES_MAX;) {
                StateAuthority *a = &state->authorities[state->n_authorities++];

                assert_true(asprintf(&a->directory, "https://%zu.example/", state->n_authorities) >
                            0);
                a->failure.count = (unsigned) state->n_authorities - 1;
                a->failure.next_attempt_usec = 7 * state->n_authorities;
        }
        assert_int_equal(free_and_strdup(&state->certificate.ca, "letsencrypt"), 0);
        assert_int_equal(state_format(state, &text), 0);
        assert_int_equal(state_parse(text, strlen(text), &read), 0);
        assert_same(state, read);
        assert_string_equal(read->certificate.ca, "letsencrypt");
        assert_int_equal(read->n_authorities, STATE_AUTHORITIES_MAX);
        assert_string_equal(read->authorities[3].directory, "https://4.example/");
        assert_int_equal(read->authorities[3].failure.count, 3);
        assert_true(read->authorities[3].failure.next_attempt_usec == 28);
        assert_int_equal(read->authorities[0].failure.count, 0);
}

static void test_state_parse__nothing_set(_unused_ void **unused)
{
        _cleanup_(state_freep) State *state = NULL, *read = NULL;
        _cleanup_free_ char *text = NULL;

        assert_int_equal(state_new(&state), 0);
        assert_int_equal(state_format(state, &text), 0);
        assert_int_equal(state_parse(text, strlen(text), &read), 0);
        assert_false(read->certificate.is_set);
        assert_null(read->order.url);
        assert_int_equal(read->failure.count, 0);
}

static void test_state_format__placeholder(_unused_ void **unused)
{
        static const bool both[] = {true, false};

        FOREACH_ARRAY (is_placeholder, both, ELEMENTSOF(both)) {
                _cleanup_(state_freep) State *state = make_full_state(1), *read = NULL;
                _cleanup_free_ char *text = NULL;

                state->certificate.is_placeholder = *is_placeholder;
                assert_int_equal(state_format(state, &text), 0);
                assert_true(!!strstr(text, "placeholder") == *is_placeholder);
                assert_int_equal(state_parse(text, strlen(text), &read), 0);
                assert_same(state, read);
        }
}

static void test_state_format__never_is_late(_unused_ void **unused)
{
        _cleanup_(state_freep) State *state = make_full_state(1), *read = NULL;
        _cleanup_free_ char *text = NULL;

        state->certificate.not_after_usec = USEC_INFINITY;
        assert_int_equal(state_format(state, &text), 0);
        assert_int_equal(state_parse(text, strlen(text), &read), 0);
        assert_true(read->certificate.not_after_usec == (usec_t) INT64_MAX - 1);
}

static void test_state_parse__table(_unused_ void **unused)
{
        static const struct {
                const char *text;
                int outcome;
        } table[] = {
                        {"{\"version\":1}", 0},
                        {"{\"version\":1,\"certificate\":null,\"order\":null,\"failure\":null}", 0},
                        {"{\"version\":1,\"authorities\":[]}", 0},
                        {"{\"version\":1,\"authorities\":[{\"directory\":\"https://a.b/\"}]}", 0},
                        {"{\"version\":1,\"authorities\":[{\"directory\":\"http://a.b/\"}]}",
                         STATE_E_DAMAGED},
                        {"{\"version\":1,\"authorities\":[1]}", STATE_E_DAMAGED},
                        {"{\"version\":1,\"authorities\":[{}]}", STATE_E_DAMAGED},
                        {"{\"version\":1,\"authorities\":[{},{},{},{},{}]}", STATE_E_DAMAGED},
                        {"{\"version\":1,\"issuers\":[\"" FINGERPRINT " https://a.b/\"]}", 0},
                        {"{\"version\":1,\"issuers\":[\"" FINGERPRINT " http://a.b/\"]}",
                         STATE_E_DAMAGED},
                        {"{\"version\":1,\"issuers\":[\"00ff https://a.b/\"]}", STATE_E_DAMAGED},
                        {"{\"version\":1,\"issuers\":[\"" FINGERPRINT "\"]}", STATE_E_DAMAGED},
                        {"{\"version\":1,\"laterMember\":[1,2]}", 0},
                        {"{\"version\":1,\"thumbprint\":\"Nzb-_\"}", 0},
                        {"{\"version\":1,\"challenges\":[\"dns-01 a\",\"new-07 b\"]}", 0},
                        {"{\"version\":1,\"challenges\":[\"dns-01\"]}", STATE_E_DAMAGED},
                        {"{\"version\":1,\"challenges\":[\"dns-01 \"]}", STATE_E_DAMAGED},
                        {"{\"version\":1,\"challenges\":[\"dns-01 a b\"]}", STATE_E_DAMAGED},
                        {"{\"version\":1,\"challenges\":[\"dns-01 \\u001b[31m\"]}",
                         STATE_E_DAMAGED},
                        {"{\"version\":1,\"thumbprint\":\"\\u001b[31m\"}", STATE_E_DAMAGED},
                        {"{\"version\":1,\"certificate\":{" CERTIFICATE "}}", 0},
                        {"{\"version\":1,\"certificate\":{" CERTIFICATE ",\"later\":true}}", 0},
                        {"{\"version\":1,\"certificate\":{" CERTIFICATE ",\"placeholder\":true}}",
                         0},
                        {"{\"version\":1,\"certificate\":{" CERTIFICATE ",\"placeholder\":1}}",
                         STATE_E_DAMAGED},
                        {"{\"version\":1,\"certificate\":{" CERTIFICATE
                         ",\"wishes\":[\"Profile=\"]}}",
                         0},
                        {"{\"version\":1,\"certificate\":{" CERTIFICATE
                         ",\"wishes\":[\"Profile\"]}}",
                         STATE_E_DAMAGED},
                        {"{\"version\":1,\"certificate\":{" CERTIFICATE ",\"wishes\":\"a=\"}}",
                         STATE_E_DAMAGED},
                        {"{\"version\":1,\"order\":{" ORDER "}}", 0},
                        {"{\"version\":1,\"order\":{" ORDER ",\"wishes\":[\"Lifetime=\"]}}", 0},
                        {"{\"version\":1,\"order\":{" ORDER ",\"wishes\":[\"Lifetime\"]}}",
                         STATE_E_DAMAGED},
                        {"{\"version\":1,\"failure\":{" FAILURE "}}", 0},

                        {"{\"version\":2}", STATE_E_NEWER},
                        {"{\"version\":2,\"certificate\":\"another shape\"}", STATE_E_NEWER},
                        {"{\"version\":9223372036854775806}", STATE_E_NEWER},

                        {"", STATE_E_DAMAGED},
                        {"[]", STATE_E_DAMAGED},
                        {"null", STATE_E_DAMAGED},
                        {"{}", STATE_E_DAMAGED},
                        {"{\"version\":0}", STATE_E_DAMAGED},
                        {"{\"version\":-1}", STATE_E_DAMAGED},
                        {"{\"version\":\"1\"}", STATE_E_DAMAGED},
                        {"{\"version\":1", STATE_E_DAMAGED},
                        {"{\"version\":1}{", STATE_E_DAMAGED},
                        {"{\"version\":1,\"version\":1}", STATE_E_DAMAGED},
                        {"{\"version\":1,\"certificate\":{}}", STATE_E_DAMAGED},
                        {"{\"version\":1,\"certificate\":7}", STATE_E_DAMAGED},
                        {"{\"version\":1,\"order\":{}}", STATE_E_DAMAGED},
                        {"{\"version\":1,\"order\":{\"url\":\"http://ca.example/"
                         "o\",\"createdUsec\":1,"
                         "\"identifiers\":[],\"directory\":\"https://ca.example/\"}}",
                         STATE_E_DAMAGED},
                        {"{\"version\":1,\"failure\":{\"count\":-1}}", STATE_E_DAMAGED},
                        {"{\"version\":1,\"failure\":{\"count\":1,\"lastUsec\":1,\"outcome\":256,"
                         "\"nextAttemptUsec\":2}}",
                         STATE_E_DAMAGED},
        };

        FOREACH_ARRAY (row, table, ELEMENTSOF(table)) {
                _cleanup_(state_freep) State *state = NULL;
                int r = state_parse(row->text, strlen(row->text), &state);

                if (r != row->outcome)
                        print_error("%s\n", row->text);
                assert_int_equal(r, row->outcome);
                assert_true((r == 0) == !!state);
        }
}

/* Each member in turn is given a value that cannot be. */
static void test_state_parse__one_member_damaged(_unused_ void **unused)
{
        static const char *const pairs[][2] = {
                        {"\"generation\":\"7\"", "\"generation\":\"../7\""},
                        {"\"generation\":\"7\"", "\"generation\":\"\""},
                        {"\"generation\":\"7\"", "\"generation\":7"},
                        {"\"serial\":\"0a\"", "\"serial\":\"0A\""},
                        {"\"serial\":\"0a\"", "\"serial\":\"\""},
                        {"\"fingerprint\":\"ff\"", "\"fingerprint\":\"gg\""},
                        {"\"issuer\":\"I\"", "\"issuer\":{}"},
                        {"\"notBeforeUsec\":1", "\"notBeforeUsec\":-1"},
                        {"\"notBeforeUsec\":1", "\"notBeforeUsec\":3"},
                        {"\"notBeforeUsec\":1", "\"notBeforeUsec\":1.5"},
                        {"\"checkedUsec\":4", "\"unchecked\":4"},
                        {"\"checkedUsec\":4", "\"checkedUsec\":4,\"renewalInfo\":1"},
                        {"\"checkedUsec\":4", "\"checkedUsec\":4,\"renewalInfo\":{}"},
                        {"\"checkedUsec\":4",
                         "\"checkedUsec\":4,\"renewalInfo\":{\"againUsec\":1,\"explanation\":"
                         "\"x\"}"},
                        {"\"checkedUsec\":4", "\"checkedUsec\":4,\"revocation\":{}"},
                        {"\"checkedUsec\":4",
                         "\"checkedUsec\":4,\"revocation\":{\"askedUsec\":1,\"reason\":\"7\"}"},
                        {"[\"a.example\"]", "\"a.example\""},
                        {"[\"a.example\"]", "[1]"},
                        {"\"keyType\":\"ec-p256\"", "\"keyType\":\"EC P256\""},
        };
        static const char whole[] = "{\"version\":1,\"certificate\":{" CERTIFICATE "}}";

        FOREACH_ARRAY (pair, pairs, ELEMENTSOF(pairs)) {
                _cleanup_free_ char *text = NULL;
                const char *at = strstr(whole, (*pair)[0]);
                State *state = NULL;

                assert_non_null(at);
                assert_true(asprintf(&text,
                                     "%.*s%s%s",
                                     (int) (at - whole),
                                     whole,
                                     (*pair)[1],
                                     at + strlen((*pair)[0])) > 0);
                assert_int_equal(state_parse(text, strlen(text), &state), STATE_E_DAMAGED);
                assert_null(state);
        }
}

static void test_state_parse__truncated_anywhere(_unused_ void **unused)
{
        _cleanup_(state_freep) State *state = make_full_state(2);
        _cleanup_free_ char *text = NULL;

        assert_int_equal(state_format(state, &text), 0);
        /* The last two bytes are the closing brace and the newline. */
        for (size_t n = 0; n < strlen(text) - 1; n++) {
                State *read = NULL;

                assert_int_equal(state_parse(text, n, &read), STATE_E_DAMAGED);
        }
}

static void test_state_parse__nuls_and_too_large(_unused_ void **unused)
{
        _cleanup_free_ char *zeros = calloc(1, STATE_BYTES_MAX + 1);
        State *state = NULL;

        assert_non_null(zeros);
        assert_int_equal(state_parse(zeros, 1, &state), STATE_E_DAMAGED);
        assert_int_equal(state_parse(zeros, 4096, &state), STATE_E_DAMAGED);

        memset(zeros, ' ', STATE_BYTES_MAX + 1);
        memcpy(zeros, "{\"version\":1}", 13);
        assert_int_equal(state_parse(zeros, STATE_BYTES_MAX + 1, &state), STATE_E_DAMAGED);
}

/* The last word counts, and what a newer version knows is no type here. */
static void test_state_set_challenge__one_for_each_identifier(void **state)
{
        _cleanup_strv_free_ char **list = NULL;

        (void) state;
        assert_int_equal(state_challenge(list, "a"), CHALLENGE_TYPE_INVALID);
        assert_int_equal(strv_append(&list, "new-07 a"), 0);
        assert_int_equal(state_challenge(list, "a"), CHALLENGE_TYPE_INVALID);
        assert_int_equal(state_set_challenge(&list, "a", CHALLENGE_TYPE_DNS01), 0);
        assert_int_equal(state_set_challenge(&list, "*.a", CHALLENGE_TYPE_TLS_ALPN01), 0);
        assert_int_equal(state_set_challenge(&list, "a", CHALLENGE_TYPE_HTTP01), 0);
        assert_int_equal(state_challenge(list, "a"), CHALLENGE_TYPE_HTTP01);
        assert_int_equal(state_challenge(list, "*.a"), CHALLENGE_TYPE_TLS_ALPN01);
        assert_int_equal(state_challenge(list, ".a"), CHALLENGE_TYPE_INVALID);
        assert_int_equal(strv_length(list), 3);
}

static void test_state_add_issuer__the_oldest_is_forgotten(void **state _unused_)
{
        _cleanup_(state_freep) State *s = NULL;
        char fingerprint[16];

        assert_int_equal(state_new(&s), 0);
        assert_null(state_issuer(s, "0"));
        for (unsigned i = 0; i <= STATE_ISSUERS_MAX; i++) {
                (void) snprintf(fingerprint, sizeof(fingerprint), "%02x", i);
                assert_int_equal(state_add_issuer(s, fingerprint, "https://a.b/"), 0);
        }
        /* It is known by whom it was; nobody else takes its place. */
        assert_int_equal(state_add_issuer(s, fingerprint, "https://c.d/"), 0);
        assert_int_equal(strv_length(s->issuers), STATE_ISSUERS_MAX);
        assert_null(state_issuer(s, "00"));
        assert_null(state_issuer(s, "0"));
        assert_string_equal(state_issuer(s, "01"), "https://a.b/");
        assert_string_equal(state_issuer(s, fingerprint), "https://a.b/");
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_state_set_challenge__one_for_each_identifier),
                        cmocka_unit_test(test_state_add_issuer__the_oldest_is_forgotten),
                        cmocka_unit_test(test_state_parse__what_was_formatted),
                        cmocka_unit_test(test_state_parse__authorities),
                        cmocka_unit_test(test_state_parse__nothing_set),
                        cmocka_unit_test(test_state_format__placeholder),
                        cmocka_unit_test(test_state_format__never_is_late),
                        cmocka_unit_test(test_state_parse__table),
                        cmocka_unit_test(test_state_parse__one_member_damaged),
                        cmocka_unit_test(test_state_parse__truncated_anywhere),
                        cmocka_unit_test(test_state_parse__nuls_and_too_large),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
