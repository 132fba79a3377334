// SPDX-License-Identifier: MIT OR Apache-2.0
// A TCG plugin of QEMU: counts the instructions that the guest retires between the markers "slti zero, zero,
// 1" and "slti zero, zero, 2" (hints that do nothing), and prints "count N" to standard error at each second
// one. QEMU's header is not packaged, so the few functions in use are declared here (plugin API, version 1).
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { no_register_access = 0, inline_add_u64 = 0 };
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
                                           void (*callback)(uint64_t id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
                                            void (*callback)(unsigned vcpu, void *data), int flags,
                                            void *data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int op, void *counter,
                                                uint64_t imm);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

#define EXPORT __attribute__((visibility("default")))
EXPORT int qemu_plugin_version = 1;

static uint64_t retired, at_start;

static void on_start(unsigned vcpu, void *data) { at_start = retired; }
static void on_stop(unsigned vcpu, void *data) { fprintf(stderr, "count %" PRIu64 "\n", retired - at_start); }

static void on_translation(uint64_t id, struct qemu_plugin_tb *tb) {
  for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
    struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
    uint32_t bits = 0;
    if (qemu_plugin_insn_size(insn) == 4)
      memcpy(&bits, qemu_plugin_insn_data(insn), 4);
    if (bits == 0x00102013)
      qemu_plugin_register_vcpu_insn_exec_cb(insn, on_start, no_register_access, NULL);
    else if (bits == 0x00202013)
      qemu_plugin_register_vcpu_insn_exec_cb(insn, on_stop, no_register_access, NULL);
    else
      qemu_plugin_register_vcpu_insn_exec_inline(insn, inline_add_u64, &retired, 1);
  }
}

EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv) {
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  return 0;
}
