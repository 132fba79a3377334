/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Perf events of type BPF_OUTPUT, one for each hart, read as libbpf's perf_buffer reads them. The program of
 * test/lit/boot/Inputs/samples.c (/samples.o) writes a sample at each getppid. */
#define _GNU_SOURCE
#include "bpf_object.h"
#include "check.h"
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
  kPage = 4096,
  kDataPages = 2,
  kDataSize = kDataPages * kPage,
  kMaxHarts = 8,
  kCalls = 2000,
  kChildren = 4
};
enum { kSoftware = 1, kBpfOutput = 10, kRaw = 1024, kSample = 9, kLost = 2, kCloseOnExec = 8 };

struct attributes { /* the first version of struct perf_event_attr that has config2 */
  uint32_t type, size;
  uint64_t config, sample_period, sample_type, read_format, flags;
  uint32_t wakeup_events, bp_type;
  uint64_t config1, config2;
};

static int events, refused, harts;
static struct pollfd polled[kMaxHarts];
static char *pages[kMaxHarts];

struct sample {
  uint64_t thread;
  uint32_t cpu, pad;
};
struct totals {
  uint64_t samples, lost;
};

static int open_event(int cpu, uint64_t sample_type) {
  struct attributes attributes = {.type = kSoftware,
                                  .size = sizeof(attributes),
                                  .config = kBpfOutput,
                                  .sample_period = 1,
                                  .sample_type = sample_type,
                                  .wakeup_events = 1};
  return (int)syscall(SYS_perf_event_open, &attributes, -1, cpu, -1, (unsigned long)kCloseOnExec);
}

/* Everything that is in one hart's ring; -1 where something is not as it should be. */
static int drain(int hart, struct totals *totals) {
  char *page = pages[hart], record[256];
  uint64_t tail = *(volatile uint64_t *)(page + 1032);
  while (tail != __atomic_load_n((uint64_t *)(page + 1024), __ATOMIC_ACQUIRE)) {
    const char *data = page + kPage;
    uint32_t type;
    uint16_t size;
    memcpy(&type, data + tail % kDataSize, sizeof(type));
    memcpy(&size, data + tail % kDataSize + 6, sizeof(size));
    if (size < 8 || size > sizeof(record))
      return -1;
    for (int i = 0; i < size; i++)
      record[i] = data[(tail + (uint64_t)i) % kDataSize];
    struct sample sample;
    uint64_t lost;
    memcpy(&sample, record + 12, sizeof(sample));
    memcpy(&lost, record + 16, sizeof(lost));
    if (type == kLost) {
      totals->lost += lost;
    } else if (type == kSample && sample.cpu == (uint32_t)hart && sample.thread) {
      totals->samples++;
    } else {
      return -1;
    }
    tail += size;
    __atomic_store_n((uint64_t *)(page + 1032), tail, __ATOMIC_RELEASE);
  }
  return 0;
}

static uint64_t refused_samples(void) {
  uint32_t key = 0;
  uint64_t value = 0;
  bpf_map_lookup_elem(refused, &key, &value);
  return value;
}

static int every_hart_has_its_ring(void) {
  for (uint32_t hart = 0; hart < (uint32_t)harts; hart++) {
    int event = open_event((int)hart, kRaw);
    CHECK(event >= 0);
    CHECK(mmap(NULL, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, event, 0) == MAP_FAILED && errno == EINVAL);
    pages[hart] = mmap(NULL, kPage + kDataSize, PROT_READ | PROT_WRITE, MAP_SHARED, event, 0);
    CHECK(pages[hart] != MAP_FAILED && *(uint64_t *)(pages[hart] + 1048) == kDataSize);
    CHECK(ioctl(event, 0x2400 /* PERF_EVENT_IOC_ENABLE */, 0) == 0);
    CHECK(bpf_map_update_elem(events, &hart, &event, BPF_ANY) == 0);
    polled[hart] = (struct pollfd){event, POLLIN, 0};
  }
  return 0;
}

static int a_sample_wakes_its_reader(void) {
  struct totals totals = {0, 0};
  CHECK(poll(polled, (nfds_t)harts, 0) == 0);
  pid_t child = fork();
  if (!child) {
    usleep(20000);
    syscall(SYS_getppid);
    _exit(0);
  }
  CHECK(poll(polled, (nfds_t)harts, 10000) == 1);
  for (int hart = 0; hart < harts; hart++)
    CHECK(drain(hart, &totals) == 0);
  CHECK(totals.samples == 1 && totals.lost == 0 && poll(polled, (nfds_t)harts, 0) == 0);
  CHECK(waitpid(child, NULL, 0) == child);
  return 0;
}

static int every_sample_is_read_or_refused(void) {
  struct totals totals = {0, 0};
  uint64_t before = refused_samples();
  for (int i = 0; i < kChildren; i++)
    if (!fork()) {
      for (int n = 0; n < kCalls; n++)
        syscall(SYS_getppid);
      _exit(0);
    }
  for (int running = kChildren; running;) {
    for (int hart = 0; hart < harts; hart++)
      CHECK(drain(hart, &totals) == 0);
    poll(polled, (nfds_t)harts, 10);
    while (waitpid(-1, NULL, WNOHANG) > 0)
      running--;
  }
  for (int hart = 0; hart < harts; hart++)
    CHECK(drain(hart, &totals) == 0);
  uint64_t lost = refused_samples() - before;
  CHECK(totals.samples > 0 && totals.samples + lost == kCalls * kChildren && totals.lost <= lost);
  return 0;
}

static int without_its_event_a_hart_has_no_samples(void) {
  uint64_t before = refused_samples();
  for (uint32_t hart = 0; hart < (uint32_t)harts; hart++)
    CHECK(bpf_map_delete_elem(events, &hart) == 0);
  syscall(SYS_getppid);
  CHECK(refused_samples() == before + 1);
  for (int hart = 0; hart < harts; hart++)
    CHECK(munmap(pages[hart], kPage + kDataSize) == 0 && close(polled[hart].fd) == 0);
  return 0;
}

static int sample_types_that_are_not_there_are_refused(void) {
  CHECK(open_event(0, 1 << 5 /* PERF_SAMPLE_CALLCHAIN */) == -1 && errno == EINVAL);
  return 0;
}

int main(void) {
  static const struct test_case cases[] = {
      {"every hart has its ring", every_hart_has_its_ring},
      {"a sample wakes its reader", a_sample_wakes_its_reader},
      {"every sample is read, or its writer told", every_sample_is_read_or_refused},
      {"without its event a hart has no samples", without_its_event_a_hart_has_no_samples},
      {"sample types that are not there are refused", sample_types_that_are_not_there_are_refused},
  };
  harts = (int)sysconf(_SC_NPROCESSORS_ONLN);
  struct bpf_object *object = bpf_object__open("/samples.o");
  if (!object || bpf_object__load(object) < 0) {
    printf("%s\n", bpf_object__error());
    return 1;
  }
  events = bpf_object__find_map_fd_by_name(object, "events");
  refused = bpf_object__find_map_fd_by_name(object, "refused");
  struct bpf_program *program = bpf_object__find_program_by_name(object, "on_call");
  if (!bpf_program__attach_target_string(program, "kprobe$refkernel::sys_getppid")) {
    printf("%s\n", bpf_object__error());
    return 1;
  }
  return RUN_CASES("samples", cases);
}
