/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Rulesets as nftables and iptables-nft wrote them go in, commands come out: each file of the
 * directory given as argument is one case.
 *
 *     "about"   what is shown
 *     "listen"  the addresses that are bound
 *     "chains"  the answer to "list chains"; "rules": those to "list chain", by "FAMILY TABLE
 * CHAIN" "set"     instead of the two: the answer to "list set" "opened"  the places that are
 * opened; or "outcome": the number that comes back instead "open"    the commands to open, "close"
 * those to close */

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/file.h"
#include "config/listen-address.h"
#include "firewall/comment.h"
#include "firewall/plan.h"

#define VECTOR_MAX (256U * 1024U)

static const char *directory;

static const SetName set_name = {"inet", "filter", "open"};

typedef struct Vector {
        struct json_object *file, *chains, *rules, *set;
        ListenAddress addresses[CONFIG_LISTEN_MAX];
        size_t n_addresses;
} Vector;

static struct json_object *get(struct json_object *object, const char *name)
{
        struct json_object *value = NULL;

        json_object_object_get_ex(object, name, &value);
        return value;
}

static void vector_load(const char *path, Vector *ret)
{
        _cleanup_free_ char *text = NULL;
        struct json_object *listen;
        size_t length;

        *ret = (Vector){};
        assert_int_equal(file_read(AT_FDCWD, path, VECTOR_MAX, 0, &text, &length), 0);
        assert_int_equal(json_parse(text, length, &ret->file), 0);
        ret->chains = get(ret->file, "chains");
        ret->rules = get(ret->file, "rules");
        ret->set = get(ret->file, "set");
        listen = get(ret->file, "listen");
        for (size_t i = 0; i < json_object_array_length(listen); i++) {
                ListenAddress pair[LISTEN_ADDRESSES_PER_WORD];
                const char *reason;
                const char *word = json_object_get_string(json_object_array_get_idx(listen, i));
                size_t n = listen_address_parse(word, pair, &reason);

                assert_int_not_equal(n, 0);
                memcpy(&ret->addresses[ret->n_addresses], pair, n * sizeof(pair[0]));
                ret->n_addresses += n;
        }
}

static int fetch(const ChainName *name, struct json_object **ret, void *userdata)
{
        Vector *vector = userdata;
        char key[256];
        struct json_object *rules;

        snprintf(key, sizeof(key), "%s %s %s", name->family, name->table, name->chain);
        if (!json_object_object_get_ex(vector->rules, key, &rules))
                return -ENOENT;
        *ret = json_object_get(rules);
        return 0;
}

static void assert_json_equal(const char *about, const char *text, struct json_object *expected)
{
        _cleanup_json_ struct json_object *value = NULL;

        assert_int_equal(json_parse(text, strlen(text), &value), 0);
        if (!json_object_equal(get(value, "nftables"), expected))
                fail_msg("%s:\n  is        %s\n  should be %s",
                         about,
                         json_object_to_json_string(get(value, "nftables")),
                         json_object_to_json_string(expected));
}

static void assert_plan(const Vector *vector, const Plan *plan, const char *name)
{
        const char *about = json_object_get_string(get(vector->file, "about"));
        struct json_object *opened = get(vector->file, "opened");
        _cleanup_free_ char *text = NULL;

        assert_int_equal(plan_format(plan, NULL, &text), 0);
        assert_json_equal(about, text, get(vector->file, name));
        if (!streq(name, "open"))
                return;
        assert_int_equal(strv_length(plan->opened), json_object_array_length(opened));
        for (size_t i = 0; i < json_object_array_length(opened); i++)
                assert_string_equal(plan->opened[i],
                                    json_object_get_string(json_object_array_get_idx(opened, i)));
}

static void check(Vector *vector)
{
        _cleanup_plan_ Plan open = {}, close = {};
        struct json_object *outcome = get(vector->file, "outcome");
        int r;

        if (vector->set)
                r = plan_set_open(&set_name,
                                  vector->set,
                                  vector->addresses,
                                  vector->n_addresses,
                                  &open);
        else
                r = plan_open(vector->chains,
                              vector->addresses,
                              vector->n_addresses,
                              fetch,
                              vector,
                              &open);
        assert_int_equal(r, outcome ? json_object_get_int(outcome) : 0);
        if (r == 0)
                assert_plan(vector, &open, "open");

        r = vector->set ? plan_set_close(&set_name, vector->set, &close)
                        : plan_close(vector->chains, fetch, vector, &close);
        if (get(vector->file, "close")) {
                assert_int_equal(r, 0);
                assert_plan(vector, &close, "close");
        } else
                assert_true(r < 0);
}

