// SPDX-License-Identifier: MIT OR Apache-2.0
// Programs for tracing.c: what they see goes into the array `seen`, by index.
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <linux/bpf.h>
#include <linux/ptrace.h>

char license[] SEC("license") = "GPL";

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 32);
  __type(key, __u32);
  __type(value, __u64);
} seen SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_STACK_TRACE);
  __uint(max_entries, 256);
  __uint(key_size, sizeof(__u32));
  __uint(value_size, 32 * sizeof(__u64));
} stacks SEC(".maps");

struct inner {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 8);
  __type(key, __u32);
  __type(value, __u64);
};
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
  __uint(max_entries, 4);
  __type(key, __u32);
  __array(values, struct inner);
} array_of_maps SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
  __uint(max_entries, 4);
  __type(key, __u32);
  __array(values, struct inner);
} hash_of_maps SEC(".maps");

static __always_inline void see(__u32 index, __u64 value) {
  bpf_map_update_elem(&seen, &index, &value, BPF_ANY);
}
static __always_inline __u64 setting(__u32 index) {
  __u64 *value = bpf_map_lookup_elem(&seen, &index);
  return value ? *value : 0;
}

SEC("kprobe") int take_stacks(struct pt_regs *ctx) {
  __u64 addresses[4] = {};
  see(0, bpf_get_stackid(ctx, &stacks, 0));
  see(1, bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK));
  see(2, bpf_get_stack(ctx, addresses, sizeof(addresses), 0));
  see(3, addresses[0]);
  see(4, addresses[1]);
  see(5, bpf_get_func_ip(ctx));
  see(6, PT_REGS_IP(ctx));
  return 0;
}

SEC("kretprobe") int take_return_stack(struct pt_regs *ctx) {
  __u64 addresses[4] = {};
  see(0, bpf_get_func_ip(ctx));
  see(1, bpf_get_stack(ctx, addresses, sizeof(addresses), 0));
  see(2, addresses[0]);
  see(3, addresses[1]);
  return 0;
}

SEC("kprobe") int count_in_inner_maps(struct pt_regs *ctx) {
  __u32 key = 1;
  __u64 one = 1;
  void *first = bpf_map_lookup_elem(&array_of_maps, &key), *second = bpf_map_lookup_elem(&hash_of_maps, &key);
  if (first) {
    __u64 *count = bpf_map_lookup_elem(first, &key);
    if (count)
      __sync_fetch_and_add(count, 1);
    else
      bpf_map_update_elem(first, &key, &one, BPF_ANY);
  }
  if (second)
    bpf_map_update_elem(second, &key, &one, BPF_ANY);
  return 0;
}

static const char kFormat[] = "%d:%s", kName[] = "tracing";

SEC("kprobe") int use_strings(struct pt_regs *ctx) {
  char name[16] = {}, text[24] = {};
  bpf_get_current_comm(name, sizeof(name));
  see(0, bpf_strncmp(name, sizeof(name), kName));
  long number = 0;
  unsigned long natural = 0;
  char digits[8] = "-0x1f";
  see(1, bpf_strtol(digits, sizeof(digits), 0, &number));
  see(2, number);
  see(3, bpf_strtoul(digits + 1, sizeof(digits) - 1, 0, &natural));
  see(4, natural);
  __u64 data[2] = {42, (__u64)name};
  see(5, bpf_snprintf(text, sizeof(text), kFormat, data, sizeof(data)));
  see(6, *(__u64 *)text);
  return 0;
}

// For the process in seen[8] alone: others need their parents' numbers.
SEC("kprobe") int return_at_once(struct pt_regs *ctx) {
  if (bpf_get_current_pid_tgid() >> 32 == setting(8))
    bpf_override_return(ctx, -77);
  return 0;
}

// seen[8]: the process that it is for; seen[9]: an address in it; seen[10]: a signal.
SEC("kprobe") int act_on_process(struct pt_regs *ctx) {
  if (bpf_get_current_pid_tgid() >> 32 != setting(8))
    return 0;
  __u64 value = 0x1234, signal = setting(10);
  see(0, bpf_probe_write_user((void *)setting(9), &value, sizeof(value)));
  see(1, bpf_probe_write_user((void *)8, &value, sizeof(value)));
  see(2, signal ? bpf_send_signal(signal) : 0);
  see(3, signal ? bpf_send_signal_thread(signal + 1) : 0);
  see(4, bpf_send_signal(1000));
  see(5, bpf_get_current_task());
  see(6, (__u64)bpf_get_current_task_btf());
  see(7, bpf_get_current_cgroup_id());
  return 0;
}
