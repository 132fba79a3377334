// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/frontend/back_end_messages.h"
#include <llvm/ADT/StringSwitch.h>

namespace bpfcc {
namespace {
using namespace llvm;

// The optimiser makes such calls of loops, assignments and initialisers too, so the source need not name
// them.
std::string explain_call(StringRef name) {
  bool works_on_memory =
      StringSwitch<bool>(name).Cases("memcpy", "memmove", "memset", "memcmp", "bcmp", true).Default(false);
  std::string text = "this became a call of '" + name.str() + "', and BPF has no library: ";
  if (works_on_memory)
    return text + "the size is not constant, or too large to be written out; use a bounded loop with "
                  "asm volatile(\"\" ::: \"memory\") in its body";
  if (name.ends_with("ti3"))
    return text + "arithmetic of 128 bits has to be done in parts of 64";
  return text + "define the function, or do without it";
}

} // namespace

std::string explain_back_end_message(StringRef message) {
  StringRef rest = message;
  if (rest.consume_front("A call to built-in function '"))
    return explain_call(rest.take_until([](char c) { return c == '\''; }));
  if (message.starts_with("unsupported signed division"))
    return "unsupported signed division: BPF before v4 divides unsigned numbers only; make both operands "
           "unsigned, or compile with -mcpu=v4 for a kernel that knows it";
  if (message.starts_with("aggregate returns are not supported"))
    return "structure of more than 16 bytes returned by value: let the caller pass a pointer to where it "
           "goes";
  if (message.starts_with("unsupported dynamic stack allocation"))
    return "variable-length array or alloca: the size of a BPF frame is fixed; give the array the greatest "
           "length";
  return message.str();
}

} // namespace bpfcc
