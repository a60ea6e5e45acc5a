/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acme-dns-publish NAME ACTION …: what is done to DNS for a challenge, one thing for each process.
 * The dns room has PID 1 run it, in a sandbox with the credentials of the one publisher.
 *
 * check IDENTIFIER…: looks whether the rest can work, and changes nothing.
 * present IDENTIFIER VALUE, cleanup IDENTIFIER VALUE: a record is added or removed.
 * wait [IDENTIFIER VALUE]…: until all servers have them; without any credential.
 * seek IDENTIFIER TEXT: looks for a record of dns-persist-01, whose text is in base64url; without a
 * publisher. */

#include "acme/identifier.h"
#include "base/base64url.h"
#include "base/exit-status.h"
#include "base/log.h"
#include "config/config.h"
#include "publisher/persist-record.h"
#include "publisher/program.h"
#include "publisher/propagation.h"
#include "publisher/update.h"

/* RFC 8555 section 8.4: SHA-256 in base64url. */
#define VALUE_BYTES 43U

/* A person has made the record some time ago, or not at all. */
#define SEEK "seek"
#define SEEK_USEC (5 * USEC_PER_SEC)

static bool is_pairs(char **words)
{
        size_t n = strv_length(words);

        if (n % 2 != 0 || n > 2 * (size_t) PROPAGATION_RECORDS_MAX)
                return false;
        for (size_t i = 0; i < n; i += 2)
                if (!acme_dns_name_is_valid(words[i]) ||
                    !base64url_is_valid(words[i + 1], VALUE_BYTES, VALUE_BYTES))
                        return false;
        return true;
}

/* Everything but a change: names, zone, servers, and whether the key is taken. */
static int check(const DnsPublisher *publisher, char **identifiers)
{
        int r = 0;

        STRV_FOREACH (identifier, identifiers) {
                _cleanup_(place_done) Place place = {};

                if (r != 0)
                        break;
                r = place_find(PLACE_CHALLENGE, *identifier, &place);
                if (r == 0)
                        r = place_find_servers(&place);
                if (r == 0 && publisher->zone && !streq(publisher->zone, place.zone))
                        log_notice("The zone of %s is %s; updates are for Zone=%s",
                                   place.name,
                                   place.zone,
                                   publisher->zone);
                if (r == 0 && !publisher->program) {
                        if (publisher->zone)
                                r = free_and_strdup(&place.zone, publisher->zone);
                        r = r < 0 ? r : update_send(publisher, UPDATE_CHECK, &place, NULL);
                }
        }
        return r == 0 && publisher->program ? program_check(publisher) : r;
}

static int change(const DnsPublisher *publisher, UpdateAction action, char **words)
{
        _cleanup_(place_done) Place place = {};
        int r;

        if (publisher->program) {
                r = place_find_name(PLACE_CHALLENGE, words[0], &place.name);
                return r != 0 ? r : program_run(publisher, action, words[0], place.name, words[1]);
        }
        r = place_find(PLACE_CHALLENGE, words[0], &place);
        if (r == 0 && publisher->zone)
                r = free_and_strdup(&place.zone, publisher->zone);
        return r != 0 ? r : update_send(publisher, action, &place, words[1]);
}

static int await(const DnsPublisher *publisher, char **words)
{
        size_t n = strv_length(words) / 2;
        _cleanup_free_ char **identifiers = calloc(n + 1, sizeof(char *));
        _cleanup_free_ char **values = calloc(n + 1, sizeof(char *));

        if (!identifiers || !values)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                identifiers[i] = words[2 * i];
                values[i] = words[2 * i + 1];
        }
        return propagation_await(identifiers, values, n, publisher->propagation_sec * USEC_PER_SEC);
}

static int seek(const char *identifier, const char *letters)
{
        char text[PERSIST_RECORD_MAX + 1];
        PersistRecord wanted;
        size_t length;
        int r;

        r = acme_dns_name_is_valid(identifier)
                            ? base64url_decode(letters, text, PERSIST_RECORD_MAX, &length)
                            : -EINVAL;
        if (r < 0)
                return r;
        text[length] = 0;
        r = persist_record_parse(text, &wanted);
        return r < 0 ? r : propagation_seek(identifier, &wanted, SEEK_USEC);
}

/* Return: as the steps; -EINVAL for what is no action. */
static int act(const DnsPublisher *publisher, const char *action, char **words)
{
        bool is_one = strv_length(words) == 2 && is_pairs(words);

        if (streq(action, SEEK))
                return strv_length(words) == 2 ? seek(words[0], words[1]) : -EINVAL;
        if (streq(action, "check") && *words) {
                STRV_FOREACH (word, words)
                        if (!acme_dns_name_is_valid(*word))
                                return -EINVAL;
                return check(publisher, words);
        }
        if (streq(action, "present") && is_one)
                return change(publisher, UPDATE_PRESENT, words);
        if (streq(action, "cleanup") && is_one)
                return change(publisher, UPDATE_CLEANUP, words);
        if (streq(action, "wait") && is_pairs(words))
                return await(publisher, words);
        return -EINVAL;
}

int main(int argc, char *argv[])
{
        _cleanup_(config_error_done) ConfigError error = {};
        _cleanup_(config_freep) Config *config = NULL;
        int r;

        log_open("acme-dns-publish");
        if (argc < 3) {
                log_error("Usage: acme-dns-publish NAME check|present|cleanup|wait|seek …; the dns "
                          "room "
                          "has it run");
                return EXIT_BUG;
        }
        log_set_certificate(argv[1]);
        r = config_load(argv[1], "", &config, &error);
        if (r < 0)
                return log_oom(), EXIT_BUG;
        if (r == CONFIG_E_INVALID || (!config->dns && !streq(argv[2], SEEK))) {
                (void) report(0, "%s", error.message ?: "There is no DNSPublisher=");
                return EXIT_CONFIGURATION;
        }
        r = act(config->dns, argv[2], argv + 3);
        if (r < 0)
                (void) report(0, "Failed to %s in DNS: %s", argv[2], strerror(-r));
        if (r == PUBLISH_E_REFUSED)
                return EXIT_CONFIGURATION;
        return r == 0 ? EXIT_DONE : r < 0 ? EXIT_BUG : EXIT_TRY_AGAIN;
}
