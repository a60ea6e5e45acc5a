/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which generation a mounted certificate is of. */

#include "verify/mount-source.h"

#include "base/test.h"

#define DOOR "/run/acme/door/cert.pem"
#define ROOT "22 21 0:45 / / ro,relatime shared:1 - overlay overlay rw\n"
#define STORE "30 22 8:1 /@rootfs/var/lib/acme/certs/a.example/"
#define TAIL " ro,nosuid - ext4 /dev/sda1 rw\n"

static void test_mount_source_directory__table(void **state)
{
        static const struct {
                const char *text, *generation;
        } rows[] = {
                        {ROOT STORE "12/cert.pem " DOOR TAIL, "12"},
                        {STORE "12/cert.pem " DOOR TAIL ROOT, "12"},
                        {STORE "1/cert.pem " DOOR TAIL STORE "2/cert.pem " DOOR TAIL, "2"},
                        {"30 22 8:1 /1/cert.pem " DOOR " ro", "1"},
                        {ROOT STORE "12/cert.pem " DOOR ".old" TAIL, NULL},
                        {"30 22 8:1 /cert.pem " DOOR TAIL, NULL},
                        {"30 22 8:1 cert.pem " DOOR TAIL, NULL},
                        {"30 22\n" DOOR "\n\n", NULL},
                        {ROOT, NULL},
                        {"", NULL},
        };

        (void) state;
        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                _cleanup_free_ char *generation = NULL;

                assert_int_equal(mount_source_directory(row->text, DOOR, &generation), 0);
                assert_row(row->text, streq_ptr(generation, row->generation));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_mount_source_directory__table),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
