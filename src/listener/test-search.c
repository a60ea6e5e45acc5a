/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The search for what can be bound, with a machine of the test's in the place of PID 1: some of its
 * ports are taken. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "listener/search.h"

#define ADDRESSES 4U

typedef struct Machine {
        unsigned taken;  /* bit i: somebody else has addresses[i] */
        unsigned listen; /* bit i: we listen on it */
        unsigned tries;
        unsigned fail_at;   /* the try that finds PID 1 gone; 0: none */
        unsigned snatch_at; /* the try before which everything is taken; 0: none */
} Machine;

static int machine_listen(const ListenAddress *addresses, size_t n, void *userdata)
{
        Machine *machine = userdata;
        unsigned wanted = 0;

        machine->tries++;
        machine->listen = 0;
        if (machine->tries == machine->fail_at)
                return -ECONNRESET;
        if (machine->tries == machine->snatch_at)
                machine->taken = UINT32_MAX;
        for (size_t i = 0; i < n; i++)
                wanted |= 1U << (listen_address_port(&addresses[i]) - 1);
        if (wanted & machine->taken)
                return LISTEN_E_BIND;
        machine->listen = wanted;
        return 0;
}

static void make_addresses(ListenAddress addresses[static ADDRESSES])
{
        for (unsigned i = 0; i < ADDRESSES; i++)
                addresses[i].in = (struct sockaddr_in){
                                .sin_family = AF_INET,
                                .sin_port = htons((uint16_t) (i + 1)),
                };
}

static void test_listen_search__every_combination(void **state)
{
        ListenAddress addresses[ADDRESSES];

        (void) state;
        make_addresses(addresses);
        for (size_t n = 0; n <= ADDRESSES; n++)
                for (unsigned taken = 0; taken < 1U << n; taken++) {
                        unsigned free_ones = ((1U << n) - 1) & ~taken;
                        Machine machine = {.taken = taken};
                        bool bound[ADDRESSES];

                        assert_int_equal(listen_search(addresses,
                                                       n,
                                                       machine_listen,
                                                       &machine,
                                                       bound),
                                         __builtin_popcount(free_ones));
                        assert_int_equal(machine.listen, free_ones);
                        for (size_t i = 0; i < n; i++)
                                assert_int_equal(bound[i], (free_ones >> i) & 1);
                        assert_true(machine.tries <= n + 2);
                        if (taken == 0)
                                assert_int_equal(machine.tries, n > 0);
                }
}

/* The two usual families, and a web server on one of them: two tries or three. */
static void test_listen_search__one_family_taken(void **state)
{
        Machine second = {.taken = 2}, first = {.taken = 1};
        ListenAddress addresses[ADDRESSES];
        bool bound[2];

        (void) state;
        make_addresses(addresses);
        assert_int_equal(listen_search(addresses, 2, machine_listen, &second, bound), 1);
        assert_int_equal(second.tries, 2);
        assert_int_equal(listen_search(addresses, 2, machine_listen, &first, bound), 1);
        assert_int_equal(first.tries, 3);
}

static void test_listen_search__manager_fails(void **state)
{
        ListenAddress addresses[ADDRESSES];
        bool bound[ADDRESSES];

        (void) state;
        make_addresses(addresses);
        for (unsigned i = 1; i <= 4; i++) {
                Machine machine = {.taken = 1, .fail_at = i};

                assert_int_equal(listen_search(addresses, 3, machine_listen, &machine, bound),
                                 -ECONNRESET);
        }
}

/* Another program takes the ports just before we listen on what the search has found. */
static void test_listen_search__snatched(void **state)
{
        Machine machine = {.taken = 4 | 8, .snatch_at = 6};
        ListenAddress addresses[ADDRESSES];
        bool bound[ADDRESSES];

        (void) state;
        make_addresses(addresses);
        assert_int_equal(listen_search(addresses, ADDRESSES, machine_listen, &machine, bound), 0);
        assert_int_equal(machine.tries, 6);
        FOREACH_ARRAY (b, bound, ADDRESSES)
                assert_false(*b);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_listen_search__every_combination),
                        cmocka_unit_test(test_listen_search__one_family_taken),
                        cmocka_unit_test(test_listen_search__manager_fails),
                        cmocka_unit_test(test_listen_search__snatched),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
