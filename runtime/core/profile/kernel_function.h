// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads the prototypes of linux_kfuncs.def, at compile time: what Linux's verifier makes of the types of a
// kernel function's arguments, and of the suffixes of their names (Documentation/bpf/kfuncs.rst).
#pragma once
#include "core/profile/profile.h"

namespace kbpf {

// Linux's words for what a kernel function does (KF_*).
namespace kernel_function_flag {
constexpr uint32_t ACQUIRE = KBPF_HELPER_ACQUIRES, RELEASE = KBPF_HELPER_RELEASES,
                   TRUSTED_ARGS = KBPF_HELPER_TRUSTED_ARGS, RCU = KBPF_HELPER_RCU_ARGS,
                   SLEEPABLE = KBPF_HELPER_SLEEPS, RCU_PROTECTED = KBPF_HELPER_RCU_PROTECTED;
constexpr uint32_t RET_NULL = uint32_t{1} << 31; // of a row only
} // namespace kernel_function_flag

class KernelFunctionReader {
public:
  consteval KernelFunctionReader(uint32_t number, std::string_view c_name, uint64_t prog_types,
                                 uint32_t flags, std::string_view prototype)
      : proto_{.number = number,
               .name = c_name.substr(4),
               .c_name = c_name,
               .ret = KBPF_RET_INTEGER,
               .args = {},
               .prog_types = prog_types,
               .flags = (flags & ~kernel_function_flag::RET_NULL) | KBPF_HELPER_GPL_ONLY |
                        KBPF_HELPER_TAKES_PACKET,
               .map_use = 0,
               .since = 1,
               .prototype = prototype,
               .text = {}},
        may_give_null_((flags & kernel_function_flag::RET_NULL) != 0) {}

  consteval HelperProto read() {
    std::string_view text = proto_.prototype;
    const size_t open = text.find('(');
    std::string_view list = text.substr(open + 1, text.size() - open - 2);
    if (list == "void")
      list = {};
    Parameter parameters[6];
    unsigned count = 0;
    while (!list.empty()) {
      const size_t end = end_of_parameter(list);
      parameters[count++] = parameter(list.substr(0, end));
      list = list.substr(end + 2 < list.size() ? end + 2 : list.size());
    }
    for (unsigned i = 0; i < count; i++) {
      const bool is_sized = i + 1 < count && is_size(parameters[i + 1]);
      proto_.args[i] = is_size(parameters[i]) ? size(parameters[i]) : argument(i, parameters[i], is_sized);
    }
    result(parameter(text.substr(0, open)));
    return proto_;
  }

private:
  struct Parameter {
    std::string_view type; // of a pointer: what it points to, without const and struct
    std::string_view name;
    bool is_pointer = false, is_structure = false, is_function = false;
  };
  static constexpr std::string_view kIterator = "bpf_iter_";

  // Of the first; a function has parameters of its own.
  static consteval size_t end_of_parameter(std::string_view list) {
    unsigned depth = 0;
    for (size_t i = 0; i < list.size(); i++) {
      depth += list[i] == '(' ? 1 : list[i] == ')' ? -1u : 0;
      if (depth == 0 && list[i] == ',')
        return i;
    }
    return list.size();
  }
  static consteval bool skip(std::string_view &text, std::string_view word) {
    if (!text.starts_with(word))
      return false;
    text.remove_prefix(word.size());
    return true;
  }
  static consteval Parameter parameter(std::string_view text) {
    Parameter read;
    if (text.find(")(") != text.npos) {
      read.is_function = true;
      return read;
    }
    skip(text, "const ");
    read.is_structure = skip(text, "struct ");
    const size_t star = text.find('*'), space = text.rfind(' ');
    read.is_pointer = star != text.npos;
    read.type = text.substr(0, read.is_pointer ? star - 1 : space);
    read.name = text.substr((read.is_pointer ? star : space) + 1);
    return read;
  }
  static consteval bool is_size(const Parameter &p) {
    return p.name.ends_with("__sz") || p.name.ends_with("__szk");
  }
  static consteval kbpf_arg_type size(const Parameter &p) {
    return p.name.ends_with("__szk") ? KBPF_ARG_CONSTANT_SIZE : KBPF_ARG_SIZE_OR_ZERO;
  }

