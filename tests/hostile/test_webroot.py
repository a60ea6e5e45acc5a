# SPDX-License-Identifier: LGPL-2.1-or-later
"""Strangers at the web root's door: the real program on inherited sockets, and what must not impress it."""
