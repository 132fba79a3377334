// SPDX-License-Identifier: MIT OR Apache-2.0
// The C functions that compilers call on their own. Whole words where both sides can be aligned together;
// otherwise words are put together from two aligned loads, since firmware may have to emulate misaligned
// ones.
#include <cstddef>
#include <cstdint>

namespace {

using Word = uint64_t __attribute__((may_alias));
constexpr size_t kWord = sizeof(Word);
constexpr size_t kSmall = 2 * kWord; // below, bytes are faster

bool is_aligned(const void *p) { return reinterpret_cast<uintptr_t>(p) % kWord == 0; }

} // namespace

extern "C" {

// Aligned loads may reach bytes around the area, never another word.
[[clang::no_sanitize("address")]] void *memcpy(void *__restrict to, const void *__restrict from,
                                               size_t size) {
  unsigned char *out = static_cast<unsigned char *>(to);
  const unsigned char *in = static_cast<const unsigned char *>(from);
  if (size >= kSmall) {
    for (; !is_aligned(out); size--)
      *out++ = *in++;
    Word *out_word = reinterpret_cast<Word *>(out);
    if (is_aligned(in)) {
      const Word *in_word = reinterpret_cast<const Word *>(in);
      for (; size >= 8 * kWord; size -= 8 * kWord, in_word += 8, out_word += 8) {
        Word a = in_word[0], b = in_word[1], c = in_word[2], d = in_word[3];
        out_word[0] = a, out_word[1] = b, out_word[2] = c, out_word[3] = d;
        a = in_word[4], b = in_word[5], c = in_word[6], d = in_word[7];
        out_word[4] = a, out_word[5] = b, out_word[6] = c, out_word[7] = d;
      }
      for (; size >= kWord; size -= kWord)
        *out_word++ = *in_word++;
      in = reinterpret_cast<const unsigned char *>(in_word);
    } else {
      size_t shift = reinterpret_cast<uintptr_t>(in) % kWord;
      const Word *in_word = reinterpret_cast<const Word *>(in - shift);
      Word low = *in_word++;
      for (; size >= kWord; size -= kWord, in += kWord) {
        Word high = *in_word++;
        *out_word++ = low >> (8 * shift) | high << (64 - 8 * shift);
        low = high;
      }
    }
    out = reinterpret_cast<unsigned char *>(out_word);
  }
  for (; size; size--) {
    *out++ = *in++;
    asm volatile("" ::: "memory"); // stays a loop: the compiler knows it for memcpy otherwise
  }
  return to;
}

void *memmove(void *to, const void *from, size_t size) {
  unsigned char *out = static_cast<unsigned char *>(to);
  const unsigned char *in = static_cast<const unsigned char *>(from);
  if (out <= in || out >= in + size) {
    // Forward is right; memcpy reads each word before it writes there or beyond only where the areas are
    // apart.
    if (out + size <= in || out >= in + size)
      return memcpy(to, from, size);
    bool words = is_aligned(out) && is_aligned(in);
    for (; words && size >= kWord; size -= kWord, out += kWord, in += kWord) {
      *reinterpret_cast<Word *>(out) = *reinterpret_cast<const Word *>(in);
      asm volatile("" ::: "memory");
    }
    for (; size; size--) {
      *out++ = *in++;
      asm volatile("" ::: "memory");
    }
    return to;
  }
  out += size;
  in += size;
  bool words = is_aligned(out) && is_aligned(in);
  for (; words && size >= kWord; size -= kWord) {
    out -= kWord;
    in -= kWord;
    *reinterpret_cast<Word *>(out) = *reinterpret_cast<const Word *>(in);
    asm volatile("" ::: "memory");
  }
  for (; size; size--) {
    *--out = *--in;
    asm volatile("" ::: "memory");
  }
  return to;
}

void *memset(void *to, int value, size_t size) {
  unsigned char *out = static_cast<unsigned char *>(to);
  if (size >= kSmall) {
    for (; !is_aligned(out); size--)
      *out++ = static_cast<unsigned char>(value);
    Word word = 0x0101010101010101ull * static_cast<unsigned char>(value);
    Word *out_word = reinterpret_cast<Word *>(out);
    for (; size >= 8 * kWord; size -= 8 * kWord, out_word += 8) {
      out_word[0] = word, out_word[1] = word, out_word[2] = word, out_word[3] = word;
      out_word[4] = word, out_word[5] = word, out_word[6] = word, out_word[7] = word;
    }
    for (; size >= kWord; size -= kWord) {
      *out_word++ = word;
      asm volatile("" ::: "memory");
    }
    out = reinterpret_cast<unsigned char *>(out_word);
  }
  for (; size; size--) {
    *out++ = static_cast<unsigned char>(value);
    asm volatile("" ::: "memory");
  }
  return to;
}

int memcmp(const void *left, const void *right, size_t size) {
  const unsigned char *a = static_cast<const unsigned char *>(left),
                      *b = static_cast<const unsigned char *>(right);
  if (is_aligned(a) && is_aligned(b))
    for (; size >= kWord; size -= kWord, a += kWord, b += kWord)
      if (*reinterpret_cast<const Word *>(a) != *reinterpret_cast<const Word *>(b))
        break;
  for (; size; size--, a++, b++)
    if (*a != *b)
      return *a - *b;
  return 0;
}

void *memchr(const void *memory, int wanted, size_t size) {
  const unsigned char *at = static_cast<const unsigned char *>(memory);
  for (; size; size--, at++)
    if (*at == static_cast<unsigned char>(wanted))
      return const_cast<unsigned char *>(at);
  return nullptr;
}

size_t strlen(const char *text) {
  size_t length = 0;
  while (text[length])
    length++;
  return length;
}

size_t strnlen(const char *text, size_t limit) {
  size_t length = 0;
  while (length < limit && text[length])
    length++;
  return length;
}

int strcmp(const char *a, const char *b) {
  for (; *a && *a == *b; a++, b++) {
  }
  return static_cast<unsigned char>(*a) - static_cast<unsigned char>(*b);
}

} // extern "C"
