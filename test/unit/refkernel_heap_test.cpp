// SPDX-License-Identifier: MIT OR Apache-2.0
// The kernel heap: pieces are apart, aligned, used again, and their pages go back.
#include "refkernel/lib/alloc.h"
#include "refkernel/mm/layout.h"
#include "refkernel_host.h"
#include <cstring>
#include <gtest/gtest.h>
#include <vector>

namespace refkernel {
namespace {

TEST(Heap, PiecesOfEverySizeKeepTheirBytes) {
  struct Piece {
    unsigned char *memory;
    size_t size;
  };
  std::vector<Piece> pieces;
  for (int round = 0; round < 3; round++)
    for (size_t size = 1; size < 9000; size += size < 300 ? 1 : 97) {
      auto *memory = static_cast<unsigned char *>(heap_allocate(size, 8));
      ASSERT_NE(nullptr, memory);
      memset(memory, static_cast<int>(pieces.size()), size);
      pieces.push_back({memory, size});
    }
  for (size_t i = 0; i < pieces.size(); i++) {
    for (size_t at = 0; at < pieces[i].size; at++)
      ASSERT_EQ(static_cast<unsigned char>(i), pieces[i].memory[at]) << "size " << pieces[i].size;
    heap_free(pieces[i].memory, pieces[i].size, 8);
  }
}

TEST(Heap, AlignmentIsKeptForEverySize) {
  for (size_t align = 1; align <= kPageSize; align *= 2)
    for (size_t size : {1, 24, 48, 96, 200, 384, 1000, 3000, 5000}) {
      void *memory = heap_allocate(size, align);
      ASSERT_EQ(0u, reinterpret_cast<uintptr_t>(memory) % align) << size << " at " << align;
      heap_free(memory, size, align);
    }
}

TEST(Heap, EmptyPagesGoBackButForOneOfEachSize) {
  void *keep = heap_allocate(64, 8);
  size_t before = host_pages_in_use();
  std::vector<void *> pieces;
  for (int i = 0; i < 1000; i++)
    pieces.push_back(heap_allocate(64, 8));
  EXPECT_GT(host_pages_in_use(), before + 10);
  for (void *piece : pieces)
    heap_free(piece, 64, 8);
  EXPECT_LE(host_pages_in_use(), before + 1);
  heap_free(keep, 64, 8);
}

TEST(Heap, FreedPieceIsUsedAgain) {
  void *keep = heap_allocate(700, 8), *first = heap_allocate(700, 8);
  heap_free(first, 700, 8);
  void *second = heap_allocate(700, 8);
  EXPECT_EQ(first, second);
  heap_free(second, 700, 8);
  heap_free(keep, 700, 8);
}

TEST(Heap, ExhaustionAndAbsurdSizesGiveNull) {
  EXPECT_EQ(nullptr, heap_allocate(SIZE_MAX, 8));
  EXPECT_EQ(nullptr, heap_allocate(1ul << 40, 8));
  host_limit_pages(host_pages_in_use());
  EXPECT_EQ(nullptr, heap_allocate(kPageSize, 8));
  host_limit_pages(SIZE_MAX);
}

TEST(Heap, FreeingNullIsNothing) { heap_free(nullptr, 64, 8); }

} // namespace
} // namespace refkernel
