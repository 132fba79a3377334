/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Helpers that one kernel has of its own. With --kernel=FILE this text is made from the kernel's profile. */
