# cmake -DIN=... -DOUT=... -P embed_descriptors.cmake: writes a .cc with the bytes of the descriptor set in it.
file(READ ${IN} bytes HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")
file(WRITE ${OUT} "#include \"controlplane/api/schema.h\"\n\nnamespace sluice::api {\nnamespace {\nconstexpr unsigned char kBytes[] = {\n${bytes}\n};\n}  // namespace\n\nstd::string_view embedded_descriptors() {\n  return {reinterpret_cast<const char*>(kBytes), sizeof(kBytes)};\n}\n\n}  // namespace sluice::api\n")
