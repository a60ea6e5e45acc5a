/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whoever starts one of these by hand is told how it is used; the units give the name alone. */

#include "base/arguments.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/exit-status.h"
#include "version.h"

static const char *refuse(const char *usage, int *ret_status)
{
        fputs(usage, stderr);
        *ret_status = EXIT_CONFIGURATION;
        return NULL;
}

const char *
arguments_take_name(int argc, char *argv[], const char *program, const char *usage, int *ret_status)
{
        static const struct option options[] = {
                        {"help", no_argument, NULL, 'h'},
                        {"version", no_argument, NULL, 'v'},
                        {},
        };
        int option = getopt_long(argc, argv, "h", options, NULL);

        *ret_status = EXIT_SUCCESS;
        switch (option) {
        case 'h':
                fputs(usage, stdout);
                return NULL;
        case 'v':
                printf("%s " ACMEWARD_VERSION "\n", program);
                return NULL;
        case -1:
                return optind == argc - 1 ? argv[optind] : refuse(usage, ret_status);
        default:
                return refuse(usage, ret_status);
        }
}
