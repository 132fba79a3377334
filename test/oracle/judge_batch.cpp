// SPDX-License-Identifier: MIT OR Apache-2.0
// Judges every program of a batch file (batch.h) with this project's verifier and prints what linux_load.c
// prints:
//   name TAB accepted|refused TAB id TAB instructions processed TAB states TAB message TAB further statistics
//   TAB errno
// With a file of the kernel's types, programs are judged by what Linux has, and by those types.
// MOST-WALKED is the limit of instructions; with one nothing is run. Else the message of an accepted program
// is what it returns in the interpreter, with all memory zero, or - for a packet program or an address.
#include "batch.h"
#include "core/btf/check.h"
#include "core/btf/program_info.h"
#include "core/interp/interp.h"
#include "core/verifier/record_fields.h"
#include "core/verifier/verifier.h"
#include <array>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace kbpf;

class StdoutSink final : public TextSink {
public:
  void append(std::string_view text) override { fwrite(text.data(), 1, text.size(), stdout); }
};

BlockSource heap() {
  return {[](void *, size_t size) { return malloc(size); }, [](void *, void *block, size_t) { free(block); },
          nullptr};
}

constexpr bool is_map_of_maps(uint32_t type) { return type == 12 || type == 13; }

// Helpers for the run: every map has one value, which every key finds; a map of maps has none.
std::vector<std::vector<std::byte>> *values;
uint64_t find_value(uint64_t map, uint64_t, uint64_t, uint64_t, uint64_t) {
  std::vector<std::byte> &value = (*values)[map - 1];
  return value.empty() ? 0 : reinterpret_cast<uint64_t>(value.data());
}
uint64_t give_0(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return 0; }
// What programs find in objects of the kernel is zero.
int read_nothing(void *, uint64_t, size_t) { return -1; }
uint64_t give_word(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) {
  static uint64_t word;
  return reinterpret_cast<uint64_t>(&word);
}
HelperFunction find_helper(uint32_t number) {
  const HelperProto *proto = kLinuxProfile.helper(number);
  return number == 1 ? find_value : proto && proto->ret == KBPF_RET_U64 ? give_word : give_0;
}

std::string run(const VerifiedProgram &program, uint32_t type) {
  constexpr uint32_t kXdp = 6;
  constexpr size_t kContextSize = 8192;
  if (type == kXdp)
    return "-";
  std::vector<std::byte> stack(program.stack_depth()), context(kContextSize);
  Arena arena(heap(), size_t{64} << 20);
  const Environment environment{.helper = find_helper, .read_kernel = read_nothing};
  auto code = translate(program, environment, arena);
  if (!code.ok())
    return "-";
  const uint64_t result =
      interpret(**code, reinterpret_cast<uint64_t>(context.data()), {stack.data(), stack.size()});
  return result > UINT32_MAX && static_cast<int64_t>(result) > 0
             ? "-"
             : std::to_string(static_cast<int64_t>(result));
}

class Reader {
public:
  explicit Reader(const std::vector<char> &bytes) : bytes_(bytes) {}
  template <typename T> T take() {
    T value{};
    take(&value, sizeof value);
    return value;
  }
  void take(void *to, size_t size) {
    if (size > bytes_.size() - at_) {
      fputs("the batch file is cut short\n", stderr);
      exit(1);
    }
    std::copy_n(bytes_.data() + at_, size, static_cast<char *>(to)); // of nothing there may be no place
    at_ += size;
  }

private:
  const std::vector<char> &bytes_;
  size_t at_ = 0;
};

struct Kernel {
  std::vector<char> bytes;
  Arena arena{heap(), size_t{1} << 30};
  std::optional<Btf> types; // none: no file was given
};

// types: of the map, or else of the program.
void describe_record(std::span<const std::byte> types, uint32_t value, const Btf &kernel, MapRef &map,
                     std::array<RecordField, kMostFields> &fields) {
  Arena arena(heap(), size_t{1} << 24);
  const Result<Btf> parsed = Btf::parse(types, arena, nullptr);
  map.is_refused = !parsed.ok() || !check_references(*parsed, arena, nullptr).ok();
  if (map.is_refused)
    return;
  const Result<size_t> count = find_fields(*parsed, {.type = value}, RecordOf::map, {&kernel}, fields);
  if (count.ok())
    map.record = std::span<const RecordField>(fields).first(*count);
  const Result<uint32_t> size = size_of(*parsed, value);
  map.is_refused =
      !count.ok() || !check_record(*parsed, map.record, 0).ok() || !size.ok() || *size != map.value_size;
}

