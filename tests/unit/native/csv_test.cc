// CSV files of images: Kaggle's, MNIST's, and what is said of those that are not right.
#include "data/csv.h"

#include <gtest/gtest.h>

#include <random>

#include "data/sources.h"
#include "synthetic.h"
#include "temp_folder.h"

namespace inkling {
namespace {

constexpr int kPixels = 784;
// The fast gear wants more bytes than a row's behind the row's beginning; these mean nothing.
const std::string kEmptyLines(5000, '\n');

// Row r as numbers: pixel i is ink where (i + r) % 5 == 0, of one to three digits; else paper.
std::vector<int> row_values(int r) {
  std::vector<int> values(kPixels, 0);
  for (int i = 0; i < kPixels; ++i) {
    if ((i / 28 + r) % 3 == 0 && (i + r) % 5 == 0) values[i] = (i * 7 + r) % 256;
  }
  return values;
}

// A row with a label (none when it is negative) whose cell `cell` is replaced by `text`.
std::string row(int r, int label, int cell = -1, const std::string& text = "") {
  std::vector<std::string> cells;
  if (label >= 0) cells.push_back(std::to_string(label));
  for (const int value : row_values(r)) cells.push_back(std::to_string(value));
  if (cell >= 0) cells[static_cast<std::size_t>(cell)] = text;
  std::string line;
  for (const std::string& c : cells) line += (line.empty() ? "" : ",") + c;
  return line;
}

torch::Tensor expected_images(int rows) {
  torch::Tensor images = torch::empty({rows, kPixels}, torch::kUInt8);
  for (int r = 0; r < rows; ++r) images[r] = torch::tensor(row_values(r), torch::kUInt8);
  return images.view({rows, kSide, kSide});
}

void expect_three_labelled(const std::string& bytes) {
  const CsvImages csv = parse_csv(bytes, "a.csv");
  EXPECT_TRUE(csv.images.equal(expected_images(3)));
  ASSERT_TRUE(csv.has_labels());
  EXPECT_TRUE(csv.labels.equal(torch::tensor({4, 0, 9}, torch::kInt64)));
}

std::string three_rows(const std::string& end = "\n") {
  return row(0, 4) + end + row(1, 0) + end + row(2, 9) + end;
}

TEST(Csv, ReadsKagglesTrainingFile) {
  expect_three_labelled(csv_header(true) + "\n" + three_rows());
}

TEST(Csv, ReadsKagglesTestFileWithoutLabels) {
  const CsvImages csv =
      parse_csv(csv_header(false) + "\n" + row(0, -1) + "\n" + row(1, -1) + "\n", "test.csv");
  EXPECT_TRUE(csv.images.equal(expected_images(2)));
  EXPECT_FALSE(csv.has_labels());
}

TEST(Csv, ReadsMnistAsCsvWithAndWithoutAHeader) {
  expect_three_labelled(three_rows());
  std::string header = "label";
  for (int y = 1; y <= 28; ++y) {
    for (int x = 1; x <= 28; ++x) header += "," + std::to_string(y) + "x" + std::to_string(x);
  }
  expect_three_labelled(header + "\n" + three_rows());
}

TEST(Csv, ReadsTheSameHoweverLinesEndAndValuesAreWrapped) {
  const std::string header = csv_header(true);
  expect_three_labelled(header + "\r\n" + three_rows("\r\n"));
  const std::string rows = three_rows();
  expect_three_labelled(header + "\n" + rows.substr(0, rows.size() - 1));  // no last line end
  expect_three_labelled(header + "\n\n" + row(0, 4) + "\n  \n" + row(1, 0) + "\r\n" + row(2, 9) +
                        "\n\n\n");
  expect_three_labelled("\xef\xbb\xbf" + header + "\n" + rows);
  expect_three_labelled("\"label\"" + header.substr(5) + "\n" + rows);
  std::string wrapped = "\"";
  for (const char c : row(0, 4)) wrapped += c == ',' ? std::string("\", \"") : std::string(1, c);
  expect_three_labelled(header + "\n" + wrapped + "\"\n" + row(1, 0) + "\n" + row(2, 9));
  expect_three_labelled(row(0, 4, 0, "004") + "\n" + row(1, 0) + "\n" + row(2, 9));
}

TEST(Csv, ReadsPlainAndGzippedAlike) {
  const TempFolder folder;
  const std::string bytes = csv_header(true) + "\n" + three_rows();
  EXPECT_TRUE(read_csv(folder.write("a.csv", bytes)).images.equal(expected_images(3)));
  EXPECT_TRUE(read_csv(folder.write_gzipped("a.csv.gz", bytes)).images.equal(expected_images(3)));
}

TEST(Csv, EveryPixelValueIsReadInEveryPlace) {
  for (const int value : {0, 1, 9, 10, 99, 100, 199, 255}) {
    std::string line = "3";
    for (int i = 0; i < kPixels; ++i) line += "," + std::to_string(value);
    EXPECT_TRUE((parse_csv(line + kEmptyLines, "a").images == value).all().item<bool>()) << value;
    EXPECT_TRUE((parse_csv(line, "a").images == value).all().item<bool>()) << value;
  }
}

// What a file says: its images and labels, or what is wrong with it.
std::string outcome_of(const std::string& bytes) {
  std::string text;
  const std::string failure = failure_of([&] {
    const CsvImages csv = parse_csv(bytes, "t");
    text = std::string(static_cast<const char*>(csv.images.data_ptr()), csv.images.nbytes());
    if (csv.has_labels()) text.append(static_cast<const char*>(csv.labels.data_ptr()), 8);
  });
  const std::string last_row_only = " (is the file cut short?)";
  return failure.ends_with(last_row_only) ? failure.substr(0, failure.size() - last_row_only.size())
                                          : text + failure;
}

TEST(Csv, BothGearsReadAnyRowAlike) {
  std::mt19937 random(11);
  constexpr char kBytes[] = "0129,,\n\r\"/:; -.x";
  int failures = 0;
  for (int round = 0; round < 400; ++round) {
    std::string line = row(round, round % 11 - 1);
    for (int change = static_cast<int>(random() % 3); change > 0; --change) {
      line[random() % line.size()] = kBytes[random() % (sizeof(kBytes) - 1)];
    }
    const std::string outcome = outcome_of(line);  // too short for the fast gear
    EXPECT_EQ(outcome_of(line + "\n" + kEmptyLines), outcome) << line;
    failures += outcome.starts_with("t") ? 1 : 0;
  }
  EXPECT_GT(failures, 50);
  EXPECT_LT(failures, 350);
}

struct Wrong {
  const char* what;
  std::string bytes;
  std::vector<std::string> pieces;  // of the sentence
};

TEST(Csv, NamesRowAndColumnOfWhatIsWrong) {
  const std::string head = csv_header(true) + "\n" + row(0, 4) + "\n";
  const std::string head_without = csv_header(false) + "\n";
  const std::string zero(1, '\0');
  const std::vector<Wrong> table = {
      {"256", head + row(1, 2, 18, "256"), {"row 3, column 19 (pixel17)", "\"256\"", "0 to 255"}},
      {"999", head + row(1, 2, 784, "999"), {"row 3, column 785 (pixel783)", "\"999\""}},
      {"large", head + row(1, 2, 1, "4294967297"), {"row 3, column 2 (pixel0)", "\"4294967297\""}},
      {"text", head + row(1, 2, 18, "abc"), {"row 3, column 19 (pixel17)", "\"abc\""}},
      {"negative", head + row(1, 2, 18, "-1"), {"column 19", "\"-1\""}},
      {"fraction", head + row(1, 2, 18, "0.5"), {"column 19", "\"0.5\""}},
      {"hexadecimal", head + row(1, 2, 18, "1f"), {"column 19", "\"1f\""}},
      {"long text", head + row(1, 2, 18, std::string(5000, 'x')), {"xxx...\""}},
      {"empty", head + row(1, 2, 18, ""), {"row 3, column 19 (pixel17)", "no value"}},
      {"empty last", head + row(1, 2, 784, ""), {"row 3, column 785", "no value"}},
      {"zero byte", head + row(1, 2, 18, "1" + zero), {"column 19", "zero byte", "damaged"}},
      {"half a quote", head + row(1, 2, 18, "\"1"), {"column 19", "\"1"}},
      {"label 10", head + row(1, 2, 0, "10"), {"row 3, column 1 (label)", "\"10\"", "0 to 9"}},
      {"label x", head + row(1, 2, 0, "x"), {"row 3, column 1 (label)", "\"x\""}},
      {"label -1", head + row(1, 2, 0, "-1"), {"row 3, column 1 (label)", "\"-1\""}},
      {"no label", head + row(1, -1), {"row 3 has 784 values", "785"}},
      {"one more", head + row(1, 2) + ",7\n" + row(2, 2), {"row 3 has 786 values", "785"}},
      {"comma", head + row(1, 2) + ",\n", {"row 3 has 786 values"}},
      {"one less", head + row(1, 2, 784, "0\n1"), {"row 4 has 1 values"}},
      {"cut short", head + row(1, 2).substr(0, 500), {"row 3 has", "cut short"}},
      {"label unasked", head_without + row(1, 2), {"row 2 has 785 values", "784"}},
      {"row of a plain file", row(0, 1) + "\n" + row(1, 1, 5, "q"), {"row 2, column 6 (pixel4)"}},
      {"wide plain file", row(0, 1) + ",1,2,3\n", {"row 1 has 788 values", "785", "784"}},
      {"header only", csv_header(true) + "\n", {"a header and no rows"}},
      {"header alone", csv_header(false), {"a header and no rows"}},
      {"nothing", "", {"is empty"}},
      {"line ends", "\n\r\n \n", {"is empty"}},
      {"page", "<!doctype html>\n<title>404</title>", {"no CSV of 28x28", "\"<!doctype html>\""}},
      {"binary", std::string("\x1f\x9d\x90\x00\xff", 5), {"no CSV of 28x28"}},
      {"no label column", "pixel" + csv_header(true).substr(5), {"\"pixel\"", "\"label\""}},
  };
  for (const Wrong& wrong : table) {
    SCOPED_TRACE(wrong.what);
    const std::string sentence = failure_of([&] { parse_csv(wrong.bytes, "dir/t.csv"); });
    EXPECT_TRUE(sentence.starts_with("dir/t.csv")) << sentence;
    for (const std::string& piece : wrong.pieces) {
      EXPECT_NE(sentence.find(piece), std::string::npos) << sentence << "\n  lacks: " << piece;
    }
    EXPECT_LT(sentence.size(), 300u);
    EXPECT_EQ(sentence.find('\0'), std::string::npos);
  }
}

TEST(Csv, NamesTheColumnThatAHeaderLacks) {
  std::string header = csv_header(true);
  header.erase(header.find("pixel17,"), 8);
  expect_failure([&] { parse_csv(header + "\n", "t.csv"); }, "784 columns", "pixel17", "column 19",
                 "\"pixel18\"");
  header = csv_header(true).substr(0, csv_header(true).rfind(','));
  expect_failure([&] { parse_csv(header + "\n", "t.csv"); }, "pixel783", "nothing");
  expect_failure([&] { parse_csv(csv_header(true) + ",extra\n", "t.csv"); }, "786 columns");
}

TEST(Csv, PixelsInAnotherOrderAreRefused) {
  std::string row = "7";
  for (int i = 0; i < 784; ++i) row += ",0";
  const auto read = [&](const std::string& header) {
    const TempFolder folder;
    const auto path = folder.write("a.csv", header + "\n" + row + "\n");
    return failure_of([&] { read_csv(path); });
  };
  std::string backwards = "label", from_one = "label", places = "label", others = "label";
  for (int i = 0; i < 784; ++i) {
    backwards += ",pixel" + std::to_string(783 - i);
    from_one += ",pixel" + std::to_string(i + 1);
    places += "," + std::to_string(i / 28 + 1) + "x" + std::to_string(i % 28 + 1);
    others += ",grey" + std::to_string(783 - i);
  }
  const std::string sentence = read(backwards);
  EXPECT_NE(sentence.find("column 2 is \"pixel783\""), std::string::npos) << sentence;
  for (const std::string& header : {from_one, places, others}) EXPECT_EQ(read(header), "");
  std::string swapped = places;
  swapped.replace(swapped.find("1x2,1x3"), 7, "1x3,1x2");
  EXPECT_NE(read(swapped).find("does not belong there"), std::string::npos);
}

TEST(Csv, ARowOfCommasCostsNoMemory) {
  const std::string bytes = csv_header(true) + "\n" + std::string(5'000'000, ',');
  expect_failure([&] { parse_csv(bytes, "t.csv"); }, "row 2 has 5000001 values");
}

TEST(KaggleSources, TrainAndAreEvaluatedLikeOthers) {
  const TempFolder folder;
  std::string bytes = csv_header(true) + "\n";
  for (int r = 0; r < 50; ++r) bytes += row(r, r % 10) + "\n";
  Sources sources;
  sources.kaggle = {folder.write("train.csv", bytes).string()};
  const TrainingData data = load_training_data(sources, 0.2, 1);
  EXPECT_EQ(data.validation.at(0).name, "train.csv");
  EXPECT_GT(data.images.size(), 0);
  EXPECT_EQ(data.images.size() + data.all_validation().size(), 50);
  const std::vector<NamedDataset> sets = load_evaluation_data(sources);
  EXPECT_TRUE(sets.at(0).data.images.equal(expected_images(50)));
  EXPECT_EQ(describe(sources), "train.csv");
}

TEST(KaggleSources, AFileWithoutLabelsIsRefusedWhereLabelsAreNeeded) {
  const TempFolder folder;
  Sources sources;
  sources.kaggle = {
      folder.write("test.csv", csv_header(false) + "\n" + row(0, -1) + "\n").string()};
  expect_failure([&] { load_training_data(sources, 0.1, 1); }, "test.csv has no labels",
                 "train.csv");
  expect_failure([&] { load_evaluation_data(sources); }, "test.csv has no labels", "submit");
}

}  // namespace
}  // namespace inkling
