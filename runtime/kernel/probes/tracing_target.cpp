// SPDX-License-Identifier: MIT OR Apache-2.0
// Where arguments are: the psABI gives each word of an argument the next register of a0 to a7, and then the
// next word of the stack, as long as none is larger than two words or aligned to more than one. So the number
// of words is all that has to be known. What does not go by that rule is refused.
#include "kernel/probes/tracing_target.h"
#include "abi/attr.h"
#include "kernel/probes/events.h"
#include "kernel/probes/registry.h"

namespace kbpf {
namespace {

using probes::AttachKind;

constexpr std::string_view kEventPrefix = "btf_trace_";
constexpr uint32_t kWord = 8, kMaxNesting = 8;
constexpr uint32_t kNotPassed = ~0u; // not by that rule

// Whether all parts of a struct go into registers for integers, and none is wider than a word.
bool has_plain_parts(const Btf &types, uint32_t id, uint32_t nesting) {
  const BtfType type = types.type(types.strip_modifiers(id));
  if (nesting == kMaxNesting)
    return false;
  switch (type.kind) {
  case BtfKind::integer:
    return type.size_or_type <= kWord;
  case BtfKind::pointer:
  case BtfKind::enumeration:
  case BtfKind::enumeration64:
    return true;
  case BtfKind::array:
    return has_plain_parts(types, type.part<kbpf_btf_array>().type, nesting + 1);
  case BtfKind::structure:
  case BtfKind::union_type:
    for (uint32_t i = 0; i < type.count; i++)
      if (!has_plain_parts(types, type.part<kbpf_btf_member>(i).type, nesting + 1))
        return false;
    return true;
  default:
    return false;
  }
}

uint32_t words_of(const Btf &types, uint32_t id) {
  const BtfType type = types.type(types.strip_modifiers(id));
  if (type.is(BtfKind::pointer) || type.is_enum())
    return 1;
  if (type.is(BtfKind::integer))
    return type.size_or_type <= kWord ? 1 : kNotPassed;
  if (!type.is_struct() || !type.size_or_type || type.size_or_type > 2 * kWord ||
      !has_plain_parts(types, id, 0))
    return kNotPassed;
  return (type.size_or_type + kWord - 1) / kWord;
}

class Finder {
public:
  Finder(const Btf &types, TracingTarget &target, TextSink *log)
      : types_(types), target_(target), log_(log) {}

  Result<void> find_event() {
    const BtfType type = types_.type(target_.btf_id);
    const std::string_view name = types_.name(type);
    if (!type.is(BtfKind::type_definition))
      return refuse(Error::invalid, "attach_btf_id {} is not a typedef\n", target_.btf_id);
    if (!name.starts_with(kEventPrefix))
      return refuse(Error::invalid, "attach_btf_id {} points to wrong type name {}\n", target_.btf_id, name);
    const BtfType pointer = types_.type(type.size_or_type);
    const BtfType prototype = types_.type(pointer.size_or_type);
    constexpr uint32_t kOwn = 1; // the first parameter is the event's own
    if (!pointer.is(BtfKind::pointer) || !prototype.is(BtfKind::function_prototype) || prototype.count < kOwn)
      return refuse(Error::invalid, "{} is no pointer to a function\n", name);
    KBPF_TRY(count_arguments(prototype, name, kOwn));
    target_.event = find_raw_event(name.substr(kEventPrefix.size()));
    if (!target_.event)
      return refuse(Error::not_found, "there is no event {}\n", name.substr(kEventPrefix.size()));
    if (target_.arguments > target_.event->argument_count)
      return refuse(Error::invalid, "event {} has {} arguments, and its type {}\n", target_.event->name,
                    target_.event->argument_count, uint32_t{target_.arguments});
    return {};
  }

