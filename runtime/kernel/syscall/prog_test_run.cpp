// SPDX-License-Identifier: MIT OR Apache-2.0
// The command itself, programs that run on a plain context, and what all kinds share.
#include "kernel/epoch.h"
#include "kernel/syscall/test_run.h"

namespace kbpf {
namespace test_run {
namespace {

constexpr uint32_t kMaxRawTracepointContext = 12 * sizeof(uint64_t);
constexpr uint32_t kMaxSyscallContext = UINT16_MAX;
constexpr uint32_t kRunsInSection = 64; // between which interrupts may come

Result<void> write_u32(const Call &call, size_t offset, uint32_t value) {
  return call.user_attr().offset(offset).copy_out(&value, sizeof(value));
}

// Copies as much as there is room for. Error: bad_address. Whether it was cut: no_space, as the value.
Result<bool> copy_out_cut(uint64_t address, const void *from, size_t size, uint32_t room) {
  bool cut = room && size > room;
  KBPF_TRY(UserPtr(address).copy_out(from, cut ? room : size));
  return cut;
}

// A context of plain words, which the program may change only where its type says so. Programs that it goes on in may
// look at more of it than it does: then all of room is there, zero behind what was given.
Result<int64_t> run_on_context(const Call &call, const Attr &attr, const Program &program, uint32_t room,
                               bool gives_back) {
  if (attr.data_in || attr.data_out || attr.ctx_out || attr.duration || attr.repeat || attr.batch_size)
    return Error::invalid;
  if (attr.ctx_size_in < program.record().context_bytes || attr.ctx_size_in > room)
    return Error::invalid;
  const uint32_t size = program.makes_tail_calls() ? room : attr.ctx_size_in;
  Buffer context = KBPF_TRY(Buffer::create(size));
  memset(context.data() + attr.ctx_size_in, 0, size - attr.ctx_size_in);
  KBPF_TRY(UserPtr(attr.ctx_in).copy_in(context.data(), attr.ctx_size_in));
  Outcome outcome = run(program, context.data(), 1);
  if (gives_back)
    KBPF_TRY(UserPtr(attr.ctx_in).copy_out(context.data(), attr.ctx_size_in));
  KBPF_TRY(write_u32(call, offsetof(Attr, retval), outcome.r0));
  return 0;
}

// Only this CPU can be asked for.
Result<int64_t> run_raw_tracepoint(const Call &call, const Attr &attr, const Program &program) {
  if (attr.flags & ~KBPF_F_TEST_RUN_ON_CPU || (!attr.flags && attr.cpu))
    return Error::invalid;
  if (attr.flags && (attr.cpu >= kbpf_port_cpu_count() || attr.cpu != kbpf_port_cpu()))
    return Error::not_supported;
  return run_on_context(call, attr, program, kMaxRawTracepointContext, false);
}

Result<int64_t> run_syscall(const Call &call, const Attr &attr, const Program &program) {
  if (attr.flags || attr.cpu)
    return Error::invalid;
  return run_on_context(call, attr, program, kMaxSyscallContext, true);
}

} // namespace

Outcome run(const Program &program, void *context, uint32_t repeat) {
  uint64_t r0 = 0, time = 0;
  uint32_t left = repeat ? repeat : 1;
  while (left) {
    const uint32_t runs = std::min(left, kRunsInSection);
    {
      ReadSection section;
      const uint64_t start = kbpf_port_time_ns();
      for (uint32_t i = 0; i < runs; i++)
        r0 = program.run(context);
      time += kbpf_port_time_ns() - start;
    }
    left -= runs;
    if (left)
      kbpf_port_relax();
  }
  time /= repeat ? repeat : 1;
  return {static_cast<uint32_t>(r0), static_cast<uint32_t>(std::min<uint64_t>(time, UINT32_MAX))};
}

Result<void> copy_context_in(const Attr &attr, void *context, uint32_t size) {
  memset(context, 0, size);
  if (!attr.ctx_in)
    return {};
  if (attr.ctx_size_in > kPageSize)
    return Error::too_big;
  for (uint32_t at = size; at < attr.ctx_size_in; at++) {
    uint8_t byte;
    KBPF_TRY(UserPtr(attr.ctx_in).offset(at).copy_in(&byte, 1));
    if (byte)
      return Error::too_big;
  }
  return UserPtr(attr.ctx_in).copy_in(context, std::min(size, attr.ctx_size_in));
}

Result<int64_t> finish(const Call &call, const Attr &attr, Outcome outcome, std::span<const std::byte> packet,
                       const void *context, uint32_t context_size) {
  bool cut = false;
  if (attr.data_out)
    cut = KBPF_TRY(copy_out_cut(attr.data_out, packet.data(), packet.size(), attr.data_size_out));
  KBPF_TRY(write_u32(call, offsetof(Attr, data_size_out), static_cast<uint32_t>(packet.size())));
  KBPF_TRY(write_u32(call, offsetof(Attr, retval), outcome.r0));
  KBPF_TRY(write_u32(call, offsetof(Attr, duration), outcome.duration));
  if (context && attr.ctx_out) {
    cut |= KBPF_TRY(copy_out_cut(attr.ctx_out, context, context_size, attr.ctx_size_out));
    KBPF_TRY(write_u32(call, offsetof(Attr, ctx_size_out), context_size));
  }
  if (cut)
    return Error::no_space;
  return 0;
}

} // namespace test_run

namespace commands {

Result<int64_t> prog_test_run(Call &call) {
  using test_run::Attr;
  constexpr uint32_t kSocketFilter = 1, kClassifier = 3, kXdp = 6, kRawTracepoint = 17, kSyscall = 31;
  const Attr &attr = call.attr<Attr>();
  KBPF_TRY(call.check_unused(KBPF_USED_UP_TO(Attr, batch_size)));
  if (!attr.ctx_size_in != !attr.ctx_in || !attr.ctx_size_out != !attr.ctx_out)
    return Error::invalid;
  Ref<Program> program = KBPF_TRY(program_from_fd(attr.prog_fd));
  switch (program->type().number) {
  case kSocketFilter:
  case kClassifier:
    return test_run::run_on_skb(call, attr, *program, program->type().number == kClassifier);
  case kXdp:
    return test_run::run_on_xdp(call, attr, *program);
  case kRawTracepoint:
    return test_run::run_raw_tracepoint(call, attr, *program);
  case kSyscall:
    return test_run::run_syscall(call, attr, *program);
  default:
    return Error::not_supported;
  }
}

} // namespace commands
} // namespace kbpf
