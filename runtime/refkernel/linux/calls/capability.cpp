// SPDX-License-Identifier: MIT OR Apache-2.0
// The rules are those of capabilities(7) without capabilities of files: only user 0 gets any by execve, and
// what is ambient stays.
#include "refkernel/linux/capability.h"
#include "refkernel/linux/calls/capability.h"
#include "refkernel/linux/process.h"

namespace refkernel {

namespace {

CapabilitySets &mine() { return current_process().credentials.capabilities; }
bool is_root(uint32_t uid) { return uid == 0; }

} // namespace

bool capable(Capability capability) { return mine().effective & capability_bit(capability); }

void adjust_to_users(const Credentials &before, Credentials &now) {
  CapabilitySets &sets = now.capabilities;
  const bool had_root = is_root(before.uid) || is_root(before.euid) || is_root(before.suid);
  const bool has_root = is_root(now.uid) || is_root(now.euid) || is_root(now.suid);
  if (had_root && !has_root) {
    if (!sets.keep_over_setuid)
      sets.permitted = sets.effective = 0;
    sets.ambient = 0;
  }
  if (is_root(before.euid) && !is_root(now.euid))
    sets.effective = 0;
  if (!is_root(before.euid) && is_root(now.euid))
    sets.effective = sets.permitted;
}

void adjust_to_exec(Credentials &now, bool set_id) {
  CapabilitySets &sets = now.capabilities;
  if (set_id)
    sets.ambient = 0;
  const bool root = is_root(now.uid) || is_root(now.euid);
  sets.permitted = root ? sets.bounding | sets.inheritable : sets.ambient;
  sets.effective = is_root(now.euid) ? sets.permitted : sets.ambient;
  sets.keep_over_setuid = false;
}

namespace {

constexpr uint32_t kVersion1 = 0x19980330, kVersion2 = 0x20071026, kVersion3 = 0x20080522;

struct Header {
  uint32_t version;
  int32_t pid;
};
struct Word {
  uint32_t effective, permitted, inheritable;
};

// How many words a set has in the caller's version. Error: einval, and the caller's header then has this
// kernel's version.
SysResult<size_t> words_of(UserPtr<uint32_t> header, const Header &given) {
  if (given.version == kVersion1)
    return size_t{1};
  if (given.version == kVersion2 || given.version == kVersion3)
    return size_t{2};
  KBPF_TRY(header.write(kVersion3));
  return Errno::einval;
}

} // namespace

KERNEL_CALL sys_capget(UserPtr<uint32_t> header, UserPtr<uint32_t> data) {
  const Header given = KBPF_TRY(header.cast<const Header>().read());
  SysResult<size_t> words = words_of(header, given);
  if (!words.ok())
    return data || words.error() != Errno::einval ? SyscallResult(words.error()) : 0;
  if (given.pid < 0)
    return Errno::einval;
  CapabilitySets sets;
  {
    SpinGuard guard(tasks_lock);
    Task *task = given.pid ? find_task(static_cast<uint32_t>(given.pid)) : current_task();
    if (!task)
      return Errno::esrch;
    sets = task->process->credentials.capabilities;
  }
  if (!data)
    return 0;
  for (size_t i = 0; i < *words; ++i) {
    const unsigned shift = static_cast<unsigned>(32 * i);
    KBPF_TRY(data.cast<Word>().at(i).write({static_cast<uint32_t>(sets.effective >> shift),
                                            static_cast<uint32_t>(sets.permitted >> shift),
                                            static_cast<uint32_t>(sets.inheritable >> shift)}));
  }
  return 0;
}

KERNEL_CALL sys_capset(UserPtr<uint32_t> header, UserPtr<const uint32_t> data) {
  const Header given = KBPF_TRY(header.cast<const Header>().read());
  const size_t words = KBPF_TRY(words_of(header, given));
  if (given.pid != 0 && static_cast<uint32_t>(given.pid) != current_task()->tid)
    return Errno::eperm;
  uint64_t effective = 0, permitted = 0, inheritable = 0;
  for (size_t i = 0; i < words; ++i) {
    const Word word = KBPF_TRY(data.cast<const Word>().at(i).read());
    const unsigned shift = static_cast<unsigned>(32 * i);
    effective |= uint64_t{word.effective} << shift & kAllCapabilities;
    permitted |= uint64_t{word.permitted} << shift & kAllCapabilities;
    inheritable |= uint64_t{word.inheritable} << shift & kAllCapabilities;
  }
  SpinGuard guard(tasks_lock);
  CapabilitySets &sets = mine();
  const bool may_inherit =
      capable(Capability::setpcap) || !(inheritable & ~(sets.inheritable | sets.permitted));
  if (!may_inherit || inheritable & ~(sets.inheritable | sets.bounding) || permitted & ~sets.permitted ||
      effective & ~permitted)
    return Errno::eperm;
  sets.effective = effective;
  sets.permitted = permitted;
  sets.inheritable = inheritable;
  sets.ambient &= permitted & inheritable;
  return 0;
}

namespace {

SyscallResult change_ambient(uint64_t action, uint64_t number) {
  enum : uint64_t { kIsSet = 1, kRaise = 2, kLower = 3, kClearAll = 4 };
  CapabilitySets &sets = mine();
  if (action == kClearAll) {
    sets.ambient = 0;
    return 0;
  }
  if (number > kLastCapability)
    return Errno::einval;
  const uint64_t bit = uint64_t{1} << number;
  switch (action) {
  case kIsSet:
    return (sets.ambient & bit) != 0;
  case kRaise:
    if (!(sets.permitted & sets.inheritable & bit))
      return Errno::eperm;
    sets.ambient |= bit;
    return 0;
  case kLower:
    sets.ambient &= ~bit;
    return 0;
  }
  return Errno::einval;
}

} // namespace

std::optional<SyscallResult> capability_prctl(int option, const uint64_t (&arguments)[4]) {
  enum {
    kGetKeep = 7,
    kSetKeep = 8,
    kReadBounding = 23,
    kDropBounding = 24,
    kGetSecureBits = 27,
    kSetNoNewPrivileges = 38,
    kGetNoNewPrivileges = 39,
    kAmbient = 47
  };
  const uint64_t argument = arguments[0];
  const bool alone = !arguments[1] && !arguments[2] && !arguments[3];
  CapabilitySets &sets = mine();
  switch (option) {
  case kGetKeep:
    return sets.keep_over_setuid;
  case kSetKeep:
    if (argument > 1)
      return Errno::einval;
    sets.keep_over_setuid = argument;
    return 0;
  case kReadBounding:
    return argument > kLastCapability ? SyscallResult(Errno::einval) : (sets.bounding >> argument & 1);
  case kDropBounding:
    if (!capable(Capability::setpcap))
      return Errno::eperm;
    if (argument > kLastCapability)
      return Errno::einval;
    sets.bounding &= ~(uint64_t{1} << argument);
    return 0;
  case kGetSecureBits:
    return 0;
  case kSetNoNewPrivileges:
    if (argument != 1 || !alone)
      return Errno::einval;
    sets.no_new_privileges = true;
    return 0;
  case kGetNoNewPrivileges:
    return argument || !alone ? SyscallResult(Errno::einval) : sets.no_new_privileges;
  case kAmbient:
    return arguments[2] || arguments[3] ? SyscallResult(Errno::einval)
                                        : change_ambient(argument, arguments[1]);
  }
  return std::nullopt;
}

namespace {
constexpr SyscallEntry kCapabilityTable[] = {SYSCALL_ENTRY(90, capget), SYSCALL_ENTRY(91, capset)};
}
constinit const std::span<const SyscallEntry> kCapabilityCalls{kCapabilityTable};

} // namespace refkernel
