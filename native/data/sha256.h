// SHA-256 of files and bytes, by OpenSSL: what was fetched is what was meant.
#pragma once

#include <filesystem>
#include <string>

namespace inkling {

// 64 lower-case hexadecimal digits. Throws Failure when the file cannot be read.
std::string sha256_of_file(const std::filesystem::path& path);

}  // namespace inkling
