// `openssl s_server` with a CA and certificates made for the test: a TLS peer that shares no code with ours.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>

namespace sluice::io {

// A private CA in a directory of its own, gone at the end.
class TestCa {
 public:
  TestCa();
  ~TestCa();
  TestCa(const TestCa&) = delete;
  TestCa& operator=(const TestCa&) = delete;

  [[nodiscard]] std::string pem() const;
  // Makes a certificate for these subject alternative names ("DNS:localhost,IP:127.0.0.1"); the path without suffix.
  [[nodiscard]] std::string issue(const std::string& name, const std::string& alternative_names) const;

 private:
  std::filesystem::path folder_;
};

// Serves on 127.0.0.1 until destroyed, with further s_server options: "-www" answers a GET with a status page, "-rev"
// sends each line back reversed.
class TlsServer {
 public:
  TlsServer(const std::string& certificate, const std::string& options);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  int pid_ = -1;
  std::FILE* said_ = nullptr;  // stays open: s_server goes on talking
  std::uint16_t port_ = 0;
};

}  // namespace sluice::io
