// Shared by both ways of drawing (strokes, bitmaps): the last step, centring on the centre of mass.
#pragma once

#include "inkling/ink.h"

namespace inkling {

// Where the 20x20 box lies in the 28x28 picture before centring.
inline constexpr int kBoxOffset = (kImageSide - kBoxSide) / 2;

// Moves the ink by whole pixels until its centre of mass rounds to pixel (14, 14), as in every
// MNIST image, but never so far that ink would leave the picture. Pixels without ink come back
// unchanged.
Pixels centre_of_mass_to_centre(const Pixels& pixels);

}  // namespace inkling
