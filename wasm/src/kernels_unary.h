// Functions of one or two numbers that are too rare, or too slow in themselves, for a loop of their
// own.
#pragma once

#include "graph.h"

namespace inkling {

using UnaryFunction = float (*)(float x, float alpha, float beta);
using BinaryFunction = float (*)(float a, float b);

UnaryFunction unary_function(UnaryOp op);
BinaryFunction binary_function(BinaryOp op);

}  // namespace inkling
