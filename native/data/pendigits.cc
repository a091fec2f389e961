// libarchive unpacks, a line-by-line parser reads, counts are checked before anything is written.
#include "data/pendigits.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <set>
#include <sstream>

#include "data/file.h"

namespace inkling {
namespace fs = std::filesystem;
namespace {

// The originals unpack to 5 MB and 2.3 MB; more than this is something else.
constexpr std::size_t kLargestText = std::size_t{64} << 20;
constexpr std::size_t kLargestDownload = std::size_t{16} << 20;

constexpr PendigitsPart kParts[] = {
    {"pendigits-orig.tra.Z",
     "pendigits-train.jsonl.gz",
     "train-w",
     {780, 779, 780, 719, 780, 720, 720, 778, 719, 719},
     30},
    {"pendigits-orig.tes.Z",
     "pendigits-test.jsonl.gz",
     "test-w",
     {363, 364, 364, 336, 364, 335, 336, 364, 336, 336},
     14},
};

// --- unpacking ---------------------------------------------------------------

struct ArchiveFree {
  void operator()(archive* a) const { archive_read_free(a); }
};
using ArchiveHandle = std::unique_ptr<archive, ArchiveFree>;

std::string reason(archive* a) {
  const char* text = archive_error_string(a);
  return text != nullptr ? text : "unknown";
}

std::string read_entry(archive* a, const std::string& name) {
  std::string text;
  std::vector<char> chunk(std::size_t{1} << 16);
  for (;;) {
    const la_ssize_t n = archive_read_data(a, chunk.data(), chunk.size());
    if (n < 0) throw Failure(name + " is cut short or damaged (" + reason(a) + ")");
    if (n == 0) return text;
    text.append(chunk.data(), static_cast<std::size_t>(n));
    if (text.size() > kLargestText) throw Failure(name + " unpacks to far more than it should");
  }
}

// --- UNIPEN ------------------------------------------------------------------

class UnipenParser {
 public:
  UnipenParser(const std::string& writer_prefix, const std::string& name)
      : writer_prefix_(writer_prefix), name_(name) {}

  std::vector<Drawing> parse(const std::string& text) {
    std::istringstream lines(text);
    std::string line;
    while (std::getline(lines, line)) {
      ++line_number_;
      std::istringstream words(line);
      std::string first;
      if (!(words >> first)) continue;
      if (first[0] == '.') {
        read_directive(first, words);
      } else if (pen_is_down_) {
        read_point(line);
      }
    }
    if (pen_is_down_) throw wrong("the text ends while the pen is down");
    finish_drawing();
    if (drawings_.empty()) throw Failure(name_ + " holds no UNIPEN segment of a digit");
    return std::move(drawings_);
  }

 private:
  Failure wrong(const std::string& what) const {
    return Failure(name_ + ", line " + std::to_string(line_number_) + ": " + what);
  }

  void read_directive(const std::string& directive, std::istringstream& words) {
    if (directive == ".SEGMENT") {
      read_segment(words);
    } else if (directive == ".COMMENT" && !drawings_.empty()) {
      int label = -1, writer = -1;
      if (words >> label >> writer && label == drawings_.back().label) {
        drawings_.back().writer = writer_prefix_ + std::to_string(writer);
      }
    } else if (directive == ".PEN_DOWN") {
      if (drawings_.empty()) throw wrong("the pen is down before the first .SEGMENT");
      if (pen_is_down_) throw wrong(".PEN_DOWN, but the pen is down already");
      pen_is_down_ = true;
      drawings_.back().strokes.emplace_back();
    } else if (directive == ".PEN_UP") {
      pen_is_down_ = false;
    }
  }

  void read_segment(std::istringstream& words) {
    if (pen_is_down_) throw wrong(".SEGMENT while the pen is down");
    finish_drawing();
    std::string word, last;
    while (words >> word) last = word;
    const bool is_digit = last.size() == 3 && last.front() == '"' && last.back() == '"' &&
                          last[1] >= '0' && last[1] <= '9';
    if (!is_digit) throw wrong("a segment's label should be a digit in quotes, like \"7\"");
    drawings_.push_back({last[1] - '0', "", {}});
  }

  void read_point(const std::string& line) {
    Point point;
    char rest = 0;
    if (std::sscanf(line.c_str(), "%f %f %c", &point.x, &point.y, &rest) != 2) {
      throw wrong("a point should be two numbers, x and y");
    }
    point.y = 0 - point.y;  // upwards there, downwards here; 0 stays 0
    drawings_.back().strokes.back().push_back(point);
  }

  void finish_drawing() {
    if (drawings_.empty()) return;
    std::erase_if(drawings_.back().strokes, [](const Stroke& stroke) { return stroke.empty(); });
    if (!pixels_from_strokes(drawings_.back().strokes).ok()) {
      throw wrong("nothing that could be drawn is in the segment that ends here");
    }
  }

