// A folder of its own for each test, removed afterwards.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "data/file.h"

namespace inkling {

class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "inkling-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw Failure("cannot make a temporary folder");
    path_ = name;
  }
  ~TempFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

  std::filesystem::path write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return path_ / name;
  }
  std::filesystem::path write_gzipped(const std::string& name, const std::string& bytes) const {
    const gzFile file = gzopen((path_ / name).c_str(), "wb");
    gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(file);
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

// The sentence that `action` fails with; empty when it does not fail.
template <typename Action>
std::string failure_of(Action action) {
  try {
    action();
    return "";
  } catch (const Failure& failure) {
    return failure.what();
  }
}

// Expects that `action` throws Failure with every given piece in its sentence.
template <typename Action, typename... Pieces>
void expect_failure(Action action, const Pieces&... pieces) {
  const std::string sentence = failure_of(action);
  ASSERT_FALSE(sentence.empty()) << "no failure";
  for (const std::string& piece : {std::string(pieces)...}) {
    EXPECT_NE(sentence.find(piece), std::string::npos) << sentence << "\n  lacks: " << piece;
  }
}

}  // namespace inkling
