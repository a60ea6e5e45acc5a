/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every error of RFC 8555 section 6.7, once: whether the same request may succeed later, whose
 * fault it is, the exit code, and what the user can do. acme-renew@.service(8) shows the exit
 * codes. */

#include "acme/problem-rules.h"

#define RULE(error, at, again, whose, status, what_to_do)                                          \
        {                                                                                          \
                .name = (error), .stage = PROBLEM_AT_##at, .retry = PROBLEM_RETRY_##again,         \
                .fault = PROBLEM_FAULT_##whose, .exit_status = EXIT_##status,                      \
                .advice = (what_to_do)                                                             \
        }

static const ProblemRule rules[] = {
                RULE("accountDoesNotExist",
                     REQUEST,
                     ACCOUNT,
                     ACCOUNT,
                     REFUSED,
                     "the CA no longer knows the account, and a new registration did not help; "
                     "move the CA's "
                     "directory below /var/lib/acme/accounts away to begin with a new account key"),
                RULE("alreadyRevoked",
                     REQUEST,
                     NEVER,
                     NOBODY,
                     REFUSED,
                     "the certificate is revoked already; nothing is left to do"),
                RULE("badCSR",
                     REQUEST,
                     NEVER,
                     CONFIGURATION,
                     REFUSED,
                     "the CA does not issue for this kind of key or these names; try another "
                     "KeyType="),
                RULE("badNonce",
                     REQUEST,
                     NONCE,
                     NOBODY,
                     TRY_AGAIN,
                     "the CA refused one nonce after the other; the next attempt may succeed"),
                RULE("badPublicKey",
                     REQUEST,
                     NEVER,
                     CONFIGURATION,
                     REFUSED,
                     "the CA does not take this kind of key; set another AccountKeyType= or "
                     "KeyType="),
                RULE("badRevocationReason",
                     REQUEST,
                     NEVER,
                     CONFIGURATION,
                     REFUSED,
                     "give another reason for the revocation, or none"),
                RULE("badSignatureAlgorithm",
                     REQUEST,
                     NEVER,
                     CONFIGURATION,
                     REFUSED,
                     "set AccountKeyType= to a kind of key that the CA takes"),
                RULE("caa",
                     VALIDATION,
                     NEVER,
                     DOMAIN,
                     REFUSED,
                     "a CAA record in DNS forbids this CA to issue for the name; add the CA there, "
                     "or choose "
                     "one that is listed with CA="),
                RULE("compound",
                     REQUEST,
                     LATER,
                     NOBODY,
                     TRY_AGAIN,
                     "see the lines about each name"),
                RULE("connection",
                     VALIDATION,
                     LATER,
                     DOMAIN,
                     TRY_AGAIN,
                     "the CA could not reach port 80 of the name; see that its DNS addresses (A "
                     "and AAAA) are "
                     "this machine's and that no firewall or router on the way drops port 80"),
                RULE("dns",
                     VALIDATION,
                     LATER,
                     DOMAIN,
                     TRY_AGAIN,
                     "the CA could not resolve the name; see that its DNS servers answer, with "
                     "valid DNSSEC "
                     "signatures if there are any, and that there is an A or AAAA record"),
                RULE("externalAccountRequired",
                     REQUEST,
                     NEVER,
                     ACCOUNT,
                     REFUSED,
                     "the CA registers its customers only; put the line \"ACCOUNT KEY-ID MAC-KEY\" "
                     "with "
                     "what it gave you into /etc/credstore/acme.external-accounts, see "
                     "acme-account(8)"),
                RULE("incorrectResponse",
                     VALIDATION,
                     LATER,
                     DOMAIN,
                     TRY_AGAIN,
                     "port 80 of the name answered with something else; see that the name's "
                     "addresses are "
                     "this machine's and that no proxy or cache stands in between"),
                RULE("invalidContact",
                     REQUEST,
                     NEVER,
                     CONFIGURATION,
                     CONFIGURATION,
                     "correct Contact= in /etc/acme/acme.conf"),
                RULE("invalidProfile",
                     REQUEST,
                     NEVER,
                     CONFIGURATION,
                     REFUSED,
                     "the CA does not issue by this profile to this account, or not any more; "
                     "correct Profile="),
                RULE("malformed",
                     REQUEST,
                     NEVER,
                     PROGRAM,
                     BUG,
                     "the CA did not understand a request; please report this with the journal's "
                     "lines"),
                RULE("malformed",
                     VALIDATION,
                     LATER,
                     DOMAIN,
                     TRY_AGAIN,
                     "the CA could not look at the name, or not make sense of what it found; see "
                     "that its DNS servers answer and that its addresses are this machine's"),
                RULE("orderNotReady",
                     REQUEST,
                     ORDER,
                     NOBODY,
                     TRY_AGAIN,
                     "the CA takes longer than expected over the order; the next attempt goes on "
                     "with it"),
                RULE("rateLimited",
                     REQUEST,
                     LATER,
                     ACCOUNT,
                     TRY_AGAIN,
                     "the CA's limit is reached; the timer waits as long as the CA asks, and a "
                     "start by hand "
                     "before that is likely to fail and to count again"),
                RULE("rejectedIdentifier",
                     REQUEST,
                     NEVER,
                     CONFIGURATION,
                     REFUSED,
                     "the CA does not issue for one of the names; take it out of Identifiers=, or "
                     "choose "
                     "another CA with CA="),
                RULE("serverInternal",
                     REQUEST,
                     LATER,
                     CA,
                     TRY_AGAIN,
                     "the CA has a problem of its own; the next attempt may succeed"),
                RULE("tls",
                     VALIDATION,
                     LATER,
                     DOMAIN,
                     TRY_AGAIN,
                     "the CA met a TLS error where port 80 redirected it to; see that the "
                     "redirection leads "
                     "to this machine, or leave /.well-known/acme-challenge/ out of it"),
                RULE("unauthorized",
                     REQUEST,
                     NEVER,
                     ACCOUNT,
                     REFUSED,
                     "the CA does not let this account do this; it may have been deactivated"),
                RULE("unauthorized",
                     VALIDATION,
                     LATER,
                     DOMAIN,
                     TRY_AGAIN,
                     "the CA found another answer than ours; for http-01, see that the name's "
                     "addresses (A and AAAA) are this machine's and which server answers at port "
                     "80 there; for dns-01, that every server of the zone has the same records"),
                RULE("unsupportedContact",
                     REQUEST,
                     NEVER,
                     CONFIGURATION,
                     CONFIGURATION,
                     "use a mailto: address in Contact= of /etc/acme/acme.conf"),
                RULE("unsupportedIdentifier",
                     REQUEST,
                     NEVER,
                     CONFIGURATION,
                     REFUSED,
                     "the CA does not issue for this kind of identifier; choose another CA"),
                RULE("userActionRequired",
                     REQUEST,
                     NEVER,
                     ACCOUNT,
                     REFUSED,
                     "the CA wants something to be done first, most often new terms of service to "
                     "be agreed "
                     "to; visit the page that it names"),
};

