// Fetching data sets: several mirrors, resumed where a connection broke, checked by SHA-256.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace inkling {

struct RemoteFile {
  std::string name;        // below each mirror's address, and in the folder
  std::uint64_t size = 0;  // bytes
  std::string sha256;      // 64 lower-case hexadecimal digits
};

enum class DownloadOutcome { kAlreadyThere, kFetched };

// Called now and then with the bytes present and the bytes wanted.
using DownloadProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

// Puts `file` into `folder`. A right copy that is already there is kept; a ".part" left by a broken
// connection is gone on with; a copy whose checksum is wrong is thrown away and the next mirror
// tried. Mirrors are addresses ending in '/'. Throws Failure that says what each mirror answered.
DownloadOutcome download(const RemoteFile& file, const std::filesystem::path& folder,
                         const std::vector<std::string>& mirrors, const DownloadProgress& progress);

// Fetches a file for which nobody published a checksum, of at most max_bytes, into memory and hands
// it to `accept`, which looks into it and throws Failure when it is not what was meant; the next
// mirror is then tried. Mirrors are addresses ending in '/', or, of an archive that holds the file,
// in ".zip". Progress is called with 0 for bytes that are not known beforehand. Throws Failure that
// says what each mirror answered.
void download_checked(
    const std::string& name, const std::vector<std::string>& mirrors, std::size_t max_bytes,
    const std::function<void(const std::string& bytes, const std::string& url)>& accept,
    const DownloadProgress& progress);

}  // namespace inkling
