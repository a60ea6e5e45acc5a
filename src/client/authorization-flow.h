/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The authorizations of an order (RFC 8555 section 7.5): all of them at once, however many. */

#include "acme/order.h"
#include "client/client.h"

/* Fetches them, publishes the tokens of those that are pending, and tells the CA to look.
 * ret_retry_after_usec: the longest that the CA asks us to wait then; 0: it does not.
 * Return: CLIENT_E_ALL_VALID, CLIENT_E_NO_ACCOUNT as well. */
int authorizations_answer(Client *client, const Order *order, usec_t *ret_retry_after_usec);

/* Looks whether one has failed, and says which, and why, in full. urls: those to look at; the ones
 * that are valid are taken from the list. Return: 0: none has; CLIENT_E_NO_ACCOUNT as well.
 */
int authorizations_check(Client *client, const Order *order, char ***urls);

/* For an order that is given up: takes back what the CA still waits for (section 7.5.2), since it
 * counts that for a week or so. What is valid stays: another order may stand on it, and the next
 * one does not have to prove it again. A failure of it is told, and is none of the run's. Return:
 * 0; what is no matter of these requests alone. */
int authorizations_give_up(Client *client, const Order *order);