  consteval kbpf_arg_type argument(unsigned i, const Parameter &p, bool is_sized) {
    if (p.is_function)
      return KBPF_ARG_FUNC;
    if (p.name.ends_with("__ign"))
      return KBPF_ARG_OPTIONAL;
    if (p.name == "local_type_id__k")
      return KBPF_ARG_LOCAL_TYPE;
    if (!p.is_pointer)
      return p.name.ends_with("__k") ? KBPF_ARG_CONSTANT : KBPF_ARG_ANY_SCALAR;
    if (p.name.ends_with("__alloc"))
      return KBPF_ARG_ALLOCATED;
    if (p.name.ends_with("__refcounted_kptr"))
      return KBPF_ARG_COUNTED;
    if (p.name.ends_with("__map"))
      return KBPF_ARG_MAP;
    if (p.type == "bpf_wq")
      return KBPF_ARG_WORK;
    if (p.type == "bpf_list_head")
      return KBPF_ARG_LIST_HEAD;
    if (p.type == "bpf_list_node")
      return KBPF_ARG_LIST_NODE;
    if (p.type == "bpf_rb_root")
      return KBPF_ARG_TREE_ROOT;
    if (p.type == "bpf_rb_node")
      return KBPF_ARG_TREE_NODE;
    if (p.name.ends_with("__str"))
      return KBPF_ARG_CONST_STR;
    if (is_sized)
      return p.name.ends_with("__opt") ? KBPF_ARG_BUFFER_OR_NULL : KBPF_ARG_MEM_READ_WRITE;
    if (p.type == "__sk_buff") // tracing programs have the kernel's own
      proto_.structures[i] = "sk_buff";
    if (p.type == "__sk_buff" || p.type == "xdp_md" || p.type == "void")
      return KBPF_ARG_CTX;
    if (p.type == "bpf_dynptr")
      return dynptr(p);
    if (p.type.starts_with(kIterator)) {
      proto_.structures[i] = p.type;
      return proto_.name.ends_with("_new")    ? KBPF_ARG_ITERATOR_OUT
             : proto_.name.ends_with("_next") ? KBPF_ARG_ITERATOR
                                              : KBPF_ARG_ITERATOR_RELEASE;
    }
    if (p.is_structure) {
      proto_.structures[i] = p.type;
      return p.name.ends_with("__nullable") ? KBPF_ARG_OBJECT_OR_NULL : KBPF_ARG_OBJECT;
    }
    return p.type == "int" ? KBPF_ARG_BYTES_4_IN_OUT : unknown_argument();
  }

  static kbpf_arg_type unknown_argument(); // nowhere: a row that needs it does not compile

  consteval kbpf_arg_type dynptr(const Parameter &p) {
    if (!p.name.ends_with("__uninit"))
      return p.name.ends_with("__nullable") ? KBPF_ARG_DYNPTR_OR_NULL : KBPF_ARG_DYNPTR;
    return proto_.name == "dynptr_from_skb"   ? KBPF_ARG_DYNPTR_SKB_OUT
           : proto_.name == "dynptr_from_xdp" ? KBPF_ARG_DYNPTR_XDP_OUT
                                              : KBPF_ARG_DYNPTR_CLONE_OUT;
  }

  consteval void result(const Parameter &p) {
    if (!p.is_pointer) {
      proto_.ret = p.type == "void" ? KBPF_RET_VOID : KBPF_RET_INTEGER;
    } else if (proto_.name.starts_with("dynptr_slice")) {
      proto_.ret = proto_.name == "dynptr_slice" ? KBPF_RET_SLICE_OR_NULL : KBPF_RET_WRITABLE_SLICE_OR_NULL;
    } else if (proto_.args[0] == KBPF_ARG_ITERATOR) {
      proto_.ret = KBPF_RET_ITERATOR_ELEMENT_OR_NULL;
      proto_.structures[HelperProto::kResult] = p.is_structure ? p.type : std::string_view();
    } else if (proto_.args[0] == KBPF_ARG_LOCAL_TYPE) {
      proto_.ret = KBPF_RET_ALLOCATED_OR_NULL;
    } else if (proto_.args[0] == KBPF_ARG_COUNTED) {
      proto_.ret = KBPF_RET_COUNTED_OR_NULL;
    } else if (proto_.args[0] == KBPF_ARG_LIST_HEAD || proto_.args[0] == KBPF_ARG_TREE_ROOT) {
      proto_.ret = KBPF_RET_NODE_OR_NULL;
    } else if (p.type == "__u64") {
      proto_.ret = KBPF_RET_U64;
    } else {
      proto_.ret = may_give_null_ ? KBPF_RET_OBJECT_OR_NULL : KBPF_RET_OBJECT;
      proto_.structures[HelperProto::kResult] = p.is_structure ? p.type : std::string_view();
    }
  }

  HelperProto proto_;
  bool may_give_null_;
};

} // namespace kbpf
