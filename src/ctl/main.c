/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acmectl VERB …: the command for people. It holds nothing and may do what its caller may: it
 * leaves requests where only root can, has PID 1 start the units that do the work, waits for them,
 * and says what became of it. It knocks at no door and reads nothing that a CA has sent and nobody
 * has verified. */

#include "base/log.h"
#include "ctl/verb.h"
#include "version.h"

static void usage(FILE *f)
{
        fputs("acmectl VERB [ARGUMENTS]\n\n"
              "Does by hand what acmeward does by itself, and what it does by hand only.\n\n",
              f);
        for (const Verb *verb = verbs; verb->name; verb++)
                fprintf(f, "  %s %s\n        %s\n", verb->name, verb->arguments, verb->summary);
        fputs("  help\n        Show this\n\n"
              "  -h, --help     show this\n"
              "      --version  show the version\n\n"
              "See acmectl(8).\n",
              f);
}

static ExitStatus run_verb(int argc, char *argv[])
{
        const Verb *verb;

        if (streq(argv[0], "help")) {
                usage(stdout);
                return EXIT_DONE;
        }
        verb = verb_find(argv[0]);
        if (!verb) {
                log_error("There is no verb \"%s\"; acmectl help lists them", argv[0]);
                return EXIT_CONFIGURATION;
        }
        return verb->run(argc, argv);
}

int main(int argc, char *argv[])
{
        static const struct option options[] = {
                        {"help", no_argument, NULL, 'h'},
                        {"version", no_argument, NULL, 'v'},
                        {},
        };
        int option, first;

        log_open("acmectl");
        log_set_target(LOG_TARGET_STDERR);
        /* "+": what comes after the verb is the verb's. */
        while ((option = getopt_long(argc, argv, "+h", options, NULL)) >= 0)
                switch (option) {
                case 'h':
                        usage(stdout);
                        return EXIT_SUCCESS;
                case 'v':
                        puts("acmectl " ACMEWARD_VERSION);
                        return EXIT_SUCCESS;
                default:
                        usage(stderr);
                        return EXIT_CONFIGURATION;
                }
        if (optind >= argc) {
                usage(stderr);
                return EXIT_CONFIGURATION;
        }
        first = optind;
        /* The verb reads its own options, from the beginning. */
        optind = 0;
        return (int) run_verb(argc - first, argv + first);
}
