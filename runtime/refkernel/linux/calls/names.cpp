// SPDX-License-Identifier: MIT OR Apache-2.0
// uname, and the names in it that root may change.
#include "refkernel/linux/process.h"
#include "refkernel/linux/system.h"
#include <algorithm>
#include <cstring>

namespace refkernel {

namespace {

SpinLock names_lock;
char names[2][65]; // by SystemName; the first is as it was at boot until somebody sets it
bool host_named = false;

template <size_t N> void copy_text(char (&field)[N], const char *text) {
  memcpy(field, text, std::min(strlen(text), N - 1));
}

void copy_name(char (&to)[65], SystemName which) {
  SpinGuard guard(names_lock);
  if (which == SystemName::host && !host_named)
    copy_text(to, kFirstHostName);
  else
    memcpy(to, names[static_cast<size_t>(which)], sizeof(to));
}

SyscallResult set_name(SystemName which, uintptr_t from, int size) {
  if (!capable(Capability::sys_admin))
    return Errno::eperm;
  char name[65] = {};
  if (size < 0 || static_cast<size_t>(size) >= sizeof(name))
    return Errno::einval;
  if (!copy_from_user(name, from, static_cast<size_t>(size)))
    return Errno::efault;
  SpinGuard guard(names_lock);
  memcpy(names[static_cast<size_t>(which)], name, sizeof(name));
  host_named = host_named || which == SystemName::host;
  return 0;
}

} // namespace

void print_name(kbpf::TextSink &sink, SystemName which) {
  char name[65] = {};
  copy_name(name, which);
  sink.append(name);
}

KERNEL_CALL sys_uname(UserPtr<LinuxUtsname> name) {
  LinuxUtsname result{};
  copy_text(result.system, kSystemName);
  copy_name(result.node, SystemName::host);
  copy_text(result.release, kSystemRelease);
  copy_text(result.version, kSystemVersion);
  copy_text(result.machine, kSystemMachine);
  copy_name(result.domain, SystemName::domain);
  if (!result.domain[0])
    copy_text(result.domain, "(none)");
  return name.write(result);
}

KERNEL_CALL sys_sethostname(uintptr_t name, int size) { return set_name(SystemName::host, name, size); }
KERNEL_CALL sys_setdomainname(uintptr_t name, int size) { return set_name(SystemName::domain, name, size); }

} // namespace refkernel
