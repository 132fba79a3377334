/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Offsets within structures. */
#ifndef _KBPF_LINUX_STDDEF_H
#define _KBPF_LINUX_STDDEF_H

#include <stddef.h>

#ifndef offsetofend
#define offsetofend(type, member) (offsetof(type, member) + sizeof(((type *)0)->member))
#endif
#ifndef sizeof_field
#define sizeof_field(type, member) sizeof(((type *)0)->member)
#endif

#endif
