// SPDX-License-Identifier: MIT OR Apache-2.0
// User and kernel memory are read and written through /proc/self/mem, which reports an unmapped address as an
// error where a load would crash. AddressSanitizer cannot see those accesses, so writes are checked
// against it here.
#include "hostport/hostport.h"
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <mutex>
#include <set>
#include <string_view>
#include <sys/mman.h>
#include <thread>
#include <time.h>
#include <unistd.h>
#include <unordered_map>
#include <utility>
#include <vector>
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#endif

namespace kbpf::hostport {
namespace {

constexpr size_t kPageSize = 4096;
constexpr int kFirstFd = 3;
constexpr uint64_t kTheAccount = 7; // of memory; any number
constexpr int kErrBadAddress = -14, kErrNotFound = -2;

struct Symbol {
  std::string name, demangled;
  uintptr_t address;
  size_t size;
};

struct Range {
  uintptr_t first;
  size_t size;
  bool contains(uintptr_t address, size_t length) const {
    return address >= first && address - first <= size && length <= size - (address - first);
  }
};

struct Variable {
  uintptr_t address;
  size_t stride;
};

struct StoppedTask {
  uint64_t pc, fp;
};
struct Area {
  uint64_t object, first, end, structure;
};

struct Allocation {
  size_t size, align;
  bool pages;
  bool kept = false; // see keep_allocations
};

struct State {
  std::mutex mutex; // guards everything below that is not atomic
  std::unordered_map<void *, Allocation> allocations;
  std::vector<kbpf_object *> fds;             // null: free
  std::vector<int> access;                    // of each, KBPF_FD_NO_READ or NO_WRITE
  std::vector<bool> foreign;                  // open, but no BPF object
  std::map<std::string, Variable> variables;
  std::map<uint64_t, uint64_t> tasks;         // numbers by object
  std::map<int, uint64_t> pidfds;             // objects
  std::map<uint64_t, StoppedTask> stopped;    // by object
  std::vector<Area> areas;
  bool areas_change = false;
  std::atomic<uint64_t> cycles[64];
  std::map<std::string, kbpf_object *> paths; // the bpf file system
  std::map<uintptr_t, Symbol> symbols;
  std::vector<std::pair<std::string, std::string>> aliases;
  std::vector<Range> text, unprobeable;
  std::set<uintptr_t> overridable;
  std::string console, log, signals;
  std::atomic<uint32_t> cpu_count{1};
  std::atomic<uint64_t> capabilities{~uint64_t{0}}, memory_limit{~uint64_t{0}}, charged_memory{0};
  std::atomic<uint64_t> fixed_time{0};
  std::atomic<uint64_t> timer_deadlines[64];
  std::atomic<int64_t> fail_in{-1};
  std::atomic<uint64_t> allocation_count{0};
  std::atomic<uint32_t> random{0x2545f491};
  std::atomic<unsigned> trace_wakes{0}, poll_wakes{0}, text_writes{0};
};

State &state() {
  static State instance;
  return instance;
}

constexpr kbpf_thread kDefaultThread = {100, 101, 1000, 1001, "tester", 1, 0x7eed};
thread_local uint32_t this_cpu = 0;
thread_local bool irqs_off = false;
thread_local std::function<void()> before_read; // of this thread's next read
thread_local const kbpf_regs *user_regs = nullptr;
thread_local kbpf_thread this_thread = kDefaultThread;

[[noreturn]] void die(const std::string &text) {
  fprintf(stderr, "hostport: %s\n", text.c_str());
  abort();
}

int self_memory() {
  static const int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
  if (fd < 0)
    die("can't open /proc/self/mem");
  return fd;
}

bool offset_fits(uint64_t address, size_t size) { return address < 1ull << 62 && size < 1ull << 62; }

int read_memory(void *to, uint64_t from, size_t size) {
  if (!offset_fits(from, size))
    return size ? kErrBadAddress : 0;
  size_t done = 0;
  while (done < size) {
    ssize_t got =
        pread(self_memory(), static_cast<char *>(to) + done, size - done, static_cast<off_t>(from + done));
    if (got <= 0)
      return kErrBadAddress;
    done += static_cast<size_t>(got);
  }
  return 0;
}

int read_path(uint64_t from, std::string &path) {
  for (;; from++) {
    char c;
    if (int status = read_memory(&c, from, 1); status != 0)
      return status;
    if (!c)
      return path.empty() ? -ENOENT : 0;
    path += c;
  }
}

int write_memory(uint64_t to, const void *from, size_t size) {
  if (!offset_fits(to, size))
    return size ? kErrBadAddress : 0;
  size_t done = 0;
  while (done < size) {
    ssize_t put = pwrite(self_memory(), static_cast<const char *>(from) + done, size - done,
                         static_cast<off_t>(to + done));
    if (put <= 0)
      return kErrBadAddress;
    done += static_cast<size_t>(put);
  }
  return 0;
}

// Memory that the test does not own would be silently overwritten through /proc/self/mem.
bool is_poisoned(uint64_t address, size_t size) {
#if __has_feature(address_sanitizer)
  char byte;
  return size && read_memory(&byte, address, 1) == 0 &&
         __asan_region_is_poisoned(reinterpret_cast<void *>(address), size);
#else
  return false;
#endif
}

bool allocation_fails() {
  state().allocation_count++;
  int64_t left = state().fail_in.load();
  while (left >= 0 && !state().fail_in.compare_exchange_weak(left, left - 1)) {
  }
  return left == 0;
}

void forget(void *memory, size_t size, size_t align, bool pages) {
  std::lock_guard lock(state().mutex);
  auto found = state().allocations.find(memory);
  if (found == state().allocations.end())
    die("free of memory that is not allocated");
  const Allocation &was = found->second;
  if (was.size != size || was.align != align || was.pages != pages)
    die("free of " + std::to_string(size) + " bytes, allocated were " + std::to_string(was.size));
  state().allocations.erase(found);
}

// Under the mutex.
size_t count_live() {
  size_t count = 0;
  for (const auto &[memory, allocation] : state().allocations)
    count += !allocation.kept;
  return count;
}

void check_interrupts_on(const char *what) {
  if (irqs_off)
    die(std::string(what) + " with interrupts off");
}

} // namespace

void reset(bool check_leaks) {
  State &s = state();
  for (size_t fd = 0; fd < s.fds.size(); fd++)
    if (s.fds[fd] || s.foreign[fd])
      close_fd(static_cast<int>(fd));
  while (!s.paths.empty())
    unlink_path(s.paths.begin()->first);
  std::lock_guard lock(s.mutex);
  if (const size_t leaked = count_live(); check_leaks && leaked)
    die(std::to_string(leaked) + " allocations leaked");
  s.fds.clear();
  s.access.clear();
  s.foreign.clear();
  s.variables.clear();
  s.tasks.clear();
  s.pidfds.clear();
  s.stopped.clear();
  s.areas.clear();
  s.areas_change = false;
  for (std::atomic<uint64_t> &cycles : s.cycles)
    cycles = 0;
  s.symbols.clear();
  s.aliases.clear();
  s.text.clear();
  s.unprobeable.clear();
  s.overridable.clear();
  s.console.clear();
  s.signals.clear();
  s.log.clear();
  s.cpu_count = 1;
  s.capabilities = s.memory_limit = ~uint64_t{0};
  s.fixed_time = 0;
  for (std::atomic<uint64_t> &deadline : s.timer_deadlines)
    deadline = UINT64_MAX;
  s.fail_in = -1;
  s.allocation_count = 0;
  s.trace_wakes = 0;
  s.poll_wakes = 0;
  s.text_writes = 0;
  this_thread = kDefaultThread;
  user_regs = nullptr;
}

BoundCpu::BoundCpu(uint32_t cpu) : previous_(this_cpu) {
  if (cpu >= state().cpu_count)
    die("no such CPU");
  this_cpu = cpu;
}
BoundCpu::~BoundCpu() { this_cpu = previous_; }

void set_cpu_count(uint32_t count) { state().cpu_count = count; }
bool interrupts_off() { return irqs_off; }
void set_current(const kbpf_thread &thread) { this_thread = thread; }
void set_user_regs(const kbpf_regs *regs) { user_regs = regs; }
void set_task(uint64_t object, uint64_t id) {
  std::lock_guard lock(state().mutex);
  state().tasks[object] = id;
}
void set_stopped(uint64_t object, uint64_t pc, uint64_t fp) {
  std::lock_guard lock(state().mutex);
  state().stopped[object] = {pc, fp};
}
void add_area(uint64_t object, uint64_t first, uint64_t end, uint64_t structure) {
  std::lock_guard lock(state().mutex);
  state().areas.push_back({object, first, end, structure});
}
void set_areas_change(bool change) { state().areas_change = change; }
void set_cycles(uint32_t cpu, uint64_t count) { state().cycles[cpu] = count; }
std::string take_signals() {
  std::lock_guard lock(state().mutex);
  return std::exchange(state().signals, {});
}
void set_may_use_bpf(bool may) { state().capabilities = may ? ~uint64_t{0} : 0; }
void set_capabilities(uint64_t bits) { state().capabilities = bits; }
void set_memory_limit(uint64_t bytes) { state().memory_limit = bytes; }
uint64_t charged_memory() { return state().charged_memory; }
uint64_t timer_deadline(uint32_t cpu) { return state().timer_deadlines[cpu]; }
void set_time_ns(uint64_t now) { state().fixed_time = now; }

void add_text(void *first, size_t size) {
  std::lock_guard lock(state().mutex);
  state().text.push_back({reinterpret_cast<uintptr_t>(first), size});
}

void forbid_probes(uintptr_t first, size_t size) {
  std::lock_guard lock(state().mutex);
  state().unprobeable.push_back({first, size});
}

void allow_override(uintptr_t function) {
  std::lock_guard lock(state().mutex);
  state().overridable.insert(function);
}

void add_symbol(const std::string &name, const std::string &demangled, uintptr_t address, size_t size) {
  std::lock_guard lock(state().mutex);
  state().symbols[address] = {name, demangled, address, size};
}

void add_variable(const std::string &name, const void *address, size_t stride) {
  std::lock_guard lock(state().mutex);
  state().variables[name] = {reinterpret_cast<uintptr_t>(address), stride};
}

void add_alias(const std::string &alias, const std::string &name) {
  std::lock_guard lock(state().mutex);
  state().aliases.emplace_back(alias, name);
}

void before_next_kernel_read(std::function<void()> action) { before_read = std::move(action); }
unsigned text_writes() { return state().text_writes; }

void unlink_path(const std::string &path) {
  kbpf_object *object = nullptr;
  {
    std::lock_guard lock(state().mutex);
    auto found = state().paths.find(path);
    if (found == state().paths.end())
      die("unlink of a path that is not there");
    object = found->second;
    state().paths.erase(found);
  }
  kbpf_object_release(object);
}

bool has_path(const std::string &path) {
  std::lock_guard lock(state().mutex);
  return state().paths.contains(path);
}

void close_fd(int fd) {
  kbpf_object *object = nullptr;
  {
    std::lock_guard lock(state().mutex);
    size_t index = static_cast<size_t>(fd);
    if (index >= state().fds.size() || (!state().fds[index] && !state().foreign[index]))
      die("close of an fd that is not open");
    std::swap(object, state().fds[index]);
    state().pidfds.erase(fd);
    state().foreign[index] = false;
  }
  if (object)
    kbpf_object_release(object);
}

namespace {
int install(kbpf_object *object, bool foreign, int access = 0) {
  std::lock_guard lock(state().mutex);
  std::vector<kbpf_object *> &fds = state().fds;
  size_t fd = kFirstFd;
  while (fd < fds.size() && (fds[fd] || state().foreign[fd]))
    fd++;
  if (fd >= fds.size()) {
    fds.resize(fd + 1);
    state().access.resize(fd + 1);
    state().foreign.resize(fd + 1);
  }
  fds[fd] = object;
  state().access[fd] = access;
  state().foreign[fd] = foreign;
  return static_cast<int>(fd);
}
} // namespace

int open_foreign_fd() { return install(nullptr, true); }
int open_pidfd(uint64_t object) {
  const int fd = open_foreign_fd();
  std::lock_guard lock(state().mutex);
  state().pidfds[fd] = object;
  return fd;
}

kbpf_object *object_of(int fd) {
  kbpf_object *object = nullptr;
  if (kbpf_port_fd_get(fd, &object) < 0)
    return nullptr;
  object->drop_user();
  return object;
}

size_t open_fds() {
  std::lock_guard lock(state().mutex);
  size_t count = 0;
  for (size_t fd = 0; fd < state().fds.size(); fd++)
    count += state().fds[fd] || state().foreign[fd];
  return count;
}

void fail_allocation(int64_t nth) { state().fail_in = nth; }

size_t live_allocations() {
  std::lock_guard lock(state().mutex);
  return count_live();
}

void keep_allocations() {
  std::lock_guard lock(state().mutex);
  for (auto &[memory, allocation] : state().allocations)
    allocation.kept = true;
}

uint64_t allocation_count() { return state().allocation_count; }

namespace {
std::string take(std::string State::*text) {
  std::lock_guard lock(state().mutex);
  return std::exchange(state().*text, {});
}
} // namespace

std::string take_console() { return take(&State::console); }
std::string take_log() { return take(&State::log); }

unsigned trace_wakes() { return state().trace_wakes; }
unsigned poll_wakes() { return state().poll_wakes; }

} // namespace kbpf::hostport

