#include "tests/db/engine.h"

const struct str schema_texts[DIALECT_COUNT] = {
	[DIALECT_POSTGRES] = STR_INIT(
		"CREATE TABLE kinds (id integer PRIMARY KEY, b boolean, i integer,"
		" l bigint, d double precision, t text, y bytea, j jsonb, at timestamptz,"
		" r numeric(5,4), u uuid);"
		"CREATE TABLE accounts (id bigint PRIMARY KEY, balance bigint NOT NULL,"
		" CONSTRAINT balance_positive CHECK (balance >= 0));"
		"CREATE TABLE people (id uuid PRIMARY KEY, email text NOT NULL,"
		" CONSTRAINT people_email UNIQUE (email));"
		"CREATE TABLE pets (id bigint PRIMARY KEY,"
		" person_id uuid NOT NULL REFERENCES people (id), name text NOT NULL,"
		" CHECK (length(name) <= 10));"
		"CREATE TABLE notes (id bigint PRIMARY KEY,"
		" person_id uuid REFERENCES people (id) DEFERRABLE INITIALLY DEFERRED);"),
	[DIALECT_SQLITE] = STR_INIT(
		"CREATE TABLE kinds (id INTEGER PRIMARY KEY, b INTEGER, i INTEGER,"
		" l INTEGER, d REAL, t TEXT, y BLOB, j TEXT, at INTEGER,"
		" r INTEGER, u BLOB) STRICT;"
		"CREATE TABLE accounts (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL,"
		" CONSTRAINT balance_positive CHECK (balance >= 0)) STRICT;"
		"CREATE TABLE people (id BLOB PRIMARY KEY NOT NULL, email TEXT NOT NULL,"
		" CONSTRAINT people_email UNIQUE (email)) STRICT;"
		"CREATE TABLE pets (id INTEGER PRIMARY KEY,"
		" person_id BLOB NOT NULL REFERENCES people (id), name TEXT NOT NULL,"
		" CHECK (length(name) <= 10)) STRICT;"
		"CREATE TABLE notes (id INTEGER PRIMARY KEY,"
		" person_id BLOB REFERENCES people (id) DEFERRABLE INITIALLY DEFERRED)"
		" STRICT;"),
};
