// The answer to a statement. Rows owns it; a Row is a view that must not outlive its Rows. One thread at a time.
// Columns are read by name and type. A name that the statement does not return, NULL where the type is not optional, or
// a value that is not of the type means that the code and the schema disagree, which the migrations rule out: it aborts
// with a message that names the column.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "common/base/clock.h"
#include "controlplane/db/param.h"

struct pg_result;

namespace sluice::db {

class Row {
 public:
  Row(const pg_result* result, int index) : result_(result), index_(index) {}

  // T: std::string, bool, std::int32_t, std::int64_t, std::uint32_t, std::uint64_t, SystemTime, Bytes,
  // std::vector<std::string>, std::vector<std::int64_t>, and std::optional of each. uuid, numeric and jsonb are read as
  // std::string.
  template <class T>
  [[nodiscard]] T get(std::string_view column) const;

  [[nodiscard]] bool null(std::string_view column) const;

 private:
  const pg_result* result_;
  int index_;
};

class Rows {
 public:
  explicit Rows(pg_result* owned);

  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] bool empty() const { return size() == 0; }
  // index < size().
  [[nodiscard]] Row operator[](std::size_t index) const;
  [[nodiscard]] Row front() const { return (*this)[0]; }
  // Rows that INSERT, UPDATE or DELETE touched.
  [[nodiscard]] std::size_t affected() const;

  class Iterator {
   public:
    Iterator(const pg_result* result, int index) : result_(result), index_(index) {}
    [[nodiscard]] Row operator*() const { return {result_, index_}; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const pg_result* result_;
    int index_;
  };
  [[nodiscard]] Iterator begin() const { return {result_.get(), 0}; }
  [[nodiscard]] Iterator end() const { return {result_.get(), static_cast<int>(size())}; }

 private:
  struct Clear {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Clear> result_;
};

}  // namespace sluice::db
