// UCI's pen digits from UNIPEN text to stroke files, fetched from a local HTTP server.
#include "data/pendigits.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <map>
#include <thread>

#include "data/file.h"
#include "real_images.h"
#include "temp_folder.h"

namespace inkling {
namespace {

namespace fs = std::filesystem;

const PendigitsPart& train_part() { return pendigits_parts()[0]; }
const PendigitsPart& test_part() { return pendigits_parts()[1]; }

constexpr const char* kTwoDigits =
    ".INCLUDE dene.doc\n\n"
    ".LEXICON \"0\" \"1\"\n"
    ".HIERARCHY DIGIT\n"
    ".SEGMENT DIGIT 0 ? \"8\"\n"
    ".COMMENT 8 12 224\n"
    ".PEN_DOWN\n"
    " 267  333 \n"
    " 267  336\n"
    ".PEN_UP\n"
    ".DT 100\n"
    ".SEGMENT DIGIT 1-2 ? \"5\"\n"
    ".COMMENT 5 3 225\r\n"
    ".PEN_DOWN\n10 0\n11 40\n.PEN_UP\n.DT 100\n"
    ".PEN_DOWN\n30 0\n31 40\n.PEN_UP\n.DT 100\n";

// UNIPEN text with the part's numbers of digits and writers.
std::string whole_part(const PendigitsPart& part) {
  std::string text = ".HIERARCHY DIGIT\n";
  std::int64_t n = 0;
  for (std::size_t label = 0; label < 10; ++label) {
    for (std::int64_t i = 0; i < part.label_count[label]; ++i, ++n) {
      const std::string digit = std::to_string(label), x = std::to_string(n % 400);
      text += ".SEGMENT DIGIT " + std::to_string(n) + " ? \"" + digit + "\"\n.COMMENT " + digit +
              " " + std::to_string(n % part.writers + 1) + " 1\n.PEN_DOWN\n" + x + " 10\n" + x +
              " 300\n.PEN_UP\n.DT 100\n";
    }
  }
  return text;
}

std::string compressed(const std::string& text) {  // as compress(1) does: LZW
  std::string packed(text.size() + 4096, '\0');
  std::size_t used = 0;
  archive* a = archive_write_new();
  archive_write_set_format_raw(a);
  archive_write_add_filter_compress(a);
  archive_write_open_memory(a, packed.data(), packed.size(), &used);
  archive_entry* entry = archive_entry_new();
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_write_header(a, entry);
  archive_write_data(a, text.data(), text.size());
  archive_entry_free(entry);
  archive_write_close(a);
  archive_write_free(a);
  packed.resize(used);
  return packed;
}

std::string zipped(const std::map<std::string, std::string>& members) {
  std::size_t size = 4096;
  for (const auto& [name, bytes] : members) size += bytes.size() + 1024;
  std::string packed(size, '\0');
  std::size_t used = 0;
  archive* a = archive_write_new();
  archive_write_set_format_zip(a);
  archive_write_open_memory(a, packed.data(), packed.size(), &used);
  for (const auto& [name, bytes] : members) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_size(entry, static_cast<la_int64_t>(bytes.size()));
    archive_write_header(a, entry);
    archive_write_data(a, bytes.data(), bytes.size());
    archive_entry_free(entry);
  }
  archive_write_close(a);
  archive_write_free(a);
  packed.resize(used);
  return packed;
}

TEST(Unipen, ReadsLabelsWritersAndStrokesAndTurnsY) {
  const std::vector<Drawing> drawings = parse_unipen(kTwoDigits, "train-w", "t");
  ASSERT_EQ(drawings.size(), 2u);
  EXPECT_EQ(drawings[0].label, 8);
  EXPECT_EQ(drawings[0].writer, "train-w12");
  ASSERT_EQ(drawings[0].strokes.size(), 1u);
  EXPECT_EQ(drawings[0].strokes[0][1].x, 267);
  EXPECT_EQ(drawings[0].strokes[0][1].y, -336);
  EXPECT_EQ(drawings[1].label, 5);
  EXPECT_EQ(drawings[1].writer, "train-w3");
  EXPECT_EQ(drawings[1].strokes.size(), 2u);
  EXPECT_FALSE(std::signbit(drawings[1].strokes[0][0].y));
}

TEST(Unipen, BecomesLinesThatTheStrokeReaderReads) {
  const TempFolder folder;
  const std::vector<Drawing> drawings = parse_unipen(kTwoDigits, "w", "t");
  const std::string lines = to_stroke_lines(drawings);
  EXPECT_TRUE(
      lines.starts_with(R"({"label":"8","writer":"w12","strokes":[[[267,-333],[267,-336]]]})"
                        "\n"))
      << lines;
  const std::vector<Drawing> again = read_strokes(folder.write_gzipped("a.jsonl.gz", lines));
  ASSERT_EQ(again.size(), 2u);
  EXPECT_EQ(again[1].strokes[1][1].y, -40);
  EXPECT_EQ(again[1].writer, "w3");
}

TEST(Unipen, NamesTheLineThatIsWrong) {
  const std::string good = ".SEGMENT DIGIT 0 ? \"8\"\n.PEN_DOWN\n1 2\n3 4\n";
  const std::vector<std::pair<std::string, std::string>> table = {
      {good + "5\n.PEN_UP\n", "line 5: a point"},
      {good + "5 x\n.PEN_UP\n", "line 5: a point"},
      {good + "5 6 7\n.PEN_UP\n", "line 5: a point"},
      {good, "ends while the pen is down"},
      {good + ".PEN_DOWN\n", "line 5: .PEN_DOWN"},
      {good + ".SEGMENT DIGIT 1 ? \"3\"\n", "line 5: .SEGMENT while"},
      {".PEN_DOWN\n", "line 1: the pen"},
      {".SEGMENT DIGIT 0 ? \"88\"\n", "line 1: a segment's label"},
      {".SEGMENT WORD 0 ? \"x\"\n", "line 1: a segment's label"},
      {".SEGMENT\n", "line 1: a segment's label"},
      {".SEGMENT DIGIT 0 ? \"8\"\n", "nothing that could be drawn"},
      {".SEGMENT DIGIT 0 ? \"8\"\n.PEN_DOWN\n1e39 2\n.PEN_UP\n", "nothing that could be drawn"},
      {"", "holds no UNIPEN segment"},
      {"<!doctype html>\n", "holds no UNIPEN segment"},
  };
  for (const auto& [text, sentence] : table) {
    expect_failure([&] { parse_unipen(text, "w", "tra"); }, "tra", sentence);
  }
}

TEST(Unpack, ReadsCompressGzipPlainAndZip) {
  const std::string text(100'000, 'a');
  const std::string packed = compressed(text);
  EXPECT_EQ(packed.substr(0, 2), "\x1f\x9d");
  EXPECT_EQ(unpack(packed, "m.Z", "n"), text);
  EXPECT_EQ(unpack(gzipped(text), "m.Z", "n"), text);
  EXPECT_EQ(unpack(text, "m.Z", "n"), text);
  EXPECT_EQ(unpack(zipped({{"other", "x"}, {"folder/m.Z", packed}}), "m.Z", "n"), text);
}

TEST(Unpack, NamesWhatCannotBeUnpacked) {
  expect_failure([] { unpack("", "m.Z", "file.Z"); }, "file.Z");
  expect_failure([] { unpack(zipped({{"other", "x"}}), "m.Z", "file.zip"); }, "file.zip", "no m.Z");
  const std::string zip = zipped({{"m.Z", compressed(kTwoDigits)}});
  expect_failure([&] { unpack(zip.substr(0, 60), "m.Z", "file.zip"); }, "file.zip");
  const std::string bomb(std::size_t{80} << 20, '\0');
  expect_failure([&] { unpack(gzipped(bomb), "m.Z", "file.Z"); }, "file.Z", "far more");
}

TEST(Pendigits, CountsThatDifferFromUcisAreRefused) {
  std::vector<Drawing> drawings = parse_unipen(whole_part(test_part()), "test-w", "t");
  check_pendigits(drawings, test_part(), "t");
  std::swap(drawings.back().label, drawings.front().label);
  drawings.back().label = 1;
  expect_failure([&] { check_pendigits(drawings, test_part(), "t"); }, "UCI's has");
  drawings = parse_unipen(whole_part(test_part()), "test-w", "t");
  for (Drawing& drawing : drawings) drawing.writer = "w";
  expect_failure([&] { check_pendigits(drawings, test_part(), "t"); }, "1 writers", "14");
}

class FetchedPendigits : public testing::Test {
 protected:
  FetchedPendigits() : text_(whole_part(test_part())) {
    serve("/good/pendigits-orig.tes.Z", compressed(text_));
    serve("/cut/pendigits-orig.tes.Z", compressed(text_).substr(0, 20'000));
    serve("/fewer/pendigits-orig.tes.Z", compressed(kTwoDigits));
    serve("/page/pendigits-orig.tes.Z", "<!doctype html>");
    serve("/large/pendigits-orig.tes.Z", std::string(std::size_t{17} << 20, 'x'));
    serve("/all.zip", zipped({{"pendigits-orig.tes.Z", compressed(text_)}}));
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    server_.wait_until_ready();
  }
  ~FetchedPendigits() override {
    server_.stop();
    thread_.join();
  }
  void serve(const std::string& path, const std::string& bytes) {
    server_.Get(path, [this, bytes](const httplib::Request&, httplib::Response& response) {
      ++requests_;
      response.set_content(bytes, "application/octet-stream");
    });
  }
  DownloadOutcome make(const std::vector<std::string>& mirrors, const std::string& from = "") {
    std::vector<std::string> urls;
    for (const std::string& mirror : mirrors) {
      urls.push_back("http://127.0.0.1:" + std::to_string(port_) + "/" + mirror);
    }
    return make_pendigits(test_part(), folder_.path(), from, urls, nullptr);
  }
  fs::path made() const { return folder_ / "pendigits-test.jsonl.gz"; }

  std::string text_;
  TempFolder folder_;
  httplib::Server server_;
  std::atomic<int> requests_ = 0;
  int port_ = 0;
  std::thread thread_;
};

TEST_F(FetchedPendigits, BecomeAStrokeFileOnce) {
  EXPECT_EQ(make({"good/"}), DownloadOutcome::kFetched);
  const std::vector<Drawing> drawings = read_strokes(made());
  EXPECT_EQ(drawings.size(), 3498u);
  check_pendigits(drawings, test_part(), "made");
  EXPECT_EQ(make({"good/"}), DownloadOutcome::kAlreadyThere);
  EXPECT_EQ(requests_, 1);
}

TEST_F(FetchedPendigits, AreTakenOutOfUcisArchive) {
  EXPECT_EQ(make({"absent/", "all.zip"}), DownloadOutcome::kFetched);
  EXPECT_EQ(read_strokes(made()).size(), 3498u);
}

TEST_F(FetchedPendigits, MirrorsThatAreWrongArePassedOver) {
  EXPECT_EQ(make({"absent/", "cut/", "fewer/", "page/", "large/", "good/"}),
            DownloadOutcome::kFetched);
  EXPECT_EQ(read_strokes(made()).size(), 3498u);
}

TEST_F(FetchedPendigits, WhatEachMirrorAnsweredIsSaidAndNothingWritten) {
  expect_failure([&] { make({"absent/", "fewer/", "large/"}); }, "no mirror gave", "404",
                 "UCI's has", "longer than it should", "--mirror");
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(FetchedPendigits, CanBeMadeFromAFolderOfOriginals) {
  const TempFolder originals;
  expect_failure([&] { make({}, originals.path().string()); }, "there is no pendigits-orig.tes.Z");
  originals.write("pendigits-orig.tes", text_);
  EXPECT_EQ(make({}, originals.path().string()), DownloadOutcome::kFetched);
  const std::string plain = read_file(made());
  fs::remove(made());
  fs::remove(originals / "pendigits-orig.tes");
  originals.write("pendigits-orig.tes.Z", compressed(text_));
  EXPECT_EQ(make({}, originals.path().string()), DownloadOutcome::kFetched);
  EXPECT_EQ(read_file(made()), plain);
}

TEST_F(FetchedPendigits, AWrongStrokeFileIsMadeAnew) {
  folder_.write("pendigits-test.jsonl.gz", "{\"label\":\"1\",\"strokes\":[[[0,0],[1,1]]]}");
  EXPECT_EQ(make({"good/"}), DownloadOutcome::kFetched);
  EXPECT_EQ(read_strokes(made()).size(), 3498u);
}

// The files that INKLING_DATA holds, written back as UNIPEN, come out as they were.
TEST(RealStrokes, SurviveTheWayThroughUnipen) {
  const fs::path pen = data_folder() / "pen";
  for (const PendigitsPart& part : {train_part(), test_part()}) {
    SKIP_UNLESS(fs::exists(pen / part.stroke_file), "pen/pendigits-*.jsonl.gz");
    const std::vector<Drawing> drawings = read_strokes(pen / part.stroke_file);
    check_pendigits(drawings, part, "data");
    std::string unipen;
    for (const Drawing& drawing : drawings) {
      const std::string label = std::to_string(drawing.label);
      const std::string prefix = part.writer_prefix;
      ASSERT_TRUE(drawing.writer.starts_with(prefix));
      unipen += ".SEGMENT DIGIT 0 ? \"" + label + "\"\n.COMMENT " + label + " " +
                drawing.writer.substr(prefix.size()) + " 1\n";
      for (const Stroke& stroke : drawing.strokes) {
        unipen += ".PEN_DOWN\n";
        for (const Point& point : stroke) {
          unipen += std::to_string(std::lround(point.x)) + " " +
                    std::to_string(std::lround(-point.y)) + "\n";
        }
        unipen += ".PEN_UP\n.DT 100\n";
      }
    }
    EXPECT_EQ(to_stroke_lines(parse_unipen(unipen, part.writer_prefix, "t")),
              to_stroke_lines(drawings));
  }
}

}  // namespace
}  // namespace inkling
