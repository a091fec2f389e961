// Things that people draw and that are no digits: letters, shapes, scribbles, dots, lines, hatched
// pads. Made up here, since no set of such drawings is free to use. Letters that are drawn like
// digits (O, I, l, S, Z, B, b, g, q, D, J, upright lines) are left out: nobody could tell them
// apart.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "data/hand.h"

namespace inkling {

// What a network may learn from, and kinds that it never sees, by which it is judged.
enum class NotDigits { kLearned, kUnseen };

// The names of the kinds, such as "heart" or "letter A".
std::vector<std::string> not_digit_kinds(NotDigits part);

// A drawing of the kind, 0 <= kind < not_digit_kinds(part).size(), a little different for other
// dice; drawable by pixels_from_strokes().
std::vector<Stroke> not_a_digit(NotDigits part, std::size_t kind, Dice& dice);

}  // namespace inkling
