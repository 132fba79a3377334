// SPDX-License-Identifier: MIT OR Apache-2.0
// Which licences open the GPL-only helpers: the list of Linux (include/linux/license.h).
#pragma once
#include <string_view>

namespace kbpf {

constexpr size_t kMaxLicense = 128; // bytes, terminator included

constexpr bool is_gpl_compatible(std::string_view license) {
  for (std::string_view known :
       {"GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"})
    if (license == known)
      return true;
  return false;
}

} // namespace kbpf