  const std::string& writer_prefix_;
  const std::string& name_;
  std::size_t line_number_ = 0;
  bool pen_is_down_ = false;
  std::vector<Drawing> drawings_;
};

// --- both together -----------------------------------------------------------

std::vector<Drawing> read_original(const std::string& bytes, const PendigitsPart& part,
                                   const std::string& name) {
  std::vector<Drawing> drawings =
      parse_unipen(unpack(bytes, part.original, name), part.writer_prefix, name);
  check_pendigits(drawings, part, name);
  return drawings;
}

bool is_right(const fs::path& stroke_file, const PendigitsPart& part) {
  if (!fs::exists(stroke_file)) return false;
  try {
    check_pendigits(read_strokes(stroke_file), part, stroke_file.string());
    return true;
  } catch (const Failure&) {
    return false;  // made anew
  }
}

// The original in a folder, as UCI packs it or unpacked.
fs::path find_original(const fs::path& folder, const PendigitsPart& part) {
  const std::string packed = part.original;
  for (const std::string& name : {packed, packed.substr(0, packed.size() - 2)}) {
    if (fs::exists(folder / name)) return folder / name;
  }
  throw Failure("there is no " + packed + " in " + folder.string() +
                "; it is in the archive that https://archive.ics.uci.edu/dataset/81 offers");
}

// "267" rather than "267.0": the tablet gave whole numbers.
std::string to_text(float value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.9g", static_cast<double>(value));
  return text;
}

}  // namespace

std::span<const PendigitsPart> pendigits_parts() { return kParts; }

std::string unpack(const std::string& bytes, const std::string& member, const std::string& name) {
  const bool is_zip = bytes.starts_with("PK");
  const ArchiveHandle a(archive_read_new());
  if (is_zip) {
    archive_read_support_format_zip(a.get());
  } else {
    archive_read_support_format_raw(a.get());
    archive_read_support_filter_compress(a.get());
    archive_read_support_filter_gzip(a.get());
  }
  archive_entry* entry = nullptr;
  if (archive_read_open_memory(a.get(), bytes.data(), bytes.size()) != ARCHIVE_OK) {
    throw Failure(name + " cannot be unpacked (" + reason(a.get()) + ")");
  }
  int code = 0;
  while ((code = archive_read_next_header(a.get(), &entry)) == ARCHIVE_OK) {
    if (!is_zip) return read_entry(a.get(), name);
    const char* path = archive_entry_pathname(entry);
    if (path == nullptr || fs::path(path).filename() != member) continue;
    return unpack(read_entry(a.get(), name), "", name + ", " + member);
  }
  if (is_zip && code == ARCHIVE_EOF) throw Failure(name + " has no " + member + " in it");
  throw Failure(name + " is empty, cut short or damaged");
}

std::vector<Drawing> parse_unipen(const std::string& text, const std::string& writer_prefix,
                                  const std::string& name) {
  return UnipenParser(writer_prefix, name).parse(text);
}

void check_pendigits(const std::vector<Drawing>& drawings, const PendigitsPart& part,
                     const std::string& name) {
  std::array<std::int64_t, 10> count{};
  std::set<std::string> writers;
  for (const Drawing& drawing : drawings) {
    if (drawing.label >= 0) ++count[static_cast<std::size_t>(drawing.label)];
    writers.insert(drawing.writer);
  }
  for (std::size_t label = 0; label < count.size(); ++label) {
    if (count[label] == part.label_count[label]) continue;
    throw Failure(name + " holds " + std::to_string(count[label]) + " of the digit " +
                  std::to_string(label) + "; UCI's has " + std::to_string(part.label_count[label]));
  }
  if (std::ssize(writers) != part.writers || writers.contains("")) {
    throw Failure(name + " names " + std::to_string(writers.size()) + " writers; UCI's has " +
                  std::to_string(part.writers));
  }
}

std::string to_stroke_lines(const std::vector<Drawing>& drawings) {
  std::string lines;
  for (const Drawing& drawing : drawings) {
    lines += R"({"label":")" + std::to_string(drawing.label) + R"(","writer":")" + drawing.writer +
             R"(","strokes":[)";
    for (const Stroke& stroke : drawing.strokes) {
      lines += '[';
      for (const Point& point : stroke) {
        lines.append("[").append(to_text(point.x)).append(",");
        lines.append(to_text(point.y)).append("],");
      }
      lines.back() = ']';
      lines += ',';
    }
    lines.back() = ']';
    lines += "}\n";
  }
  return lines;
}

DownloadOutcome make_pendigits(const PendigitsPart& part, const fs::path& folder,
                               const fs::path& originals, const std::vector<std::string>& mirrors,
                               const DownloadProgress& progress) {
  const fs::path target = folder / part.stroke_file;
  if (is_right(target, part)) return DownloadOutcome::kAlreadyThere;
  std::vector<Drawing> drawings;
  if (!originals.empty()) {
    const fs::path original = find_original(originals, part);
    drawings = read_original(read_file(original, kLargestText), part, original.string());
  } else {
    download_checked(
        part.original, mirrors, kLargestDownload,
        [&](const std::string& bytes, const std::string& url) {
          drawings = read_original(bytes, part, url);
        },
        progress);
  }
  write_file(target, gzipped(to_stroke_lines(drawings)));
  return DownloadOutcome::kFetched;
}

}  // namespace inkling
