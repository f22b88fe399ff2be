// Fills, queries, changes and empties a database in memory, and prints a checksum.
#include <stdio.h>
#include <stdlib.h>

#include "sqlite3.h"

static sqlite3 *db;

static void run(const char *sql) {
  char *error = NULL;
  if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK) {
    fprintf(stderr, "sqlite: %s in %s\n", error, sql);
    exit(1);
  }
}

static long long ask(const char *sql) {
  sqlite3_stmt *statement;
  if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) {
    fprintf(stderr, "sqlite: %s in %s\n", sqlite3_errmsg(db), sql);
    exit(1);
  }
  long long sum = 0;
  while (sqlite3_step(statement) == SQLITE_ROW)
    for (int i = 0; i < sqlite3_column_count(statement); i++) {
      sum += sqlite3_column_bytes(statement, i);
      sum += sqlite3_column_int64(statement, i);
    }
  sqlite3_finalize(statement);
  return sum;
}

int main(void) {
  if (sqlite3_open(":memory:", &db) != SQLITE_OK) return 1;
  run("create table person (id integer primary key, name text, town text, age integer)");
  run("create table visit (person integer, place text, note text)");
  sqlite3_stmt *insert;
  run("begin");
  sqlite3_prepare_v2(db, "insert into person values (?1, ?2, ?3, ?4)", -1, &insert, NULL);
  for (int i = 0; i < 12000; i++) {
    char *name = sqlite3_mprintf("person %d of %d", i, i * 7919 % 1009);
    char *town = sqlite3_mprintf("town %d", i * 31 % 97);
    sqlite3_bind_int(insert, 1, i);
    sqlite3_bind_text(insert, 2, name, -1, sqlite3_free);
    sqlite3_bind_text(insert, 3, town, -1, sqlite3_free);
    sqlite3_bind_int(insert, 4, i * 13 % 90);
    sqlite3_step(insert);
    sqlite3_reset(insert);
  }
  sqlite3_finalize(insert);
  run("insert into visit select id, 'place ' || (id * 17 % 211), name || ' was here, at ' || town from person");
  run("commit");
  run("create index by_town on person (town, age)");
  run("create index by_place on visit (place)");
  run("create index by_person on visit (person)");
  long long sum = 0;
  char sql[200];
  for (int i = 0; i < 300; i++) {
    snprintf(sql, sizeof sql,
             "select person.name, count(*), max(visit.note) from person join visit on visit.person = person.id"
             " where person.town = 'town %d' group by person.age order by 1 limit 20", i % 97);
    sum += ask(sql);
  }
  sum += ask("select town, group_concat(name) from person group by town");
  sum += ask("select upper(note) from visit order by note desc");
  run("update visit set note = note || ' and again' where person % 3 = 0");
  run("delete from person where age < 40");
  sum += ask("select count(*), sum(length(note)) from visit where person not in (select id from person)");
  printf("%lld\n", sum);
  sqlite3_close(db);
  return 0;
}
