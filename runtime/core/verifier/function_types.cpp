// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/function_types.h"
#include "core/btf/btf.h"
#include "core/btf/check.h"
#include "core/isa/encoding.h"
#include "core/profile/context_names.h"
#include <algorithm>

namespace kbpf {
namespace {

constexpr uint16_t kGlobalLinkage = 1; // of a FUNC record
constexpr std::string_view kArgumentTag = "arg:";
constexpr uint32_t kKprobe = 2, kTracepoint = 5, kPerfEvent = 7, kRawTracepoint = 17,
                   kRawTracepointWritable = 24, kTracing = 26, kStructOps = 27, kExtension = 28, kLsm = 29,
                   kSyscall = 31;

// The kernel's own names of structures that programs see through a window.
bool is_behind(std::string_view context, std::string_view name) {
  return (context == "__sk_buff" && name == "sk_buff") || (context == "xdp_md" && name == "xdp_buff");
}

// Registers of a probed function; which structure the typedef stands for differs between machines.
bool is_registers_typedef(const Btf &btf, uint32_t id) {
  for (uint32_t step = 0; step < btf.type_count(); step++) {
    const BtfType type = btf.type(id);
    if (type.is(BtfKind::type_definition))
      return btf.name(type) == "bpf_user_pt_regs_t";
    if (!type.is_modifier())
      return false;
    id = type.size_or_type;
  }
  return false;
}
bool is_registers(std::string_view name) { return name == "user_regs_struct" || name == "pt_regs"; }

// Reads one prototype.
class Prototype {
public:
  Prototype(const RawProgram &program, const GlobalFunctions &functions, uint32_t function, uint32_t insn,
            Rejection &rejection)
      : btf_(*program.btf), program_(program), functions_(functions),
        function_id_(program.functions[function].type_id), insn_(insn), rejection_(rejection) {}

  Result<void> read(FunctionType &result) {
    const BtfType function = btf_.type(function_id_);
    name_ = btf_.name(function);
    const BtfType prototype = btf_.type(function.size_or_type);
    if (!prototype.is(BtfKind::function_prototype))
      return refuse("global function {} has no prototype", name_);
    if (prototype.count > std::size(result.args))
      return refuse("global function {} has {} arguments; {} registers hold arguments", name_,
                    uint32_t{prototype.count}, std::size(result.args));
    if (!is_number(btf_.strip_modifiers(prototype.size_or_type)))
      return refuse("global function {} returns no number: declare it static, or return an integer", name_);
    for (uint32_t i = 0; i < prototype.count; i++)
      result.args[i] = KBPF_TRY(argument(i, prototype.part<kbpf_btf_param>(i).type));
    result.count = static_cast<uint8_t>(prototype.count);
    result.is_known = true;
    return {};
  }

private:
  struct Tags {
    bool context = false, trusted = false, non_null = false, nullable = false, arena = false;
    bool any() const { return context || trusted || non_null || nullable || arena; }
  };

  template <typename... Args> Error refuse(std::string_view format, const Args &...args) {
    return reject(rejection_, RejectionId::global_function, insn_, format, args...);
  }

  bool is_number(uint32_t id) const {
    const BtfType type = btf_.type(id);
    return type.is(BtfKind::integer) || type.is_enum();
  }

  // What __attribute__((btf_decl_tag("arg:..."))) says of an argument.
  Result<Tags> tags_of(uint32_t index) {
    Tags tags;
    constexpr uint32_t kMostTags = 64; // of one function; no program has as many
    uint32_t count = 0;
    for (uint32_t id = functions_.tags[function_id_]; id != 0; id = functions_.tags[id]) {
      const BtfType tag = btf_.type(id);
      if (++count > kMostTags)
        return refuse("global function {} has more than {} tags", name_, kMostTags);
      if (tag.part<uint32_t>() != index)
        continue;
      const std::string_view text = btf_.name(tag).substr(kArgumentTag.size());
      bool *known = text == "ctx"        ? &tags.context
                    : text == "trusted"  ? &tags.trusted
                    : text == "nonnull"  ? &tags.non_null
                    : text == "nullable" ? &tags.nullable
                    : text == "arena"    ? &tags.arena
                                         : nullptr;
      if (!known)
        return refuse("argument {} of global function {}: the tag arg:{} is not known", index + 1, name_,
                      text);
      *known = true;
    }
    return tags;
  }

