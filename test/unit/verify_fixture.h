// SPDX-License-Identifier: MIT OR Apache-2.0
// Runs the verifier on a program that a test has put together, with maps and a profile of its choice.
#pragma once
#include "core/verifier/verifier.h"
#include "image_bytes.h"
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace kbpf::test {

inline BlockSource malloc_source() {
  return {[](void *, size_t size) { return std::malloc(size); },
          [](void *, void *block, size_t) { std::free(block); }, nullptr};
}

// A program and what surrounds it. Maps are referred to by their index.
struct ProgramUnderTest {
  std::vector<Insn> insns;
  std::vector<MapRef> maps = {};
  const Profile *profile = &kKbpfProfile;
  bool gpl_compatible = true;
  VerifyOptions options = {};
  uint32_t type = 2; // kprobe

  static MapRef hash_map(uint32_t key_size, uint32_t value_size) {
    return {1, key_size, value_size, 16, 0, 0x1000, 0, 0, 0, {}};
  }
  static MapRef array_map(uint32_t value_size, uint32_t entries) {
    return {2, 4, value_size, entries, 0, 0x2000, 0, 0, 0, {}};
  }
  static MapRef data_map(uint32_t value_size) {
    return {2, 4, value_size, 1, 0, 0x3000, 0x12345678000, 0, 0, {}};
  }
  static MapRef fd_map(uint32_t key_size, uint32_t value_size, uint32_t fd) {
    return {1, key_size, value_size, 16, 0, 0x1000, 0, 0x55550000, fd, {}};
  }
};

// What verify() said. The verified program lives as long as the verdict.
struct Verdict {
  std::unique_ptr<Arena> arena = std::make_unique<Arena>(malloc_source(), size_t{64} << 20);
  Rejection rejection{};
  VerifyStats stats{};
  std::string log;
  std::unique_ptr<VerifiedProgram> program; // null where refused
  Error error{};

  explicit operator bool() const { return program != nullptr; }
  std::string_view name() const { return rejection.name ? rejection.name : "(accepted)"; }
  std::string message() const { return std::string(name()) + ": " + rejection.message; }
};

inline Verdict run_verifier(const ProgramUnderTest &test) {
  Verdict verdict;
  StringSink log;
  Arena scratch(malloc_source(), size_t{256} << 20);
  RawProgram raw{test.insns, test.maps, test.profile, test.profile->prog_type(test.type), test.gpl_compatible, false};
  VerifyOptions options = test.options;
  options.log = &log;
  Result<VerifiedProgram> result =
      verify(raw, options, scratch, *verdict.arena, verdict.rejection, verdict.stats);
  verdict.log = log.text();
  if (result.ok())
    verdict.program = std::make_unique<VerifiedProgram>(*result);
  else
    verdict.error = result.error();
  return verdict;
}

} // namespace kbpf::test
