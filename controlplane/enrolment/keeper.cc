#include "controlplane/enrolment/keeper.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include "common/observe/log.h"
#include "common/pki/certificate.h"
#include "common/pki/request.h"
#include "controlplane/db/transaction.h"
#include "controlplane/enrolment/node_certificates.h"

namespace sluice::enrolment {

using observe::Level;

namespace {

constexpr std::chrono::minutes kEarlier{5};
// How often gRPC looks whether the files have changed.
constexpr unsigned kFileSeconds = 1;

struct Seen {
  AuthorityRow signing;
  std::vector<AuthorityRow> believed;
  std::set<std::string> revoked;
};

Result<Seen> read_all(db::Transaction& tx, const crypto::Vault& vault, SystemTime now) {
  auto signing = signing_authority(tx, vault, now);
  if (!signing) return std::unexpected(signing.error());
  auto believed = believed_authorities(tx);
  if (!believed) return std::unexpected(believed.error());
  auto revoked = revoked_serials(tx, now);
  if (!revoked) return std::unexpected(revoked.error());
  return Seen{.signing = std::move(*signing), .believed = std::move(*believed), .revoked = std::move(*revoked)};
}

}  // namespace

Result<std::unique_ptr<Keeper>> Keeper::open(KeeperOptions options, db::Pool& pool, const crypto::Vault& vault,
                                             NodeGate& gate, const Clock& clock) {
  auto files = ServerFiles::make();
  if (!files) return std::unexpected(files.error());
  std::unique_ptr<Keeper> keeper(new Keeper(std::move(options), pool, vault, gate, clock, std::move(*files)));
  if (Result<> looked = keeper->look(); !looked) return std::unexpected(looked.error());
  keeper->thread_ = std::thread([raw = keeper.get()] { raw->run(); });
  return keeper;
}

Keeper::Keeper(KeeperOptions options, db::Pool& pool, const crypto::Vault& vault, NodeGate& gate, const Clock& clock,
               std::unique_ptr<ServerFiles> files)
    : options_(std::move(options)),
      pool_(pool),
      vault_(vault),
      gate_(gate),
      clock_(clock),
      files_(std::move(files)),
      listener_(options_.conninfo, {std::string(kChannel)}) {}

Keeper::~Keeper() {
  stopping_ = true;
  listener_.interrupt();
  if (thread_.joinable()) thread_.join();
}

void Keeper::run() {
  while (!stopping_) {
    (void)listener_.wait(options_.poll);
    if (stopping_) break;
    const Result<> looked = look();
    if (!looked && !failing_) {
      observe::log(Level::kError, "certificates_cannot_be_read", {{"reason", looked.error().message}});
    }
    failing_ = !looked;
    // Also without a database: certificates end by themselves.
    if (options_.on_look) options_.on_look();
  }
}

Result<> Keeper::look() {
  auto seen = db::in_transaction(pool_, [&](db::Transaction& tx) { return read_all(tx, vault_, clock_.now()); });
  if (!seen) return std::unexpected(seen.error());
  gate_.set_revoked(std::move(seen->revoked));
  std::string ca_pem = bundle_of(seen->believed);
  const bool current = authority_id_ == seen->signing.id && ca_pem_ == ca_pem && clock_.now() < renew_at_;
  if (current) return {};
  if (Result<> renewed = renew_server(seen->signing, ca_pem); !renewed) return renewed;
  authority_id_ = seen->signing.id;
  ca_pem_ = std::move(ca_pem);
  return {};
}

Result<> Keeper::renew_server(const AuthorityRow& signing, const std::string& ca_pem) {
  if (!options_.certificate_file.empty()) {
    if (Result<> written = files_->write(Secret(), "", ca_pem); !written) return written;
    renew_at_ = SystemTime::max();
    return {};
  }
  const auto authority = open_authority(signing, vault_);
  if (!authority) return std::unexpected(authority.error());
  const auto key = pki::make_key();
  if (!key) return std::unexpected(key.error());
  const SystemTime now = clock_.now();
  const pki::Validity validity{.from = now - std::min<std::chrono::seconds>(kEarlier, options_.server_life / 10),
                               .to = std::min(signing.expires_at, now + options_.server_life)};
  const auto pem = pki::sign_server(*authority, *key, options_.names, validity);
  if (!pem) return fail("grpc_tls.names", pem.error());
  const auto made = pki::read_certificate(*pem);
  if (!made) return std::unexpected(made.error());
  if (Result<> written = files_->write(*key, *pem, ca_pem); !written) return written;
  renew_at_ = pki::renewal_time(*made);
  observe::log(Level::kInfo, "server_certificate_issued", {{"serial", made->serial}, {"authority", signing.id}});
  return {};
}

std::shared_ptr<grpc::ServerCredentials> Keeper::credentials() const {
  const bool own = !options_.certificate_file.empty();
  const auto provider = std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      (own ? options_.key_file : files_->key()).string(),
      (own ? options_.certificate_file : files_->certificate()).string(), files_->authorities().string(), kFileSeconds);
  grpc::experimental::TlsServerCredentialsOptions options(provider);
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  // Administrators come with a bearer token, and a new node with its one-time token: each service decides.
  options.set_cert_request_type(GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY);
  return grpc::experimental::TlsServerCredentials(options);
}

}  // namespace sluice::enrolment
