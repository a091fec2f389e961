// `inkling fetch mnist`: the four original files, from whichever mirror has them.
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "cli/commands.h"
#include "data/download.h"
#include "data/file.h"

namespace inkling {
namespace {

// Sizes and checksums of the files that LeCun, Cortes and Burges published.
const std::vector<RemoteFile>& mnist_files() {
  static const std::vector<RemoteFile> kFiles = {
      {"train-images-idx3-ubyte.gz", 9912422,
       "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"},
      {"train-labels-idx1-ubyte.gz", 28881,
       "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"},
      {"t10k-images-idx3-ubyte.gz", 1648877,
       "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"},
      {"t10k-labels-idx1-ubyte.gz", 4542,
       "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"},
  };
  return kFiles;
}

constexpr const char* kMnistMirrors[] = {
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
};

struct FetchFlags {
  std::string what = "mnist", out;
  std::vector<std::string> mirrors;
};

void show_progress(const std::string& name, std::uint64_t done, std::uint64_t total) {
  if (!isatty(STDOUT_FILENO)) return;
  std::printf("\r\033[K%s  %3.0f %%", name.c_str(),
              100.0 * static_cast<double>(done) / static_cast<double>(total));
  std::fflush(stdout);
}

void run_fetch(const FetchFlags& flags) {
  std::vector<std::string> mirrors;
  for (std::string mirror : flags.mirrors) {
    if (!mirror.ends_with('/')) mirror += '/';
    mirrors.push_back(std::move(mirror));
  }
  if (mirrors.empty()) mirrors.assign(std::begin(kMnistMirrors), std::end(kMnistMirrors));
  std::error_code error;
  std::filesystem::create_directories(flags.out, error);
  if (error) throw Failure("cannot make the folder " + flags.out + ": " + error.message());

  for (const RemoteFile& file : mnist_files()) {
    const DownloadOutcome outcome = download(
        file, flags.out, mirrors,
        [&](std::uint64_t done, std::uint64_t total) { show_progress(file.name, done, total); });
    std::printf("%s%s  %s\n", isatty(STDOUT_FILENO) ? "\r\033[K" : "", file.name.c_str(),
                outcome == DownloadOutcome::kFetched ? "fetched, checksum right" : "already there");
  }
  std::printf("next: inkling train --mnist %s --out runs/first\n", flags.out.c_str());
}

}  // namespace

void add_fetch(CLI::App& app) {
  auto flags = std::make_shared<FetchFlags>();
  CLI::App* command = app.add_subcommand("fetch", "Download a data set, checked and resumed");
  command->add_option("what", flags->what, "Which data set: mnist")
      ->required()
      ->check(CLI::IsMember({"mnist"}));
  command->add_option("--out", flags->out, "Folder to put it in")->required();
  command->add_option("--mirror", flags->mirrors,
                      "Take it from this address instead; may be given several times");
  command->callback([flags] { run_fetch(*flags); });
}

}  // namespace inkling
