/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "acme/challenge-type.h"

#include "acme/identifier.h"

/* RFC 1035 section 2.3.4: 255 octets, of which text has two less. */
#define DNS_NAME_MAX 253U

static const struct {
        const char *name;
        bool has_room;
        bool proves_names, proves_wildcards, proves_addresses;
        const char *label; /* of its record, which is below the name; NULL: there is none */
        bool is_experimental;
} types[CHALLENGE_TYPE_MAX] = {
                [CHALLENGE_TYPE_HTTP01] = {"http-01", true, true, false, true},
                [CHALLENGE_TYPE_DNS01] = {"dns-01", true, true, true, false, "_acme-challenge."},
                [CHALLENGE_TYPE_TLS_ALPN01] = {"tls-alpn-01", true, true, false, true},
                [CHALLENGE_TYPE_DNS_PERSIST01] = {"dns-persist-01",
                                                  true,
                                                  true,
                                                  true,
                                                  false,
                                                  "_validation-persist.",
                                                  true},
};

const char *challenge_type_to_string(ChallengeType type)
{
        assert(type >= 0 && type < CHALLENGE_TYPE_MAX);
        return types[type].name;
}

ChallengeType challenge_type_from_string(const char *name)
{
        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                if (streq(types[i].name, name))
                        return (ChallengeType) i;
        return CHALLENGE_TYPE_INVALID;
}

bool challenge_type_has_room(ChallengeType type)
{
        return types[type].has_room;
}

/* The record's name is one, too. */
static bool has_room_below(const char *name, const char *label)
{
        return !label || strlen(label) + strlen(name) <= DNS_NAME_MAX;
}

bool challenge_type_is_experimental(ChallengeType type)
{
        return types[type].is_experimental;
}

bool challenge_type_can_prove(ChallengeType type, const char *identifier, bool is_wildcard)
{
        if (!has_room_below(identifier, types[type].label))
                return false;
        if (is_wildcard)
                return types[type].proves_wildcards;
        return acme_is_address(identifier) ? types[type].proves_addresses
                                           : types[type].proves_names;
}
