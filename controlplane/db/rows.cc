#include "controlplane/db/rows.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "controlplane/db/text_format.h"

namespace sluice::db {
namespace {

[[noreturn]] void mismatch(std::string_view column, std::string_view what) {
  fmt::print(stderr, "sluice: code and database schema disagree: column \"{}\" {}\n", column, what);
  std::abort();
}

int find_column(const pg_result* result, std::string_view column) {
  const int count = PQnfields(result);
  for (int i = 0; i < count; ++i) {
    if (column == PQfname(result, i)) return i;
  }
  mismatch(column, "is not part of the answer");
}

std::optional<std::string_view> find_value(const pg_result* result, int row, std::string_view column) {
  const int field = find_column(result, column);
  if (PQgetisnull(result, row, field) == 1) return std::nullopt;
  return std::string_view(PQgetvalue(result, row, field), static_cast<std::size_t>(PQgetlength(result, row, field)));
}

template <class T>
constexpr bool kIsOptional = false;
template <class T>
constexpr bool kIsOptional<std::optional<T>> = true;

template <class T>
T read(std::string_view text, std::string_view column) {
  std::optional<T> value = parse_text<T>(text);
  if (!value) mismatch(column, "does not hold a value of the type asked for");
  return std::move(*value);
}

}  // namespace

template <class T>
T Row::get(std::string_view column) const {
  const auto text = find_value(result_, index_, column);
  if constexpr (kIsOptional<T>) {
    if (!text) return std::nullopt;
    return read<typename T::value_type>(*text, column);
  } else {
    if (!text) mismatch(column, "is NULL");
    return read<T>(*text, column);
  }
}

#define SLUICE_ROW_GET(T)                         \
  template T Row::get<T>(std::string_view) const; \
  template std::optional<T> Row::get<std::optional<T>>(std::string_view) const;
SLUICE_ROW_GET(std::string)
SLUICE_ROW_GET(bool)
SLUICE_ROW_GET(std::int32_t)
SLUICE_ROW_GET(std::int64_t)
SLUICE_ROW_GET(std::uint32_t)
SLUICE_ROW_GET(std::uint64_t)
SLUICE_ROW_GET(SystemTime)
SLUICE_ROW_GET(Bytes)
SLUICE_ROW_GET(std::vector<std::string>)
SLUICE_ROW_GET(std::vector<std::int64_t>)
#undef SLUICE_ROW_GET

bool Row::null(std::string_view column) const {
  return !find_value(result_, index_, column);
}

Rows::Rows(pg_result* owned) : result_(owned) {}

void Rows::Clear::operator()(pg_result* result) const {
  PQclear(result);
}

std::size_t Rows::size() const {
  return static_cast<std::size_t>(PQntuples(result_.get()));
}

Row Rows::operator[](std::size_t index) const {
  if (index >= size()) {
    fmt::print(stderr, "sluice: row {} of {} rows asked for\n", index, size());
    std::abort();
  }
  return {result_.get(), static_cast<int>(index)};
}

std::size_t Rows::affected() const {
  return parse_text<std::uint64_t>(PQcmdTuples(result_.get())).value_or(0);
}

}  // namespace sluice::db
