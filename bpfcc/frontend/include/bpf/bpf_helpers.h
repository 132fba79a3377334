/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The vocabulary of BPF programs: sections, map definitions, attributes, printing. The helpers themselves are
 * in bpf_helper_defs.h, which is generated from the kernel's own table. */
#ifndef __BPF_HELPERS__
#define __BPF_HELPERS__

#include <bpf/bpf_helper_defs.h>

/* Where a function or variable goes in the object; the name says what it is ("kprobe/func", ".maps",
 * "license"). */
#define SEC(name)                                                                                            \
  _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wignored-attributes\"")                  \
      __attribute__((section(name), used)) _Pragma("GCC diagnostic pop")

/* Attributes of a map: a variable of anonymous struct type in SEC(".maps") whose members' types carry the
 * values. */
#define __uint(name, val) int(*name)[val]
#define __type(name, val) typeof(val) *name
#define __array(name, val) typeof(val) *name[]
#define __ulong(name, val) enum { ___bpf_apply(__unique_value, __COUNTER__) = val } name

#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#ifndef __noinline
#define __noinline __attribute__((noinline))
#endif
#ifndef __weak
#define __weak __attribute__((weak))
#endif
/* A subprogram that is global to the linker only: the verifier checks it with its callers. */
#define __hidden __attribute__((visibility("hidden")))
#define __kconfig __attribute__((section(".kconfig")))
#define __ksym __attribute__((section(".ksyms")))
#define __kptr __attribute__((btf_type_tag("kptr")))
#define __kptr_ref __attribute__((btf_type_tag("kptr_ref")))
#define __uptr __attribute__((btf_type_tag("uptr")))
#define __kptr_untrusted __attribute__((btf_type_tag("kptr_untrusted")))
#define __percpu_kptr __attribute__((btf_type_tag("percpu_kptr")))
#define __arg_ctx __attribute__((btf_decl_tag("arg:ctx")))
#define __arg_nonnull __attribute((btf_decl_tag("arg:nonnull")))
#define __arg_nullable __attribute((btf_decl_tag("arg:nullable")))
#define __arg_trusted __attribute((btf_decl_tag("arg:trusted")))
#define __arg_untrusted __attribute((btf_decl_tag("arg:untrusted")))
#define __arg_arena __attribute((btf_decl_tag("arg:arena")))

