/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The audit trail: one journal entry per key, signature, refusal, lease, port, order, installation
 * and failure, each with a MESSAGE_ID= that the catalog explains and with fields of its own.
 * Never a key, a token or a nonce. Values are sent in the journal's native protocol, so that no
 * byte of a value can begin another field; those from a peer are escaped here all the same, so that
 * none of them colours a terminal. */

#include "base/macro.h"

typedef enum AuditEvent {
#define AUDIT_EVENT(name, id, level) AUDIT_##name,
#include "base/audit-events.h"
#undef AUDIT_EVENT
        AUDIT_EVENTS_MAX,
} AuditEvent;

/* Longest value of a field; a list of 100 names of 253 characters fits. */
#define AUDIT_VALUE_MAX 32768U

/* One field: "ACME_URL=" and its value. A NULL value leaves the field out. */
typedef struct AuditField {
        const char *key;
        const char *value;
} AuditField;

/* The fields' names, each with the '=' that the journal wants. */
#define AUDIT_IDENTIFIERS "ACME_IDENTIFIERS="
#define AUDIT_CA "ACME_CA="
#define AUDIT_ACCOUNT "ACME_ACCOUNT="
#define AUDIT_ORDER "ACME_ORDER="
#define AUDIT_URL "ACME_URL="
#define AUDIT_OPERATION "ACME_OPERATION="
#define AUDIT_SERIAL "ACME_SERIAL="
#define AUDIT_FINGERPRINT "ACME_FINGERPRINT="
#define AUDIT_NOT_AFTER "ACME_NOT_AFTER="
#define AUDIT_PROBLEM "ACME_PROBLEM="
#define AUDIT_RETRY_AT "ACME_RETRY_AT="
#define AUDIT_RENEW_AT "ACME_RENEW_AT="
#define AUDIT_REASON "ACME_REASON="
#define AUDIT_ADDRESS "ACME_ADDRESS="
#define AUDIT_KEY_TYPE "ACME_KEY_TYPE="
#define AUDIT_PEER "ACME_PEER="
#define AUDIT_UNIT "ACME_UNIT="
#define AUDIT_THUMBPRINT "ACME_THUMBPRINT="
#define AUDIT_TARGET "ACME_TARGET="
#define AUDIT_PATH "ACME_PATH="
#define AUDIT_RECORD "ACME_RECORD="
#define AUDIT_CONSUMER "ACME_CONSUMER="
#define AUDIT_CREDENTIAL "ACME_CREDENTIAL="
#define AUDIT_ENDPOINT "ACME_ENDPOINT="
#define AUDIT_SERIAL_SERVED "ACME_SERIAL_SERVED="
#define AUDIT_PLACEHOLDER "ACME_PLACEHOLDER="
#define AUDIT_SETTINGS "ACME_SETTINGS="

/* Sends one entry; ACME_CERTIFICATE= comes from log_set_certificate(). message is for people and
 * ends without a full stop. Fields are n_fields. A journal that does not take it is logged to
 * standard error and is no error: an audit trail must not stop a renewal.
 *
 *     audit(AUDIT_SIGNED, "Signed the new order", { AUDIT_URL, url }, { AUDIT_CA, ca }); */
void audit_fields(AuditEvent event, const char *message, const AuditField *fields, size_t n_fields);
#define audit(event, message, ...)                                                                 \
        audit_fields((event),                                                                      \
                     (message),                                                                    \
                     (const AuditField[]){__VA_ARGS__},                                            \
                     sizeof((const AuditField[]){__VA_ARGS__}) / sizeof(AuditField))

/* The 32 hexadecimal digits of an event. */
const char *audit_message_id(AuditEvent event);
