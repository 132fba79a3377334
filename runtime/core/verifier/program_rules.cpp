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
  kStructOps = 27,
  kLsm = 29,
  kSkLookup = 30,
  kSyscall = 31,
  kNetfilter = 32,
};

// Of struct bpf_sockopt.
constexpr uint32_t kLevel = 24, kOptname = 28, kRetval = 36;

// enum bpf_attach_type
enum : uint32_t {
  kInetEgress = 1,
  kInet4Bind = 8,
  kInet6Bind = 9,
  kUdp4Recvmsg = 19,
  kUdp6Recvmsg = 20,
  kGetsockopt = 21,
  kTraceFentry = 24,
  kTraceFexit = 25,
  kLsmMac = 27,
  kTraceIter = 28,
  kInet4Getpeername = 29,
  kInet6Getsockname = 32,
  kLsmCgroup = 43,
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

namespace {

constexpr uint32_t kSockCreate = 2, kInet4Connect = 10, kInet6Connect = 11, kInet4PostBind = 12,
                   kInet6PostBind = 13, kUdp4Sendmsg = 14, kUdp6Sendmsg = 15, kInet6Getpeername = 30,
                   kInet4Getsockname = 31, kSockRelease = 34;

bool sees_address(uint32_t attach_type, uint32_t offset) {
  constexpr uint32_t kIp4 = 4, kIp6 = 8, kIp6End = 24, kSource4 = 40, kSource6 = 44, kSource6End = 60;
  if (offset == kIp4)
    return attach_type == kInet4Bind || attach_type == kInet4Connect || attach_type == kUdp4Sendmsg ||
           attach_type == kUdp4Recvmsg || attach_type == kInet4Getpeername ||
           attach_type == kInet4Getsockname;
  if (offset >= kIp6 && offset < kIp6End)
    return attach_type == kInet6Bind || attach_type == kInet6Connect || attach_type == kUdp6Sendmsg ||
           attach_type == kUdp6Recvmsg || attach_type == kInet6Getpeername ||
           attach_type == kInet6Getsockname;
  if (offset == kSource4)
    return attach_type == kUdp4Sendmsg;
  return offset < kSource6 || offset >= kSource6End || attach_type == kUdp6Sendmsg;
}

bool sees_of_socket(uint32_t attach_type, uint32_t offset) {
  constexpr uint32_t kBoundDevice = 0, kMark = 16, kPriority = 20, kSource4 = 24, kSource6 = 28, kPort = 44;
  if (offset == kBoundDevice || offset == kMark || offset == kPriority)
    return attach_type == kSockCreate || attach_type == kSockRelease;
  if (offset == kSource4)
    return attach_type == kInet4PostBind;
  if (offset >= kSource6 && offset < kPort)
    return attach_type == kInet6PostBind;
  return offset != kPort || attach_type == kInet4PostBind || attach_type == kInet6PostBind;
}

} // namespace

bool sees_field(uint32_t prog_type, uint32_t attach_type, uint32_t offset) {
  switch (prog_type) {
  case kCgroupSockAddr:
    return sees_address(attach_type, offset);
  case kCgroupSock:
    return sees_of_socket(attach_type, offset);
  case kCgroupSockopt:
    return offset != kRetval || attach_type == kGetsockopt;
  default:
    return true;
  }
}

bool writes_packets(uint32_t prog_type) {
  constexpr uint32_t kLwtIn = 10, kLwtOut = 11, kLwtSeg6local = 19, kSkReuseport = 21, kFlowDissector = 22;
  switch (prog_type) {
  case kCgroupSkb:
  case kLwtIn:
  case kLwtOut:
  case kLwtSeg6local:
  case kSkReuseport:
  case kFlowDissector:
    return false;
  default:
    return true;
  }
}

bool writes_slices(uint32_t prog_type) {
  constexpr uint32_t kSchedCls = 3, kSchedAct = 4, kXdp = 6, kLwtXmit = 12, kSkSkb = 14, kSkMsg = 16;
  return prog_type == kSchedCls || prog_type == kSchedAct || prog_type == kXdp || prog_type == kLwtXmit ||
         prog_type == kSkSkb || prog_type == kSkMsg || prog_type == kCgroupSockopt;
}

bool sees_addresses(uint32_t prog_type) {
  constexpr uint32_t kTracepoint = 5, kPerfEvent = 7, kRawTracepoint = 17, kRawTracepointWritable = 24,
                     kExtension = 28;
  switch (prog_type) {
  case kKprobe:
  case kTracepoint:
  case kPerfEvent:
  case kRawTracepoint:
  case kRawTracepointWritable:
  case kTracing:
  case kStructOps:
  case kExtension:
  case kLsm:
    return true;
  default:
    return false;
  }
}

bool writes_field(uint32_t prog_type, uint32_t attach_type, uint32_t offset) {
  return prog_type != kCgroupSockopt || attach_type != kGetsockopt ||
         (offset != kLevel && offset != kOptname);
}

bool may_sleep(uint32_t prog_type, uint32_t attach_type) {
  switch (prog_type) {
  case kKprobe: // for the sake of those on functions of processes
  case kStructOps:
  case kSyscall:
    return true;
  case kLsm:
    return attach_type != kLsmCgroup;
  case kTracing:
    return attach_type >= kTraceFentry && attach_type <= kTraceIter && attach_type != kLsmMac;
  default:
    return false;
  }
}

bool changes_socket_maps(uint32_t prog_type, uint32_t attach_type, bool deletes) {
  constexpr uint32_t kSocketFilter = 1, kSchedCls = 3, kSchedAct = 4, kXdp = 6, kSkReuseport = 21,
                     kFlowDissector = 22;
  switch (prog_type) {
  case kSocketFilter:
  case kSchedCls:
  case kSchedAct:
  case kXdp:
  case kSkReuseport:
  case kFlowDissector:
  case kSkLookup:
    return true;
  case kTracing:
    return attach_type == kTraceIter;
  case kSockOps:
    return deletes;
  default:
    return false;
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
