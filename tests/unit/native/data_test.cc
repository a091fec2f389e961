// Reading data: IDX, stroke files, the held-out part; and what is said of files that are not right.
#include <gtest/gtest.h>

#include <array>
#include <set>

#include "data/canvases.h"
#include "data/hand.h"
#include "data/idx.h"
#include "data/sources.h"
#include "data/strokes.h"
#include "synthetic.h"
#include "temp_folder.h"

namespace inkling {
namespace {

TEST(IdxFiles, ReadsPlainAndGzippedAlike) {
  const TempFolder folder;
  const std::string bytes = idx_labels({7, 2, 1, 0});
  const torch::Tensor plain = read_idx_labels(folder.write("plain", bytes));
  const torch::Tensor gzipped = read_idx_labels(folder.write_gzipped("zipped.gz", bytes));
  EXPECT_TRUE(plain.equal(torch::tensor({7, 2, 1, 0}, torch::kInt64)));
  EXPECT_TRUE(plain.equal(gzipped));
}

TEST(IdxFiles, ImagesKeepTheirBytes) {
  const TempFolder folder;
  std::string bytes = idx_images(2);
  bytes[16 + 784 + 30] = '\x03';
  const torch::Tensor images = read_idx_images(folder.write("images", bytes));
  EXPECT_EQ(images.sizes(), (std::vector<std::int64_t>{2, 28, 28}));
  EXPECT_EQ(images[1][1][2].item<int>(), 3);
  EXPECT_EQ(images[0][1][2].item<int>(), 127);
}

TEST(IdxFiles, RefusesTheWrongKind) {
  const TempFolder folder;
  expect_failure([&] { read_idx_images(folder.write("a", idx_labels({1}))); },
                 "a is not an IDX file of images");
  expect_failure([&] { read_idx_labels(folder.write("b", idx_images(1))); },
                 "b is not an IDX file of labels");
  expect_failure([&] { read_idx_labels(folder.write("c", "")); }, "c is not an IDX file");
}

TEST(IdxFiles, RefusesCountsThatDisagreeWithTheLength) {
  const TempFolder folder;
  const std::string bytes = idx_images(3);
  for (std::size_t length : {bytes.size() - 1, std::size_t{16}, std::size_t{17}}) {
    expect_failure([&] { read_idx_images(folder.write("short", bytes.substr(0, length))); },
                   "says that it holds 3 entries", "fetch it again");
  }
  expect_failure([&] { read_idx_images(folder.write("long", bytes + "x")); }, "length disagrees");
}

TEST(IdxFiles, RefusesCountsWhoseProductOverflows) {
  const TempFolder folder;
  const std::string bytes = big_endian(0x803) + big_endian(0xffffffff) + big_endian(0xffffffff) +
                            big_endian(0xffffffff) + std::string(100, 'x');
  expect_failure([&] { read_idx_images(folder.write("huge", bytes)); }, "length disagrees");
}

TEST(IdxFiles, RefusesImagesOfAnotherSize) {
  const TempFolder folder;
  expect_failure([&] { read_idx_images(folder.write("wide", idx_images(1, 28, 32))); }, "28x32",
                 "28x28");
}

TEST(IdxFiles, NamesALabelThatIsNoDigit) {
  const TempFolder folder;
  expect_failure([&] { read_idx_labels(folder.write("labels", idx_labels({1, 2, 10}))); },
                 "label 2 is 10", "0 to 9");
}

TEST(IdxFiles, RefusesAGzipCutShort) {
  const TempFolder folder;
  const auto path = folder.write_gzipped("labels.gz", idx_labels(std::vector<int>(5000, 3)));
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 6);
  expect_failure([&] { read_idx_labels(path); }, "labels.gz", "cut short");
}

TEST(Files, AFolderOrAMissingFileIsNamed) {
  const TempFolder folder;
  expect_failure([&] { read_file(folder.path()); }, "is a folder");
  expect_failure([&] { read_file(folder / "absent"); }, "cannot open", "absent");
}

TEST(Files, AFileThatCannotBeWrittenLeavesTheOldOneAlone) {
  const TempFolder folder;
  expect_failure([&] { write_file(folder / "no/such/folder", "x"); }, "cannot write");
  write_file(folder / "kept", "old");
  std::filesystem::create_directory(folder / "kept.part");  // the temporary cannot be made
  expect_failure([&] { write_file(folder / "kept", "new"); }, "cannot write");
  EXPECT_EQ(read_file(folder / "kept"), "old");
}

TEST(Files, WritingKeepsLinksAndDevicesWhatTheyAre) {
  const TempFolder folder;
  write_file(folder / "target", "old");
  std::filesystem::create_symlink(folder / "target", folder / "link");
  write_file(folder / "link", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(read_file(folder / "target"), "new");
  write_file("/dev/null", "x");
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST(Files, AFolderIsNotWrittenOver) {
  const TempFolder folder;
  expect_failure([&] { write_file(folder.path(), "x"); }, "names a folder");
  expect_failure([&] { write_file(folder.path() / "", "x"); }, "names a folder");
  expect_failure([&] { write_file("", "x"); }, "cannot write");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Mnist, SaysHowToGetWhatIsMissing) {
  const TempFolder folder;
  expect_failure([&] { read_mnist(folder.path(), MnistPart::kTrain); }, "train-images-idx3-ubyte",
                 "inkling fetch mnist");
}

TEST(Mnist, RefusesImagesAndLabelsOfDifferentCount) {
  const TempFolder folder;
  folder.write("train-images-idx3-ubyte", idx_images(3));
  folder.write("train-labels-idx1-ubyte", idx_labels({1, 2}));
  expect_failure([&] { read_mnist(folder.path(), MnistPart::kTrain); }, "3 images", "2 labels");
}

TEST(StrokeFiles, ReadsLabelsWritersAndPoints) {
  const TempFolder folder;
  const std::vector<Drawing> drawings = read_strokes(folder.write_gzipped(
      "a.jsonl.gz",
      "{\"label\":\"7\",\"writer\":\"w03\",\"strokes\":[[[1,2],[3.5,4]],[[5,6]]]}\n\n"
      "{\"label\":3,\"strokes\":[[[0,0],[1,1]]]}\n"
      "{\"label\":\"heart\",\"strokes\":[[[0,0],[1,1]]]}\n"
      "{\"strokes\":[[[0,0],[1,1]]]}"));
  ASSERT_EQ(drawings.size(), 4u);
  EXPECT_EQ(drawings[0].label, 7);
  EXPECT_EQ(drawings[0].writer, "w03");
  ASSERT_EQ(drawings[0].strokes.size(), 2u);
  EXPECT_EQ(drawings[0].strokes[0][1].x, 3.5f);
  EXPECT_EQ(drawings[1].label, 3);
  EXPECT_EQ(drawings[2].label, -1);
  EXPECT_EQ(drawings[3].label, -1);
}

TEST(StrokeFiles, NamesTheLineThatIsWrong) {
  const TempFolder folder;
  const std::string good = "{\"label\":\"1\",\"strokes\":[[[0,0],[1,1]]]}\n";
  for (const char* bad :
       {"{", "[]", "7", "{\"label\":\"1\"}", "{\"strokes\":[[[1]]]}", "{\"strokes\":[[[1,\"x\"]]]}",
        "{\"strokes\":5}", "{\"strokes\":[[1,2]]}", "{\"strokes\":[],\"writer\":4}"}) {
    expect_failure([&] { read_strokes(folder.write("b.jsonl", good + bad)); }, "line 2",
                   "not a drawing");
  }
  for (const char* empty : {"{\"strokes\":[]}", "{\"strokes\":[[],[]]}"}) {
    expect_failure([&] { read_strokes(folder.write("c.jsonl", good + good + empty)); }, "line 3",
                   "nothing is drawn");
  }
  for (const char* far : {"1e39", "3e38", "-2e30"}) {
    const std::string line = std::string("{\"strokes\":[[[") + far + ",0],[0,0]]]}";
    expect_failure([&] { read_strokes(folder.write("d.jsonl", line)); }, "line 1", "1e30");
  }
}

TEST(StrokeFiles, ALabelOfAnyShapeIsNoDigitAndNoCrash) {
  const TempFolder folder;
  const std::string deep = std::string(300'000, '[') + std::string(300'000, ']');
  for (const std::string& label :
       {deep, std::string("10"), std::string("-1"), std::string("1.0"), std::string("\"12\""),
        std::string("null"), std::string("18446744073709551615")}) {
    const std::string line = "{\"label\":" + label + ",\"strokes\":[[[0,0],[1,1]]]}";
    EXPECT_EQ(read_strokes(folder.write("l.jsonl", line)).front().label, -1) << label.substr(0, 20);
  }
}

TEST(StrokeFiles, TheLargestAndTheSmallestDrawingCanBeVariedAndPlaced) {
  const TempFolder folder;
  for (const char* points : {"[-1e30,0],[1e30,1e30]", "[0,0],[1e-40,1e-40]", "[0,0],[1e-29,0]"}) {
    const auto path =
        folder.write("e.jsonl", std::string("{\"label\":\"1\",\"strokes\":[[") + points + "]]}");
    const std::vector<Drawing> drawings = read_strokes(path);
    Dice dice(at::Philox4_32(1, 0, 0));
    std::array<std::uint8_t, kSide * kSide> image{};
    EXPECT_NO_THROW(
        draw_into(image.data(), drawings.front().strokes, HandOptions{.variation = 1}, dice))
        << points;
    for (std::size_t canvas = 0; canvas < canvas_names().size(); ++canvas) {
      EXPECT_NO_THROW(draw_on_canvas(drawings, canvas)) << points << ", " << canvas_names()[canvas];
    }
  }
}

TEST(StrokeFiles, AnEmptyFileIsNamed) {
  const TempFolder folder;
  expect_failure([&] { read_strokes(folder.write("empty.jsonl", "\n \n")); }, "empty.jsonl",
                 "no drawings");
}

TEST(StrokeFiles, RenderingLeavesOutWhatIsNoDigitAndFollowsThePen) {
  std::vector<Drawing> drawings = synthetic_drawings(1, 1);
  drawings[4].label = -1;
  const Dataset thin = render(drawings, [](std::size_t) { return 1.5f; });
  const Dataset thick = render(drawings, [](std::size_t) { return 4.0f; });
  EXPECT_EQ(thin.size(), 9);
  EXPECT_EQ(thin.labels[4].item<int>(), 5);
  EXPECT_GT(thick.images.sum().item<std::int64_t>(), thin.images.sum().item<std::int64_t>());
}

TEST(HeldOutPart, WritersOfTheValidationPartAreStrangers) {
  const TempFolder folder;
  Sources sources;
  sources.strokes = {folder.write("s.jsonl", stroke_file(synthetic_drawings(20, 10))).string()};
  const TrainingData data = load_training_data(sources, 0.1, 1);
  std::set<std::string> writers;
  for (const Drawing& drawing : data.drawings) writers.insert(drawing.writer);
  EXPECT_EQ(writers.size(), 9u);
  EXPECT_EQ(data.all_validation().size(), 20);
  EXPECT_EQ(data.drawings.size(), 180u);
}

TEST(HeldOutPart, IsNotRepeatedWithTheDrawings) {
  const TempFolder folder;
  Sources sources;
  sources.strokes = {folder.write("s.jsonl", stroke_file(synthetic_drawings(20, 10))).string()};
  const TrainingData data = load_training_data(sources, 0.1, 1, 3);
  EXPECT_EQ(data.drawings.size(), 540u);
  EXPECT_EQ(data.all_validation().size(), 20);
}

TEST(HeldOutPart, FollowsTheSeedAndTakesItsShareOfImages) {
  const TempFolder folder;
  std::vector<int> labels;
  for (int i = 0; i < 100; ++i) labels.push_back(i % 10);
  folder.write("train-images-idx3-ubyte", idx_images(100));
  folder.write("train-labels-idx1-ubyte", idx_labels(labels));
  Sources sources;
  sources.mnist = {folder.path().string()};
  const auto held_out = [&](std::int64_t seed) {
    return load_training_data(sources, 0.1, seed).all_validation().labels;
  };
  EXPECT_EQ(held_out(1).size(0), 10);
  EXPECT_TRUE(held_out(1).equal(held_out(1)));
  EXPECT_FALSE(held_out(1).equal(held_out(2)));
}

TEST(HeldOutPart, OneWritersDrawingsAreHeldOutAtRandom) {
  const TempFolder folder;
  std::vector<Drawing> drawings = synthetic_drawings(10, 1);
  Sources sources;
  for (const bool named : {true, false}) {
    if (!named) {
      for (Drawing& drawing : drawings) drawing.writer.clear();
    }
    sources.strokes = {folder.write("s.jsonl", stroke_file(drawings)).string()};
    const TrainingData data = load_training_data(sources, 0.1, 1);
    EXPECT_EQ(data.drawings.size(), 90u);
    EXPECT_EQ(data.all_validation().size(), 10);
  }
}

TEST(HeldOutPart, SomeWriterIsAlwaysLearnedFrom) {
  const TempFolder folder;
  Sources sources;
  sources.strokes = {folder.write("s.jsonl", stroke_file(synthetic_drawings(10, 2))).string()};
  const TrainingData data = load_training_data(sources, 0.9, 1);
  EXPECT_EQ(data.drawings.size(), 50u);
  EXPECT_EQ(data.all_validation().size(), 50);
}

TEST(HeldOutPart, SaysWhenNothingCanBeHeldOut) {
  const TempFolder folder;
  Sources sources;
  expect_failure([&] { load_training_data(sources, 0.1, 1); }, "--mnist", "--strokes");
  sources.strokes = {
      folder.write("s.jsonl", stroke_file({synthetic_drawings(1, 1).front()})).string()};
  expect_failure([&] { load_training_data(sources, 0.1, 1); }, "held out", "too few");
}

}  // namespace
}  // namespace inkling