  Result<ArgType> argument(uint32_t index, uint32_t id) {
    const Tags tags = KBPF_TRY(tags_of(index));
    id = btf_.strip_modifiers(id);
    const BtfType type = btf_.type(id);
    if (!type.is(BtfKind::pointer)) {
      if (tags.any())
        return refuse("argument {} of global function {} has a tag of pointers, and is none", index + 1,
                      name_);
      if (!is_number(id))
        return refuse("argument {} of global function {} is neither number nor pointer", index + 1, name_);
      return ArgType();
    }
    const uint32_t target = type.size_or_type;
    const bool is_context = tags.context || is_context_type(target);
    const bool is_dynptr = !is_context && is_dynptr_type(target);
    if (((is_context || is_dynptr) && (tags.trusted || tags.non_null || tags.nullable || tags.arena)) ||
        (tags.arena && tags.non_null) || (tags.nullable && !tags.trusted))
      return refuse("argument {} of global function {}: its tags contradict each other", index + 1, name_);
    if (is_context) {
      if (tags.context)
        KBPF_TRY(check_tagged_context(index, target));
      return ArgType{ArgType::Kind::context};
    }
    if (is_dynptr)
      return ArgType{ArgType::Kind::dynptr};
    if (tags.trusted)
      return object(index, target, tags);
    if (tags.arena)
      return refuse("argument {} of global function {}: this kernel has no arenas", index + 1, name_);
    const Result<uint32_t> size = size_of(btf_, target);
    if (!size.ok())
      return refuse("argument {} of global function {} points to something of unknown size", index + 1,
                    name_);
    return ArgType{ArgType::Kind::memory, !tags.non_null, *size};
  }

  // The program's structure stands for the kernel's of that name; what follows "___" is the program's own
  // business.
  Result<ArgType> object(uint32_t index, uint32_t target, const Tags &tags) {
    if (tags.non_null)
      return refuse("argument {} of global function {}: its tags contradict each other", index + 1, name_);
    const BtfType type = btf_.type(btf_.strip_modifiers(target));
    const std::string_view name = btf_.name(type).substr(0, btf_.name(type).find("___"));
    const uint32_t known = type.is(BtfKind::structure) && program_.kernel_btf
                               ? program_.kernel_btf->find(name, BtfKind::structure)
                               : 0;
    if (known == 0)
      return refuse(
          "argument {} of global function {} is to be an object of the kernel (arg:trusted), and the kernel "
          "has no struct {}",
          index + 1, name_, name);
    ArgType argument{ArgType::Kind::object, tags.nullable};
    argument.type_id = known;
    return argument;
  }

  bool is_context_type(uint32_t id) const {
    const uint32_t prog_type = program_.type->number;
    if (prog_type == kKprobe && is_registers_typedef(btf_, id))
      return true;
    const BtfType type = btf_.type(btf_.strip_modifiers(id));
    if (!type.is(BtfKind::structure))
      return false;
    const std::string_view name = btf_.name(type), wanted = context_names(prog_type).program;
    return prog_type == kKprobe ? is_registers(name)
                                : !wanted.empty() && (name == wanted || is_behind(wanted, name));
  }

  bool is_dynptr_type(uint32_t id) const {
    const BtfType type = btf_.type(btf_.strip_modifiers(id));
    return (type.is(BtfKind::structure) || (type.is(BtfKind::forward) && !type.kind_flag)) &&
           btf_.name(type) == "bpf_dynptr";
  }

  // A tag overrides the type, but the type has to be one that can be meant.
  Result<void> check_tagged_context(uint32_t index, uint32_t id) {
    const uint32_t prog_type = program_.type->number;
    if ((prog_type == kKprobe || prog_type == kPerfEvent) && is_registers_typedef(btf_, id))
      return {};
    const BtfType type = btf_.type(btf_.strip_modifiers(id));
    const std::string_view name = btf_.name(type), wanted = context_names(prog_type).program;
    if (type.is(BtfKind::void_type) || prog_type == kTracepoint || prog_type == kSyscall ||
        prog_type == kExtension)
      return {};
    const bool is_struct = type.is(BtfKind::structure);
    if ((prog_type == kKprobe || prog_type == kPerfEvent) && is_struct && is_registers(name))
      return {};
    const bool has_words = prog_type == kRawTracepoint || prog_type == kRawTracepointWritable ||
                           prog_type == kTracing || prog_type == kLsm || prog_type == kStructOps;
    if (has_words && type.is(BtfKind::integer) && type.size_or_type == sizeof(uint64_t))
      return {};
    if (is_struct && !wanted.empty() && name == wanted)
      return {};
    return refuse("argument {} of global function {}: the context of this program is a {}", index + 1, name_,
                  prog_type == kKprobe ? "bpf_user_pt_regs_t"
                  : wanted.empty()     ? "void"
                                       : wanted);
  }

