# Writes SOURCE: a C++ file that defines the std::string_view NAME with the bytes of FILE.
file(READ "${FILE}" hex HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
file(WRITE "${SOURCE}"
  "#include <string_view>\nnamespace inkling {\nstatic const unsigned char kBytes[] = {${bytes}0};\n"
  "extern const std::string_view ${NAME};\nconst std::string_view ${NAME}(\n"
  "    reinterpret_cast<const char*>(kBytes), sizeof kBytes - 1);\n}\n")
