/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who asks, and what for: the abstract address that PID 1 binds before it fetches a credential. */

#include <sys/socket.h>
#include <sys/un.h>

#include "base/name.h"

/* Keys first; what each is made of is in answer.c. */
typedef enum Credential {
        CREDENTIAL_KEY,
        CREDENTIAL_BUNDLE,
        CREDENTIAL_CERTIFICATE,
        CREDENTIAL_CHAIN,
        CREDENTIAL_FULL_CHAIN,
        CREDENTIAL_MAX,
} Credential;

const char *credential_to_string(Credential credential); /* "tls.key", … */

/* For messages: what there is to ask for. */
#define CREDENTIAL_NAMES                                                                           \
        "tls.key, tls.bundle, tls.crt, tls.chain and tls.fullchain, with .rsa or .ec behind tls "  \
        "for the second of two types of KeyType="

/* Everything in an abstract address; nothing in it is longer than that. */
#define REQUEST_PART_MAX sizeof(((struct sockaddr_un *) NULL)->sun_path)

typedef struct Request {
        char unit[REQUEST_PART_MAX]; /* passes unit_name_is_valid() */
        char id[REQUEST_PART_MAX];   /* as asked: "tls.key", "a.example.tls.key" */
        char name[REQUEST_PART_MAX]; /* passes certificate_name_is_valid(); "": left to Consumers=
                                      */
        Credential credential;
        const char *variant; /* "rsa", "ec": with a key of the second type; NULL: of the first */
} Request;

/* address: length bytes as getpeername() told them, of a peer that nobody has checked.
 *
 *     address = NUL 1*16(hexadecimal digit) "/unit/" UNIT "/" ID
 *     ID      = [NAME "."] ("tls.key" / "tls.rsa.key" / "tls.crt" / …)
 *
 * Spec: systemd.exec(5), LoadCredential=.
 * Return: 0; REQUEST_E_ADDRESS when it is none of PID 1's; REQUEST_E_CREDENTIAL when the ID is not
 * one of ours: ret has unit and id then, of which id may be shown escaped only. */
enum {
        REQUEST_E_ADDRESS = 1,
        REQUEST_E_CREDENTIAL,
};
int request_parse(const struct sockaddr_un *address, socklen_t length, Request *ret);