static void test_plan__vectors(void **state)
{
        DIR *d = opendir(directory);
        struct dirent *entry;
        unsigned n = 0;

        (void) state;
        assert_non_null(d);
        while ((entry = readdir(d))) {
                char path[512];
                Vector vector;

                if (!strstr(entry->d_name, ".json"))
                        continue;
                snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
                print_message("%s\n", entry->d_name);
                vector_load(path, &vector);
                check(&vector);
                json_object_put(vector.file);
                n++;
        }
        closedir(d);
        assert_true(n > 10);
}

/* One table's commands out of a plan for several. */
static void test_plan_format__by_table(void **state)
{
        PlanCommand commands[] = {{(char *) "inet a", (char *) "{\"x\":1}"},
                                  {(char *) "ip b", (char *) "{\"x\":2}"},
                                  {(char *) "inet a", (char *) "{\"x\":3}"}};
        Plan plan = {.commands = commands, .n_commands = ELEMENTSOF(commands)};
        char *text;

        (void) state;
        assert_int_equal(plan_format(&plan, "inet a", &text), 0);
        assert_string_equal(text, "{\"nftables\":[{\"x\":1},{\"x\":3}]}");
        free(text);
        assert_int_equal(plan_format(&plan, NULL, &text), 0);
        assert_string_equal(text, "{\"nftables\":[{\"x\":1},{\"x\":2},{\"x\":3}]}");
        free(text);
}

/* Ours, and nobody else's; nothing is opened that is not open. */
static void test_plan_set_prolong(void **state)
{
        static const char *const elements[][2] = {
                        {"[{\"elem\":{\"val\":80,\"timeout\":3600,\"expires\":9,"
                         "\"comment\":\"acmeward http-01\"}},443,"
                         "{\"elem\":{\"val\":8080,\"comment\":\"mine\"}}]",
                         "{\"nftables\":["
                         "{\"delete\":{\"element\":{\"family\":\"inet\",\"table\":\"filter\","
                         "\"name\":\"open\",\"elem\":[80]}}},"
                         "{\"add\":{\"element\":{\"family\":\"inet\",\"table\":\"filter\","
                         "\"name\":\"open\",\"elem\":[{\"elem\":{\"val\":80,\"timeout\":3600,"
                         "\"comment\":\"acmeward http-01\"}}]}}}]}"},
                        {"[80,443]", "{\"nftables\":[]}"},
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTSOF(elements); i++) {
                _cleanup_json_ struct json_object *items = NULL;
                _cleanup_free_ char *list = NULL, *text = NULL;
                _cleanup_plan_ Plan plan = {};

                assert_true(asprintf(&list,
                                     "[{\"set\":{\"type\":\"inet_service\",\"flags\":"
                                     "\"timeout\",\"elem\":%s}}]",
                                     elements[i][0]) > 0);
                items = json_tokener_parse(list);
                assert_non_null(items);
                assert_int_equal(plan_set_prolong(&set_name, items, &plan), 0);
                assert_int_equal(plan_format(&plan, NULL, &text), 0);
                assert_string_equal(text, elements[i][1]);
        }
}

/* One port's closing leaves the other's opening. */
static void test_plan_set_close__of_one_use(void **state)
{
        static const char elements[] =
                        "[{\"set\":{\"type\":\"inet_service\",\"flags\":\"timeout\",\"elem\":["
                        "{\"elem\":{\"val\":80,\"comment\":\"acmeward http-01\"}},"
                        "{\"elem\":{\"val\":443,\"comment\":\"acmeward tls-alpn-01\"}}]}}]";
        static const char format[] =
                        "{\"nftables\":[{\"delete\":{\"element\":{\"family\":\"inet\",\"table\":"
                        "\"filter\",\"name\":\"open\",\"elem\":[%u]}}}]}";
        static const unsigned ports[FIREWALL_USES] = {80, 443};
        _cleanup_json_ struct json_object *items = NULL;

        (void) state;
        assert_int_equal(json_parse(elements, strlen(elements), &items), 0);
        for (unsigned use = 0; use < FIREWALL_USES; use++) {
                _cleanup_free_ char *text = NULL, *expected = NULL;
                _cleanup_plan_ Plan plan = {};

                firewall_choose(use);
                assert_int_equal(plan_set_close(&set_name, items, &plan), 0);
                assert_int_equal(plan_format(&plan, NULL, &text), 0);
                assert_true(asprintf(&expected, format, ports[use]) > 0);
                assert_string_equal(text, expected);
        }
        firewall_choose(FIREWALL_FOR_HTTP01);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_plan__vectors),
                        cmocka_unit_test(test_plan_format__by_table),
                        cmocka_unit_test(test_plan_set_prolong),
                        cmocka_unit_test(test_plan_set_close__of_one_use),
        };

        if (argc != 2) {
                fprintf(stderr, "Called without the directory of vectors\n");
                return 2;
        }
        directory = argv[1];
        return cmocka_run_group_tests(tests, NULL, NULL);
}
