// SPDX-License-Identifier: MIT OR Apache-2.0
// A table of a fixed size, because it is filled before there are processes, perhaps before there is memory.
// The numbers of registered helpers are above all others, so those of the runtime stand first.
#include "kernel/helpers/registered.h"
#include "abi/limits.h"
#include "core/profile/digest.h"
#include "core/profile/kernel_helper.h"
#include "kernel/kbpf.h"
#include <algorithm>

namespace kbpf {
namespace {

#define KBPF_HELPER(number, ...) number,
constexpr uint32_t kNumbers[] = {
#include "abi/helpers.def"
#include "abi/kfuncs.def"
};
#undef KBPF_HELPER
static_assert(*std::ranges::max_element(kNumbers) < KBPF_FIRST_KERNEL_HELPER);
constexpr size_t kOwn = std::size(kNumbers);

struct Registered {
  HelperProto helpers[kOwn + KBPF_MAX_KERNEL_HELPERS];
  HelperFunction functions[KBPF_MAX_KERNEL_HELPERS]; // of those behind kOwn
  size_t count = 0;                                  // of registered ones
  Profile profile{};
};
Registered registered;

} // namespace

const Profile &kernel_profile() { return registered.count ? registered.profile : kKbpfProfile; }

HelperFunction registered_helper(uint32_t number) {
  const HelperProto *first = registered.helpers + kOwn;
  for (size_t i = 0; i < registered.count; i++)
    if (first[i].number == number)
      return registered.functions[i];
  return nullptr;
}

} // namespace kbpf

int kbpf_register_helper(const struct kbpf_kernel_helper *helper) {
  using namespace kbpf;
  HelperProto proto;
  if (!helper || !helper->function || !read_kernel_helper(*helper, proto).empty())
    return -to_errno(Error::invalid);
  if (kernel_profile().helper(proto.number) || kernel_profile().helper(proto.c_name))
    return -to_errno(Error::already_exists);
  if (registered.count == KBPF_MAX_KERNEL_HELPERS)
    return -to_errno(Error::no_space);
  if (registered.count == 0) {
    std::ranges::copy(kKbpfProfile.helpers, registered.helpers);
    registered.profile = kKbpfProfile;
  }
  HelperProto *first = registered.helpers + kOwn;
  size_t at = registered.count++;
  for (; at > 0 && first[at - 1].number > proto.number; at--) {
    first[at] = first[at - 1];
    registered.functions[at] = registered.functions[at - 1];
  }
  first[at] = proto;
  registered.functions[at] = helper->function;
  registered.profile.helpers = {registered.helpers, kOwn + registered.count};
  registered.profile.tables_digest = digest(registered.profile);
  return 0;
}
