// SPDX-License-Identifier: MIT OR Apache-2.0
// BPF_PROG_LOAD_EX: a whole ELF object, copied in once, then looked at.
#include "kernel/log.h"
#include "kernel/syscall/command.h"
#include "kernel/syscall/object_loader.h"
#include "kernel/syscall/user_log.h"

namespace kbpf::commands {
namespace {

using Attr = kbpf_attr_prog_load_ex;

constexpr uint32_t kMaxBindings = KBPF_MAX_MAPS_PER_PROG;

// Text for the process and, its first line, for the kernel's log.
class CausesLog final : public TextSink {
public:
  explicit CausesLog(TextSink &to) : to_(to), line_(buffer_, sizeof(buffer_)) {}
  void append(std::string_view text) override {
    to_.append(text);
    if (line_ended_)
      return;
    size_t end = text.find('\n');
    line_.append(text.substr(0, end));
    line_ended_ = end != std::string_view::npos;
  }
  std::string_view first_line() const { return line_.text(); }

private:
  TextSink &to_;
  char buffer_[kLogLine / 2];
  TextBuffer line_;
  bool line_ended_ = false;
};

Result<std::span<MapBinding>> copy_bindings(const Attr &attr, Buffer &memory) {
  if (attr.map_array_len > kMaxBindings)
    return Error::too_big;
  memory = KBPF_TRY(Buffer::create(sizeof(MapBinding) * attr.map_array_len));
  MapBinding *bindings = reinterpret_cast<MapBinding *>(memory.data());
  for (uint32_t i = 0; i < attr.map_array_len; i++)
    new (&bindings[i]) MapBinding{};
  return std::span<MapBinding>(bindings, attr.map_array_len);
}

Result<void> fill_bindings(const Attr &attr, std::span<MapBinding> bindings) {
  for (size_t i = 0; i < bindings.size(); i++) {
    kbpf_map_binding given;
    KBPF_TRY(UserPtr(attr.map_array).offset(i * sizeof(given)).copy_in(&given, sizeof(given)));
    KBPF_TRY(UserPtr(given.name).copy_string(bindings[i].name, sizeof(bindings[i].name)));
    bindings[i].map = KBPF_TRY(map_from_fd(given.fd));
  }
  return {};
}

Result<Ref<Program>> load_object(const Attr &attr, std::span<MapBinding> bindings, TextSink &log) {
  KBPF_TRY(fill_bindings(attr, bindings));
  char name[KBPF_MAX_NAME];
  std::string_view prog_name;
  if (attr.prog_name)
    prog_name = KBPF_TRY(UserPtr(attr.prog_name).copy_string(name, sizeof(name)));
  if (attr.elf_size > KBPF_MAX_OBJECT_SIZE) {
    print(log, "object of {} bytes is larger than {}\n", attr.elf_size, KBPF_MAX_OBJECT_SIZE);
    return Error::too_big;
  }
  Buffer bytes = KBPF_TRY(Buffer::create(attr.elf_size));
  KBPF_TRY(UserPtr(attr.elf).copy_in(bytes.data(), attr.elf_size));

  ObjectSource source{{bytes.data(), attr.elf_size}, prog_name, bindings, attr.log_level, &log};
  uint32_t profile = KBPF_TRY(profile_of_object(source.bytes, log));
  ProgramLoader::Owner loader = KBPF_TRY(ProgramLoader::create());
  if (profile == KBPF_PROFILE_ZCORE)
    return load_zcore_object(source, *loader);
  return load_kbpf_object(source, *loader);
}

} // namespace

Result<int64_t> prog_load_ex(Call &call) {
  const Attr &attr = call.attr<Attr>();
  KBPF_TRY(call.check_unused(sizeof(Attr)));
  constexpr uint32_t kHighestLevel = 2;
  if (attr.log_level > kHighestLevel || (attr.log_buf != 0) != (attr.log_size != 0))
    return Error::invalid;
  KBPF_TRY(require_for_programs());
  log_info("load program ex: {} bytes", attr.elf_size);

  UserLog user_log(UserPtr(attr.log_buf), attr.log_size, UserLog::Keep::end);
  CausesLog log(user_log);
  Buffer memory;
  std::span<MapBinding> bindings = KBPF_TRY(copy_bindings(attr, memory));
  Result<Ref<Program>> program = load_object(attr, bindings, log);
  for (MapBinding &binding : bindings)
    binding.~MapBinding();

  Result<void> finished = user_log.finish();
  constexpr size_t kTrueSize = offsetof(Attr, log_true_size);
  uint32_t true_size = user_log.true_size();
  if (call.size() >= kTrueSize + sizeof(true_size))
    KBPF_TRY(call.user_attr().offset(kTrueSize).copy_out(&true_size, sizeof(true_size)));
  if (!program.ok()) {
    log_info("refused: {}", log.first_line().empty() ? to_text(program.error()) : log.first_line());
    return program.error(); // a buffer too small for the cause does not hide it
  }
  KBPF_TRY(std::move(finished));
  if ((*program)->code_bytes())
    log_info("compile finished: {} bytes of machine code", (*program)->code_bytes());
  else
    log_info("compile finished: for the interpreter");
  return install_fd(*std::move(program));
}

} // namespace kbpf::commands
