// SPDX-License-Identifier: MIT OR Apache-2.0
// Functions that are checked on their own, as a compiler leaves them. For the corpus; each program stands for itself.
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
#define SEC(name) __attribute__((section(name), used))
#define NOINLINE __attribute__((noinline))
#define TAG(name) __attribute__((btf_decl_tag("arg:" name)))
static u64 (*const ktime)(void) = (void *)5;
static long (*const loop)(u32, void *, void *, u64) = (void *)181;

struct __sk_buff {
  u32 len, pkt_type, mark, queue_mapping, protocol, vlan_present, vlan_tci, vlan_proto, priority, ingress_ifindex, ifindex,
      tc_index, cb[5], hash, tc_classid, data, data_end;
};
struct xdp_md {
  u32 data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex;
};
struct user_regs_struct {
  u64 pc, ra, sp;
};
typedef struct user_regs_struct bpf_user_pt_regs_t;
struct pair {
  u64 first, second;
};
struct packed {
  u8 kind;
  u32 values[7];
} __attribute__((packed));

NOINLINE int sum(struct pair *pair) { return pair ? pair->first + pair->second : -1; }
SEC("socket") int sums_stack(struct __sk_buff *skb) {
  struct pair pair = {skb->len, skb->mark};
  return sum(&pair);
}
SEC("socket") int sums_nothing(struct __sk_buff *skb) { return sum(0); }

NOINLINE int sum_unchecked(struct pair *pair) { return pair->first + pair->second; }
SEC("socket") int sums_unchecked(struct __sk_buff *skb) {
  struct pair pair = {skb->len, skb->mark};
  return sum_unchecked(&pair);
}
static NOINLINE int sum_static(struct pair *pair) { return pair->first + pair->second; }
SEC("socket") int sums_static(struct __sk_buff *skb) {
  struct pair pair = {skb->len, skb->mark};
  return sum_static(&pair);
}
NOINLINE int sum_nonnull(struct pair *pair TAG("nonnull")) { return pair->first + pair->second; }
SEC("socket") int sums_nonnull(struct __sk_buff *skb) {
  struct pair pair = {skb->len, skb->mark};
  return sum_nonnull(&pair);
}

NOINLINE int pick(u32 index, struct packed *packed TAG("nonnull")) { return packed->values[index]; }
SEC("socket") int picks_any(struct __sk_buff *skb) {
  struct packed packed = {};
  packed.values[2] = skb->len;
  return pick(2, &packed);
}
NOINLINE int pick_checked(u32 index, struct packed *packed TAG("nonnull")) { return index < 7 ? packed->values[index] : 0; }
SEC("socket") int picks_checked(struct __sk_buff *skb) {
  struct packed packed = {};
  packed.values[2] = skb->len;
  return pick_checked(skb->len, &packed);
}

NOINLINE int field(struct __sk_buff *skb) { return skb->len + skb->mark; }
SEC("socket") int reads_context(struct __sk_buff *skb) { return field(skb); }
NOINLINE int field_by_tag(void *skb TAG("ctx")) { return ((struct __sk_buff *)skb)->len; }
SEC("socket") int reads_context_by_tag(struct __sk_buff *skb) { return field_by_tag(skb); }
NOINLINE int counter(bpf_user_pt_regs_t *regs) { return regs->pc; }
SEC("kprobe") int reads_registers(struct user_regs_struct *regs) { return counter(regs); }

NOINLINE u32 limit(void) {
  u32 most = 7;
  asm volatile("" : "+r"(most));
  return most;
}
SEC("socket") int loops_to_limit(struct __sk_buff *skb) {
  int total = 0;
  for (u32 i = 0; i < limit(); i++)
    total += skb->len;
  return total;
}
SEC("socket") int loops_to_masked_limit(struct __sk_buff *skb) {
  volatile int total = 0;
  u32 most = limit() & 15;
  for (u32 i = 0; i < most; i++)
    total += i;
  return total;
}

NOINLINE void nothing(int number) { asm volatile("" : : "r"(number)); }
SEC("socket") int calls_void(struct __sk_buff *skb) {
  nothing(skb->len);
  return 0;
}
NOINLINE struct pair *same(struct pair *pair) { return pair; }
SEC("socket") int gets_pointer(struct __sk_buff *skb) {
  struct pair pair = {1, 2};
  return same(&pair) != 0;
}

NOINLINE int inner(struct pair *pair) { return pair ? pair->first : 0; }
NOINLINE int outer(struct pair *pair, int which) { return which ? inner(pair) : 0; }
SEC("socket") int hands_on(struct __sk_buff *skb) {
  struct pair pair = {1, 2};
  return outer(&pair, skb->len);
}

static int round(u32 index, u64 *total) {
  *total += index;
  return 0;
}
NOINLINE u64 sum_to(u32 count) {
  u64 total = 0;
  loop(count, round, &total, 0);
  return total;
}
SEC("kprobe") int loops_in_global(void *context) { return sum_to(ktime()); }

NOINLINE int first_byte(struct xdp_md *xdp) {
  u8 *data = (u8 *)(u64)xdp->data, *end = (u8 *)(u64)xdp->data_end;
  return data + 1 > end ? 0 : *data;
}
SEC("xdp") int reads_packet(struct xdp_md *xdp) { return first_byte(xdp) & 1 ? 2 : 1; }