using namespace kbpf::hostport;

extern "C" {

void *kbpf_port_alloc(size_t size, size_t align) {
  check_interrupts_on("allocation");
  if (allocation_fails())
    return nullptr;
  void *memory = nullptr;
  if (posix_memalign(&memory, align < sizeof(void *) ? sizeof(void *) : align, size) != 0)
    return nullptr;
  memset(memory, 0xa5, size); // nobody may count on zeros
  std::lock_guard lock(state().mutex);
  state().allocations[memory] = {size, align, false};
  return memory;
}

void kbpf_port_free(void *memory, size_t size, size_t align) {
  check_interrupts_on("free");
  forget(memory, size, align, false);
  free(memory);
}

void *kbpf_port_pages_alloc(size_t pages) {
  check_interrupts_on("page allocation");
  if (allocation_fails())
    return nullptr;
  size_t size = pages * kPageSize;
  void *memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return nullptr;
  std::lock_guard lock(state().mutex);
  state().allocations[memory] = {size, kPageSize, true};
  return memory;
}

void kbpf_port_pages_free(void *first, size_t pages) {
  check_interrupts_on("page free");
  forget(first, pages * kPageSize, kPageSize, true);
  munmap(first, pages * kPageSize);
}

int kbpf_port_pages_protect(void *first, size_t pages, kbpf_protection protection) {
  int flags = protection == KBPF_PROT_READ_WRITE  ? PROT_READ | PROT_WRITE
              : protection == KBPF_PROT_READ_ONLY ? PROT_READ
                                                  : PROT_READ | PROT_EXEC;
  return mprotect(first, pages * kPageSize, flags) == 0 ? 0 : -errno;
}

void *kbpf_port_ring_alloc(size_t head_pages, size_t data_pages) {
  check_interrupts_on("ring allocation");
  if (allocation_fails())
    return nullptr;
  size_t head = head_pages * kPageSize, data = data_pages * kPageSize;
  int memory = memfd_create("ring", MFD_CLOEXEC);
  if (memory < 0 || ftruncate(memory, static_cast<off_t>(head + data)) != 0)
    die("no memory for a ring");
  void *first = mmap(nullptr, head + 2 * data, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
  if (first == MAP_FAILED || mmap(static_cast<char *>(first) + head + data, data, PROT_READ | PROT_WRITE,
                                  MAP_SHARED | MAP_FIXED, memory, static_cast<off_t>(head)) == MAP_FAILED)
    die("no address space for a ring");
  close(memory);
  std::lock_guard lock(state().mutex);
  state().allocations[first] = {head + data, kPageSize, true};
  return first;
}

void kbpf_port_ring_free(void *first, size_t head_pages, size_t data_pages) {
  check_interrupts_on("ring free");
  forget(first, (head_pages + data_pages) * kPageSize, kPageSize, true);
  munmap(first, (head_pages + 2 * data_pages) * kPageSize);
}

int kbpf_port_text_write(uintptr_t address, const void *bytes, size_t size) {
  if ((size != 2 && size != 4) || address % 2 != 0)
    die("text write of " + std::to_string(size) + " bytes");
  std::lock_guard lock(state().mutex);
  for (const Range &range : state().text)
    if (range.contains(address, size)) {
      state().text_writes++;
      // 4 bytes need not be aligned to 4; readers of a test's text hold no instruction cache, so halves will
      // do.
      for (size_t at = 0; at < size; at += 2) {
        uint16_t half;
        memcpy(&half, static_cast<const char *>(bytes) + at, 2);
        __atomic_store_n(reinterpret_cast<uint16_t *>(address + at), half, __ATOMIC_SEQ_CST);
      }
      return 0;
    }
  // Pages that are executable by now: written around their protection.
  for (const auto &[first, allocation] : state().allocations)
    if (allocation.pages &&
        Range{reinterpret_cast<uintptr_t>(first), allocation.size}.contains(address, size)) {
      state().text_writes++;
      return write_memory(address, bytes, size);
    }
  return kErrBadAddress;
}

int kbpf_port_code_write(void *to, const void *from, size_t size) {
  std::lock_guard lock(state().mutex);
  for (const auto &[first, allocation] : state().allocations)
    if (allocation.pages &&
        Range{reinterpret_cast<uintptr_t>(first), allocation.size}.contains(reinterpret_cast<uintptr_t>(to), size))
      return write_memory(reinterpret_cast<uintptr_t>(to), from, size);
  die("code written where there are no pages");
}

void kbpf_port_sync_icache(void) {}

int kbpf_port_copy_from_user(void *to, uint64_t user_from, size_t size) {
  check_interrupts_on("access to user memory");
  return read_memory(to, user_from, size);
}

int kbpf_port_copy_to_user(uint64_t user_to, const void *from, size_t size) {
  check_interrupts_on("access to user memory");
  return is_poisoned(user_to, size) ? kErrBadAddress : write_memory(user_to, from, size);
}

int kbpf_port_read_kernel(void *to, uint64_t from, size_t size) {
  if (std::function<void()> action = std::exchange(before_read, nullptr))
    action();
  return read_memory(to, from, size);
}

int kbpf_port_read_user(void *to, uint64_t user_from, size_t size) {
  return read_memory(to, user_from, size);
}

int kbpf_port_write_user(uint64_t user_to, const void *from, size_t size) {
  return is_poisoned(user_to, size) ? kErrBadAddress : write_memory(user_to, from, size);
}

const kbpf_regs *kbpf_port_user_regs(void) { return user_regs; }
uint64_t kbpf_port_task_id(uint64_t object) {
  std::lock_guard lock(state().mutex);
  auto known = state().tasks.find(object);
  if (known != state().tasks.end())
    return known->second;
  return object == this_thread.object ? this_thread.id : 0;
}
int kbpf_port_task_stopped(uint64_t object, uint64_t *pc, uint64_t *fp) {
  std::lock_guard lock(state().mutex);
  auto known = state().stopped.find(object);
  if (known == state().stopped.end())
    return state().tasks.contains(object) || object == this_thread.object ? -EAGAIN : -ENOENT;
  *pc = known->second.pc;
  *fp = known->second.fp;
  return 0;
}
int kbpf_port_find_area(uint64_t object, uint64_t address, void (*visit)(void *user, uint64_t area),
                        void *user) {
  const Area *found = nullptr;
  {
    std::lock_guard lock(state().mutex);
    if (state().areas_change)
      return -EBUSY;
    for (const Area &area : state().areas)
      if (area.object == object && address >= area.first && address < area.end)
        found = &area;
  }
  if (!found)
    return -ENOENT;
  visit(user, found->structure);
  return 0;
}
int kbpf_port_pid_namespace(uint64_t *device, uint64_t *inode) {
  *device = kNamespaceDevice;
  *inode = kNamespaceInode;
  return 0;
}
int kbpf_port_pidfd_task(int fd, uint64_t *object) {
  std::lock_guard lock(state().mutex);
  auto known = state().pidfds.find(fd);
  if (known == state().pidfds.end())
    return -EBADF;
  *object = known->second;
  return *object ? 0 : -ENOENT;
}

int kbpf_port_send_signal(uint32_t signal, int thread_only) {
  if (signal == 0 || signal > 64)
    return -EINVAL;
  std::lock_guard lock(state().mutex);
  state().signals += std::to_string(signal) + (thread_only ? "t " : " ");
  return 0;
}

uint64_t kbpf_port_realtime_ns(void) { return uint64_t{1'000'000'000} * 1'000'000'000 + kbpf_port_time_ns(); }

uint64_t kbpf_port_time_ns(void) {
  if (uint64_t fixed = state().fixed_time)
    return fixed;
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000 + static_cast<uint64_t>(now.tv_nsec);
}

void kbpf_port_timer_arm(uint64_t deadline_ns) {
  if (!irqs_off)
    abort();
  state().timer_deadlines[this_cpu] = deadline_ns;
}

// At once, on the calling thread: no other may be that CPU now.
void kbpf_port_cpu_kick(uint32_t cpu) {
  check_interrupts_on("a kick");
  BoundCpu there(cpu);
  const uintptr_t irq = kbpf_port_irq_save();
  kbpf_on_timer(nullptr);
  kbpf_port_irq_restore(irq);
}
int kbpf_port_counter(kbpf_counter counter, uint64_t *value) {
  if (counter != KBPF_COUNTER_CYCLES)
    return -EOPNOTSUPP;
  *value = state().cycles[this_cpu];
  return 0;
}

uint32_t kbpf_port_random_u32(void) { return state().random.fetch_add(0x9e3779b9) * 0x85ebca6b; }
uint32_t kbpf_port_cpu(void) { return this_cpu; }
uint32_t kbpf_port_cpu_count(void) { return state().cpu_count; }
const kbpf_machine *kbpf_port_machine(void) { return nullptr; }
void kbpf_port_current(kbpf_thread *thread) { *thread = this_thread; }
uint64_t kbpf_port_thread_id(void) { return this_thread.id; }
size_t kbpf_port_entry_room(uintptr_t) { return 0; } // nor would the stub be code of the emulated hart
int kbpf_port_capable(uint32_t capability) { return state().capabilities >> capability & 1; }

int kbpf_port_memory_charge(uint64_t bytes, uint64_t *account) {
  *account = kTheAccount;
  uint64_t before = state().charged_memory.fetch_add(bytes);
  if (before + bytes <= state().memory_limit)
    return 0;
  state().charged_memory -= bytes;
  return -12;
}
void kbpf_port_memory_uncharge(uint64_t account, uint64_t bytes) {
  if (account != kTheAccount || bytes > state().charged_memory)
    die("more memory uncharged than was charged");
  state().charged_memory -= bytes;
}

uintptr_t kbpf_port_irq_save(void) {
  uintptr_t was = irqs_off;
  irqs_off = true;
  return was;
}
void kbpf_port_irq_restore(uintptr_t previous) { irqs_off = previous; }
void kbpf_port_relax(void) {
  check_interrupts_on("waiting");
  std::this_thread::yield();
}

void kbpf_port_symbol_lookup(const char *name, size_t length, kbpf_symbol_visitor visit, void *user) {
  std::string_view wanted(name, length);
  std::vector<kbpf_symbol> found; // visited without the lock: the visitor may call the port again
  {
    std::lock_guard lock(state().mutex);
    for (const auto &[address, symbol] : state().symbols) {
      std::string_view demangled = symbol.demangled;
      bool matches =
          symbol.name == wanted || demangled == wanted || demangled.substr(0, demangled.find('(')) == wanted;
      for (const auto &[alias, target] : state().aliases)
        matches |= alias == wanted && target == symbol.name;
      if (matches)
        found.push_back({address, symbol.size, symbol.name.c_str(), symbol.demangled.c_str()});
    }
  }
  for (const kbpf_symbol &symbol : found)
    if (visit(user, &symbol))
      return;
}

int kbpf_port_symbol_at(uintptr_t address, kbpf_symbol *symbol) {
  std::lock_guard lock(state().mutex);
  auto after = state().symbols.upper_bound(address);
  if (after == state().symbols.begin())
    return kErrNotFound;
  const Symbol &found = std::prev(after)->second;
  if (address - found.address >= found.size)
    return kErrNotFound;
  *symbol = {found.address, found.size, found.name.c_str(), found.demangled.c_str()};
  return 0;
}

int kbpf_port_may_probe(uintptr_t address) {
  std::lock_guard lock(state().mutex);
  for (const Range &range : state().unprobeable)
    if (range.contains(address, 1))
      return 0;
  for (const Range &range : state().text)
    if (range.contains(address, 1))
      return 1;
  return 0;
}

uintptr_t kbpf_port_variable(const char *name, size_t length) {
  std::lock_guard lock(state().mutex);
  auto found = state().variables.find(std::string(name, length));
  return found == state().variables.end() ? 0 : found->second.address;
}

void *kbpf_port_cpu_variable(uintptr_t address, uint32_t cpu) {
  std::lock_guard lock(state().mutex);
  for (const auto &[name, variable] : state().variables)
    if (variable.address == address && variable.stride)
      return reinterpret_cast<void *>(address + cpu * variable.stride);
  return nullptr;
}

int kbpf_port_may_override(uintptr_t function) {
  std::lock_guard lock(state().mutex);
  return state().overridable.contains(function);
}

int kbpf_port_fd_install(kbpf_object *object, const char *kind, int flags) {
  return install(object, false, flags & (KBPF_FD_NO_READ | KBPF_FD_NO_WRITE));
}

int kbpf_port_task_fd_get(uint32_t pid, int fd, kbpf_object **object) {
  kbpf_thread thread;
  kbpf_port_current(&thread);
  return pid == thread.pid ? kbpf_port_fd_get(fd, object) : -ENOENT;
}
int kbpf_port_fd_get(int fd, kbpf_object **object) {
  std::lock_guard lock(state().mutex);
  size_t index = static_cast<size_t>(fd);
  if (fd < 0 || index >= state().fds.size() || (!state().fds[index] && !state().foreign[index]))
    return -EBADF;
  if (state().foreign[index])
    return -EINVAL;
  *object = state().fds[index];
  kbpf_object_acquire(*object);
  return state().access[index];
}

// Every other time, so that both ways are gone.
int kbpf_port_fd_peek(int fd, kbpf_object **object) {
  static std::atomic<unsigned> calls{0};
  if (calls.fetch_add(1) % 2)
    return -EAGAIN;
  std::lock_guard lock(state().mutex);
  size_t index = static_cast<size_t>(fd);
  if (fd < 0 || index >= state().fds.size() || (!state().fds[index] && !state().foreign[index]))
    return -EBADF;
  if (state().foreign[index])
    return -EINVAL;
  *object = state().fds[index];
  return state().access[index];
}

int kbpf_port_path_bind(int, uint64_t user_path, kbpf_object *object) {
  std::string path;
  if (int status = read_path(user_path, path); status != 0)
    return status;
  std::lock_guard lock(state().mutex);
  if (!state().paths.emplace(path, object).second)
    return -EEXIST;
  kbpf_object_acquire(object);
  return 0;
}

int kbpf_port_path_open(int, uint64_t user_path, int, kbpf_object **object) {
  std::string path;
  if (int status = read_path(user_path, path); status != 0)
    return status;
  std::lock_guard lock(state().mutex);
  auto found = state().paths.find(path);
  if (found == state().paths.end())
    return -ENOENT;
  *object = found->second;
  kbpf_object_acquire(*object);
  return 0;
}

void kbpf_port_console_write(const char *text, size_t size) {
  std::lock_guard lock(state().mutex);
  state().console.append(text, size);
}

void kbpf_port_log(const char *line, size_t size) {
  std::lock_guard lock(state().mutex);
  state().log.append(line, size).push_back('\n');
}

void kbpf_port_trace_wake(void) { state().trace_wakes++; }
void kbpf_port_poll_wake(void) { state().poll_wakes++; }

void kbpf_port_panic(const char *text) { die(std::string("panic: ") + text); }

} // extern "C"