#define bpf_ksym_exists(sym)                                                                                 \
  ({                                                                                                         \
    _Static_assert(!__builtin_constant_p(!!sym), #sym " should be marked as __weak");                        \
    !!sym;                                                                                                   \
  })

#ifndef NULL
#define NULL ((void *)0)
#endif
#ifndef offsetof
#define offsetof(type, member) __builtin_offsetof(type, member)
#endif
#ifndef container_of
#define container_of(ptr, type, member)                                                                      \
  ({                                                                                                         \
    void *___member = (void *)(ptr);                                                                         \
    (type *)(___member - offsetof(type, member));                                                            \
  })
#endif
#ifndef KERNEL_VERSION
#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))
#endif

/* Keep the compiler from moving memory accesses across, and from assuming anything about a variable. */
#ifndef barrier
#define barrier() __asm__ volatile("" ::: "memory")
#endif
#ifndef barrier_var
#define barrier_var(var) __asm__ volatile("" : "+r"(var))
#endif

/* A place that is never reached: the verifier refuses what gets there. */
#ifndef __bpf_unreachable
#define __bpf_unreachable() __builtin_trap()
#endif

#ifndef __KBPF_ABI_ZCORE__
/* A tail call whose index is a constant of the instruction, so that a kernel may turn it into a jump. */
static __always_inline void bpf_tail_call_static(void *ctx, const void *map, const __u32 slot) {
  if (!__builtin_constant_p(slot))
    __bpf_unreachable();
  __asm__ volatile("r1 = %[ctx]\n\t"
                   "r2 = %[map]\n\t"
                   "r3 = %[slot]\n\t"
                   "call 12"
                   :
                   : [ctx] "r"(ctx), [map] "r"(map), [slot] "i"(slot)
                   : "r0", "r1", "r2", "r3", "r4", "r5");
}
#endif

enum libbpf_pin_type {
  LIBBPF_PIN_NONE,
  LIBBPF_PIN_BY_NAME, /* under /sys/fs/bpf */
};

enum libbpf_tristate { TRI_NO = 0, TRI_YES = 1, TRI_MODULE = 2 };

#define ___bpf_concat(a, b) a##b
#define ___bpf_apply(fn, n) ___bpf_concat(fn, n)
#define ___bpf_nth(_, _1, _2, _3, _4, _5, _6, _7, _8, _9, _a, _b, _c, N, ...) N
#define ___bpf_narg(...) ___bpf_nth(_, ##__VA_ARGS__, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)

/* An array filled with up to twelve arguments, each widened to 64 bits. */
#define ___bpf_fill0(arr, p, x) (void)0
#define ___bpf_fill1(arr, p, x) arr[p] = x
#define ___bpf_fill2(arr, p, x, ...)                                                                         \
  arr[p] = x;                                                                                                \
  ___bpf_fill1(arr, p + 1, __VA_ARGS__)
#define ___bpf_fill3(arr, p, x, ...)                                                                         \
  arr[p] = x;                                                                                                \
  ___bpf_fill2(arr, p + 1, __VA_ARGS__)
#define ___bpf_fill4(arr, p, x, ...)                                                                         \
  arr[p] = x;                                                                                                \
  ___bpf_fill3(arr, p + 1, __VA_ARGS__)
#define ___bpf_fill5(arr, p, x, ...)                                                                         \
  arr[p] = x;                                                                                                \
  ___bpf_fill4(arr, p + 1, __VA_ARGS__)
#define ___bpf_fill6(arr, p, x, ...)                                                                         \
  arr[p] = x;                                                                                                \
  ___bpf_fill5(arr, p + 1, __VA_ARGS__)
#define ___bpf_fill7(arr, p, x, ...)                                                                         \
  arr[p] = x;                                                                                                \
  ___bpf_fill6(arr, p + 1, __VA_ARGS__)
#define ___bpf_fill8(arr, p, x, ...)                                                                         \
  arr[p] = x;                                                                                                \
  ___bpf_fill7(arr, p + 1, __VA_ARGS__)
#define ___bpf_fill9(arr, p, x, ...)                                                                         \
  arr[p] = x;                                                                                                \
  ___bpf_fill8(arr, p + 1, __VA_ARGS__)
#define ___bpf_fill10(arr, p, x, ...)                                                                        \
  arr[p] = x;                                                                                                \
  ___bpf_fill9(arr, p + 1, __VA_ARGS__)
#define ___bpf_fill11(arr, p, x, ...)                                                                        \
  arr[p] = x;                                                                                                \
  ___bpf_fill10(arr, p + 1, __VA_ARGS__)
#define ___bpf_fill12(arr, p, x, ...)                                                                        \
  arr[p] = x;                                                                                                \
  ___bpf_fill11(arr, p + 1, __VA_ARGS__)
#define ___bpf_fill(arr, args...) ___bpf_apply(___bpf_fill, ___bpf_narg(args))(arr, 0, args)

/* Declares ___fmt and ___param for the helpers that take their arguments as an array. */
#define ___bpf_params(fmt, args...)                                                                          \
  static const char ___fmt[] = fmt;                                                                          \
  unsigned long long ___param[___bpf_narg(args)];                                                            \
  _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wint-conversion\"")                      \
      ___bpf_fill(___param, args);                                                                           \
  _Pragma("GCC diagnostic pop")

/* Prints into the trace ring. The helper takes a format and three arguments; with more of them the array form
 * is used, where the kernel has it. */
#ifdef __KBPF_ABI_ZCORE__
/* Those kernels have no constant data and exactly three arguments, each a "{}" in the format. */
#define ___bpf_printk0(fmt) bpf_trace_printk(fmt, sizeof(fmt), 0, 0, 0)
#define ___bpf_printk1(fmt, a) bpf_trace_printk(fmt, sizeof(fmt), (__u64)(a), 0, 0)
#define ___bpf_printk2(fmt, a, b) bpf_trace_printk(fmt, sizeof(fmt), (__u64)(a), (__u64)(b), 0)
#define ___bpf_printk3(fmt, a, b, c) bpf_trace_printk(fmt, sizeof(fmt), (__u64)(a), (__u64)(b), (__u64)(c))
#define ___bpf_pick_printk(...)                                                                              \
  ___bpf_nth(_, ##__VA_ARGS__, _has_too_many_arguments, _has_too_many_arguments, _has_too_many_arguments,    \
             _has_too_many_arguments, _has_too_many_arguments, _has_too_many_arguments,                      \
             _has_too_many_arguments, _has_too_many_arguments, _has_too_many_arguments, 3, 2, 1, 0)
