// SPDX-License-Identifier: MIT OR Apache-2.0
// Workloads that only compute. Compiled twice: for BPF, each into a section of its own, and for the machine
// itself. All take 256 bytes of input; results are compared. keep() stops the compiler from looking ahead, so
// that both compilations do the same work; loops are not unrolled.
typedef __UINT8_TYPE__ u8;
typedef __UINT16_TYPE__ u16;
typedef __UINT32_TYPE__ u32;
typedef __UINT64_TYPE__ u64;
#define PROGRAM(name) __attribute__((section("bench/" #name))) u64 name(u8 *in)
#define LOOP _Pragma("clang loop unroll(disable) vectorize(disable)")
#define keep(value) __asm__ volatile("" : "+r"(value))

static inline u64 word(const u8 *in, unsigned i) { return ((const u64 *)in)[i]; }
static inline u32 half(const u8 *in, unsigned i) { return ((const u32 *)in)[i]; }

PROGRAM(empty) { return 0; }

PROGRAM(sum) {
  u64 total = word(in, 0), mask = word(in, 1);
  LOOP for (u32 i = 0; i < 512; i++) {
    total += i ^ mask;
    keep(total);
  }
  return total;
}

PROGRAM(fibonacci) {
  u64 a = in[0], b = in[1] | 1;
  LOOP for (u32 i = 0; i < 256; i++) {
    u64 next = a + b;
    a = b;
    b = next;
    keep(b);
  }
  return b;
}

PROGRAM(fnv1a) {
  u64 hash = 0xcbf29ce484222325;
  LOOP for (u32 i = 0; i < 64; i++) {
    hash = (hash ^ in[i]) * 0x100000001b3;
    keep(hash);
  }
  return hash;
}

PROGRAM(xorshift) {
  u64 x = word(in, 0) | 1;
  LOOP for (u32 i = 0; i < 256; i++) {
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    keep(x);
  }
  return x * 0x2545f4914f6cdd1d;
}

PROGRAM(murmur32) {
  u32 hash = half(in, 0), block = half(in, 2);
  LOOP for (u32 i = 0; i < 128; i++) {
    u32 k = (i + block) * 0xcc9e2d51;
    k = k << 15 | k >> 17;
    hash ^= k * 0x1b873593;
    hash = (hash << 13 | hash >> 19) * 5 + 0xe6546b64;
    keep(hash);
  }
  hash = (hash ^ hash >> 16) * 0x85ebca6b;
  return hash ^ hash >> 13;
}

PROGRAM(byteswap) {
  u64 total = 0, x = word(in, 0);
  LOOP for (u32 i = 0; i < 128; i++) {
    total += __builtin_bswap64(x);
    total ^= __builtin_bswap32((u32)total);
    total += __builtin_bswap16((u16)(total >> 3));
    x += total;
    keep(x);
  }
  return total;
}

PROGRAM(stack_copy) {
  u64 from[16], to[16], total = 0;
  LOOP for (u32 i = 0; i < 16; i++) {
    from[i] = word(in, i);
    to[i] = 0;
  }
  LOOP for (u32 round = 0; round < 8; round++) {
    LOOP for (u32 i = 0; i < 16; i++) {
      u64 value = from[i];
      keep(value);
      to[i] = value;
    }
    __asm__ volatile("" ::: "memory");
    total += to[round];
  }
  LOOP for (u32 i = 0; i < 128; i++) {
    u64 value = ((u8 *)to)[i];
    keep(value);
    ((u8 *)from)[i] = (u8)value;
  }
  __asm__ volatile("" ::: "memory");
  return total + from[3] + from[15];
}

PROGRAM(division) {
  u64 x = word(in, 0) | 1, total = 0;
  u32 y = half(in, 3) | 1;
  LOOP for (u32 i = 1; i <= 128; i++) {
    u64 d = i + (x & 0xff);
    u32 e = i + (y & 0xf);
    keep(d);
    keep(e);
    total += x / (d + 1) + x % (d + 3);
    total += y / (e + 1);
    total += y % (e + 3);
    x = x * 6364136223846793005 + total;
    y = y * 1664525 + 1013904223;
    keep(x);
  }
  return total;
}

