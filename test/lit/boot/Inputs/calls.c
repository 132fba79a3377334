// SPDX-License-Identifier: MIT OR Apache-2.0
// What a user of Debian's libbpf calls besides skeletons: objects, maps and links by name and by path, perf buffers, batches,
// probes for features, the static linker. Prints each thing that is not as on Linux.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int failures;
#define CHECK(condition)                                                                                     \
  do {                                                                                                       \
    errno = 0;                                                                                               \
    if (!(condition))                                                                                        \
      failures++, printf("line %d: %s (errno %d)\n", __LINE__, #condition, errno);                           \
  } while (0)

static unsigned samples, lost, sample_pid;
static void on_sample(void *context, int cpu, void *data, __u32 size) {
  samples++;
  memcpy(&sample_pid, data, sizeof(sample_pid));
}
static void on_lost(void *context, int cpu, __u64 count) { lost += (unsigned)count; }
static int be_quiet(enum libbpf_print_level level, const char *format, va_list arguments) { return 0; }

static void maps(struct bpf_object *object) {
  struct bpf_map *counts = bpf_object__find_map_by_name(object, "counts");
  __u32 keys[4] = {10, 11, 12, 13}, key = 10, next, out, count = 4, got_keys[8];
  __u64 values[4] = {100, 110, 120, 130}, value, got[8];
  CHECK(counts && bpf_map__type(counts) == BPF_MAP_TYPE_HASH && bpf_map__max_entries(counts) == 8);
  CHECK(bpf_map__key_size(counts) == 4 && bpf_map__value_size(counts) == 8 && bpf_map__fd(counts) >= 0);
  CHECK(!strcmp(bpf_map__name(counts), "counts") && bpf_map__btf_key_type_id(counts) != 0);
  CHECK(bpf_map__update_elem(counts, &key, 4, values, 8, BPF_NOEXIST) == 0);
  CHECK(bpf_map__update_elem(counts, &key, 4, values, 8, BPF_NOEXIST) == -EEXIST);
  CHECK(bpf_map__lookup_elem(counts, &key, 4, &value, 8, 0) == 0 && value == 100);
  CHECK(bpf_map__lookup_elem(counts, &key, 4, &value, 4, 0) == -EINVAL);
  CHECK(bpf_map__get_next_key(counts, NULL, &next, 4) == 0);
  CHECK(bpf_map__lookup_and_delete_elem(counts, &key, 4, &value, 8, 0) == 0 && value == 100);
  CHECK(bpf_map__delete_elem(counts, &key, 4, 0) == -ENOENT);
  int fd = bpf_map__fd(counts);
  CHECK(bpf_map_update_batch(fd, keys, values, &count, NULL) == 0 && count == 4);
  count = 8;
  CHECK(bpf_map_lookup_batch(fd, NULL, &out, got_keys, got, &count, NULL) == -ENOENT && count == 4);
  CHECK(got[0] == got_keys[0] * 10);
  count = 2;
  CHECK(bpf_map_delete_batch(fd, keys, &count, NULL) == 0 && count == 2);
  count = 8;
  CHECK(bpf_map_lookup_and_delete_batch(fd, NULL, &out, got_keys, got, &count, NULL) == -ENOENT && count == 2);
  struct bpf_map_info info = {0};
  __u32 size = sizeof(info);
  CHECK(bpf_map_get_info_by_fd(fd, &info, &size) == 0 && info.id && !strcmp(info.name, "counts"));
  int again = bpf_map_get_fd_by_id(info.id);
  CHECK(again >= 0 && close(again) == 0);
  CHECK(bpf_map__pin(counts, "/sys/fs/bpf/counts") == 0 && bpf_map__is_pinned(counts));
  again = bpf_obj_get("/sys/fs/bpf/counts");
  CHECK(again >= 0 && close(again) == 0 && bpf_map__unpin(counts, NULL) == 0);
  CHECK(bpf_obj_get("/sys/fs/bpf/counts") == -ENOENT && bpf_map__set_pin_path(counts, NULL) == 0);
}

static void links(struct bpf_object *object) {
  struct bpf_program *program = bpf_object__find_program_by_name(object, "on_getpgid");
  struct bpf_map *buffer = bpf_object__find_map_by_name(object, "samples");
  CHECK(program && bpf_program__type(program) == BPF_PROG_TYPE_KPROBE && bpf_program__fd(program) >= 0);
  CHECK(!bpf_program__autoload(bpf_object__find_program_by_name(object, "left_out")));
  struct perf_buffer *samples_of = perf_buffer__new(bpf_map__fd(buffer), 8, on_sample, on_lost, NULL, NULL);
  CHECK(samples_of != NULL);
  struct bpf_link *link = bpf_program__attach(program);
  CHECK(link && bpf_link__fd(link) >= 0 && bpf_link__pin(link, "/sys/fs/bpf/link") == 0);
  CHECK(!strcmp(bpf_link__pin_path(link), "/sys/fs/bpf/link"));
  struct bpf_link_info info = {0};
  __u32 size = sizeof(info);
  CHECK(bpf_link_get_info_by_fd(bpf_link__fd(link), &info, &size) == 0 && info.type == BPF_LINK_TYPE_PERF_EVENT);
  CHECK(bpf_link__update_program(link, program) == -EINVAL);
  bpf_link__destroy(link); /* the pin keeps it */
  getpgid(0), getpgid(0);
  for (int tries = 0; samples < 2 && tries < 10; tries++)
    CHECK(perf_buffer__poll(samples_of, 1000) > 0); /* of each CPU that has some, all */
  CHECK(samples == 2 && lost == 0);
  CHECK(sample_pid == (unsigned)getpid() && perf_buffer__buffer_cnt(samples_of) >= 1);
  link = bpf_link__open("/sys/fs/bpf/link");
  CHECK(link && bpf_link__unpin(link) == 0 && bpf_link__detach(link) == -EOPNOTSUPP);
  CHECK(bpf_link__destroy(link) == 0);
  getpgid(0);
  CHECK(perf_buffer__consume(samples_of) == 0 && samples == 2);
  perf_buffer__free(samples_of);
  CHECK(bpf_program__attach_uprobe(program, false, 0, "/bin/calls", 0) == NULL && errno);
  CHECK(bpf_program__attach_usdt(program, 0, "/bin/calls", "provider", "name", NULL) == NULL && errno);
  CHECK(bpf_program__attach_kprobe(program, false, "no_such_function") == NULL && errno == ENOENT);
  CHECK(bpf_program__attach_tracepoint(program, "syscalls", "no_such_event") == NULL && errno == ENOENT);
  CHECK(bpf_program__pin(program, "/sys/fs/bpf/program") == 0 && bpf_program__unpin(program, "/sys/fs/bpf/program") == 0);
  CHECK(mkdir("/sys/fs/bpf/all", 0700) == 0 && bpf_object__pin_maps(object, "/sys/fs/bpf/all") == 0);
  CHECK(access("/sys/fs/bpf/all/counts", F_OK) == 0 && bpf_object__unpin_maps(object, "/sys/fs/bpf/all") == 0);
  CHECK(bpf_object__pin(object, "/sys/fs/bpf/all") == -EINVAL); /* a program of it is not loaded */
  __u32 attached, count = 1, ids[1];
  CHECK(bpf_prog_query(0, BPF_CGROUP_INET_INGRESS, 0, &attached, ids, &count) == -EINVAL);
  CHECK(bpf_prog_attach(bpf_program__fd(program), 0, BPF_CGROUP_INET_INGRESS, 0) < 0);
}

static void probes(void) {
  CHECK(libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_KPROBE, NULL) == 1);
  CHECK(libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_CGROUP_SKB, NULL) == 0);
  CHECK(libbpf_probe_bpf_map_type(BPF_MAP_TYPE_HASH, NULL) == 1);
  CHECK(libbpf_probe_bpf_map_type(BPF_MAP_TYPE_USER_RINGBUF, NULL) == 1);
  CHECK(libbpf_probe_bpf_map_type(BPF_MAP_TYPE_SOCKMAP, NULL) == 0);
  CHECK(libbpf_probe_bpf_helper(BPF_PROG_TYPE_KPROBE, BPF_FUNC_ringbuf_output, NULL) == 1);
  CHECK(libbpf_probe_bpf_helper(BPF_PROG_TYPE_KPROBE, BPF_FUNC_sk_lookup_tcp, NULL) == 0);
  CHECK(libbpf_num_possible_cpus() == sysconf(_SC_NPROCESSORS_ONLN));
}

static void linker(void) {
  struct bpf_linker *linker = bpf_linker__new("/tmp/linked.o", NULL);
  CHECK(linker && bpf_linker__add_file(linker, "/calls.bpf.o", NULL) == 0 && bpf_linker__finalize(linker) == 0);
  bpf_linker__free(linker);
  struct bpf_object *object = bpf_object__open_file("/tmp/linked.o", NULL);
  CHECK(object && bpf_object__load(object) == 0);
  bpf_object__close(object);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  libbpf_set_print(be_quiet);
  struct bpf_object *object = bpf_object__open_file("/calls.bpf.o", NULL);
  if (!object)
    return perror("open"), 1;
  const __u32 pid = (__u32)getpid();
  struct bpf_map *constants = bpf_object__find_map_by_name(object, ".rodata");
  CHECK(constants && bpf_map__set_initial_value(constants, &pid, sizeof(pid)) == 0);
  CHECK(bpf_object__load(object) == 0);
  maps(object);
  links(object);
  probes();
  linker();
  bpf_object__close(object);
  printf("calls: %d failed\n", failures);
  return failures != 0;
}