/* RFC 8555 section 6.7 lets a CA use other types and none at all: HTTP's own classes decide then
 * (RFC 9110 section 15). */
static const ProblemRule rule_server_error =
                RULE(NULL,
                     REQUEST,
                     LATER,
                     CA,
                     TRY_AGAIN,
                     "the CA has a problem of its own; the next attempt may succeed");
static const ProblemRule rule_too_many =
                RULE(NULL,
                     REQUEST,
                     LATER,
                     ACCOUNT,
                     TRY_AGAIN,
                     "the CA's limit is reached; the timer waits as long as the CA asks");
static const ProblemRule rule_not_found =
                RULE(NULL,
                     REQUEST,
                     LATER,
                     CA,
                     TRY_AGAIN,
                     "the CA has nothing where it said that there is something; the next attempt "
                     "asks anew");
static const ProblemRule rule_refused =
                RULE(NULL,
                     REQUEST,
                     NEVER,
                     ACCOUNT,
                     REFUSED,
                     "the CA refuses, with an error that RFC 8555 does not know; ask the CA");
/* Another CA may be able to. */
static const ProblemRule rule_not_implemented =
                RULE(NULL,
                     REQUEST,
                     NEVER,
                     CA,
                     REFUSED,
                     "this CA cannot do that (HTTP status 501), and asking again is of no use; "
                     "nothing has changed");
static const ProblemRule rule_validation = RULE(NULL,
                                                VALIDATION,
                                                LATER,
                                                DOMAIN,
                                                TRY_AGAIN,
                                                "the CA could not verify the name; see that its "
                                                "addresses (A and AAAA) are this machine's "
                                                "and that port 80 can be reached from everywhere");

const ProblemRule *problem_rule_for_status(ProblemStage stage, unsigned http_status)
{
        if (stage == PROBLEM_AT_VALIDATION)
                return &rule_validation;
        if (http_status == 429)
                return &rule_too_many;
        if (http_status == 404 || http_status == 410)
                return &rule_not_found;
        if (http_status == 501)
                return &rule_not_implemented;
        if (http_status >= 400 && http_status < 500 && http_status != 408)
                return &rule_refused;
        return &rule_server_error;
}

bool problem_rule_is_of_this_ca(const ProblemRule *rule)
{
        switch (rule->fault) {
        case PROBLEM_FAULT_CA:
                return true;
        case PROBLEM_FAULT_NOBODY:
                return rule->retry != PROBLEM_RETRY_NEVER;
        case PROBLEM_FAULT_ACCOUNT:
                return rule->retry == PROBLEM_RETRY_LATER;
        default:
                return false;
        }
}

const ProblemRule *problem_rules(size_t *ret_n)
{
        *ret_n = ELEMENTSOF(rules);
        return rules;
}
