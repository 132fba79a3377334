// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/relocator/advice.h"

namespace bpfcc {

using kbpf::RejectionId;

std::string_view advice(const kbpf::Rejection &rejection, const kbpf::Value *value, const kbpf::Insn &insn) {
  switch (static_cast<RejectionId>(rejection.id)) {
  case RejectionId::too_complex:
    return "give each loop a bound that is known when the program is compiled, or let bpf_loop run it";
  case RejectionId::infinite_loop:
    return "count the rounds, and end the loop after a number that is known when the program is compiled";
  case RejectionId::uninitialised_register:
    if (insn.is_exit())
      return "a program ends with a number, and so does a function that it calls: return 0;";
    return "give the variable a value on every path that leads here, and the function a result at every "
           "return";
  case RejectionId::not_a_pointer:
    return value && value->is_scalar() ? "what a pointer of the kernel points to is read with "
                                         "bpf_probe_read_kernel, of a process with "
                                         "bpf_probe_read_user"
                                       : "";
  case RejectionId::possibly_null:
    return "leave where it is null before it is used: if (!pointer) return 0;";
  case RejectionId::stack_out_of_bounds:
    return insn.is_call() ? "the memory that is handed over is smaller than what the helper accesses: pass "
                            "its own sizeof, and "
                            "for a map a key and a value of the map's types"
                          : "keep the index below the length of the array on the stack";
  case RejectionId::helper_argument:
    return value && value->kind == kbpf::Kind::map_value && std::string_view(rejection.message).find("the map argument") != std::string_view::npos
               ? "a variable is a map where its definition ends with SEC(\".maps\")"
               : "";
  case RejectionId::map_value_out_of_bounds:
    if (value && value->kind == kbpf::Kind::map_value && value->number.is_constant())
      return "access no more than the value has; how many bytes these are, the map's definition says";
    return "compare the index with the number of elements before: the last of n elements has the index n - 1";
  case RejectionId::context_access:
    return "the context has the fields of its type only; what it does not let programs change can't be "
           "changed by them";
  case RejectionId::memory_size:
    return "compare the size with sizeof the buffer before, as an unsigned number";
  case RejectionId::unreleased_reference:
    return "give it back on this path, too: a ring-buffer record is submitted or discarded before every "
           "return";
  case RejectionId::reference_not_held:
    return "give each record back once, by submit or by discard, through the pointer that reserve gave";
  case RejectionId::granted_memory_out_of_bounds:
    return "ask for as many bytes as are accessed: sizeof the whole structure";
  case RejectionId::callback:
    return "let the function return 0 to go on and 1 to stop, and pass results through its context";
  case RejectionId::address_leak:
    return "keep addresses in registers and in the stack, whole; load the program with CAP_PERFMON, and "
           "without "
           "-fbpf-hide-addresses, if it has to tell them";
  case RejectionId::stack_uninitialised:
    return "give the variable a value where it is declared: = {}";
  case RejectionId::helper_not_allowed:
    return "call it from a program of a type that has it, as the SEC() name says";
  case RejectionId::gpl_only_helper:
    return "declare the licence: char license[] SEC(\"license\") = \"GPL\";";
  case RejectionId::object_access:
    return "read a member of the structure by its name, at a constant index; helpers change such objects, "
           "programs do not";
  case RejectionId::call_depth:
    return "let the compiler inline some of these functions: without noinline, static";
  case RejectionId::stack_depth:
    return "keep large variables in a map, of one element for each CPU, or in fewer functions of the chain";
  case RejectionId::spin_lock:
    return "between bpf_spin_lock and bpf_spin_unlock read and write the value only, and unlock on every path";
  case RejectionId::partial_address:
    return "keep an address as a whole, in a variable of 8 bytes";
  case RejectionId::return_value:
    return "return a number, of those that this program may return";
  case RejectionId::tail_call:
    return "make the tail call in the program itself, not in a function that it or a helper calls";
  case RejectionId::special_field:
    return "leave the field to bpf_spin_lock, bpf_timer_init and their like; access the others by their names";
  case RejectionId::stack_object:
    return "hand a dynptr or an iterator to its helpers only, each one as a variable of its own";
  case RejectionId::atomic_target:
    return "add to a variable of the program or to a map's value";
  case RejectionId::constant_operand:
    return "divide by something else than 0, and shift by less than the width";
  default:
    return "";
  }
}

} // namespace bpfcc
