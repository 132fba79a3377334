// SPDX-License-Identifier: MIT OR Apache-2.0
// A size belongs to the memory before it, memory needs a size behind it. Kinds that bind a helper to a map,
// to a thing of the runtime, or to a call back into the program take part in rules that go by the helper's
// number: those are for the tables.
#include "core/profile/kernel_helper.h"
#include "abi/limits.h"
#include <cstring>

namespace kbpf {
namespace {

bool is_sized(kbpf_arg_type arg) {
  return arg == KBPF_ARG_MEM_READ || arg == KBPF_ARG_MEM_READ_OR_NULL || arg == KBPF_ARG_MEM_WRITE ||
         arg == KBPF_ARG_MEM_WRITE_OR_NULL || arg == KBPF_ARG_MEM_READ_WRITE;
}
bool is_size(kbpf_arg_type arg) { return arg == KBPF_ARG_SIZE || arg == KBPF_ARG_SIZE_OR_ZERO; }
bool stands_alone(kbpf_arg_type arg) {
  return arg == KBPF_ARG_ANY_SCALAR || arg == KBPF_ARG_CTX || arg == KBPF_ARG_CTX_OR_NULL ||
         arg == KBPF_ARG_U32_IN_OUT || arg == KBPF_ARG_U64_OUT || arg == KBPF_ARG_CONST_STR;
}

bool is_word(char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool is_identifier(std::string_view name) {
  for (char c : name)
    if (!is_word(c))
      return false;
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9');
}

// Programs see it as it is: it may be a declaration, and nothing else.
bool is_declaration(const HelperProto &proto) {
  for (char c : proto.prototype)
    if (!is_word(c) && c != ' ' && c != '*' && c != '(' && c != ')' && c != ',' && c != '.')
      return false;
  return name_in_prototype(proto) != std::string_view::npos && proto.prototype.back() == ')';
}

// The text of a field, terminated within it; no text where it is not.
template <size_t N> bool read_text(const char (&field)[N], std::string_view &text) {
  const void *end = memchr(field, 0, N);
  if (end)
    text = {field, static_cast<size_t>(static_cast<const char *>(end) - field)};
  return end != nullptr;
}

} // namespace

size_t name_in_prototype(const HelperProto &proto) {
  const std::string_view text = proto.prototype, name = proto.c_name;
  for (size_t at = text.find(name); at != text.npos; at = text.find(name, at + 1)) {
    const size_t end = at + name.size();
    if (at > 0 && !is_word(text[at - 1]) && end < text.size() && text[end] == '(')
      return at;
  }
  return text.npos;
}

constexpr std::string_view kForeignArgument =
                               "it has an argument of a kind that only helpers of the runtime take",
                           kForeignResult = "its result is of a kind that only helpers of the runtime give";

std::string_view fault_of_plain(const HelperProto &proto) {
  constexpr uint32_t kFlags = KBPF_HELPER_GPL_ONLY | KBPF_HELPER_SLEEPS | KBPF_HELPER_TAKES_PACKET;
  if (!is_identifier(proto.name) || !is_identifier(proto.c_name))
    return "its name is no identifier of C";
  if (!is_declaration(proto))
    return "its prototype is no declaration of its name: return type, name, parameters in parentheses";
  if (proto.flags & ~kFlags || proto.map_use)
    return "it has a flag or a use of maps that only helpers of the runtime have";
  bool has_size = false;
  for (unsigned i = 0; i < 5; i++) {
    const kbpf_arg_type arg = proto.args[i], next = i < 4 ? proto.args[i + 1] : KBPF_ARG_NONE;
    has_size |= is_size(arg);
    if (arg == KBPF_ARG_NONE && next != KBPF_ARG_NONE)
      return "it has an argument behind its last one";
    if (is_sized(arg) && !is_size(next))
      return "it has an argument that is memory without a size behind it";
    if (is_size(arg) && (i == 0 || !is_sized(proto.args[i - 1])))
      return "it has a size that stands behind no memory";
    if (arg != KBPF_ARG_NONE && !is_sized(arg) && !is_size(arg) && !stands_alone(arg))
      return kForeignArgument;
  }
  if (proto.ret == KBPF_RET_SIZED_INTEGER && !has_size)
    return "its result is limited by a size that it does not take";
  if (proto.ret != KBPF_RET_INTEGER && proto.ret != KBPF_RET_SIZED_INTEGER && proto.ret != KBPF_RET_VOID)
    return kForeignResult;
  return {};
}

std::string_view read_kernel_helper(const kbpf_kernel_helper &helper, HelperProto &proto) {
  static_assert(sizeof(kbpf_kernel_helper) == 512);
  if (helper.magic != KBPF_KERNEL_HELPER_MAGIC)
    return "it is no descriptor of a helper";
  if (helper.number < KBPF_FIRST_KERNEL_HELPER || helper.number > KBPF_LAST_KERNEL_HELPER)
    return "its number is not one of those for helpers of the kernel's own";
  if (helper.since == 0 || helper.since > KBPF_ABI_VERSION)
    return "it needs an ABI version that does not exist";
  proto = {};
  proto.number = helper.number;
  if (!read_text(helper.name, proto.name) || !read_text(helper.prototype, proto.prototype) ||
      !read_text(helper.text, proto.text))
    return "a text is not terminated";
  proto.c_name = proto.name;
  // Numbers that are no enumerators must not become any.
  if (helper.ret > KBPF_RET_OBJECT_OR_NULL)
    return kForeignResult;
  proto.ret = static_cast<kbpf_ret_type>(helper.ret);
  for (unsigned i = 0; i < 5; i++) {
    if (helper.args[i] > KBPF_ARG_OBJECT)
      return kForeignArgument;
    proto.args[i] = static_cast<kbpf_arg_type>(helper.args[i]);
  }
  proto.prog_types = helper.prog_types;
  proto.flags = helper.flags;
  proto.since = helper.since;
  return fault_of_plain(proto);
}

} // namespace kbpf
