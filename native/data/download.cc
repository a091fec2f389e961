// One transfer a mirror through libcurl, into NAME.part; renamed when the checksum is right.
#include "data/download.h"

#include <curl/curl.h>

#include <cstdio>
#include <memory>

#include "data/file.h"
#include "data/sha256.h"

namespace inkling {
namespace fs = std::filesystem;
namespace {

constexpr long kConnectSeconds = 15;  // a mirror that does not answer is passed over
constexpr long kStallBytes = 1000;    // a second, ...
constexpr long kStallSeconds = 20;    // ... for so long: the mirror has stalled
constexpr long kRedirects = 5;

struct CurlCleanup {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};
struct FileClose {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using FileHandle = std::unique_ptr<std::FILE, FileClose>;

// What libcurl's callback shares with the transfer.
struct Transfer {
  std::FILE* file = nullptr;
  std::uint64_t done = 0, wanted = 0;  // bytes, those of an earlier try included
  bool too_large = false, disk_failed = false;
  const DownloadProgress* progress = nullptr;
};

std::size_t on_bytes(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (transfer.done + size > transfer.wanted) {
    transfer.too_large = true;
    return 0;
  }
  if (std::fwrite(data, 1, size, transfer.file) != size) {
    transfer.disk_failed = true;
    return 0;
  }
  transfer.done += size;
  if (*transfer.progress) (*transfer.progress)(transfer.done, transfer.wanted);
  return size;
}

// What every transfer shares; `error` must outlive it.
void set_common_options(CURL* curl, const std::string& url, char* error) {
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl, CURLOPT_MAXREDIRS, kRedirects);
  curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, kStallBytes);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, kStallSeconds);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "inkling");
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
}

void set_options(CURL* curl, const std::string& url, Transfer& transfer, char* error) {
  set_common_options(curl, url, error);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(transfer.done));
}

std::uint64_t size_or_zero(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  return error ? 0 : size;
}

// True when the server cannot go on in the middle of a file (libcurl refuses a whole answer to a
// range).
bool knows_no_ranges(CURL* curl, CURLcode code) {
  long response = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &response);
  constexpr long kRangeNotSatisfiable = 416;
  return code == CURLE_RANGE_ERROR || response == kRangeNotSatisfiable;
}

// Returns why the file is not complete, or nothing. Goes on where an earlier try ended.
std::string transfer_from(const std::string& url, const RemoteFile& file, const fs::path& part,
                          const DownloadProgress& progress) {
  if (size_or_zero(part) >= file.size) fs::remove(part);  // complete, yet wrong: begin again
  const std::unique_ptr<CURL, CurlCleanup> curl(curl_easy_init());
  if (!curl) return "libcurl could not start";
  Transfer transfer;
  transfer.progress = &progress;
  transfer.done = size_or_zero(part), transfer.wanted = file.size;
  const bool resuming = transfer.done > 0;
  FileHandle output(std::fopen(part.c_str(), "ab"));
  if (!output) throw Failure("cannot write " + part.string());
  transfer.file = output.get();

  char error[CURL_ERROR_SIZE] = "";
  set_options(curl.get(), url, transfer, error);
  const CURLcode code = curl_easy_perform(curl.get());
  if (std::fflush(output.get()) != 0) transfer.disk_failed = true;
  if (transfer.disk_failed) throw Failure("cannot write " + part.string() + "; is the disk full?");
  if (resuming && knows_no_ranges(curl.get(), code)) {
    output.reset();
    fs::remove(part);
    return transfer_from(url, file, part, progress);
  }
  if (transfer.too_large) return "it is longer than it should be";
  if (code != CURLE_OK) return error[0] ? error : curl_easy_strerror(code);
  if (transfer.done < file.size) return "it ended early";
  return "";
}

// A file that is fetched into memory.
struct MemoryTransfer {
  std::string bytes;
  std::size_t max_bytes = 0;
  const DownloadProgress* progress = nullptr;
};

std::size_t on_memory_bytes(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<MemoryTransfer*>(user);
  if (transfer.bytes.size() + size > transfer.max_bytes) return 0;
  transfer.bytes.append(data, size);
  if (*transfer.progress) (*transfer.progress)(transfer.bytes.size(), 0);
  return size;
}

// Returns why the bytes are not there, or nothing.
std::string transfer_to_memory(const std::string& url, MemoryTransfer& transfer) {
  const std::unique_ptr<CURL, CurlCleanup> curl(curl_easy_init());
  if (!curl) return "libcurl could not start";
  char error[CURL_ERROR_SIZE] = "";
  set_common_options(curl.get(), url, error);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, on_memory_bytes);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &transfer);
  const CURLcode code = curl_easy_perform(curl.get());
  if (code == CURLE_OK) return "";
  if (code == CURLE_WRITE_ERROR) return "it is longer than it should be";
  return error[0] ? error : curl_easy_strerror(code);
}

// `answers`: a line for each mirror.
Failure no_mirror(const std::string& name, const std::string& answers) {
  return Failure(
      "no mirror gave " + name +
      "; run the same command again to go on, or name another with --mirror URL:" + answers);
}

}  // namespace

void download_checked(
    const std::string& name, const std::vector<std::string>& mirrors, std::size_t max_bytes,
    const std::function<void(const std::string& bytes, const std::string& url)>& accept,
    const DownloadProgress& progress) {
  std::string answers;
  for (const std::string& mirror : mirrors) {
    const std::string url = mirror.ends_with(".zip") ? mirror : mirror + name;
    MemoryTransfer transfer{"", max_bytes, &progress};
    std::string problem = transfer_to_memory(url, transfer);
    if (problem.empty()) {
      try {
        return accept(transfer.bytes, url);
      } catch (const Failure& failure) {
        problem = failure.what();
      }
    }
    answers.append("\n  ").append(url).append(": ").append(problem);
  }
  throw no_mirror(name, answers);
}

DownloadOutcome download(const RemoteFile& file, const fs::path& folder,
                         const std::vector<std::string>& mirrors,
                         const DownloadProgress& progress) {
  const fs::path target = folder / file.name, part = target.string() + ".part";
  if (size_or_zero(target) == file.size && sha256_of_file(target) == file.sha256) {
    return DownloadOutcome::kAlreadyThere;
  }
  std::string answers;
  for (const std::string& mirror : mirrors) {
    std::string problem = transfer_from(mirror + file.name, file, part, progress);
    if (problem.empty() && sha256_of_file(part) != file.sha256) {
      fs::remove(part);
      problem = "its checksum is wrong";
    }
    if (problem.empty()) {
      fs::rename(part, target);
      return DownloadOutcome::kFetched;
    }
    answers.append("\n  ").append(mirror).append(file.name).append(": ").append(problem);
  }
  throw no_mirror(file.name, answers);
}

}  // namespace inkling
