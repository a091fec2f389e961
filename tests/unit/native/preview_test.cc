// PNG files, and the sheet that `inkling preview` makes.
#include <gtest/gtest.h>
#include <png.h>

#include "command.h"
#include "data/png.h"
#include "synthetic.h"
#include "temp_folder.h"

namespace inkling {
namespace {

// uint8 [H,W,3]; a file that is no PNG fails the test and has no pixels.
torch::Tensor read_rgb(const std::filesystem::path& path) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  EXPECT_NE(png_image_begin_read_from_file(&png, path.c_str()), 0) << path;
  png.format = PNG_FORMAT_RGB;
  torch::Tensor rgb = torch::empty({png.height, png.width, 3}, torch::kUInt8);
  EXPECT_NE(png_image_finish_read(&png, nullptr, rgb.data_ptr(), 0, nullptr), 0) << path;
  return rgb;
}

TEST(Png, KeepsGreyAndColour) {
  const TempFolder folder;
  const torch::Tensor colour = torch::randint(0, 256, {5, 7, 3}, torch::kUInt8);
  write_png(folder / "colour.png", colour);
  EXPECT_TRUE(read_rgb(folder / "colour.png").equal(colour));
  const torch::Tensor grey = torch::randint(0, 256, {3, 9}, torch::kUInt8);
  write_png(folder / "grey.png", grey.t());  // not contiguous
  EXPECT_TRUE(read_rgb(folder / "grey.png").select(2, 1).equal(grey.t()));
}

TEST(Png, SaysWhenItCannotBeWritten) {
  const TempFolder folder;
  const torch::Tensor grey = torch::zeros({3, 9}, torch::kUInt8);
  expect_failure([&] { write_png(folder / "no/such.png", grey); }, "cannot write", "such.png");
  expect_failure([&] { write_png(folder.path(), grey); }, "names a folder");
}

TEST(Preview, ShowsTheOriginalThenWhatEachEpochShows) {
  const TempFolder folder;
  const std::string strokes =
      folder.write("s.jsonl", stroke_file(synthetic_drawings(4, 4))).string();
  const auto sheet = [&](const std::string& name, const std::string& flags) {
    const std::string path = (folder / name).string();
    const Outcome made =
        inkling_command("preview --strokes " + strokes + " --batch 1 --out " + path + " " + flags);
    EXPECT_EQ(made.code, 0) << made.text;
    return read_rgb(path);
  };
  const torch::Tensor both = sheet("a.png", "--count 3 --variants 2");
  const torch::Tensor later = sheet("b.png", "--count 3 --variants 2 --epoch 2");
  ASSERT_EQ(both.sizes(), later.sizes());
  // A cell is 56 wide; the first variant 20 after the original, the second 6 after it.
  const auto cell = [](const torch::Tensor& rgb, std::int64_t line, std::int64_t left) {
    return rgb.slice(0, 28 + line * 62, 28 + line * 62 + 56).slice(1, left, left + 56);
  };
  for (std::int64_t line = 0; line < 3; ++line) {
    EXPECT_TRUE(cell(both, line, 28).equal(cell(later, line, 28)));
    // Epoch 2 is the second of one sheet and the first of the other.
    EXPECT_TRUE(cell(both, line, 28 + 76 + 62).equal(cell(later, line, 28 + 76)));
    EXPECT_FALSE(cell(both, line, 28 + 76).equal(cell(later, line, 28 + 76)));
    EXPECT_FALSE(cell(both, line, 28 + 76).equal(cell(both, line, 28)));
  }
}

TEST(Preview, WhatGoesWrongIsOneSentence) {
  const TempFolder folder;
  const std::string strokes =
      folder.write("s.jsonl", stroke_file(synthetic_drawings(2, 2))).string();
  for (const auto& [arguments, piece] :
       {std::pair("--out x.png", "no data"),
        std::pair("--mnist /nonexistent --out x.png", "inkling fetch mnist"),
        std::pair("--strokes STROKES --out /no/such/x.png", "cannot write")}) {
    std::string line = arguments;
    if (const auto at = line.find("STROKES"); at != std::string::npos) line.replace(at, 7, strokes);
    const Outcome outcome = inkling_command("preview " + line);
    EXPECT_EQ(outcome.code, 1) << outcome.text;
    EXPECT_NE(outcome.text.find(piece), std::string::npos) << outcome.text;
  }
  EXPECT_EQ(inkling_command("preview --out x.png --cutout 99").code, 2);
  EXPECT_EQ(inkling_command("preview --strokes " + strokes).code, 2);
}

}  // namespace
}  // namespace inkling
