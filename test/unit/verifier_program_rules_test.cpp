// SPDX-License-Identifier: MIT OR Apache-2.0
// What programs may return, by type and attach type: Linux 6.12's check of return codes.
#include "core/verifier/program_rules.h"
#include "verify_fixture.h"
#include <gtest/gtest.h>

namespace kbpf::test {
namespace {

struct RangeCase {
  uint32_t prog_type, attach_type;
  int64_t least, most;
};

TEST(VerifierProgramRules, RangesByTypeAndAttachType) {
  constexpr RangeCase kCases[] = {
      {2, 56, 0, 1},  {2, 57, 0, 1},  {8, 0, 0, 1},   {8, 1, 0, 3},   {9, 2, 0, 1},   {13, 3, 0, 1},
      {15, 6, 0, 1},  {18, 8, 0, 3},  {18, 9, 0, 3},  {18, 10, 0, 1}, {18, 14, 0, 1}, {18, 19, 1, 1},
      {18, 20, 1, 1}, {18, 29, 1, 1}, {18, 30, 1, 1}, {18, 31, 1, 1}, {18, 32, 1, 1}, {18, 49, 0, 1},
      {18, 50, 0, 1}, {18, 51, 1, 1}, {18, 52, 1, 1}, {18, 53, 1, 1}, {23, 18, 0, 1}, {25, 21, 0, 1},
      {25, 22, 0, 1}, {26, 24, 0, 0}, {26, 25, 0, 0}, {26, 28, 0, 1}, {30, 36, 0, 1}, {32, 45, 0, 1}};
  for (const RangeCase &one : kCases) {
    const auto range = return_range(one.prog_type, one.attach_type);
    ASSERT_TRUE(range) << one.prog_type << " " << one.attach_type;
    EXPECT_EQ(range->least, one.least) << one.prog_type << " " << one.attach_type;
    EXPECT_EQ(range->most, one.most) << one.prog_type << " " << one.attach_type;
  }
  for (uint32_t type : {1u, 3u, 4u, 5u, 6u, 7u, 14u, 16u, 17u, 21u, 31u})
    EXPECT_FALSE(return_range(type, 0)) << type;
  EXPECT_FALSE(return_range(2, 0));
  EXPECT_FALSE(return_range(26, 23)); // raw tracepoints
  EXPECT_FALSE(return_range(26, 26)); // fmod_ret
}

} // namespace
} // namespace kbpf::test
