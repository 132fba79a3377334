// SPDX-License-Identifier: MIT OR Apache-2.0
// Constants and structures of Linux's user interface on riscv64: what crosses the boundary in registers and
// memory. Names are Linux's in our spelling; values and layouts are those of asm-generic
// (include/uapi/asm-generic).
#pragma once
#include "refkernel/mm/layout.h"
#include <cstddef>
#include <cstdint>

namespace refkernel {

constexpr size_t kPathMax = 4096; // terminator included
constexpr size_t kNameMax = 255;
constexpr uint64_t kNanosecondsPerSecond = 1000000000;

// Open flags.
enum : uint32_t {
  kOpenAccessMode = 3,
  kOpenReadOnly = 0,
  kOpenWriteOnly = 1,
  kOpenReadWrite = 2,
  kOpenCreate = 0100,
  kOpenExclusive = 0200,
  kOpenNoControllingTty = 0400,
  kOpenTruncate = 01000,
  kOpenAppend = 02000,
  kOpenNonBlock = 04000,
  kOpenLargeFile = 0100000,
  kOpenDirectory = 0200000,
  kOpenNoFollow = 0400000,
  kOpenCloseOnExec = 02000000,
  kOpenPath = 010000000,
  kOpenTemporaryFile = 020000000 | kOpenDirectory,
};

// File types within a mode.
enum : uint32_t {
  kModeTypeMask = 0170000,
  kModeSocket = 0140000,
  kModeSymlink = 0120000,
  kModeRegular = 0100000,
  kModeBlock = 0060000,
  kModeDirectory = 0040000,
  kModeCharacter = 0020000,
  kModeFifo = 0010000,
  kModeSetUid = 04000,
  kModeSetGid = 02000,
  kModeSticky = 01000,
};

constexpr int kAtFdCwd = -100;
enum : uint32_t {
  kAtSymlinkNoFollow = 0x100,
  kAtRemoveDirectory = 0x200,
  kAtSymlinkFollow = 0x400,
  kAtEmptyPath = 0x1000
};

enum : uint32_t { // poll and epoll events
  kPollIn = 1,
  kPollPriority = 2,
  kPollOut = 4,
  kPollError = 8,
  kPollHangUp = 16,
  kPollInvalid = 32,
  kPollReadNormal = 64,
  kPollWriteNormal = 256,
  kPollReadHangUp = 0x2000,
};

struct LinuxTimespec {
  int64_t seconds, nanoseconds;
  bool valid() const {
    return seconds >= 0 && nanoseconds >= 0 && nanoseconds < int64_t(kNanosecondsPerSecond);
  }
  uint64_t to_ns() const { // saturates
    constexpr uint64_t kMaxSeconds = UINT64_MAX / kNanosecondsPerSecond - 1;
    return static_cast<uint64_t>(seconds) > kMaxSeconds
               ? UINT64_MAX
               : static_cast<uint64_t>(seconds) * kNanosecondsPerSecond + static_cast<uint64_t>(nanoseconds);
  }
  static LinuxTimespec from_ns(uint64_t ns) {
    return {int64_t(ns / kNanosecondsPerSecond), int64_t(ns % kNanosecondsPerSecond)};
  }
};
struct LinuxTimeval {
  int64_t seconds, microseconds;
  static LinuxTimeval from_ns(uint64_t ns) {
    return {int64_t(ns / kNanosecondsPerSecond), int64_t(ns % kNanosecondsPerSecond / 1000)};
  }
};

struct LinuxStat { // struct stat, 128 bytes
  uint64_t device, inode;
  uint32_t mode, link_count, uid, gid;
  uint64_t special_device, pad1;
  int64_t size;
  int32_t block_size, pad2;
  int64_t blocks; // of 512 bytes
  LinuxTimespec access_time, modify_time, change_time;
  uint32_t unused[2];
};
static_assert(sizeof(LinuxStat) == 128);

struct LinuxStatxTime {
  int64_t seconds;
  uint32_t nanoseconds;
  int32_t reserved;
};
struct LinuxStatx { // struct statx, 256 bytes
  uint32_t mask, block_size;
  uint64_t attributes;
  uint32_t link_count, uid, gid;
  uint16_t mode, spare0;
  uint64_t inode, size, blocks, attributes_mask;
  LinuxStatxTime access_time, birth_time, change_time, modify_time;
  uint32_t special_major, special_minor, device_major, device_minor;
  uint64_t mount_id;
  uint32_t direct_io_memory_align, direct_io_offset_align;
  uint64_t spare[12];
};
static_assert(sizeof(LinuxStatx) == 256);

struct LinuxOpenHow { // struct open_how
  uint64_t flags, mode, resolve;
};

struct LinuxStatfs { // struct statfs, 120 bytes
  int64_t type, block_size;
  uint64_t blocks, blocks_free, blocks_available, files, files_free;
  int32_t id[2];
  int64_t name_length, fragment_size, flags, spare[4];
};
static_assert(sizeof(LinuxStatfs) == 120);

struct LinuxDirentHeader { // struct linux_dirent64 without the name
  uint64_t inode;
  int64_t next_offset;
  uint16_t record_length;
  uint8_t type;
};
constexpr size_t kDirentNameOffset = 19;

struct LinuxRusage {
  LinuxTimeval user_time, system_time;
  int64_t fields[14];
};
static_assert(sizeof(LinuxRusage) == 144);
inline LinuxRusage make_rusage(uint64_t cpu_ns, uint64_t peak_pages, uint64_t faults) { // all time is user time
  constexpr size_t kPeakKilobytes = 0, kMinorFaults = 4;
  LinuxRusage usage{};
  usage.user_time = LinuxTimeval::from_ns(cpu_ns);
  usage.fields[kPeakKilobytes] = static_cast<int64_t>(peak_pages * (kPageSize / 1024));
  usage.fields[kMinorFaults] = static_cast<int64_t>(faults);
  return usage;
}

struct LinuxRlimit {
  uint64_t soft, hard;
};
constexpr uint64_t kUnlimited = UINT64_MAX;
enum : unsigned {
  kLimitCpu = 0,
  kLimitFileSize = 1,
  kLimitStack = 3,
  kLimitCore = 4,
  kLimitFiles = 7,
  kLimitLockedMemory = 8,
  kLimitCount = 16,
};

constexpr uint32_t make_device(uint32_t major, uint32_t minor) {
  return (major << 8) | (minor & 0xff) | ((minor & ~0xffu) << 12);
}
constexpr uint32_t device_major(uint32_t device) { return (device >> 8) & 0xfff; }
constexpr uint32_t device_minor(uint32_t device) { return (device & 0xff) | ((device >> 12) & ~0xffu); }

} // namespace refkernel
