/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the tests' CA says: objects as texts, for scripts of test-ca.h. */

#define TOKEN "tttttttttttttttttttttt"

#define NAMED(name) "{\"type\":\"dns\",\"value\":" name "}"
#define PROBLEM(name) "{\"type\":\"urn:ietf:params:acme:error:" name "\",\"detail\":\"because\"}"

#define AT_ORDER "Location: @/order\r\n"
#define ORDER_FOR(name, status, more)                                                              \
        "{\"status\":\"" status                                                                    \
        "\",\"identifiers\":[" NAMED(name) "],\"authorizations\":[\"@/authz\"],\"finalize\":\"@/"  \
                                           "finalize\"" more "}"
#define ORDER(status, more) ORDER_FOR("\"a.example\"", status, more)
#define ORDER_VALID ORDER("valid", ",\"certificate\":\"@/certificate\"")

#define CHALLENGE_WITH(status, more)                                                               \
        "{\"type\":\"http-01\",\"url\":\"@/challenge\",\"token\":\"" TOKEN                         \
        "\",\"status\":\"" status "\"" more "}"
#define CHALLENGE(status) CHALLENGE_WITH(status, "")
#define AUTHORIZATION_FOR(name, status, challenges)                                                \
        "{\"status\":\"" status "\",\"identifier\":" NAMED(name) ",\"challenges\":[" challenges "]}"
#define AUTHORIZATION(status, challenge)                                                           \
        AUTHORIZATION_FOR("\"a.example\"", status, CHALLENGE(challenge))

#define CERTIFICATE "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"

/* What is in the trace when the CA has been told to look. */
#define BEGUN                                                                                      \
        "NewOrder /orders\nSetOrder /order\nFetch /authz\nPublish " TOKEN                          \
        "\nAnswerChallenge /challenge\n"
