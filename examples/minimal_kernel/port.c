/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The rest of kernel/port.h. Who calls bpf(2) is this kernel itself, so "user" addresses are its own. */
#include "kernel.h"

enum {
  kEnoent = -2,
  kEbadf = -9,
  kEagain = -11,
  kEnomem = -12,
  kEfault = -14,
  kEinval = -22,
  kEmfile = -24,
  kEperm = -1
};

int kbpf_port_read_kernel(void *to, uint64_t from, size_t size) {
  return is_ram(from, size) && !copy_or_stop(to, (const void *)from, size) ? 0 : kEfault;
}
int kbpf_port_copy_from_user(void *to, uint64_t user_from, size_t size) {
  return kbpf_port_read_kernel(to, user_from, size);
}
int kbpf_port_copy_to_user(uint64_t user_to, const void *from, size_t size) {
  return is_ram(user_to, size) && !copy_or_stop((void *)user_to, from, size) ? 0 : kEfault;
}
/* There are no processes that programs could look into. */
int kbpf_port_read_user(void *to, uint64_t user_from, size_t size) {
  (void)to, (void)user_from, (void)size;
  return kEfault;
}
int kbpf_port_write_user(uint64_t user_to, const void *from, size_t size) {
  (void)user_to, (void)from, (void)size;
  return kEperm;
}
const struct kbpf_regs *kbpf_port_user_regs(void) { return NULL; }
uint64_t kbpf_port_task_id(uint64_t object) {
  struct kbpf_thread thread;
  kbpf_port_current(&thread); /* the only one */
  return object == thread.object ? thread.id : 0;
}
int kbpf_port_task_stopped(uint64_t object, uint64_t *pc, uint64_t *fp) {
  (void)pc, (void)fp;
  return kbpf_port_task_id(object) ? kEagain : kEnoent; /* the only one runs */
}
int kbpf_port_find_area(uint64_t object, uint64_t address, void (*visit)(void *user, uint64_t area),
                        void *user) {
  (void)object, (void)address, (void)visit, (void)user;
  return kEnoent;
}
int kbpf_port_pid_namespace(uint64_t *device, uint64_t *inode) {
  (void)device, (void)inode;
  return kEnoent;
}
int kbpf_port_pidfd_task(int fd, uint64_t *object) {
  (void)fd, (void)object;
  return -9;
}
int kbpf_port_send_signal(uint32_t signal, int thread_only) {
  (void)signal, (void)thread_only;
  return kEperm;
}

static uint64_t ticks(void) {
  uint64_t now;
  __asm__ volatile("rdtime %0" : "=r"(now));
  return now;
}
enum { kNsPerTick = 100 }; /* QEMU's virt: 10 MHz */
uint64_t kbpf_port_time_ns(void) { return ticks() * kNsPerTick; }
uint64_t kbpf_port_realtime_ns(void) { return 0; }
void kbpf_port_timer_arm(uint64_t deadline_ns) {
  set_alarm(deadline_ns == UINT64_MAX ? UINT64_MAX : deadline_ns / kNsPerTick + 1);
}
void kbpf_port_cpu_kick(uint32_t cpu) { /* the only one is this */
  (void)cpu;
  uintptr_t irq = kbpf_port_irq_save();
  kbpf_on_timer(NULL);
  kbpf_port_irq_restore(irq);
}
int kbpf_port_counter(enum kbpf_counter counter, uint64_t *value) {
  if (counter == KBPF_COUNTER_CYCLES)
    __asm__ volatile("rdcycle %0" : "=r"(*value));
  else
    __asm__ volatile("rdinstret %0" : "=r"(*value));
  return 0;
}
uint32_t kbpf_port_random_u32(void) {
  static uint64_t state;
  uintptr_t irq = kbpf_port_irq_save();
  state = (state ^ ticks()) * 6364136223846793005 + 1442695040888963407;
  kbpf_port_irq_restore(irq);
  return (uint32_t)(state >> 32);
}
uint32_t kbpf_port_cpu(void) { return 0; }
uint32_t kbpf_port_cpu_count(void) { return 1; }
const struct kbpf_machine *kbpf_port_machine(void) { return NULL; }

