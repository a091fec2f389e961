// Reading whole files, gzipped or not. Step 1 of training: bytes from disk.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace inkling {

// What a command cannot do, in one sentence (what, where, how to mend); main prints it and exits 1.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The file's bytes, decompressed when it is gzipped. Throws Failure when it is missing, is a
// folder, is cut short, or would be larger than max_bytes.
std::string read_file(const std::filesystem::path& path,
                      std::size_t max_bytes = std::size_t{4} << 30);

// Replaces the file as a whole: writes beside it, flushes to disk, renames. Throws Failure; the old
// file is then untouched.
void write_file(const std::filesystem::path& path, const std::string& bytes);

// What is about to be written must not be what was read: one of these files, or, where a folder was
// read, one of its own. Throws Failure.
void require_not_read(const std::filesystem::path& out,
                      const std::vector<std::filesystem::path>& read);

// One process at a time writes to a folder. The lock ends with the object, or with the process,
// however that ends.
class FolderLock {
 public:
  // Throws Failure when another process holds it.
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int file_ = -1;
};

// The bytes as a gzip file holds them; the same bytes always give the same file (no name, no time).
std::string gzipped(const std::string& bytes);

}  // namespace inkling
