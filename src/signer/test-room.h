/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A whole signer for tests: in a process of its own, over a root directory of the test's, behind a
 * socket, with a clock that the test sets. And a CA that signs what it asks for. */

#include "base/test.h"
#include "state/state.h"
#include "varlink/varlink-client.h"
#include "x509/test-pki.h"

#define ROOM_NAME "a.example"
#define ROOM_DIRECTORY "https://ca.example/dir"
#define ROOM_URL "https://ca.example/x"
#define ROOM_ACCOUNT "https://ca.example/acct/1"
#define ROOM_ORDER "https://ca.example/order/1"
#define ROOM_NONCE "nonce-1"
#define ROOM_TOKEN "tttttttttttttttttttttt"

#define ROOM_CERTS "var/lib/acme/certs/" ROOM_NAME
#define ROOM_LIVE "var/lib/acme/live/" ROOM_NAME

typedef struct Room {
        TestDirectory *d;
        usec_t now_usec;
        pid_t pid; /* 0 while it does not run */
        VarlinkClient *client;
        unsigned door;            /* 0: one with all methods */
        const char *account_door; /* NULL: the account's key is here */
} Room;

/* As setup and teardown; with a configuration that is right. */
int room_setup(void **state);
int room_teardown(void **state);

/* Text for /etc/acme/acme.conf, and for certs/NAME.conf. */
void room_configure(Room *room, const char *defaults, const char *certificate);

void room_start(Room *room);
void room_stop(Room *room); /* disconnects, SIGTERM, and all has to end well */
void room_kill(Room *room);
bool room_end(Room *room); /* the same as room_stop() where it may be dead: was it killed? */
void room_make_store(Room *room);
VarlinkClient *room_connect(Room *room);

/* Calls with strings, name and value, up to a NULL; the value of a name behind a '=' is JSON.
 * *ret_error is "NoAccount", without the interface, or NULL. Return: the reply's parameters, a
 * reference. */
struct json_object *
room_call(Room *room, VarlinkClient *client, char **ret_error, const char *method, ...) _sentinel_;

/* The same on the room's own connection; the reply must be no error, or that error. */
struct json_object *room_ask(Room *room, const char *method, ...) _sentinel_;
void room_expect(Room *room, const char *error, const char *method, ...) _sentinel_;

const char *member(struct json_object *object, const char *name);
int64_t integer_member(struct json_object *object, const char *name);

/* The JSON in a member of a JWS, "protected" or "payload": a reference. */
struct json_object *jws_member(struct json_object *reply, const char *name);

/* NewAccount, SetAccount. */
void room_register(Room *room);

/* Finalize; the public key of the CSR. */
EVP_PKEY *room_finalize(Room *room);

/* The same from Finalize's reply. */
EVP_PKEY *room_csr_key(struct json_object *reply);

/* A chain for that key and these names as PEM. key is taken. */
char *room_issue(EVP_PKEY *key, const char *names, void (*adjust)(PkiSpecs *specs));

/* From Describe to Install. Return: the key that it is for. */
EVP_PKEY *room_renew(Room *room);

State *room_state(Room *room);
char *room_live(Room *room); /* the live generation; NULL: none */
bool room_logged(Room *room, const char *text);
bool room_has(Room *room, const char *path);