PROGRAM(binary_search) {
  u32 total = 0;
  LOOP for (u32 i = 0; i < 16; i++) {
    u32 key = in[i * 4] * 4u, low = 0;
    LOOP for (u32 step = 32; step; step >>= 1) {
      if (half(in, low + step - 1) < key) {
        low += step;
        keep(low);
      }
    }
    total = total * 3 + low;
  }
  return total;
}

static __attribute__((noinline)) u64 leaf(u64 a, u64 b);
PROGRAM(calls) {
  u64 total = in[0];
  LOOP for (u32 i = 0; i < 128; i++) {
    total = leaf(total, i);
    keep(total);
  }
  return total;
}
static __attribute__((noinline, section("bench/calls"))) u64 leaf(u64 a, u64 b) {
  keep(a);
  return a * 3 + b;
}

static inline u64 rotate(u64 x, unsigned n) { return x << n | x >> (64 - n); }
static inline __attribute__((always_inline)) void sip_round(u64 v[4]) {
  v[0] += v[1], v[1] = rotate(v[1], 13) ^ v[0], v[0] = rotate(v[0], 32);
  v[2] += v[3], v[3] = rotate(v[3], 16) ^ v[2];
  v[0] += v[3], v[3] = rotate(v[3], 21) ^ v[0];
  v[2] += v[1], v[1] = rotate(v[1], 17) ^ v[2], v[2] = rotate(v[2], 32);
}
PROGRAM(siphash) {
  u64 k0 = word(in, 8), k1 = word(in, 9);
  u64 v[4] = {k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261,
              k1 ^ 0x7465646279746573};
  LOOP for (u32 i = 0; i < 8; i++) {
    u64 m = word(in, i);
    v[3] ^= m;
    sip_round(v);
    sip_round(v);
    v[0] ^= m;
  }
  v[3] ^= (u64)64 << 56;
  sip_round(v);
  sip_round(v);
  v[0] ^= (u64)64 << 56;
  v[2] ^= 0xff;
  for (int i = 0; i < 4; i++)
    sip_round(v);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

PROGRAM(packet) {
  u32 type = (u32)in[12] << 8 | in[13], result = type, length = in[14] & 0xf, sum = 0;
  if (type == 0x0800)
    result += 1;
  if (length < 5)
    length = 5;
  LOOP for (u32 i = 0; i < 10; i++) sum += __builtin_bswap16(*(u16 *)(in + 14 + 2 * i));
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  if (length != 5)
    result ^= length << 8;
  u32 source = __builtin_bswap16(*(u16 *)(in + 34)), target = __builtin_bswap16(*(u16 *)(in + 36));
  if (in[23] == 17)
    result ^= target;
  else if (in[23] == 6)
    result ^= source;
  else
    result ^= 0x55aa;
  result = source > target ? result + sum : result - sum;
  return result ^ source << 16;
}

PROGRAM(fetch_add) {
  u64 *cell = (u64 *)in, total = in[0];
  cell[0] = 0;
  LOOP for (u32 i = 0; i < 128; i++) total += __sync_fetch_and_add(cell, i);
  return total;
}

PROGRAM(atomics) {
  u64 *cell = (u64 *)in, total = in[0];
  cell[0] = cell[1] = cell[2] = cell[3] = 0;
  LOOP for (u32 i = 0; i < 64; i++) {
    (void)__sync_fetch_and_add(cell, 1);
    total += __sync_lock_test_and_set(cell + 1, total);
    total += __sync_val_compare_and_swap(cell + 2, (u64)i, (u64)i + 1);
    total += __sync_fetch_and_or(cell + 3, (u64)1 << (i & 31));
  }
  return total;
}
