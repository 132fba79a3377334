// SPDX-License-Identifier: MIT OR Apache-2.0
// Memory that may not be there: copies and strings from the kernel and from the current process, and to it.
// Where an address is bad the destination is zeroed, so that no program sees what was there before.
#include "kernel/helpers/helpers.h"
#include "kernel/port.h"
#include <algorithm>
#include <cstring>

namespace kbpf::helpers {
namespace {

using Read = int (*)(void *to, uint64_t from, size_t size);

uint64_t read_memory(Read read, uint64_t to, uint64_t size, uint64_t from) {
  size_t count = static_cast<uint32_t>(size);
  if (count == 0 || read(pointer<void>(to), from, count) == 0)
    return 0;
  memset(pointer<void>(to), 0, count);
  return helper_error(Error::bad_address);
}

// Up to and with the terminator, cut where size is too small; the bytes with the terminator.
uint64_t read_string(Read read, uint64_t to, uint64_t size, uint64_t from) {
  constexpr size_t kPiece =
      64; // pieces end at aligned addresses: none reaches into a page behind the string's
  char *text = pointer<char>(to);
  size_t room = static_cast<uint32_t>(size);
  for (size_t done = 0; done < room;) {
    size_t piece = std::min<size_t>(kPiece - (from + done) % kPiece, room - done);
    if (read(text + done, from + done, piece) != 0) {
      memset(text, 0, room);
      return helper_error(Error::bad_address);
    }
    if (const void *end = memchr(text + done, 0, piece))
      return static_cast<uint64_t>(static_cast<const char *>(end) - text) + 1;
    done += piece;
  }
  if (room)
    text[room - 1] = 0;
  return room;
}

// For the helpers that do not say whose memory it is: user and kernel addresses never overlap.
int read_either(void *to, uint64_t from, size_t size) {
  constexpr uint64_t kKernelHalf = uint64_t{1} << 63;
  return from < kKernelHalf ? kbpf_port_read_user(to, from, size) : kbpf_port_read_kernel(to, from, size);
}

} // namespace

uint64_t probe_read(uint64_t to, uint64_t size, uint64_t from, uint64_t, uint64_t) {
  return read_memory(read_either, to, size, from);
}
uint64_t probe_read_user(uint64_t to, uint64_t size, uint64_t from, uint64_t, uint64_t) {
  return read_memory(kbpf_port_read_user, to, size, from);
}
uint64_t probe_read_kernel(uint64_t to, uint64_t size, uint64_t from, uint64_t, uint64_t) {
  return read_memory(kbpf_port_read_kernel, to, size, from);
}
uint64_t probe_read_str(uint64_t to, uint64_t size, uint64_t from, uint64_t, uint64_t) {
  return read_string(read_either, to, size, from);
}
uint64_t probe_read_user_str(uint64_t to, uint64_t size, uint64_t from, uint64_t, uint64_t) {
  return read_string(kbpf_port_read_user, to, size, from);
}
uint64_t probe_read_kernel_str(uint64_t to, uint64_t size, uint64_t from, uint64_t, uint64_t) {
  return read_string(kbpf_port_read_kernel, to, size, from);
}

// What is not there now, or may not be written, stays as it is.
uint64_t probe_write_user(uint64_t to, uint64_t from, uint64_t size, uint64_t, uint64_t) {
  const int status = kbpf_port_write_user(to, pointer<const void>(from), static_cast<uint32_t>(size));
  return static_cast<uint64_t>(int64_t{status});
}

} // namespace kbpf::helpers
