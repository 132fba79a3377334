// SPDX-License-Identifier: MIT OR Apache-2.0
// What does the rest of a path rely on? A state seen before vouches for a new one if the two agree in what
// was relied on; all else may differ. Numbers are relied on where their size decides something: as an offset,
// as a helper's argument, or where a branch goes one way only. Every number of a path knows which numbers of
// the last checkpoint it was computed from (Value::sources), so that a demand finds its way back from
// checkpoint to checkpoint without the instructions between them.
#pragma once
#include "core/verifier/snapshot.h"

namespace kbpf {

// The path relies on these numbers of its last checkpoint, and so on what they were computed from.
void rely_on(const State &state, uint64_t sources);
// On a number. What was learnt of it from others that are linked to it, their sources are among its own for.
void rely_on(const State &state, const Value &value);
// On a number and those that are linked to it not being what they would have to be.
void rely_on_contradiction(const State &state, const Value &value);
// On bytes of a stack frame; bits as in FrameRecord::read.
void rely_on_slots(const State &state, uint32_t frame, uint64_t slots);
// On the zeroes in them being that: else they are only read, by helpers, and may be any number.
void rely_on_zeroes(const State &state, uint32_t frame, uint64_t slots);
// `old` covers the state: what was relied on behind it is relied on here. sources: of registers, as the
// comparison has found them (CoverResult).
void rely_like(const State &state, const Snapshot &old, uint64_t sources);

// What `old` vouches for depends on a checkpoint, by its serial, whose paths have not ended: marks of its
// path may still be missing, so that only states which it covers in everything may end at it.
void depend_on_open(const State &state, uint32_t open);

// What the path from here on does ends at a checkpoint, by its serial, whose paths have not ended, for the
// kernel ends this loop. loops: how many of the oldest are counted on (held.h).
void count_on_loops(const State &state, uint32_t open, uint32_t loops);
// Whether the checkpoint is one that the path has passed: its paths have not ended.
bool is_on_path(const State &state, uint32_t serial);

} // namespace kbpf
