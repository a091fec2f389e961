// Which way up a photo is: cameras store the sensor's rows and note the turn in EXIF.
#pragma once

#include <string_view>

namespace inkling {

// The Orientation (tag 0x0112) of a JPEG's EXIF block, 1 to 8 (CIPA DC-008, 4.6.4); 1, which is
// "as stored", when there is none or the block is damaged. Never throws: bytes are not trusted.
int exif_orientation(std::string_view jpeg);

}  // namespace inkling
