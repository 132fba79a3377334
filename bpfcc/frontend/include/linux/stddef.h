/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Offsets within structures, members under two names, inlining. */
#ifndef _KBPF_LINUX_STDDEF_H
#define _KBPF_LINUX_STDDEF_H

#ifndef offsetofend
#define offsetofend(type, member) (__builtin_offsetof(type, member) + sizeof(((type *)0)->member))
#endif
#ifndef sizeof_field
#define sizeof_field(type, member) sizeof(((type *)0)->member)
#endif

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#define __struct_group(TAG, NAME, ATTRS, MEMBERS...)                                                         \
  union {                                                                                                    \
    struct {                                                                                                 \
      MEMBERS                                                                                                \
    } ATTRS;                                                                                                 \
    struct TAG {                                                                                             \
      MEMBERS                                                                                                \
    } ATTRS NAME;                                                                                            \
  }
#define __DECLARE_FLEX_ARRAY(TYPE, NAME)                                                                     \
  struct {                                                                                                   \
    struct {                                                                                                 \
    } __empty_##NAME;                                                                                        \
    TYPE NAME[];                                                                                             \
  }
#endif
