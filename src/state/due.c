/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* When to renew, and when to try again. Pure functions: who calls them supplies the time, the
 * configuration, and what was found. */

#include "state/due.h"

#include "acme/renewal-info.h"

/* What the timer waits after the first, second and third failure in a row. Spans in between would
 * hammer a CA that counts failed validations by the hour. */
static const usec_t retry_spans[] = {
                USEC_PER_MINUTE,
                10 * USEC_PER_MINUTE,
                100 * USEC_PER_MINUTE,
};
#define RETRY_SPAN_LAST USEC_PER_DAY

/* What lives for minutes would be over before the next attempt: no wait of ours takes more than
 * this share of its lifetime, nor is any so short that a CA which is down is asked without a pause.
 */
#define RETRY_LIFETIME_SHARE 10U
#define RETRY_SPAN_MIN_USEC (5 * USEC_PER_SEC)

/* A CA may ask us to stay away for longer; it does not get to decide that we never come back. */
#define RETRY_AFTER_MAX_USEC (7 * USEC_PER_DAY)

/* FNV-1a, 64 bits: it has to notice a change, not to withstand anybody; who could forge a collision
 * writes the configuration already. */
#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

static const char *const reason_words[DUE_REASON_MAX] = {
                [DUE_FIRST] = "first",
                [DUE_EXPIRING] = "expiring",
                [DUE_IDENTIFIERS] = "identifiers",
                [DUE_KEY_TYPE] = "keyType",
                [DUE_CA] = "ca",
                [DUE_KEY_MISMATCH] = "keyMismatch",
                [DUE_REQUESTED] = "requested",
                [DUE_RENEWAL_INFO] = "renewalInfo",
                [DUE_REVOKED] = "revoked",
                [DUE_KEY] = "key",
                [DUE_KEY_RETIRED] = "keyRetired",
};

const char *due_reason_to_string(DueReason reason)
{
        return reason < DUE_REASON_MAX ? reason_words[reason] : NULL;
}

DueReason due_reason_from_string(const char *s)
{
        for (DueReason reason = DUE_NOT + 1; s && reason < DUE_REASON_MAX; reason++)
                if (streq(s, reason_words[reason]))
                        return reason;
        return DUE_NOT;
}

usec_t due_renew_at(usec_t not_before_usec, usec_t not_after_usec)
{
        usec_t lifetime_usec;

        if (not_after_usec <= not_before_usec)
                return not_before_usec;
        lifetime_usec = not_after_usec - not_before_usec;
        return not_after_usec - lifetime_usec / (lifetime_usec < DUE_SHORT_LIFETIME_USEC ? 2 : 3);
}

/* A request from the future waits for its time: it would still be newer than the certificate that
 * fulfils it, and ask for ever. A certificate that was installed far in the future, by a clock that
 * was wrong, has fulfilled nothing. */
static bool
is_requested(const StateCertificate *certificate, usec_t requested_usec, usec_t now_usec)
{
        if (requested_usec == 0 || requested_usec > now_usec)
                return false;
        return requested_usec > certificate->installed_usec ||
               certificate->installed_usec > now_usec + USEC_PER_HOUR;
}

usec_t due_moment(const StateCertificate *certificate)
{
        usec_t by_age = due_renew_at(certificate->not_before_usec, certificate->not_after_usec);

        if (certificate->renewal_info.moment_usec == 0)
                return by_age;
        return MIN(by_age,
                   MAX(certificate->renewal_info.moment_usec,
                       certificate->installed_usec + DUE_RENEWAL_INFO_INTERVAL_USEC));
}

bool due_is_to_be_asked(const StateCertificate *certificate, const Config *config, usec_t now_usec)
{
        usec_t again_usec = certificate->renewal_info.again_usec;

        return certificate->is_set && !certificate->is_placeholder &&
               config_find_directory(config, certificate->directory) < config->n_cas &&
               (again_usec <= now_usec || again_usec > now_usec + RENEWAL_INFO_AGAIN_MAX_USEC);
}

/* By which request, the signer alone can say. */
static bool is_other_key(const StateCertificate *certificate, const Config *config)
{
        const char *source = certificate->key_source;

        if (config->csr)
                return !source || !startswith(source, KEY_SOURCE_CSR);
        return !streq_ptr(source, config->key_uri);
}

/* One that is not ours has the kind that it has. */
static bool is_other_key_type(const StateCertificate *certificate, const Config *config)
{
        return !config_key_is_elsewhere(config) &&
               !streq_ptr(certificate->key_type, key_type_to_string(config->key_type));
}

