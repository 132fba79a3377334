// SPDX-License-Identifier: MIT OR Apache-2.0
// What a program may ask about its own run and about the kernel's code.
#include "kernel/helpers/helpers.h"
#include "kernel/port.h"
#include "kernel/registers.h"
#include "kernel/run_context.h"

namespace kbpf::helpers {

uint64_t get_func_ip(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return current_run().function; }
uint64_t get_attach_cookie(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return current_run().cookie; }

uint64_t get_func_arg(uint64_t, uint64_t index, uint64_t value, uint64_t, uint64_t) {
  const RunContext &run = current_run();
  uint64_t &argument = *pointer<uint64_t>(value);
  const bool is_there = static_cast<uint32_t>(index) < run.argument_count;
  argument = is_there ? run.arguments[static_cast<uint32_t>(index)] : 0;
  return is_there ? 0 : helper_error(Error::invalid);
}

uint64_t get_func_ret(uint64_t, uint64_t value, uint64_t, uint64_t, uint64_t) {
  const RunContext &run = current_run();
  uint64_t &result = *pointer<uint64_t>(value);
  result = run.has_result ? run.arguments[run.argument_count] : 0;
  return run.has_result ? 0 : helper_error(Error::unsupported_operation);
}

uint64_t get_func_arg_cnt(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) {
  return current_run().argument_count;
}

// The verifier and the attachment see to it that the context is that of a kprobe at the entry of a function
// that may be left so. The probe then goes on at the caller instead of in the function.
uint64_t override_return(uint64_t context, uint64_t result, uint64_t, uint64_t, uint64_t) {
  auto &regs = *pointer<kbpf_regs>(context);
  regs.x[kRegA0] = result;
  regs.epc = regs.x[kRegRa];
  return 0;
}

// No RISC-V processor here records its branches.
uint64_t get_branch_snapshot(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) {
  return helper_error(Error::not_found);
}

uint64_t kallsyms_lookup_name(uint64_t name, uint64_t size, uint64_t flags, uint64_t result, uint64_t) {
  const char *text = pointer<const char>(name);
  const uint32_t bytes = static_cast<uint32_t>(size);
  uint64_t &address = *pointer<uint64_t>(result);
  address = 0;
  if (flags || bytes <= 1 || text[bytes - 1])
    return helper_error(Error::invalid);
  std::string_view wanted(text);
  auto visit = [](void *user, const kbpf_symbol *symbol) {
    *static_cast<uint64_t *>(user) = symbol->address;
    return 1; // the first one
  };
  kbpf_port_symbol_lookup(wanted.data(), wanted.size(), visit, &address);
  if (!address)
    address = kbpf_port_variable(wanted.data(), wanted.size());
  return address ? 0 : helper_error(Error::not_found);
}

} // namespace kbpf::helpers
