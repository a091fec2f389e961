// Fetching from a local HTTP server: whole, resumed, from a second mirror, and what is said when a
// server misbehaves.
#include "data/download.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include <atomic>
#include <thread>

#include "data/sha256.h"
#include "temp_folder.h"

namespace inkling {
namespace {

std::string content() {
  std::string bytes;
  for (int i = 0; i < 200'000; ++i) bytes += static_cast<char>(i * 31 >> 3);
  return bytes;
}

// Serves content() under /good/, the same without ranges under /norange/, its first half under
// /short/, other bytes of the same length under /wrong/, and more than that under /long/.
class Server {
 public:
  Server() {
    server_.Get("/good/data.bin",
                [this](const httplib::Request& request, httplib::Response& response) {
                  ranged_ = ranged_ || request.has_header("Range");
                  ++requests_;
                  response.set_content(content(), "application/octet-stream");
                });
    server_.Get("/norange/data.bin", [](const httplib::Request&, httplib::Response& response) {
      // A length that is not told beforehand: the server then sends the whole, whatever was asked
      // for.
      response.set_chunked_content_provider("application/octet-stream",
                                            [](std::size_t, httplib::DataSink& sink) {
                                              const std::string bytes = content();
                                              sink.write(bytes.data(), bytes.size());
                                              sink.done();
                                              return true;
                                            });
    });
    server_.Get("/wrong/data.bin", [](const httplib::Request&, httplib::Response& response) {
      response.set_content(std::string(content().size(), 'x'), "application/octet-stream");
    });
    server_.Get("/long/data.bin", [](const httplib::Request&, httplib::Response& response) {
      response.set_content(content() + "and more", "application/octet-stream");
    });
    server_.Get("/short/data.bin", [](const httplib::Request&, httplib::Response& response) {
      response.set_content(content().substr(0, content().size() / 2), "application/octet-stream");
    });
    server_.Get("/moved/data.bin", [](const httplib::Request&, httplib::Response& response) {
      response.set_redirect("/good/data.bin");
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    server_.wait_until_ready();
  }
  ~Server() {
    server_.stop();
    thread_.join();
  }

  std::string url(const std::string& folder) const {
    return "http://127.0.0.1:" + std::to_string(port_) + "/" + folder + "/";
  }
  bool ranged() const { return ranged_; }
  int requests() const { return requests_; }

 private:
  httplib::Server server_;
  int port_ = 0;
  std::atomic<bool> ranged_ = false;
  std::atomic<int> requests_ = 0;
  std::thread thread_;
};

class Download : public testing::Test {
 protected:
  Download() {
    folder_.write("reference", content());
    file_ = {"data.bin", content().size(), sha256_of_file(folder_ / "reference")};
  }
  DownloadOutcome fetch(const std::vector<std::string>& mirrors) {
    return download(file_, folder_.path(), mirrors,
                    [this](auto done, auto) { last_progress_ = done; });
  }
  void expect_right_copy() const {
    EXPECT_EQ(read_file(folder_ / "data.bin"), content());
    EXPECT_FALSE(std::filesystem::exists(folder_ / "data.bin.part"));
  }

  TempFolder folder_;
  Server server_;
  RemoteFile file_;
  std::uint64_t last_progress_ = 0;
};

TEST(Sha256, IsThatOfThePublishedExample) {
  const TempFolder folder;  // FIPS 180-2, appendix B.1
  EXPECT_EQ(sha256_of_file(folder.write("abc", "abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_F(Download, FetchesOnceAndKeepsARightCopy) {
  EXPECT_EQ(fetch({server_.url("good")}), DownloadOutcome::kFetched);
  expect_right_copy();
  EXPECT_EQ(last_progress_, content().size());
  EXPECT_EQ(fetch({server_.url("good")}), DownloadOutcome::kAlreadyThere);
  EXPECT_EQ(server_.requests(), 1);
}

TEST_F(Download, GoesOnWhereAConnectionBroke) {
  folder_.write("data.bin.part", content().substr(0, 70'000));
  fetch({server_.url("good")});
  expect_right_copy();
  EXPECT_TRUE(server_.ranged());
}

TEST_F(Download, BeginsAgainWhereTheServerKnowsNoRanges) {
  folder_.write("data.bin.part", content().substr(0, 70'000));
  fetch({server_.url("norange")});
  expect_right_copy();
}

TEST_F(Download, BeginsAgainWhenThePartIsLongerThanTheFile) {
  folder_.write("data.bin.part", content() + "tail");
  fetch({server_.url("good")});
  expect_right_copy();
}

TEST_F(Download, ADamagedPartIsNoticedAndTheNextMirrorGivesTheWhole) {
  folder_.write("data.bin.part", std::string(70'000, '?'));
  fetch({server_.url("good"), server_.url("good")});
  expect_right_copy();
}

TEST_F(Download, PassesOverMirrorsThatAreWrong) {
  fetch({"http://127.0.0.1:1/", server_.url("absent"), server_.url("wrong"), server_.url("long"),
         server_.url("good")});
  expect_right_copy();
}

TEST_F(Download, AMirrorThatEndsEarlyIsGoneOnWithAtTheNext) {
  fetch({server_.url("short"), server_.url("good")});
  expect_right_copy();
  EXPECT_TRUE(server_.ranged());
}

TEST_F(Download, FollowsARedirect) {
  fetch({server_.url("moved")});
  expect_right_copy();
}

TEST_F(Download, SaysWhatEachMirrorAnswered) {
  expect_failure([&] { fetch({server_.url("absent"), server_.url("wrong")}); },
                 "no mirror gave data.bin", "404", "checksum is wrong", "--mirror");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "data.bin"));
}

TEST_F(Download, RefusesOtherProtocols) {
  expect_failure([&] { fetch({"file://" + (folder_ / "reference").string() + "?"}); }, "no mirror");
}

TEST_F(Download, AWrongCopyIsReplaced) {
  folder_.write("data.bin", "old");
  EXPECT_EQ(fetch({server_.url("good")}), DownloadOutcome::kFetched);
  expect_right_copy();
}

}  // namespace
}  // namespace inkling
