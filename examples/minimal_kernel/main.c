/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Boots, puts a probe on one of its functions, calls that, and prints what the program counted. */
#include "abi/attr.h"
#include "kernel.h"

enum Command {
#define KBPF_COMMAND(number, name, NAME, since, text) NAME = number,
#include "abi/commands.def"
#undef KBPF_COMMAND
};

extern const char programs[], programs_end[];

static uint64_t address(const void *object) { return (uintptr_t)object; }

static int64_t check(const char *what, int64_t result) {
  if (result >= 0)
    return result;
  print(what);
  print(": error ");
  print_number((uint64_t)-result);
  print("\n");
  power_off(1);
}

__attribute__((noinline)) uint64_t square(uint64_t number) {
  __asm__ volatile("" ::: "memory"); /* called each time */
  return number * number;
}

void kernel_main(void) {
  memory_init();
  check("kbpf_init", kbpf_init(NULL));
  __asm__ volatile("csrs sie, %0; csrs sstatus, %1" ::"r"(1 << 5), "r"(2)); /* timer interrupts */

  int map =
      (int)check("map", kbpf_syscall(MAP_CREATE,
                                     address(&(struct kbpf_attr_map_create){
                                         .map_type = 1, .key_size = 8, .value_size = 8, .max_entries = 16}),
                                     sizeof(struct kbpf_attr_map_create)));
  struct kbpf_map_binding binding = {.name = address("calls"), .fd = (uint32_t)map};
  struct kbpf_attr_prog_load_ex load = {.elf = address(programs),
                                        .elf_size = (uint32_t)(programs_end - programs),
                                        .map_array = address(&binding),
                                        .map_array_len = 1};
  int program = (int)check("load", kbpf_syscall(PROG_LOAD_EX, address(&load), sizeof load));
  static const char target[] = "kprobe$square";
  struct kbpf_attr_attach attach = {
      .target = address(target), .target_len = sizeof target - 1, .prog_fd = (uint32_t)program};
  check("attach", kbpf_syscall(PROG_ATTACH, address(&attach), sizeof attach));

  for (uint64_t round = 1; round <= 3; round++)
    for (uint64_t number = round; number <= 3; number++)
      if (square(number) != number * number)
        kbpf_port_panic("a probed function gives another result");

  check("detach", kbpf_syscall(PROG_DETACH, address(&attach), sizeof attach));
  square(3);

  for (uint64_t number = 1; number <= 3; number++) {
    uint64_t count = 0;
    struct kbpf_attr_map_elem lookup = {
        .map_fd = (uint32_t)map, .key = address(&number), .value = address(&count)};
    check("lookup", kbpf_syscall(MAP_LOOKUP_ELEM, address(&lookup), sizeof lookup));
    print("square(");
    print_number(number);
    print(") was called ");
    print_number(count);
    print(" times\n");
  }
  descriptor_close(program);
  descriptor_close(map);
  power_off(0);
}
