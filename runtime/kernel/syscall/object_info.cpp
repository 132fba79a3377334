// SPDX-License-Identifier: MIT OR Apache-2.0
// OBJ_GET_INFO_BY_FD and ENABLE_STATS: what the kernel tells of its programs, maps, links and
// BTF.
#include "abi/info.h"
#include "core/verifier/inline_call.h"
#include "kernel/syscall/command.h"
#include "kernel/syscall/link_info.h"
#include <array>

namespace kbpf::commands {
namespace {

using Attr = kbpf_attr_info_by_fd;

// A caller's array: copies as much of bytes as fits in room bytes. Address and room come from the info
// struct.
Result<void> copy_array(uint64_t user_address, size_t room, const void *bytes, size_t size) {
  size_t count = std::min(room, size);
  return count ? UserPtr(user_address).copy_out(bytes, count) : Result<void>();
}

// An instruction as it is shown: kernel addresses of maps turned back into ids.
void show_maps(const Program &program, Insn (&pair)[2]) {
  uint64_t address = uint64_t{static_cast<uint32_t>(pair[1].imm)} << 32 | static_cast<uint32_t>(pair[0].imm);
  for (Map *map : program.maps()) {
    MapRef ref = map->ref();
    const uint64_t first = ref.value_address ? ref.value_address : ref.elements;
    const uint64_t size = ref.value_address ? ref.value_size : uint64_t{ref.element_size} * ref.max_entries;
    bool is_value = first && address - first < size;
    if (address != ref.handle && !is_value)
      continue;
    pair[0].set_regs(pair[0].dst(), is_value ? KBPF_PSEUDO_MAP_VALUE : KBPF_PSEUDO_MAP_FD);
    pair[0].imm = static_cast<int32_t>(map->id());
    pair[1].imm = is_value ? static_cast<int32_t>(address - first) : 0;
    return;
  }
}

// Others as they are known outside: what a helper tells is shown as the call of it, and a helper that is for
// one kind of map as the general one.
Insn shown(const Insn &insn) {
  if (insn.is_told())
    return {KBPF_OP_CALL, 0, 0, insn.imm};
  if (insn.is_call() && insn.src() == 0)
    return {KBPF_OP_CALL, 0, 0, static_cast<int32_t>(general_helper(static_cast<uint32_t>(insn.imm)))};
  return insn;
}

Result<void> copy_insns(const Program &program, uint64_t user_address, size_t room) {
  std::span<const Insn> insns = program.insns();
  size_t count = std::min(room / sizeof(Insn), insns.size());
  for (size_t i = 0; i < count; i++) {
    Insn pair[2] = {shown(insns[i]), {}};
    size_t length = 1;
    if (insns[i].is_ld_imm64() && i + 1 < insns.size()) {
      pair[1] = insns[i + 1];
      show_maps(program, pair);
      length = std::min<size_t>(2, count - i);
    }
    KBPF_TRY(UserPtr(user_address).offset(i * sizeof(Insn)).copy_out(pair, length * sizeof(Insn)));
    i += length - 1;
  }
  return {};
}

template <typename T>
Result<void> copy_records(uint64_t user_address, uint32_t room, std::span<const T> records) {
  size_t count = std::min<size_t>(room, records.size());
  return count ? UserPtr(user_address).copy_out(records.data(), count * sizeof(T)) : Result<void>();
}

// Where the caller says how long its records are, it is as long as this kernel's.
bool is_record_size(uint32_t count, uint32_t size, size_t expected) {
  return (!count && !size) || size == expected;
}

Result<void> describe_source(const Program &program, const kbpf_prog_info &asked, kbpf_prog_info &info) {
  constexpr uint32_t kFunction = sizeof(kbpf_func_info), kLine = sizeof(kbpf_line_info),
                     kAddress = sizeof(uint64_t);
  if (!is_record_size(asked.nr_func_info, asked.func_info_rec_size, kFunction) ||
      !is_record_size(asked.nr_line_info, asked.line_info_rec_size, kLine) ||
      !is_record_size(asked.nr_jited_line_info, asked.jited_line_info_rec_size, kAddress))
    return Error::invalid;
  info.func_info_rec_size = kFunction;
  info.line_info_rec_size = kLine;
  info.jited_line_info_rec_size = kAddress;
  if (!program.btf())
    return {};
  info.btf_id = program.btf()->id();
  info.func_info = asked.func_info;
  info.nr_func_info = static_cast<uint32_t>(program.info().functions.size());
  info.line_info = asked.line_info;
  info.nr_line_info = static_cast<uint32_t>(program.info().lines.size());
  KBPF_TRY(copy_records(asked.func_info, asked.nr_func_info, program.info().functions));
  return copy_records(asked.line_info, asked.nr_line_info, program.info().lines);
}

// A caller's array of count elements, as many of which are told as there is room for.
template <typename T, typename Element>
Result<void> copy_each(uint64_t user_address, uint32_t room, size_t count, Element element) {
  for (size_t i = 0; i < std::min<size_t>(room, count); i++) {
    T value = element(i);
    KBPF_TRY(UserPtr(user_address).offset(i * sizeof(T)).copy_out(&value, sizeof(T)));
  }
  return {};
}

// Addresses and lengths of functions, and where the code of each source line begins. Who must not learn
// addresses is told the lengths.
Result<void> describe_machine_code(const Program &program, const kbpf_prog_info &asked,
                                   kbpf_prog_info &info) {
  const MachineCode &code = program.code();
  const uint32_t functions = static_cast<uint32_t>(program.functions().size());
  if (!program.code_bytes())
    return {}; // interpreted
  info.jited_prog_len = static_cast<uint32_t>(program.code_bytes());
  info.nr_jited_ksyms = functions;
  info.nr_jited_func_lens = functions;
  info.nr_jited_line_info = static_cast<uint32_t>(code.lines.size());
  if (!has_capability(KBPF_CAP_PERFMON))
    return {};
  info.jited_prog_insns = asked.jited_prog_insns;
  KBPF_TRY(
      copy_array(asked.jited_prog_insns, asked.jited_prog_len, code.memory.data(), program.code_bytes()));
  info.jited_ksyms = asked.jited_ksyms;
  KBPF_TRY((copy_each<uint64_t>(asked.jited_ksyms, asked.nr_jited_ksyms, functions,
                                [&](size_t i) { return code.address() + code.functions[i]; })));
  info.jited_func_lens = asked.jited_func_lens;
  KBPF_TRY((copy_each<uint32_t>(asked.jited_func_lens, asked.nr_jited_func_lens, functions,
                                [&](size_t i) { return code.functions[i + 1] - code.functions[i]; })));
  info.jited_line_info = asked.jited_line_info;
  return copy_each<uint64_t>(asked.jited_line_info, asked.nr_jited_line_info, code.lines.size(),
                             [&](size_t i) { return code.address() + code.lines[i]; });
}

Result<void> describe(const Program &program, kbpf_prog_info &info) {
  const Program::Record &record = program.record();
  const kbpf_prog_info asked = info; // room and addresses
  bool may_see_code = has_capability(KBPF_CAP_BPF);
  info = {};
  info.type = program.type().number;
  info.id = program.id();
  const Program::Tag tag = program.tag();
  memcpy(info.tag, tag.data(), tag.size());
  info.load_time = record.load_time;
  info.created_by_uid = record.uid;
  memcpy(info.name, program.name(), sizeof(info.name));
  info.gpl_compatible = record.gpl_compatible;
  info.verified_insns = record.verified_insns;
  info.run_cnt = program.run_count();
  info.run_time_ns = program.run_time_ns();
  info.recursion_misses = program.missed_runs();
  if (program.tracing().btf_id) {
    info.attach_btf_obj_id = KBPF_TRY(BtfObject::kernel())->id();
    info.attach_btf_id = program.tracing().btf_id;
  }

  info.map_ids = asked.map_ids;
  info.nr_map_ids = static_cast<uint32_t>(program.maps().size());
  for (uint32_t i = 0; i < std::min(info.nr_map_ids, asked.nr_map_ids); i++) {
    uint32_t id = program.maps()[i]->id();
    KBPF_TRY(UserPtr(asked.map_ids).offset(i * sizeof(id)).copy_out(&id, sizeof(id)));
  }
  KBPF_TRY(describe_source(program, asked, info));
  info.prog_tags = asked.prog_tags;
  info.nr_prog_tags = static_cast<uint32_t>(program.functions().size());
  KBPF_TRY((copy_each<Program::Tag>(asked.prog_tags, asked.nr_prog_tags, info.nr_prog_tags,
                                    [&](size_t i) { return program.tag(i); })));
  if (!may_see_code)
    return {};
  info.xlated_prog_insns = asked.xlated_prog_insns;
  info.xlated_prog_len = static_cast<uint32_t>(program.insns().size_bytes());
  KBPF_TRY(copy_insns(program, asked.xlated_prog_insns, asked.xlated_prog_len));

  return describe_machine_code(program, asked, info);
}

Result<void> describe(const Map &map, kbpf_map_info &info) {
  const MapSpec &spec = map.spec();
  info = {};
  info.type = spec.type;
  info.id = map.id();
  info.key_size = spec.key_size;
  info.value_size = spec.value_size;
  info.max_entries = spec.max_entries;
  info.map_flags = spec.flags;
  memcpy(info.name, spec.name, sizeof(info.name));
  info.map_extra = spec.extra;
  if (const MapTypes &types = map.types(); types.btf) {
    info.btf_id = types.btf->id();
    info.btf_key_type_id = types.key;
    info.btf_value_type_id = types.value;
  }
  return {};
}

Result<void> describe(const BtfObject &btf, kbpf_btf_info &info) {
  const kbpf_btf_info asked = info;
  std::string_view name = btf.name();
  uint32_t size = static_cast<uint32_t>(btf.bytes().size());
  info.id = btf.id();
  info.kernel_btf = btf.is_kernel();
  info.btf_size = size;
  info.name_len = static_cast<uint32_t>(name.size());
  KBPF_TRY(copy_array(asked.btf, asked.btf_size, btf.bytes().data(), size));
  if ((asked.name != 0) != (asked.name_len != 0))
    return Error::invalid;
  if (!asked.name)
    return {};
  char text[KBPF_OBJ_NAME_LEN] = {};
  memcpy(text, name.data(), name.size());
  if (asked.name_len <= name.size()) { // as much as fits, terminated
    text[asked.name_len - 1] = 0;
    KBPF_TRY(UserPtr(asked.name).copy_out(text, asked.name_len));
    return Error::no_space;
  }
  return UserPtr(asked.name).copy_out(text, name.size() + 1);
}

// The struct that the caller has may be shorter, or longer with zeros behind.
template <typename T, typename Info> Result<void> exchange(Call &call, const Attr &attr, const T &object) {
  Info info{};
  uint32_t known = std::min<uint32_t>(attr.info_len, sizeof(info));
  UserPtr user_info(attr.info);
  for (uint32_t at = known; at < attr.info_len; at++) {
    uint8_t byte;
    KBPF_TRY(user_info.offset(at).copy_in(&byte, 1));
    if (byte)
      return Error::too_big;
  }
  KBPF_TRY(user_info.copy_in(&info, known));
  KBPF_TRY(describe(object, info));
  KBPF_TRY(user_info.copy_out(&info, known));
  return call.user_attr().offset(offsetof(Attr, info_len)).copy_out(&known, sizeof(known));
}

} // namespace

Result<int64_t> obj_get_info_by_fd(Call &call) {
  constexpr uint32_t kMaxInfo = 4096;
  const Attr &attr = call.attr<Attr>();
  KBPF_TRY(call.check_unused(sizeof(Attr)));
  if (attr.info_len > kMaxInfo)
    return Error::too_big;
  Ref<Object> object = KBPF_TRY(object_from_fd(attr.bpf_fd));
  switch (object->kind) {
  case Object::Kind::map:
    KBPF_TRY((exchange<Map, kbpf_map_info>(call, attr, static_cast<const Map &>(*object))));
    return 0;
  case Object::Kind::program:
    KBPF_TRY((exchange<Program, kbpf_prog_info>(call, attr, static_cast<const Program &>(*object))));
    return 0;
  case Object::Kind::btf:
    KBPF_TRY((exchange<BtfObject, kbpf_btf_info>(call, attr, static_cast<const BtfObject &>(*object))));
    return 0;
  case Object::Kind::link:
    KBPF_TRY((exchange<Link, kbpf_link_info>(call, attr, static_cast<const Link &>(*object))));
    return 0;
  case Object::Kind::probe_event:
  case Object::Kind::stats:
  case Object::Kind::perf_event:
    break;
  }
  return Error::invalid;
}

Result<int64_t> enable_stats(Call &call) {
  const auto &attr = call.attr<kbpf_attr_enable_stats>();
  KBPF_TRY(call.check_unused(sizeof(kbpf_attr_enable_stats)));
  KBPF_TRY(require_capability(KBPF_CAP_SYS_ADMIN));
  if (attr.type != 0)
    return Error::invalid;
  StatsSwitch *stats = allocate_object<StatsSwitch>();
  if (!stats)
    return Error::no_memory;
  return install_fd(Ref<StatsSwitch>::adopt(stats));
}

} // namespace kbpf::commands
