// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/program_rules.h"

namespace kbpf {
namespace {

// enum bpf_prog_type
enum : uint32_t {
  kKprobe = 2,
  kCgroupSkb = 8,
  kCgroupSock = 9,
  kSockOps = 13,
  kCgroupDevice = 15,
  kCgroupSockAddr = 18,
  kCgroupSysctl = 23,
  kCgroupSockopt = 25,
  kTracing = 26,
  kSkLookup = 30,
  kNetfilter = 32,
};

// enum bpf_attach_type
enum : uint32_t {
  kInetEgress = 1,
  kInet4Bind = 8,
  kInet6Bind = 9,
  kUdp4Recvmsg = 19,
  kUdp6Recvmsg = 20,
  kTraceFentry = 24,
  kTraceFexit = 25,
  kTraceIter = 28,
  kInet4Getpeername = 29,
  kInet6Getsockname = 32,
  kUnixRecvmsg = 51,
  kUnixGetpeername = 52,
  kUnixGetsockname = 53,
  kKprobeSession = 56,
  kUprobeSession = 57,
};

constexpr ReturnRange kTruth = {0, 1};

// Programs that only look on, or that change what was decided already, can't refuse anything.
ReturnRange of_socket_address(uint32_t attach_type) {
  if (attach_type == kInet4Bind || attach_type == kInet6Bind)
    return {0, 3};
  const bool has_happened = attach_type == kUdp4Recvmsg || attach_type == kUdp6Recvmsg ||
                            (attach_type >= kInet4Getpeername && attach_type <= kInet6Getsockname) ||
                            (attach_type >= kUnixRecvmsg && attach_type <= kUnixGetsockname);
  return has_happened ? ReturnRange{1, 1} : kTruth;
}

} // namespace

std::optional<ReturnRange> return_range(uint32_t prog_type, uint32_t attach_type) {
  switch (prog_type) {
  case kCgroupSockAddr:
    return of_socket_address(attach_type);
  case kCgroupSkb:
    return attach_type == kInetEgress ? ReturnRange{0, 3} : kTruth;
  case kCgroupSock:
  case kSockOps:
  case kCgroupDevice:
  case kCgroupSysctl:
  case kCgroupSockopt:
  case kSkLookup:
  case kNetfilter:
    return kTruth;
  case kTracing:
    if (attach_type == kTraceFentry || attach_type == kTraceFexit)
      return ReturnRange{0, 0};
    return attach_type == kTraceIter ? std::optional(kTruth) : std::nullopt;
  case kKprobe: // a session's program decides at the entry whether it runs at the return
    return attach_type == kKprobeSession || attach_type == kUprobeSession ? std::optional(kTruth)
                                                                          : std::nullopt;
  default:
    return std::nullopt;
  }
}

bool map_suits_sleepable(uint32_t map_type) {
  switch (map_type) {
  case 1:  // hash
  case 2:  // array
  case 5:  // percpu_hash
  case 6:  // percpu_array
  case 9:  // lru_hash
  case 10: // lru_percpu_hash
  case 12: // array_of_maps
  case 13: // hash_of_maps
  case 22: // queue
  case 23: // stack
  case 24: // sk_storage
  case 27: // ringbuf
  case 28: // inode_storage
  case 29: // task_storage
  case 31: // user_ringbuf
  case 32: // cgrp_storage
  case 33: // arena
    return true;
  default:
    return false;
  }
}

} // namespace kbpf