void judge(Reader &in, const Kernel &kernel, uint32_t log_level, uint32_t most_walked) {
  constexpr uint32_t kMostMaps = 64, kMostInsns = 1000000, kMostTypes = 1 << 24;
  const batch_program header = in.take<batch_program>();
  if (header.map_count > kMostMaps || header.insn_count > kMostInsns || header.btf_size > kMostTypes ||
      header.function_count > kMostInsns)
    exit(1);
  std::vector<MapRef> maps;
  std::vector<std::array<RecordField, kMostFields>> fields(header.map_count);
  std::vector<uint32_t> values_of_program(
      header.map_count); // their types, where the program's types have them
  std::vector<std::vector<std::byte>> contents(header.map_count);
  values = &contents;
  for (uint32_t m = 0; m < header.map_count; m++) {
    const batch_map map = in.take<batch_map>();
    contents[m].resize(map.init_size);
    in.take(contents[m].data(), map.init_size);
    std::vector<std::byte> types(map.btf_size);
    in.take(types.data(), types.size());
    // The template of linux_load.c's maps of maps: an array of one value of 48 bytes.
    static const MapRef inner = [] {
      MapRef ref{};
      ref.type = 2, ref.key_size = 4, ref.value_size = 48, ref.max_entries = 1;
      return ref;
    }();
    MapRef ref{};
    if (is_map_of_maps(map.type))
      ref.inner = &inner;
    ref.type = map.type, ref.key_size = map.key_size, ref.value_size = map.value_size;
    ref.max_entries = map.max_entries, ref.map_flags = map.map_flags;
    ref.fields = {map.spin_lock, map.timer};
    if (kernel.types && !types.empty())
      describe_record(types, map.value_type, *kernel.types, ref, fields[m]);
    else if (kernel.types)
      values_of_program[m] = map.value_type;
    ref.handle = m + 1;
    if (map.is_frozen)
      ref.constants = contents[m];
    else
      contents[m].assign(is_map_of_maps(map.type) ? 0 : map.value_size, std::byte{0});
    if (map.type == 2 && map.max_entries == 1) // an array of one element has an address
      ref.value_address = reinterpret_cast<uint64_t>(contents[m].data());
    maps.push_back(ref);
  }
  std::vector<Insn> insns(header.insn_count);
  in.take(insns.data(), insns.size() * sizeof(Insn));
  std::vector<std::byte> btf_bytes(header.btf_size);
  in.take(btf_bytes.data(), btf_bytes.size());
  for (uint32_t m = 0; m < header.map_count; m++)
    if (values_of_program[m])
      describe_record(btf_bytes, values_of_program[m], *kernel.types, maps[m], fields[m]);
  std::vector<kbpf_func_info> functions(header.function_count);
  in.take(functions.data(), functions.size() * sizeof(kbpf_func_info));
  RawProgram program{};
  program.insns = insns;
  program.maps = maps;
  program.profile = kernel.types ? &kLinuxProfile : &kKbpfProfile;
  program.type = program.profile->prog_type(header.prog_type);
  if (kernel.types) {
    const std::string_view target(header.attach_to, strnlen(header.attach_to, sizeof header.attach_to));
    program.kernel_btf = &*kernel.types;
    if (!target.empty())
      program.attach_btf_id = kernel.types->find(
          target, target.starts_with("btf_trace_") ? BtfKind::type_definition : BtfKind::function);
  }
  program.gpl_compatible = header.is_gpl;
  constexpr uint32_t kStrictAlignment = 1, kAnyAlignment = 2, kSleepable = 16;
  program.strict_alignment = (header.prog_flags & (kStrictAlignment | kAnyAlignment)) == kStrictAlignment;
  program.sleepable = header.prog_flags & kSleepable;
  program.hides_addresses = header.prog_flags & BATCH_WITHOUT_PERFMON;
  program.expected_attach_type = header.attach_type;
  StdoutSink sink;
  VerifyOptions options;
  options.log_level = log_level;
  if (most_walked)
    options.max_processed_insns = most_walked;
  if (log_level)
    options.log = &sink;
  Arena scratch(heap(), size_t{512} << 20), result_arena(heap(), size_t{64} << 20);
  Rejection rejection{};
  VerifyStats stats{};
  std::string message = "its types are malformed";
  int error = 0;
  bool accepted = false, types_are_good = true;
  Btf btf;
  if (!btf_bytes.empty()) { // what PROG_LOAD does before it verifies
    const Result<Btf> parsed = Btf::parse(btf_bytes, scratch, nullptr);
    types_are_good = parsed.ok() && check_references(*parsed, scratch, nullptr).ok() &&
                     check_program_info(*parsed, {functions, {}}, insns, scratch, nullptr).ok();
    if (parsed.ok())
      btf = *parsed;
    program.btf = &btf;
    program.functions = functions;
  }
  if (program.type && types_are_good) {
    Result<VerifiedProgram> verified = verify(program, options, scratch, result_arena, rejection, stats);
    accepted = verified.ok();
    error = accepted ? 0 : to_errno(verified.error());
    message = !accepted ? rejection.message : most_walked ? "-" : run(*verified, header.prog_type);
  }
  printf("%.64s\t%s\tV%03u\t%u\t%u\t%s\t%u,%u,%u\t%d\n", header.name, accepted ? "accepted" : "refused",
         rejection.id, stats.processed_insns, stats.total_states, message.c_str(), stats.max_states_per_insn,
         stats.peak_states, stats.mark_read, error);
}

} // namespace

int main(int argc, char **argv) {
  if (argc < 2) {
    fputs("usage: judge-batch BATCH [LOG-LEVEL [KERNEL-BTF [MOST-WALKED]]]\n", stderr);
    return 2;
  }
  std::ifstream file(argv[1], std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  Kernel kernel;
  if (argc > 3) {
    std::ifstream types(argv[3], std::ios::binary);
    kernel.bytes.assign(std::istreambuf_iterator<char>(types), {});
    const Result<Btf> parsed = Btf::parse(std::as_bytes(std::span(kernel.bytes)), kernel.arena, nullptr);
    if (!parsed.ok() || !check_references(*parsed, kernel.arena, nullptr).ok()) {
      fputs("the kernel's types can't be read\n", stderr);
      return 1;
    }
    kernel.types = *parsed;
  }
  Reader in(bytes);
  const batch_header header = in.take<batch_header>();
  if (header.magic != BATCH_MAGIC)
    return 1;
  for (uint32_t i = 0; i < header.count; i++)
    judge(in, kernel, argc > 2 ? static_cast<uint32_t>(atoi(argv[2])) : 0,
          argc > 4 ? static_cast<uint32_t>(atoi(argv[4])) : 0);
  return 0;
}
