/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Why an endpoint was not verified: VERIFY_REASON(NAME, word, sentence). The word is what
 * ACME_REASON= says, and acme-verify@.service(8) lists every one. The sentence continues
 * "localhost:443 ". No include guard: it is included once for every table made from it. */

VERIFY_REASON(UNKNOWN_HOST, "unknownHost", "has no address")
VERIFY_REASON(NO_CONNECTION, "noConnection", "does not answer")
VERIFY_REASON(TIMED_OUT, "timedOut", "answers, and then no more in time")
VERIFY_REASON(CLOSED, "closed", "ends the connection before TLS is made")
VERIFY_REASON(OTHER_PROTOCOL, "otherProtocol", "does not speak the protocol of starttls=")
VERIFY_REASON(NO_STARTTLS, "noStartTls", "refuses to begin TLS")
VERIFY_REASON(NO_TLS, "noTls", "does not speak TLS 1.2 or later")
VERIFY_REASON(OTHER_CERTIFICATE, "otherCertificate", "serves another certificate")
