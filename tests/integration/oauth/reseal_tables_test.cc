// No table of sealed values is forgotten when the key changes: the list in the code against the database.
#include <catch2/catch.hpp>
#include <set>

#include "controlplane/oauth/reseal.h"
#include "tests/support/migrated_database.h"

namespace sluice::testing {

TEST_CASE("every table with sealed values is re-sealed, by its key") {
  PostgresServer& postgres = PostgresServer::shared();
  const std::string database = migrated_database(postgres);
  std::string listed;
  std::set<std::string> names;
  for (const oauth::SealedTable& table : oauth::sealed_tables()) {
    names.insert(std::string(table.table) + "." + std::string(table.id_column));
  }
  for (const std::string& name : names)
    listed += (listed.empty() ? "" : " ") + name;
  // Every bytea column of this name, with the primary key of its table.
  CHECK(postgres.run(database,
                     "SELECT string_agg(c.table_name || '.' || k.column_name, ' ' ORDER BY c.table_name COLLATE \"C\") "
                     "FROM information_schema.columns c JOIN information_schema.table_constraints p "
                     "ON p.table_name = c.table_name AND p.constraint_type = 'PRIMARY KEY' "
                     "JOIN information_schema.key_column_usage k ON k.constraint_name = p.constraint_name "
                     "WHERE c.column_name = 'sealed' AND c.table_schema = 'public'") == listed);
}

}  // namespace sluice::testing