#define bpf_printk(fmt, args...)                                                                             \
  ({                                                                                                         \
    const char ____fmt[] = fmt;                                                                              \
    ___bpf_apply(___bpf_printk, ___bpf_pick_printk(args))(____fmt, ##args);                                  \
  })
#else
#ifdef BPF_NO_GLOBAL_DATA
#define BPF_PRINTK_FMT_MOD
#else
#define BPF_PRINTK_FMT_MOD static const
#endif
#define __bpf_printk(fmt, ...)                                                                               \
  ({                                                                                                         \
    BPF_PRINTK_FMT_MOD char ____fmt[] = fmt;                                                                 \
    bpf_trace_printk(____fmt, sizeof(____fmt), ##__VA_ARGS__);                                               \
  })
#define __bpf_vprintk(fmt, args...)                                                                          \
  ({                                                                                                         \
    ___bpf_params(fmt, args);                                                                                \
    bpf_trace_vprintk(___fmt, sizeof(___fmt), ___param, sizeof(___param));                                   \
  })
#define ___bpf_pick_printk(...)                                                                              \
  ___bpf_nth(_, ##__VA_ARGS__, __bpf_vprintk, __bpf_vprintk, __bpf_vprintk, __bpf_vprintk, __bpf_vprintk,    \
             __bpf_vprintk, __bpf_vprintk, __bpf_vprintk, __bpf_vprintk, __bpf_printk, __bpf_printk,         \
             __bpf_printk, __bpf_printk)
#define bpf_printk(fmt, args...) ___bpf_pick_printk(args)(fmt, ##args)
#endif

#define BPF_SEQ_PRINTF(seq, fmt, args...)                                                                    \
  ({                                                                                                         \
    ___bpf_params(fmt, args);                                                                                \
    bpf_seq_printf(seq, ___fmt, sizeof(___fmt), ___param, sizeof(___param));                                 \
  })
#define BPF_SNPRINTF(out, out_size, fmt, args...)                                                            \
  ({                                                                                                         \
    ___bpf_params(fmt, args);                                                                                \
    bpf_snprintf(out, out_size, ___fmt, ___param, sizeof(___param));                                         \
  })

/* Loops that the verifier understands: each calls an iterator of the kernel. */
struct bpf_iter_num;
extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __weak __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __weak __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __weak __ksym;

#ifndef bpf_for_each
#define bpf_for_each(type, cur, args...)                                                                     \
  for (struct bpf_iter_##type ___it __attribute__((aligned(8), cleanup(bpf_iter_##type##_destroy))),         \
       *___p __attribute__((unused)) =                                                                       \
           (bpf_iter_##type##_new(&___it, ##args), (void)bpf_iter_##type##_destroy, (void *)0);              \
       (((cur) = bpf_iter_##type##_next(&___it)));)
#endif
#ifndef bpf_for
#define bpf_for(i, start, end)                                                                               \
  for (struct bpf_iter_num ___it __attribute__((aligned(8), cleanup(bpf_iter_num_destroy))),                 \
       *___p __attribute__((unused)) =                                                                       \
           (bpf_iter_num_new(&___it, (start), (end)), (void)bpf_iter_num_destroy, (void *)0);                \
       ({                                                                                                    \
         int *___t = bpf_iter_num_next(&___it);                                                              \
         (___t && ((i) = *___t, (i) >= (start) && (i) < (end)));                                             \
       });)
#endif
#ifndef bpf_repeat
#define bpf_repeat(n)                                                                                        \
  for (struct bpf_iter_num ___it __attribute__((aligned(8), cleanup(bpf_iter_num_destroy))),                 \
       *___p                                                                                                 \
       __attribute__((unused)) = (bpf_iter_num_new(&___it, 0, (n)), (void)bpf_iter_num_destroy, (void *)0);  \
       bpf_iter_num_next(&___it);)
#endif

#endif
