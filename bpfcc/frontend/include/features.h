/* SPDX-License-Identifier: MIT OR Apache-2.0
 * A C library's switches; without a library there are none. */
