// SPDX-License-Identifier: MIT OR Apache-2.0
// Objects that a program allocates, lists and trees of them, in maps and in global variables, and pointers to them that maps
// keep, as kbpf-verify judges them for Linux.
// RUN: %clang -target bpf -mcpu=v4 -g -O2 -c %s -o %t.o
// RUN: not %bindir/kbpf-verify --kernel-btf %source/test/oracle/linux_types.btf %t.o | FileCheck %s
// RUN: not %bindir/kbpf-verify %t.o | FileCheck %s
#define SEC(name) __attribute__((section(name), used))
#define __kptr __attribute__((btf_type_tag("kptr")))
#define __percpu_kptr __attribute__((btf_type_tag("percpu_kptr")))
#define __ksym __attribute__((section(".ksyms")))
#define __contains(type, node) __attribute__((btf_decl_tag("contains:" #type ":" #node)))
#define private(name) SEC(".data." #name) __attribute__((visibility("hidden"), aligned(8)))
#define bpf_obj_new(type) ((type *)bpf_obj_new_impl(__builtin_btf_type_id(*(type *)0, 0), 0))
#define container_of(pointer, type, member) ((type *)((void *)(pointer) - __builtin_offsetof(type, member)))
typedef unsigned long u64;
struct bpf_spin_lock { unsigned value; };
struct bpf_refcount { unsigned opaque; } __attribute__((aligned(4)));
struct bpf_list_head { u64 opaque[2]; } __attribute__((aligned(8)));
struct bpf_list_node { u64 opaque[3]; } __attribute__((aligned(8)));
struct bpf_rb_root { u64 opaque[2]; } __attribute__((aligned(8)));
struct bpf_rb_node { u64 opaque[4]; } __attribute__((aligned(8)));
extern void *bpf_obj_new_impl(u64 type, void *meta) __ksym;
extern void bpf_obj_drop_impl(void *object, void *meta) __ksym;
extern void *bpf_percpu_obj_new_impl(u64 type, void *meta) __ksym;
extern void bpf_percpu_obj_drop_impl(void *object, void *meta) __ksym;
extern void *bpf_refcount_acquire_impl(void *object, void *meta) __ksym;
extern int bpf_list_push_back_impl(struct bpf_list_head *head, struct bpf_list_node *node, void *meta, u64 off) __ksym;
extern struct bpf_list_node *bpf_list_pop_front(struct bpf_list_head *head) __ksym;
extern int bpf_rbtree_add_impl(struct bpf_rb_root *root, struct bpf_rb_node *node,
                               _Bool (*less)(struct bpf_rb_node *, const struct bpf_rb_node *), void *meta, u64 off) __ksym;
extern struct bpf_rb_node *bpf_rbtree_first(struct bpf_rb_root *root) __ksym;
extern struct bpf_rb_node *bpf_rbtree_remove(struct bpf_rb_root *root, struct bpf_rb_node *node) __ksym;
static void *(*const lookup)(void *map, const void *key) = (void *)1;
static long (*const lock)(struct bpf_spin_lock *lock) = (void *)93;
static long (*const unlock)(struct bpf_spin_lock *lock) = (void *)94;
static void *(*const this_cpu)(const void *object) = (void *)154;
static void *(*const exchange)(void *field, void *object) = (void *)194;
char _license[] SEC("license") = "GPL";

struct job {
  u64 due;
  struct bpf_list_node in_queue;
  struct bpf_rb_node in_order;
  struct bpf_refcount count;
};
struct sum {
  u64 packets, bytes;
};
struct shelf {
  struct bpf_spin_lock lock;
  struct bpf_list_head queue __contains(job, in_queue);
  struct bpf_rb_root order __contains(job, in_order);
  struct job __kptr *spare;
  struct sum __percpu_kptr *sum;
};
struct {
  int (*type)[2];
  int (*max_entries)[1];
  int *key;
  struct shelf *value;
} shelves SEC(".maps");
private(all) struct bpf_spin_lock guard;
private(all) struct bpf_list_head pending __contains(job, in_queue);

static __attribute__((always_inline)) struct shelf *first(void) {
  int key = 0;
  return lookup(&shelves, &key);
}
static _Bool sooner(struct bpf_rb_node *a, const struct bpf_rb_node *b) {
  return container_of(a, struct job, in_order)->due < container_of(b, struct job, in_order)->due;
}

// CHECK: queues: accepted
SEC("tc") int queues(void *context) {
  struct job *job = bpf_obj_new(struct job);
  if (!job)
    return 0;
  job->due = 1;
  lock(&guard);
  bpf_list_push_back_impl(&pending, &job->in_queue, 0, 0);
  struct bpf_list_node *node = bpf_list_pop_front(&pending);
  unlock(&guard);
  if (node)
    bpf_obj_drop_impl(container_of(node, struct job, in_queue), 0);
  return 0;
}
// CHECK: orders: accepted
SEC("tc") int orders(void *context) {
  struct shelf *shelf = first();
  struct job *job = shelf ? bpf_obj_new(struct job) : 0, *again;
  if (!job)
    return 0;
  again = bpf_refcount_acquire_impl(job, 0);
  lock(&shelf->lock);
  bpf_rbtree_add_impl(&shelf->order, &job->in_order, sooner, 0, 0);
  bpf_list_push_back_impl(&shelf->queue, &again->in_queue, 0, 0);
  struct bpf_rb_node *node = bpf_rbtree_first(&shelf->order);
  if (node)
    node = bpf_rbtree_remove(&shelf->order, node);
  unlock(&shelf->lock);
  if (node)
    bpf_obj_drop_impl(container_of(node, struct job, in_order), 0);
  return 0;
}
// CHECK: keeps: accepted
SEC("tc") int keeps(void *context) {
  struct shelf *shelf = first();
  if (!shelf)
    return 0;
  struct sum *sum = bpf_percpu_obj_new_impl(__builtin_btf_type_id(*sum, 0), 0);
  if (!sum)
    return 0;
  sum = exchange(&shelf->sum, sum);
  if (sum)
    bpf_percpu_obj_drop_impl(sum, 0);
  sum = shelf->sum;
  if (sum) {
    sum = this_cpu(sum);
    sum->packets++;
  }
  return 0;
}
// CHECK: forgets: refused: V047
SEC("tc") int forgets(void *context) {
  return bpf_obj_new(struct job) ? 1 : 0;
}
// CHECK: unlocked: refused: V055 {{.*}}without the lock that lies beside the bpf_list_head at r1
SEC("tc") int unlocked(void *context) {
  struct job *job = bpf_obj_new(struct job);
  if (job)
    bpf_list_push_back_impl(&pending, &job->in_queue, 0, 0);
  return 0;
}
// CHECK: late: refused: V022
SEC("tc") int late(void *context) {
  struct job *job = bpf_obj_new(struct job);
  if (!job)
    return 0;
  lock(&guard);
  bpf_list_push_back_impl(&pending, &job->in_queue, 0, 0);
  unlock(&guard);
  return *(volatile u64 *)&job->due & 1;
}
// CHECK: inside: refused: V054 {{.*}}the bpf_list_node of a struct job lies there
SEC("tc") int inside(void *context) {
  struct job *job = bpf_obj_new(struct job);
  if (!job)
    return 0;
  *(volatile u64 *)&job->in_queue = 0;
  bpf_obj_drop_impl(job, 0);
  return 0;
}
// CHECK: head: refused: V054 {{.*}}the value's list, tree, count or work lies there
SEC("tc") int head(void *context) {
  struct shelf *shelf = first();
  return shelf ? *(volatile u64 *)&shelf->queue & 1 : 0;
}
