// Pen-Based Recognition of Handwritten Digits (Alpaydin and Alimoglu, 1996; UCI): its originals are
// UNIPEN text packed with compress (.Z). They become stroke files.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "data/download.h"
#include "data/strokes.h"

namespace inkling {

// One part of the data as UCI publishes it.
struct PendigitsPart {
  const char* original;                      // pendigits-orig.tra.Z
  const char* stroke_file;                   // pendigits-train.jsonl.gz
  const char* writer_prefix;                 // "train-w"; a part numbers its writers from 1
  std::array<std::int64_t, 10> label_count;  // as pendigits.names lists them
  std::int64_t writers;
};

// The training part (7,494 digits of 30 writers) and the test part (3,498 of 14 others).
std::span<const PendigitsPart> pendigits_parts();

// The text in bytes that are packed by compress or gzip or not at all, or, where they are a ZIP
// archive, in its member `member` (which may be packed once more). Throws Failure naming `name`.
std::string unpack(const std::string& bytes, const std::string& member, const std::string& name);

// UNIPEN: .SEGMENT DIGIT ids ? "label", .COMMENT label writer id, .PEN_DOWN, lines of "x y",
// .PEN_UP; other directives mean nothing here. Its y grows upwards and is turned. Throws Failure
// naming `name` and the line.
std::vector<Drawing> parse_unipen(const std::string& text, const std::string& writer_prefix,
                                  const std::string& name);

// Throws Failure when the drawings are not as many as UCI says, a label or a writer.
void check_pendigits(const std::vector<Drawing>& drawings, const PendigitsPart& part,
                     const std::string& name);

// One line a drawing, as read_strokes reads them.
std::string to_stroke_lines(const std::vector<Drawing>& drawings);

// Makes the part's stroke file in `folder` from the original, which is taken from `originals` (a
// folder) or, where that is empty, fetched. Mirrors are addresses ending in '/', or of a ZIP
// archive. A right file that is already there is kept. Throws Failure.
DownloadOutcome make_pendigits(const PendigitsPart& part, const std::filesystem::path& folder,
                               const std::filesystem::path& originals,
                               const std::vector<std::string>& mirrors,
                               const DownloadProgress& progress);

}  // namespace inkling
