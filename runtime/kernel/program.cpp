// SPDX-License-Identifier: MIT OR Apache-2.0
// The life of a program after loading. Programs whose machine code has loads that may fault stand in a list,
// which the trap handler searches.
#include "kernel/program.h"
#include "kernel/helpers/helpers.h"
#include "kernel/maps/map.h"
#include "kernel/probes/probes.h"
#include "kernel/program_loader.h"
#include "kernel/sha1.h"
#include "kernel/spinlock.h"
#include "kernel/stats.h"
#include <algorithm>
#include <bit>

namespace kbpf {
namespace {

constinit SpinLock fault_list_lock;
constinit std::atomic<Program *> fault_list{nullptr};

// Map references as they were loaded with fds, which count as 0; the loader has made indices of them.
Program::Tag compute_tag(std::span<const Insn> insns) {
  Sha1 sha;
  Insn block[8]; // what the hash takes at a time
  bool after_map = false;
  for (size_t first = 0; first < insns.size(); first += std::size(block)) {
    const size_t count = std::min(std::size(block), insns.size() - first);
    for (size_t i = 0; i < count; i++) {
      Insn &insn = block[i] = insns[first + i];
      const uint8_t src = insn.is_ld_imm64() ? insn.src() : 0;
      if (src == KBPF_PSEUDO_MAP_IDX)
        insn.set_regs(insn.dst(), KBPF_PSEUDO_MAP_FD);
      else if (src == KBPF_PSEUDO_MAP_IDX_VALUE)
        insn.set_regs(insn.dst(), KBPF_PSEUDO_MAP_VALUE);
      const bool is_map =
          src == KBPF_PSEUDO_MAP_IDX || src == KBPF_PSEUDO_MAP_IDX_VALUE || src == KBPF_PSEUDO_ZCORE_FD_SLOT;
      if (is_map || after_map)
        insn.imm = 0;
      after_map = is_map;
    }
    sha.add(block, count * sizeof(Insn));
  }
  uint8_t digest[20];
  sha.finish(digest);
  Program::Tag tag;
  std::copy_n(digest, tag.size(), tag.begin());
  return tag;
}

} // namespace

Program::Tag Program::remembered_tag(size_t number, std::span<const Insn> insns) const {
  uint64_t word = tags_[number].load(std::memory_order_relaxed);
  if (word == 0) { // two that compute it at once find the same
    word = std::bit_cast<uint64_t>(compute_tag(insns));
    tags_[number].store(word, std::memory_order_relaxed);
  }
  return std::bit_cast<Tag>(word);
}

constinit Registry<Program> program_registry;
constinit std::atomic<uint32_t> StatsSwitch::users_{0};

void StatsSwitch::destroy() {
  users_.fetch_sub(1, std::memory_order_relaxed);
  free_object(this);
}

Program::Program() : Object(Kind::program), memory_(port_block_source(), kProgramBudget) {}

uint64_t Program::run_slowly(void *context) const {
  if (!StatsSwitch::is_on())
    return run_code(context);
  uint64_t start = kbpf_port_time_ns();
  uint64_t result = run_code(context);
  run_time_ns_.fetch_add(kbpf_port_time_ns() - start, std::memory_order_relaxed);
  run_count_.fetch_add(1, std::memory_order_relaxed);
  return result;
}

// Functions that wait for what they tail-called keep their frames, each time less than kMostAboveTailCall
// bytes.
[[gnu::noinline]] static uint64_t interpret_with_tail_calls(const InterpreterCode &code, uintptr_t context) {
  alignas(16) std::byte stack[KBPF_MAX_TAIL_CALLS * kMostAboveTailCall + KBPF_STACK_SIZE];
  return interpret(code, context, stack);
}

uint64_t Program::run_code(void *context) const {
  if (code_.entry)
    return code_.entry(context);
  if (makes_tail_calls_)
    return interpret_with_tail_calls(*interpreted_, reinterpret_cast<uintptr_t>(context));
  alignas(16) std::byte stack[KBPF_STACK_SIZE];
  return interpret(*interpreted_, reinterpret_cast<uintptr_t>(context), stack);
}

std::string_view Program::function_name(size_t number) const {
  if (types_)
    for (const kbpf_func_info &function : info_.functions)
      if (function.insn_off == functions_[number].first)
        return types_->name(types_->type(function.type_id));
  return number == 0 ? name_ : "F";
}

Ref<Program> Program::of_callback(const LastingCallback &callback) {
  const bool is_machine_code = callback.function == LastingCallback::kMachineCode;
  const void *code = callback.code;
  ReadSection section;
  for (uint32_t id = program_registry.next(0); id; id = program_registry.next(id)) {
    Program *program = program_registry.find(id);
    if (!program)
      continue;
    if (is_machine_code ? program->code_.contains(reinterpret_cast<uintptr_t>(code))
                        : program->interpreted_ == callback.code)
      return Ref<Program>::share_living(program);
  }
  return {};
}

void Program::destroy() {
  if (id_)
    program_registry.remove(id_);
  if (in_fault_list_) {
    SpinGuard guard(fault_list_lock);
    std::atomic<Program *> *link = &fault_list;
    while (link->load(std::memory_order_relaxed) != this)
      link = &link->load(std::memory_order_relaxed)->next_in_fault_list_;
    link->store(next_in_fault_list_.load(std::memory_order_relaxed), std::memory_order_release);
  }
  wait_for_readers();
  for (Map *map : maps())
    Ref<Map>::adopt(map).reset();
  free_object(this);
}

void ProgramLoader::enter_fault_list(Program &program) {
  if (program.code_.faults.empty())
    return;
  SpinGuard guard(fault_list_lock);
  program.in_fault_list_ = true;
  program.next_in_fault_list_.store(fault_list.load(std::memory_order_relaxed), std::memory_order_relaxed);
  fault_list.store(&program, std::memory_order_release);
}

bool resume_program_fault(kbpf_regs &regs) {
  ReadSection section;
  for (Program *program = fault_list.load(std::memory_order_acquire); program;
       program = program->next_in_fault_list_.load(std::memory_order_acquire)) {
    uint64_t begin = program->code_.address();
    if (!program->code_.contains(regs.epc))
      continue;
    uint64_t offset = regs.epc - begin;
    auto faults = program->code_.faults;
    auto entry =
        std::lower_bound(faults.begin(), faults.end(), offset,
                         [](const rv64::FaultEntry &fault, uint64_t at) { return fault.fault < at; });
    if (entry == faults.end() || entry->fault != offset)
      return false;
    if (entry->zero_register)
      regs.x[entry->zero_register - 1] = 0;
    regs.epc = begin + entry->resume;
    return true;
  }
  return false;
}

} // namespace kbpf
