// SPDX-License-Identifier: MIT OR Apache-2.0
// Helpers that the hosting kernel adds (kbpf_register_helper), and the profile that has them.
#pragma once
#include "core/interp/interp.h"
#include "core/profile/profile.h"

namespace kbpf {

// What programs are verified against: the kbpf profile with what was registered. It does not change once a
// process runs.
const Profile &kernel_profile();

HelperFunction registered_helper(uint32_t number); // null: none

} // namespace kbpf
