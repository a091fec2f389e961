// Every reader of data against every kind of file that it cannot read: one sentence that names the
// file, and no other exception. What is particular to a format is in that format's own test.
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>

#include "data/csv.h"
#include "data/idx.h"
#include "data/image_hashes.h"
#include "data/strokes.h"
#include "synthetic.h"
#include "temp_folder.h"

namespace inkling {
namespace {

namespace fs = std::filesystem;

// While it lives, files are opened as by a person who may not read others' files.
class AsNobody {
 public:
  AsNobody() {
    constexpr uid_t kNobody = 65534;
    if (is_root_ && seteuid(kNobody) != 0) throw Failure("cannot become another user");
  }
  ~AsNobody() {
    if (is_root_ && seteuid(0) != 0) std::abort();
  }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;

 private:
  bool is_root_ = geteuid() == 0;
};

struct Reader {
  const char* name;
  std::function<void(const fs::path&)> read;
  std::string good;  // the bytes of a file that it reads
};

std::vector<Reader> readers() {
  std::string row = "7";
  for (int i = 0; i < 784; ++i) row += ",0";
  return {{"images", [](const fs::path& p) { read_idx_images(p); }, idx_images(40)},
          {"labels", [](const fs::path& p) { read_idx_labels(p); },
           idx_labels(std::vector<int>(5000, 3))},
          {"strokes", [](const fs::path& p) { read_strokes(p); },
           stroke_file(synthetic_drawings(2, 2))},
          {"csv", [](const fs::path& p) { read_csv(p); }, csv_header(true) + "\n" + row + "\n"}};
}

void expect_sentence(const Reader& reader, const fs::path& path, const std::string& what) {
  SCOPED_TRACE(std::string(reader.name) + ", " + what);
  const std::string sentence = failure_of([&] { reader.read(path); });
  EXPECT_NE(sentence.find(path.filename().string()), std::string::npos) << sentence;
  EXPECT_EQ(sentence.find('\n'), std::string::npos) << sentence;
  EXPECT_LT(sentence.size(), 400u) << sentence;
}

TEST(BadInput, EveryReaderNamesEveryFileThatItCannotRead) {
  const TempFolder folder;
  fs::create_directory(folder / "a-folder");
  std::string noise;
  for (int i = 0; i < 3000; ++i) noise += static_cast<char>(i * 131 >> 3);
  for (const Reader& reader : readers()) {
    EXPECT_EQ(failure_of([&] { reader.read(folder.write("good", reader.good)); }), "");
    expect_sentence(reader, folder / "a-folder", "a folder");
    expect_sentence(reader, folder / "missing", "missing");
    expect_sentence(reader, folder / "good" / "below", "below a file");
    expect_sentence(reader, folder.write("empty", ""), "empty");
    expect_sentence(reader, folder.write_gzipped("empty.gz", ""), "empty, gzipped");
    expect_sentence(reader, folder.write("noise", noise), "noise");
    expect_sentence(reader, folder.write("zeros", std::string(5000, '\0')), "zeros");
    expect_sentence(reader, folder.write("page", "<!doctype html><p>404</p>\n"), "a web page");
    const fs::path cut = folder.write_gzipped("cut.gz", reader.good);
    for (const std::uintmax_t length : {fs::file_size(cut) - 1, fs::file_size(cut) / 2}) {
      fs::resize_file(cut, length);
      expect_sentence(reader, cut, "gzip cut short");
    }
    std::string broken = gzipped(reader.good);
    broken[broken.size() / 2] = static_cast<char>(broken[broken.size() / 2] ^ 0x55);
    expect_sentence(reader, folder.write("broken.gz", broken), "gzip damaged");
  }
}

TEST(BadInput, AFileThatMayNotBeReadIsNamed) {
  const TempFolder folder;
  for (const Reader& reader : readers()) {
    const fs::path path = folder.write("closed", reader.good);
    fs::permissions(path, fs::perms::none);
    const AsNobody nobody;
    expect_sentence(reader, path, "no permission");
    expect_failure([&] { reader.read(path); }, "Permission denied");
  }
}

TEST(BadInput, AFolderThatMayNotBeLookedIntoIsNamed) {
  const TempFolder folder;
  fs::create_directory(folder / "closed");
  fs::permissions(folder / "closed", fs::perms::none);
  {
    const AsNobody nobody;
    expect_failure([&] { read_mnist(folder / "closed", MnistPart::kTrain); }, "closed",
                   "Permission denied");
  }
  fs::permissions(folder / "closed", fs::perms::owner_all);
}

TEST(BadInput, AFileWhereMnistsFolderShouldBeIsNamed) {
  const TempFolder folder;
  const fs::path path = folder.write("train.csv", "label");
  expect_failure([&] { read_mnist(path, MnistPart::kTrain); }, "train.csv is not a folder",
                 "four IDX files");
}

TEST(Files, GzippedBytesComeBackAndAreAlwaysTheSame) {
  const TempFolder folder;
  std::string bytes;
  for (int i = 0; i < 100'000; ++i) bytes += static_cast<char>(i * i >> 5);
  EXPECT_EQ(read_file(folder.write("a.gz", gzipped(bytes))), bytes);
  EXPECT_EQ(gzipped(bytes), gzipped(bytes));
  EXPECT_EQ(read_file(folder.write("b.gz", gzipped(""))), "");
}

TEST(Files, OneLargerThanTheLimitIsRefusedPlainOrGzipped) {
  const TempFolder folder;
  const std::string bytes(5000, 'x');
  EXPECT_EQ(read_file(folder.write("a", bytes), 5000), bytes);
  expect_failure([&] { read_file(folder.write("a", bytes), 4999); }, "more than 4999 bytes");
  expect_failure([&] { read_file(folder.write("a.gz", gzipped(bytes)), 4999); },
                 "more than 4999 bytes");
}

}  // namespace
}  // namespace inkling