  Result<void> find_function() {
    const BtfType type = types_.type(target_.btf_id);
    const std::string_view name = types_.name(type);
    if (!type.is(BtfKind::function))
      return refuse(Error::invalid, "attach_btf_id {} is not a function\n", target_.btf_id);
    const BtfType prototype = types_.type(type.size_or_type);
    if (!prototype.is(BtfKind::function_prototype))
      return refuse(Error::invalid, "attach_btf_id {} has no prototype\n", target_.btf_id);
    KBPF_TRY(count_arguments(prototype, name, 0));
    if (prototype.size_or_type) {
      const uint32_t words = words_of(types_, prototype.size_or_type);
      if (words == kNotPassed)
        return refuse(Error::invalid, "The function {} return type {} is unsupported.\n", name,
                      kind_of(prototype.size_or_type));
      target_.results = static_cast<uint8_t>(words);
    }
    KBPF_TRY(find_symbol(name));
    if (target_.attach_type == KBPF_MODIFY_RETURN &&
        (target_.results != 1 || !kbpf_port_may_override(target_.function.address)))
      return refuse(Error::invalid, "{}() is not modifiable\n", name);
    return {};
  }

private:
  template <typename... Args> Error refuse(Error error, const char *format, const Args &...args) {
    if (log_)
      print(*log_, format, args...);
    return error;
  }

  std::string_view kind_of(uint32_t id) const {
    return to_text(types_.type(types_.strip_modifiers(id)).kind);
  }

  Result<void> count_arguments(const BtfType &prototype, std::string_view name, uint32_t first) {
    uint32_t words = 0;
    for (uint32_t i = first; i < prototype.count; i++) {
      const uint32_t type = prototype.part<kbpf_btf_param>(i).type;
      if (!type)
        return refuse(Error::invalid, "The function {} with variable args is unsupported.\n", name);
      const uint32_t own = words_of(types_, type);
      if (own == kNotPassed)
        return refuse(Error::invalid, "The function {} arg{} type {} is unsupported.\n", name, i - first,
                      kind_of(type));
      words += own;
    }
    if (words > TracingTarget::kMaxArguments)
      return refuse(Error::invalid, "The function {} has {} words of arguments. Too many.\n", name, words);
    target_.arguments = static_cast<uint8_t>(words);
    return {};
  }

  // Names in the kernel's BTF are those of one function each.
  Result<void> find_symbol(std::string_view name) {
    auto visit = [](void *user, const kbpf_symbol *symbol) {
      *static_cast<kbpf_symbol *>(user) = *symbol;
      return 1;
    };
    kbpf_port_symbol_lookup(name.data(), name.size(), visit, &target_.function);
    if (!target_.function.address)
      return refuse(Error::not_found, "The address of function {} cannot be found\n", name);
    return {};
  }

  const Btf &types_;
  TracingTarget &target_;
  TextSink *const log_;
};

} // namespace

Result<TracingTarget> find_tracing_target(const Btf &types, uint32_t attach_type, uint32_t btf_id,
                                          TextSink *log) {
  TracingTarget target;
  target.attach_type = attach_type;
  target.btf_id = btf_id;
  Finder finder(types, target, log);
  if (!btf_id) {
    if (log)
      log->append("Tracing programs must provide btf_id\n");
    return Error::invalid;
  }
  if (!types.has_type(btf_id)) {
    if (log)
      print(*log, "attach_btf_id {} is invalid\n", btf_id);
    return Error::invalid;
  }
  switch (attach_type) {
  case KBPF_TRACE_RAW_TP:
    KBPF_TRY(finder.find_event());
    return target;
  case KBPF_TRACE_FENTRY:
  case KBPF_TRACE_FEXIT:
  case KBPF_MODIFY_RETURN:
    KBPF_TRY(finder.find_function());
    return target;
  default:
    return Error::invalid;
  }
}

uint32_t find_tracing_type(const Btf &types, uint32_t attach_type, std::string_view name) {
  if (attach_type != KBPF_TRACE_RAW_TP)
    return types.find(name, BtfKind::function);
  char text[128];
  TextBuffer whole(text, sizeof(text));
  whole.append(kEventPrefix);
  whole.append(name);
  const bool fits = whole.text().size() == kEventPrefix.size() + name.size();
  return fits ? types.find(whole.text(), BtfKind::type_definition) : 0;
}

uint32_t attach_type_of(uint32_t attach_kind) {
  switch (static_cast<AttachKind>(attach_kind)) {
  case AttachKind::tp_btf:
    return KBPF_TRACE_RAW_TP;
  case AttachKind::fentry:
    return KBPF_TRACE_FENTRY;
  case AttachKind::fexit:
    return KBPF_TRACE_FEXIT;
  case AttachKind::fmod_ret:
    return KBPF_MODIFY_RETURN;
  default:
    return 0;
  }
}

} // namespace kbpf