void kbpf_port_current(struct kbpf_thread *thread) {
  *thread = (struct kbpf_thread){.pid = 1, .tid = 1, .name = "kernel", .id = 1};
}
uint64_t kbpf_port_thread_id(void) { return 1; }
int kbpf_port_capable(uint32_t capability) {
  (void)capability;
  return 1;
}
int kbpf_port_memory_charge(uint64_t bytes, uint64_t *account) {
  (void)bytes;
  *account = 0;
  return 0;
}
void kbpf_port_memory_uncharge(uint64_t account, uint64_t bytes) { (void)account, (void)bytes; }

enum { kInterruptsOn = 2 }; /* sstatus.SIE */
uintptr_t kbpf_port_irq_save(void) {
  uintptr_t status;
  __asm__ volatile("csrrc %0, sstatus, %1" : "=r"(status) : "r"(kInterruptsOn) : "memory");
  return status & kInterruptsOn;
}
void kbpf_port_irq_restore(uintptr_t state) { __asm__ volatile("csrs sstatus, %0" ::"r"(state) : "memory"); }
void kbpf_port_relax(void) {}

static int starts_with(const char *text, const char *start, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (text[i] != start[i] || !text[i])
      return 0;
  return 1;
}
void kbpf_port_symbol_lookup(const char *name, size_t length, kbpf_symbol_visitor visit, void *user) {
  for (const struct kbpf_symbol *symbol = kernel_symbols; symbol->name; symbol++)
    if (starts_with(symbol->name, name, length) && !symbol->name[length] && visit(user, symbol))
      return;
}
int kbpf_port_symbol_at(uintptr_t address, struct kbpf_symbol *symbol) {
  for (const struct kbpf_symbol *known = kernel_symbols; known->name; known++)
    if (address - known->address < known->size) {
      *symbol = *known;
      return 0;
    }
  return kEnoent;
}
extern const char may_probe_start[], text_end[];
int kbpf_port_may_probe(uintptr_t address) {
  return address >= (uintptr_t)may_probe_start && address < (uintptr_t)text_end;
}
size_t kbpf_port_entry_room(uintptr_t function) {
  (void)function;
  return 0;
}
uintptr_t kbpf_port_variable(const char *name, size_t length) {
  (void)name, (void)length;
  return 0;
}
void *kbpf_port_cpu_variable(uintptr_t variable, uint32_t cpu) {
  (void)variable, (void)cpu;
  return NULL;
}
int kbpf_port_may_override(uintptr_t function) {
  (void)function;
  return 0;
}

/* Descriptors of the one "process". */
static struct kbpf_object *descriptors[16];
static int descriptor_access[16];

int kbpf_port_fd_install(struct kbpf_object *object, const char *kind, int flags) {
  (void)kind;
  for (int fd = 0; fd < 16; fd++)
    if (!descriptors[fd]) {
      descriptors[fd] = object;
      descriptor_access[fd] = flags & (KBPF_FD_NO_READ | KBPF_FD_NO_WRITE);
      return fd;
    }
  return kEmfile;
}
int kbpf_port_fd_peek(int fd, struct kbpf_object **object) {
  if (fd < 0 || fd >= 16 || !descriptors[fd])
    return kEbadf;
  *object = descriptors[fd];
  return descriptor_access[fd];
}
int kbpf_port_fd_get(int fd, struct kbpf_object **object) {
  int access = kbpf_port_fd_peek(fd, object);
  if (access >= 0)
    kbpf_object_acquire(*object);
  return access;
}
int kbpf_port_task_fd_get(uint32_t pid, int fd, struct kbpf_object **object) {
  return pid == 1 ? kbpf_port_fd_get(fd, object) : kEnoent;
}
void descriptor_close(int fd) {
  struct kbpf_object *object = descriptors[fd];
  descriptors[fd] = NULL;
  kbpf_object_release(object);
}
int kbpf_port_path_bind(int dir_fd, uint64_t user_path, struct kbpf_object *object) {
  (void)dir_fd, (void)user_path, (void)object;
  return kEperm;
}
int kbpf_port_path_open(int dir_fd, uint64_t user_path, int access, struct kbpf_object **object) {
  (void)dir_fd, (void)user_path, (void)access, (void)object;
  return kEnoent;
}

void kbpf_port_log(const char *line, size_t size) {
  print("[kbpf] ");
  kbpf_port_console_write(line, size);
  print("\n");
}
/* Nobody waits for the trace or for an object: there are no processes. */
void kbpf_port_trace_wake(void) {}
void kbpf_port_poll_wake(void) {}
