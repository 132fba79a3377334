// SPDX-License-Identifier: MIT OR Apache-2.0
// The kernel's memcpy and its kin, under names of their own on the host: every small size at every alignment.
#include <cstdint>
#include <cstring>
#include <gtest/gtest.h>
#include <numeric>
#include <vector>

extern "C" {
void *kernel_memcpy(void *to, const void *from, size_t size);
void *kernel_memmove(void *to, const void *from, size_t size);
void *kernel_memset(void *to, int value, size_t size);
int kernel_memcmp(const void *left, const void *right, size_t size);
}

namespace {

constexpr size_t kLargest = 200, kMargin = 16;

std::vector<unsigned char> numbered(size_t size) {
  std::vector<unsigned char> bytes(size);
  std::iota(bytes.begin(), bytes.end(), static_cast<unsigned char>(1));
  return bytes;
}

TEST(RefkernelMemory, CopyMovesExactlyTheBytesAskedFor) {
  std::vector<unsigned char> source = numbered(kLargest + 2 * kMargin);
  for (size_t from = 0; from < 8; from++)
    for (size_t to = 0; to < 8; to++)
      for (size_t size = 0; size <= kLargest; size++) {
        std::vector<unsigned char> target(kLargest + 2 * kMargin, 0xee), expected = target;
        memcpy(&expected[kMargin + to - 8], &source[kMargin + from - 8], size);
        ASSERT_EQ(&target[kMargin + to - 8],
                  kernel_memcpy(&target[kMargin + to - 8], &source[kMargin + from - 8], size));
        ASSERT_EQ(expected, target) << "from +" << from << " to +" << to << " size " << size;
      }
}

TEST(RefkernelMemory, MoveSurvivesEveryOverlap) {
  for (size_t from = 0; from < 24; from++)
    for (size_t to = 0; to < 24; to++)
      for (size_t size : {0, 1, 7, 8, 9, 15, 16, 17, 40, 64, 100}) {
        std::vector<unsigned char> bytes = numbered(160), expected = bytes;
        memmove(&expected[to], &expected[from], size);
        kernel_memmove(&bytes[to], &bytes[from], size);
        ASSERT_EQ(expected, bytes) << "from " << from << " to " << to << " size " << size;
      }
}

TEST(RefkernelMemory, SetFillsExactlyTheBytesAskedFor) {
  for (size_t to = 0; to < 8; to++)
    for (size_t size = 0; size <= kLargest; size++) {
      std::vector<unsigned char> bytes(kLargest + kMargin, 0), expected = bytes;
      memset(&expected[to], 0x1a5, size);
      kernel_memset(&bytes[to], 0x1a5, size);
      ASSERT_EQ(expected, bytes) << "to +" << to << " size " << size;
    }
}

TEST(RefkernelMemory, CompareOrdersByTheFirstDifferentByte) {
  std::vector<unsigned char> left = numbered(64);
  for (size_t shift = 0; shift < 8; shift++)
    for (size_t at = 0; at + shift < 64; at++) {
      std::vector<unsigned char> right = left;
      right[at + shift] = 0xff; // above any byte of left
      ASSERT_LT(kernel_memcmp(&left[shift], &right[shift], 64 - shift), 0);
      ASSERT_GT(kernel_memcmp(&right[shift], &left[shift], 64 - shift), 0);
      ASSERT_EQ(0, kernel_memcmp(&left[shift], &right[shift], at));
    }
}

} // namespace
