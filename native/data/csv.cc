// Parses CSV in two gears: a fast one for rows as programs write them (bare numbers, commas), which
// gives up at the first thing it does not expect, and a careful one that then reads the same row
// again and either understands it or says what is wrong with it.
#include "data/csv.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "data/file.h"

namespace inkling {
namespace {

constexpr std::size_t kPixels = kSide * kSide;

// --- the careful gear --------------------------------------------------------

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// Spaces around a value and simple quotes mean nothing: `"7"` is 7.
std::string_view bare(std::string_view cell) {
  cell = trimmed(cell);
  if (cell.size() >= 2 && cell.front() == '"' && cell.back() == '"') {
    cell = trimmed(cell.substr(1, cell.size() - 2));
  }
  return cell;
}

struct Row {
  std::vector<std::string_view> cells;  // the first kPixels + 2: no row needs more
  std::size_t count = 0;                // of all its cells

  bool blank() const { return count == 1 && trimmed(cells[0]).empty(); }
};

Row split(std::string_view line) {
  Row row;
  for (std::size_t at = 0; at <= line.size(); ++row.count) {
    const std::size_t comma = std::min(line.find(',', at), line.size());
    if (row.cells.size() < kPixels + 2) row.cells.push_back(line.substr(at, comma - at));
    at = comma + 1;
  }
  return row;
}

// Part of a file, fit for a sentence.
std::string quoted(std::string_view text) {
  constexpr std::size_t kShown = 20;
  std::string shown = "\"";
  for (const char c : text.substr(0, kShown)) shown += c >= ' ' && c <= '~' ? c : '?';
  return shown + (text.size() > kShown ? "...\"" : "\"");
}

// 0..999, or -1 when the text is no such number.
int to_number(std::string_view text) {
  if (text.empty() || text.size() > 3) return -1;
  int number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return -1;
    number = 10 * number + (c - '0');
  }
  return number;
}

// --- the fast gear -----------------------------------------------------------

// Three digits and a comma a value, and a line end: a row as programs write it is no longer.
constexpr std::size_t kLongestRow = 4 * (kPixels + 1) + 2;

// How many times "0," stands at p, at most four. Reads eight bytes.
int leading_zeros(const char* p) {
  std::uint64_t block = 0, paper = 0;
  std::memcpy(&block, p, 8);
  std::memcpy(&paper, "0,0,0,0,", 8);
  return std::countr_zero(block ^ paper) / 16;
}

// The number of one to three digits at p, which `end` must follow; moves p behind that. -1 where
// there is none. Without a branch that depends on how many digits there are: ink is unpredictable.
// Reads four bytes.
int fast_number(const char*& p, char end) {
  std::uint32_t bytes = 0;
  std::memcpy(&bytes, p, 4);
  const std::uint32_t differs = bytes ^ 0x01010101u * static_cast<unsigned char>(end);
  // The highest bit of each byte that is zero in `differs`, but for the first: no digit, no number.
  const std::uint32_t ends = (differs - 0x01010101u) & ~differs & 0x80808000u;
  if (ends == 0) return -1;
  const int length = std::countr_zero(ends) / 8;  // 1..3
  // The digits' values in the highest bytes, zeros below: the last digit is the highest byte.
  const std::uint32_t digits = (bytes ^ 0x30303030u) << (32 - 8 * length);
  if ((((digits + 0x76767676u) | digits) & 0x80808080u) != 0) return -1;  // one is more than 9
  p += length + 1;
  return static_cast<int>((digits >> 8 & 0xff) * 100 + (digits >> 16 & 0xff) * 10 + (digits >> 24));
}

// --- the file ----------------------------------------------------------------

class Parser {
 public:
  Parser(const std::string& bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  CsvImages parse() {
    if (bytes_.starts_with("\xef\xbb\xbf")) at_ = 3;  // a byte order mark
    read_first_row();
    reserve();
    while (at_ < bytes_.size()) {
      const bool done = std::endian::native == std::endian::little && read_row_fast();
      if (!done) read_row_carefully();
    }
    if (rows_ == 0) throw Failure(name_ + " holds a header and no rows");
    CsvImages result;
    result.images = images_.narrow(0, 0, rows_).contiguous();
    if (labelled_) result.labels = labels_.narrow(0, 0, rows_).contiguous();
    return result;
  }

 private:
  std::string_view next_line() {
    const std::size_t end = std::min(bytes_.find('\n', at_), bytes_.size());
    std::string_view line(bytes_.data() + at_, end - at_);
    at_ = std::min(end + 1, bytes_.size());
    ++line_number_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

  // Finds out whether there is a header and are labels; a row of numbers is left to be read.
  void read_first_row() {
    std::size_t start = at_;
    Row row = split(next_line());
    while (row.blank() && at_ < bytes_.size()) {
      start = at_;
      row = split(next_line());
    }
    if (row.blank()) throw Failure(name_ + " is empty; a CSV of images is needed");
    const std::string_view first = bare(row.cells[0]);
    if (!first.empty() && first[0] >= '0' && first[0] <= '9') {
      labelled_ = row.count == kPixels + 1;
      if (!labelled_ && row.count != kPixels) {
        throw Failure(name_ + ": row " + std::to_string(line_number_) + " has " +
                      std::to_string(row.count) + " values; 785 (a label and 784 pixels) or 784 " +
                      "(pixels alone) are needed");
      }
      at_ = start, --line_number_;
      return;
    }
    read_header(row);
  }

  void read_header(const Row& row) {
    std::string first(bare(row.cells[0]));
    std::transform(first.begin(), first.end(), first.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    labelled_ = first == "label" || first == "class" || first == "digit";
    if (row.count == columns()) return require_order(row);
    if (row.count == kPixels + 1) {
      throw Failure(name_ + ": the header's first column is " + quoted(bare(row.cells[0])) +
                    "; where there are 785 columns, that must be \"label\"");
    }
    throw Failure(name_ + missing_column(row));
  }

  // Columns that are named by their pixel ("pixel12" from 0 or from 1, "3x14" from 1x1) must be in
  // order; other names say nothing.
  void require_order(const Row& row) const {
    const std::size_t first = labelled_ ? 1 : 0;
    const int base = pixel_of(bare(row.cells[first]));
    for (std::size_t i = 0; i < kPixels; ++i) {
      const std::string_view name = bare(row.cells[first + i]);
      if (name.find('\0') != std::string_view::npos) {
        throw Failure(name_ + ": there is a zero byte in the header; the file is damaged");
      }
      const int pixel = pixel_of(name);
      if (pixel < 0 || ((base == 0 || base == 1) && pixel == base + static_cast<int>(i))) continue;
      throw Failure(name_ + ": the header's column " + std::to_string(first + i + 1) + " is " +
                    quoted(name) + ", which does not belong there: pixels must come row by row, " +
                    "from pixel0 to pixel783");
    }
  }

  // Which pixel a column's name says; -1 for other names.
  static int pixel_of(std::string_view name) {
    if (name.starts_with("pixel")) return to_number(name.substr(5));
    const std::size_t cross = name.find('x');
    if (cross == std::string_view::npos) return -1;
    const int row = to_number(name.substr(0, cross)), column = to_number(name.substr(cross + 1));
    if (row < 1 || column < 1 || row > kSide || column > kSide) return -1;
    return (row - 1) * static_cast<int>(kSide) + column - 1;
  }

  // What is said of a header with the wrong number of columns.
  std::string missing_column(const Row& row) const {
    const std::string needed = "label,pixel0,...,pixel783 or pixel0,...,pixel783";
    if (row.count < kPixels / 2) {
      return " is no CSV of 28x28 images: its first row begins with " + quoted(row.cells[0]) +
             "; it should be " + needed + ", or numbers";
    }
    const std::size_t first_pixel = labelled_ ? 1 : 0;
    const bool is_named = bare(row.cells[first_pixel]).starts_with("pixel");
    std::string what = " has " + std::to_string(row.count) + " columns";
    for (std::size_t i = 0; is_named && i < kPixels; ++i) {
      const std::string name = "pixel" + std::to_string(i);
      const std::size_t cell = first_pixel + i;
      if (cell < row.cells.size() && bare(row.cells[cell]) == name) continue;
      what += "; where " + name + " should be, at column " + std::to_string(cell + 1) + ", is " +
              (cell < row.cells.size() ? quoted(bare(row.cells[cell])) : "nothing");
      break;
    }
    return ": the header" + what + "; it should be " + needed;
  }

  // Room for all rows there can be: the shortest has 784 digits, each with a comma or line end. (A
  // page that is never written costs no memory.) One row more, since the fast gear writes blocks.
  void reserve() {
    const auto most = static_cast<std::int64_t>((bytes_.size() - at_) / (2 * columns()) + 2);
    images_ = torch::empty({most, kSide, kSide}, torch::kUInt8);
    labels_ = torch::empty({most}, torch::kInt64);
    pixels_ = images_.data_ptr<std::uint8_t>();
    label_values_ = labels_.data_ptr<std::int64_t>();
  }

  // Reads the row at at_ and moves on, or returns false and leaves everything as it was.
  bool read_row_fast() {
    const char* p = bytes_.data() + at_;
    if (bytes_.size() - at_ < kLongestRow + sizeof(std::uint64_t)) return false;
    int label = 0;
    if (labelled_) {
      label = fast_number(p, ',');
      if (label < 0 || label >= kClasses) return false;
    }
    std::uint8_t* out = pixels_ + static_cast<std::size_t>(rows_) * kPixels;
    std::size_t i = 0;
    while (i < kPixels - 1) {  // the values that a comma follows
      const int zeros = leading_zeros(p);
      std::memset(out + i, 0, 4);
      i += static_cast<std::size_t>(zeros), p += 2 * zeros;
      if (zeros == 4) continue;
      if (i >= kPixels - 1) break;
      const int value = fast_number(p, ',');
      if (value < 0 || value > 255) return false;
      out[i++] = static_cast<std::uint8_t>(value);
    }
    if (i != kPixels - 1) return false;  // more commas than a row has
    const int last = fast_number(p, p[1] == '\r' || p[2] == '\r' || p[3] == '\r' ? '\r' : '\n');
    if (last < 0 || last > 255 || (p[-1] == '\r' && *p++ != '\n')) return false;
    out[i] = static_cast<std::uint8_t>(last);
    finish_row(label);
    at_ = static_cast<std::size_t>(p - bytes_.data()), ++line_number_;
    return true;
  }

  void read_row_carefully() {
    const Row row = split(next_line());
    if (row.blank()) return;
    if (row.count != columns()) {
      throw Failure(name_ + ": row " + std::to_string(line_number_) + " has " +
                    std::to_string(row.count) + " values; " +
                    (labelled_ ? "785 are needed, a label and 784 pixels" : "784 are needed") +
                    (at_ == bytes_.size() ? " (is the file cut short?)" : ""));
    }
    int label = 0;
    std::size_t cell = 0;
    if (labelled_) label = value_of(row, cell++, static_cast<int>(kClasses) - 1);
    std::uint8_t* out = pixels_ + static_cast<std::size_t>(rows_) * kPixels;
    for (; cell < row.count; ++cell) *out++ = static_cast<std::uint8_t>(value_of(row, cell, 255));
    finish_row(label);
  }

  int value_of(const Row& row, std::size_t cell, int largest) const {
    const std::string_view text = bare(row.cells[cell]);
    const int value = to_number(text);
    if (value >= 0 && value <= largest) return value;
    const bool is_label = labelled_ && cell == 0;
    const std::string where =
        name_ + ": row " + std::to_string(line_number_) + ", column " + std::to_string(cell + 1) +
        (is_label ? " (label): " : " (pixel" + std::to_string(cell - (labelled_ ? 1 : 0)) + "): ");
    if (row.cells[cell].find('\0') != std::string_view::npos) {
      throw Failure(where + "there is a zero byte; the file is damaged");
    }
    throw Failure(where + (text.empty() ? "there is no value" : quoted(text) + " is no value") +
                  (is_label ? "; a label is 0 to 9" : "; a pixel is 0 to 255"));
  }

  void finish_row(int label) { label_values_[rows_++] = label; }

  std::size_t columns() const { return kPixels + (labelled_ ? 1 : 0); }

  const std::string& bytes_;
  const std::string& name_;
  std::size_t at_ = 0;
  std::size_t line_number_ = 0;  // of the last line that was begun
  bool labelled_ = false;
  std::int64_t rows_ = 0;
  torch::Tensor images_, labels_;  // [most,28,28], [most]: the first rows_ are filled
  std::uint8_t* pixels_ = nullptr;
  std::int64_t* label_values_ = nullptr;
};

}  // namespace

CsvImages parse_csv(const std::string& bytes, const std::string& name) {
  return Parser(bytes, name).parse();
}

CsvImages read_csv(const std::filesystem::path& path) {
  return parse_csv(read_file(path), path.string());
}

std::string csv_header(bool with_labels) {
  std::string header = with_labels ? "label" : "";
  for (std::size_t i = 0; i < kPixels; ++i) {
    header += (header.empty() ? "pixel" : ",pixel") + std::to_string(i);
  }
  return header;
}

}  // namespace inkling
