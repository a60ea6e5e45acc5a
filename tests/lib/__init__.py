# SPDX-License-Identifier: LGPL-2.1-or-later
"""The test bed: root file systems, booted machines, a CA with its DNS, and a proxy that misbehaves on request."""