  const Btf &btf_;
  const RawProgram &program_;
  const GlobalFunctions &functions_;
  const uint32_t function_id_;
  const uint32_t insn_;
  Rejection &rejection_;
  std::string_view name_;
};

constexpr uint32_t kDynptrFromSkb = 0x20113, kDynptrWrite = 202;

// Whether an instruction may change where the packet is, by itself.
bool changes_packet(const Insn &insn, const Profile &profile, bool writes_by_dynptr) {
  if (!insn.is_call() || insn.src() != 0)
    return false;
  const uint32_t number = static_cast<uint32_t>(insn.imm);
  const HelperProto *helper = profile.helper(number);
  return helper &&
         (helper->flags & KBPF_HELPER_CHANGES_PACKET || (writes_by_dynptr && number == kDynptrWrite));
}

// Of each function, and of what it calls or hands to helpers. A chain of calls is no longer than
// KBPF_MAX_CALL_FRAMES, so that after as many rounds nothing changes; in programs with longer ones, which are
// refused later, every function counts as one that does.
void find_packet_changes(const RawProgram &program, const Cfg &cfg, std::span<FunctionType> types) {
  const bool writes_by_dynptr = makes_packet_dynptrs(program, cfg);
  bool changed = true;
  for (int round = 0; changed && round <= KBPF_MAX_CALL_FRAMES; round++) {
    changed = false;
    for (size_t f = 0; f < types.size(); f++) {
      const Subprogram &subprogram = cfg.subprograms[f];
      for (uint32_t i = subprogram.first; i < subprogram.first + subprogram.count && !types[f].changes_packet;
           i++) {
        const Insn &insn = program.insns[i];
        bool changes = changes_packet(insn, *program.profile, writes_by_dynptr);
        if (insn.is_call() && insn.src() == KBPF_PSEUDO_CALL)
          changes = types[cfg.subprogram_at(static_cast<uint32_t>(jump_target(i, insn)))].changes_packet;
        else if (insn.is_function_address())
          changes = types[cfg.subprogram_at(static_cast<uint32_t>(function_target(i, insn)))].changes_packet;
        changed |= types[f].changes_packet = changes;
      }
    }
  }
  for (FunctionType &type : types)
    type.changes_packet |= changed;
}

// Tags of a function form a list: tags[function] is the first, tags[tag] the next.
std::span<uint32_t> find_tags(const Btf &btf, Arena &arena) {
  std::span<uint32_t> tags = arena.make_array<uint32_t>(btf.type_count());
  for (uint32_t id = 1; id < tags.size(); id++) {
    const BtfType tag = btf.type(id);
    if (!tag.is(BtfKind::declaration_tag) || !btf.name(tag).starts_with(kArgumentTag) ||
        !btf.type(tag.size_or_type).is(BtfKind::function))
      continue;
    tags[id] = tags[tag.size_or_type];
    tags[tag.size_or_type] = id;
  }
  return tags;
}

} // namespace

bool makes_packet_dynptrs(const RawProgram &program, const Cfg &cfg) {
  return std::any_of(cfg.helper_calls.begin(), cfg.helper_calls.end(), [&](uint32_t call) {
    return static_cast<uint32_t>(program.insns[call].imm) == kDynptrFromSkb;
  });
}

std::string_view function_name(const RawProgram &program, uint32_t function) {
  return program.btf->name(program.btf->type(program.functions[function].type_id));
}

Result<GlobalFunctions> find_global_functions(const RawProgram &program, const Cfg &cfg, Arena &arena) {
  // Records that don't belong to the functions one by one say nothing.
  if (!program.btf || program.functions.size() != cfg.subprograms.size())
    return GlobalFunctions();
  bool any = false;
  for (size_t f = 0; f < program.functions.size(); f++) {
    const BtfType type = program.btf->type(program.functions[f].type_id);
    if (program.functions[f].insn_off != cfg.subprograms[f].first || !type.is(BtfKind::function))
      return GlobalFunctions();
    any |= f != 0 && type.count == kGlobalLinkage;
  }
  if (!any)
    return GlobalFunctions();
  GlobalFunctions functions{arena.make_array<FunctionType>(cfg.subprograms.size()),
                            find_tags(*program.btf, arena)};
  if (!functions.types.data() || !functions.tags.data())
    return Error::no_memory;
  for (size_t f = 1; f < functions.types.size(); f++)
    functions.types[f].is_global = program.btf->type(program.functions[f].type_id).count == kGlobalLinkage;
  find_packet_changes(program, cfg, functions.types);
  return functions;
}

Result<void> read_prototype(const RawProgram &program, GlobalFunctions &functions, uint32_t function,
                            uint32_t insn, Rejection &rejection) {
  FunctionType &type = functions.types[function];
  return type.is_known ? Result<void>() : Prototype(program, functions, function, insn, rejection).read(type);
}

} // namespace kbpf
