/* A small file of places in MaxMind's format, made by its own writer. */
#ifndef TESTS_SUPPORT_PLACES_FILE_H
#define TESTS_SUPPORT_PLACES_FILE_H

/*
 * Write one of KIND ("Test-City"); its path, the same each time and gone with the process.
 * NULL: there is no writer (Debian's libmaxmind-db-writer-perl). What is in it says
 * tests/support/make_mmdb.
 */
const char *places_file_make(const char *kind);

#endif
