// SPDX-License-Identifier: MIT OR Apache-2.0
// The text is the device tree's, which stays mapped: values are views into it.
#include "refkernel/machine/command_line.h"
#include "refkernel/machine/device_tree.h"

namespace refkernel {

std::string_view command_line_option(std::string_view name) {
  std::string_view rest(machine.command_line), found;
  while (!rest.empty()) {
    std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(word.size() < rest.size() ? word.size() + 1 : rest.size());
    if (word == "--")
      break;
    if (word.size() > name.size() && word.starts_with(name) && word[name.size()] == '=')
      found = word.substr(name.size() + 1); // the last one counts
  }
  return found;
}

} // namespace refkernel
