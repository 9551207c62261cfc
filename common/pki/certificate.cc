#include "common/pki/certificate.h"

#include <openssl/bn.h>
#include <openssl/x509v3.h>

#include <ctime>

#include "common/pki/openssl.h"

namespace sluice::pki {

namespace {

Result<std::string> serial_of(const X509& certificate) {
  const std::unique_ptr<BIGNUM, Freed<BN_free>> number(
      ASN1_INTEGER_to_BN(X509_get0_serialNumber(&certificate), nullptr));
  if (number == nullptr) return openssl_failed("reading the serial number");
  char* digits = BN_bn2hex(number.get());
  if (digits == nullptr) return openssl_failed("reading the serial number");
  std::string hex(digits);
  OPENSSL_free(digits);
  for (char& c : hex)
    c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  return hex;
}

Result<SystemTime> time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return openssl_failed("reading a time");
  return SystemTime(std::chrono::seconds(timegm(&parts)));
}

std::string common_name_of(const X509& certificate) {
  X509_NAME* subject = X509_get_subject_name(&certificate);
  const int index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (index < 0) return {};
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index)));
  if (size < 0) return {};
  std::string name(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return name;
}

}  // namespace

Result<Certificate> read_certificate(std::string_view pem) {
  const auto certificate = parse_certificate(pem);
  if (!certificate) return std::unexpected(certificate.error());
  X509& x509 = **certificate;
  auto serial = serial_of(x509);
  if (!serial) return std::unexpected(serial.error());
  const auto from = time_of(X509_get0_notBefore(&x509));
  const auto to = time_of(X509_get0_notAfter(&x509));
  if (!from) return std::unexpected(from.error());
  if (!to) return std::unexpected(to.error());
  // All bits are set where the extension is absent: such a certificate is for nothing of ours.
  const std::uint32_t usage = X509_get_extended_key_usage(&x509);
  const bool limited = usage != UINT32_MAX;
  return Certificate{.serial = std::move(*serial),
                     .common_name = common_name_of(x509),
                     .not_before = *from,
                     .not_after = *to,
                     .for_clients = limited && (usage & XKU_SSL_CLIENT) != 0,
                     .for_servers = limited && (usage & XKU_SSL_SERVER) != 0};
}

SystemTime renewal_time(const Certificate& certificate) {
  return certificate.not_before + (certificate.not_after - certificate.not_before) * 2 / 3;
}

}  // namespace sluice::pki