DueReason due_evaluate(const StateCertificate *certificate,
                       const Config *config,
                       usec_t requested_usec,
                       usec_t now_usec)
{
        if (!certificate->is_set || certificate->is_placeholder)
                return DUE_FIRST;
        if (certificate->revocation.asked_usec > 0)
                return DUE_REVOKED;
        if (now_usec >= due_renew_at(certificate->not_before_usec, certificate->not_after_usec))
                return DUE_EXPIRING;
        /* Those of a request the signer alone can read. */
        if (config->identifiers && !strv_equal(certificate->identifiers, config->identifiers))
                return DUE_IDENTIFIERS;
        if (is_other_key(certificate, config))
                return DUE_KEY;
        if (is_other_key_type(certificate, config))
                return DUE_KEY_TYPE;
        /* Not known after the state was lost: then the certificate stands as it is. */
        if (certificate->directory &&
            config_find_directory(config, certificate->directory) == config->n_cas)
                return DUE_CA;
        if (is_requested(certificate, requested_usec, now_usec))
                return DUE_REQUESTED;
        return now_usec >= due_moment(certificate) ? DUE_RENEWAL_INFO : DUE_NOT;
}

static usec_t longest_wait(const StateCertificate *live)
{
        if (!live->is_set || live->is_placeholder || live->not_after_usec <= live->not_before_usec)
                return USEC_INFINITY;
        return MAX((live->not_after_usec - live->not_before_usec) / RETRY_LIFETIME_SHARE,
                   RETRY_SPAN_MIN_USEC);
}

usec_t retry_next_attempt(const StateCertificate *live,
                          unsigned count,
                          usec_t retry_after_usec,
                          usec_t now_usec)
{
        usec_t span_usec = RETRY_SPAN_LAST;

        if (count <= ELEMENTSOF(retry_spans))
                span_usec = retry_spans[count > 0 ? count - 1 : 0];
        span_usec = MIN(span_usec, longest_wait(live));
        return now_usec + MAX(span_usec, MIN(retry_after_usec, RETRY_AFTER_MAX_USEC));
}

/* The NUL goes in as well, so that "ab" "c" is not "a" "bc"; an absent string is a lone 0xff. */
static void mix_string(uint64_t *hash, const char *s)
{
        if (!s) {
                *hash = (*hash ^ 0xff) * FNV_PRIME;
                return;
        }
        do
                *hash = (*hash ^ (uint8_t) *s) * FNV_PRIME;
        while (*s++);
}

static void mix_strv(uint64_t *hash, char *const *list)
{
        for (; list && *list; list++)
                mix_string(hash, *list);
        mix_string(hash, NULL);
}

static void mix_cas(uint64_t *hash, const Config *config)
{
        FOREACH_ARRAY (ca, config->cas, config->n_cas) {
                mix_string(hash, ca->directory);
                mix_string(hash, ca->account);
                mix_string(hash, ca->account_key);
                mix_string(hash, ca->trust);
                mix_string(hash, ca->terms_of_service_agreed ? "yes" : "no");
        }
}

int due_settings_fingerprint(const Config *config, char **ret)
{
        char listen[LISTEN_ADDRESS_MAX];
        uint64_t hash = FNV_OFFSET;
        char *digits;

        mix_strv(&hash, config->identifiers_by_csr ? NULL : config->identifiers);
        mix_string(&hash, config->csr);
        mix_string(&hash, config->key_uri);
        mix_string(&hash, FORMAT_TIMESPAN(config->csr_usec));
        mix_cas(&hash, config);
        mix_strv(&hash, config->contact);
        FOREACH_ARRAY (type, config->key_types, config->n_key_types)
                mix_string(&hash, key_type_to_string(*type));
        mix_string(&hash, key_type_to_string(config->account_key_type));
        mix_strv(&hash, config->profiles);
        mix_string(&hash, config->profile_required ? "yes" : "no");
        mix_string(&hash, FORMAT_TIMESPAN(config->lifetime_usec));
        mix_string(&hash, FORMAT_TIMESPAN(config->backdate_usec));
        for (size_t i = 0; i < config->n_listen; i++)
                mix_string(&hash, listen_address_format(&config->listen[i], listen));
        mix_string(&hash, config->webroot_directory);
        mix_string(&hash, config->stateless ? "stateless" : "tokens");
        mix_string(&hash, config->thumbprint);
        mix_string(&hash, config->firewall_mode == FIREWALL_OFF ? "off" : "on");
        mix_string(&hash, config->set_family);
        mix_string(&hash, config->set_table);
        mix_string(&hash, config->set_name);
        if (asprintf(&digits, "%016" PRIx64, hash) < 0)
                return -ENOMEM;
        *ret = digits;
        return 0;
}
