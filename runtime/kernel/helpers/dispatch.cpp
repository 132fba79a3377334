// SPDX-License-Identifier: MIT OR Apache-2.0
// Numbers to functions, from the tables. A helper that a table lists and nobody defines is a link error.
#include "abi/object.h"
#include "kernel/helpers/helpers.h"
#include "kernel/helpers/registered.h"
#include "kernel/maps/prog_array.h"

namespace kbpf {
namespace {

uint64_t do_nothing(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return 0; }

// By the flags column: which function stands behind a number.
#define KBPF_FUNCTION_0(name) name
#define KBPF_FUNCTION_GPL_ONLY(name) name
#define KBPF_FUNCTION_PANICS(name) name
#define KBPF_FUNCTION_STUB(name) do_nothing
#define KBPF_FUNCTION_ENGINE(name) nullptr
#define KBPF_HELPER(number, name, ret, a1, a2, a3, a4, a5, types, flags, since, prototype, text)             \
  case number:                                                                                               \
    return KBPF_FUNCTION_##flags(name);

HelperFunction kbpf_helper(uint32_t number) {
  using namespace helpers;
  switch (number) {
#include "abi/helpers.def"
#include "abi/kfuncs.def"
  }
  if (HelperFunction special = hash_table_helper(number))
    return special;
  if (HelperFunction special = ring_buffer_helper(number))
    return special;
  return registered_helper(number);
}

HelperFunction zcore_helper(uint32_t number) {
  using namespace zcore_helpers;
  switch (number) {
#include "abi/helpers_zcore.def"
  }
  return nullptr;
}

HelperFunction no_helper(uint32_t) { return nullptr; }

constexpr Environment kKbpfEnvironment{.helper = kbpf_helper,
                                       .load_packet = load_packet,
                                       .read_kernel = kbpf_port_read_kernel,
                                       .prog_array = &maps::ProgArrayMap::kLayout};
constexpr Environment kZcoreEnvironment{zcore_helper};
constexpr Environment kNoEnvironment{no_helper};

} // namespace

const Environment &helper_environment(const Profile &profile) {
  switch (profile.number) {
  case KBPF_PROFILE_KBPF:
    return kKbpfEnvironment;
  case KBPF_PROFILE_ZCORE:
    return kZcoreEnvironment;
  }
  return kNoEnvironment;
}

} // namespace kbpf
