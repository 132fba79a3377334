// SPDX-License-Identifier: MIT OR Apache-2.0
// From the type of a variable in .maps to the attributes of a map.
#pragma once
#include "bpfcc/relocator/image.h"

namespace bpfcc {

// Completes map (its name and place are given) from the structure type, checks it against the profile and
// appends it to image.maps, with the template of its inner maps before it. After an error the map is appended
// as far as it goes.
void define_map(Image &image, Map map, uint32_t type_id);

} // namespace bpfcc
