/* SPDX-License-Identifier: MIT OR Apache-2.0
 * User statically defined tracepoints: SEC("usdt/path:provider:name") int BPF_USDT(f, T1 a, T2 b). The
 * loader finds out where each argument lives and leaves a description in a map; the program looks up the one
 * of its attach point and follows it. Layouts and map names are those that libbpf's loader fills. */
#ifndef __USDT_BPF_H__
#define __USDT_BPF_H__

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#ifndef BPF_USDT_MAX_ARG_CNT
#define BPF_USDT_MAX_ARG_CNT 12
#endif
#ifndef BPF_USDT_MAX_SPEC_CNT
#define BPF_USDT_MAX_SPEC_CNT 256 /* different descriptions of one program's attach points */
#endif
#ifndef BPF_USDT_MAX_IP_CNT
#define BPF_USDT_MAX_IP_CNT (4 * BPF_USDT_MAX_SPEC_CNT) /* attach points, where the kernel has no cookies */
#endif

enum __bpf_usdt_arg_type {
  BPF_USDT_ARG_CONST,     /* val_off itself */
  BPF_USDT_ARG_REG,       /* the register at reg_off of pt_regs */
  BPF_USDT_ARG_REG_DEREF, /* user memory at that register plus val_off */
};

struct __bpf_usdt_arg_spec {
  __u64 val_off;
  enum __bpf_usdt_arg_type arg_type;
  short reg_off;
  _Bool arg_signed;
  char arg_bitshift; /* 64 less the argument's bits */
};

struct __bpf_usdt_spec {
  struct __bpf_usdt_arg_spec args[BPF_USDT_MAX_ARG_CNT];
  __u64 usdt_cookie;
  short arg_cnt;
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, BPF_USDT_MAX_SPEC_CNT);
  __type(key, int);
  __type(value, struct __bpf_usdt_spec);
} __bpf_usdt_specs SEC(".maps") __weak;

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, BPF_USDT_MAX_IP_CNT);
  __type(key, long);
  __type(value, __u32);
} __bpf_usdt_ip_to_spec_id SEC(".maps") __weak;

extern const _Bool LINUX_HAS_BPF_COOKIE __kconfig;

static __always_inline struct __bpf_usdt_spec *__bpf_usdt_spec_of(struct pt_regs *ctx) {
  int id;
  if (LINUX_HAS_BPF_COOKIE) {
    id = (int)bpf_get_attach_cookie(ctx);
  } else {
    long ip = PT_REGS_IP(ctx);
    int *found = bpf_map_lookup_elem(&__bpf_usdt_ip_to_spec_id, &ip);
    if (!found)
      return NULL;
    id = *found;
  }
  return bpf_map_lookup_elem(&__bpf_usdt_specs, &id);
}

/* The number of arguments; -ESRCH (3) where the attach point is unknown. */
__weak __hidden int bpf_usdt_arg_cnt(struct pt_regs *ctx) {
  struct __bpf_usdt_spec *spec = __bpf_usdt_spec_of(ctx);
  return spec ? spec->arg_cnt : -3;
}

/* Argument arg_num, counted from 0, widened to 64 bits. 0, or -ESRCH (3), -ENOENT (2), -EINVAL (22), or what
 * the reading helper returned. */
__weak __hidden int bpf_usdt_arg(struct pt_regs *ctx, __u64 arg_num, long *res) {
  *res = 0;
  struct __bpf_usdt_spec *spec = __bpf_usdt_spec_of(ctx);
  if (!spec)
    return -3;
  if (arg_num >= BPF_USDT_MAX_ARG_CNT)
    return -2;
  barrier_var(arg_num);
  if (arg_num >= (__u64)spec->arg_cnt)
    return -2;

  struct __bpf_usdt_arg_spec *arg = &spec->args[arg_num];
  unsigned long value;
  int error = 0;
  switch (arg->arg_type) {
  case BPF_USDT_ARG_CONST:
    value = arg->val_off;
    break;
  case BPF_USDT_ARG_REG:
    error = bpf_probe_read_kernel(&value, sizeof(value), (void *)ctx + arg->reg_off);
    break;
  case BPF_USDT_ARG_REG_DEREF:
    error = bpf_probe_read_kernel(&value, sizeof(value), (void *)ctx + arg->reg_off);
    if (!error)
      error = bpf_probe_read_user(&value, sizeof(value), (void *)value + arg->val_off);
    break;
  default:
    return -22;
  }
  if (error)
    return error;
  value <<= arg->arg_bitshift;
  *res = arg->arg_signed ? (long)value >> arg->arg_bitshift : (long)(value >> arg->arg_bitshift);
  return 0;
}

/* The number that user space gave when it attached the program; 0 without one. */
__weak __hidden long bpf_usdt_cookie(struct pt_regs *ctx) {
  struct __bpf_usdt_spec *spec = __bpf_usdt_spec_of(ctx);
  return spec ? spec->usdt_cookie : 0;
}

#define ___bpf_usdt_arg(n)                                                                                   \
  ({                                                                                                         \
    long ___x;                                                                                               \
    bpf_usdt_arg(ctx, n, &___x);                                                                             \
    (void *)___x;                                                                                            \
  })
#define ___bpf_usdt_args0() ctx
#define ___bpf_usdt_args1(x) ___bpf_usdt_args0(), ___bpf_usdt_arg(0)
#define ___bpf_usdt_args2(x, args...) ___bpf_usdt_args1(args), ___bpf_usdt_arg(1)
#define ___bpf_usdt_args3(x, args...) ___bpf_usdt_args2(args), ___bpf_usdt_arg(2)
#define ___bpf_usdt_args4(x, args...) ___bpf_usdt_args3(args), ___bpf_usdt_arg(3)
#define ___bpf_usdt_args5(x, args...) ___bpf_usdt_args4(args), ___bpf_usdt_arg(4)
#define ___bpf_usdt_args6(x, args...) ___bpf_usdt_args5(args), ___bpf_usdt_arg(5)
#define ___bpf_usdt_args7(x, args...) ___bpf_usdt_args6(args), ___bpf_usdt_arg(6)
#define ___bpf_usdt_args8(x, args...) ___bpf_usdt_args7(args), ___bpf_usdt_arg(7)
#define ___bpf_usdt_args9(x, args...) ___bpf_usdt_args8(args), ___bpf_usdt_arg(8)
#define ___bpf_usdt_args10(x, args...) ___bpf_usdt_args9(args), ___bpf_usdt_arg(9)
#define ___bpf_usdt_args11(x, args...) ___bpf_usdt_args10(args), ___bpf_usdt_arg(10)
#define ___bpf_usdt_args12(x, args...) ___bpf_usdt_args11(args), ___bpf_usdt_arg(11)
#define ___bpf_usdt_args(args...) ___bpf_apply(___bpf_usdt_args, ___bpf_narg(args))(args)
#define BPF_USDT(name, args...)                                                                              \
  ___bpf_wrapped(name, struct pt_regs, ___bpf_list(___bpf_usdt_args(args)), struct pt_regs *ctx, ##args)

#endif
