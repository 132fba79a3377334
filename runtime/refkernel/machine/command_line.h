// SPDX-License-Identifier: MIT OR Apache-2.0
// Options of the kernel's command line: words NAME=VALUE, up to a word "--".
#pragma once
#include <string_view>

namespace refkernel {

std::string_view command_line_option(std::string_view name); // empty where it is not there

} // namespace refkernel
