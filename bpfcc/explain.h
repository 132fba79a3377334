// SPDX-License-Identifier: MIT OR Apache-2.0
// --explain: what a refusal of the verifier means, from the table that the verifier itself has.
#pragma once
#include <string>
#include <string_view>

namespace bpfcc {

// id: "V017", "17" or the refusal's name. Empty: there is none such.
std::string explain_rejection(std::string_view id);

} // namespace bpfcc
