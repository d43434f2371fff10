/* The table of all settings: what config.h says of each is made from it. */
#ifndef APP_SETTINGS_H
#define APP_SETTINGS_H

/*
 * X(type, field, key, environment variable, default, help)
 * Types: text; url (text whose password is never shown, and refused in a flag); count (a
 * whole number, 0 or more); toggle; environment; choice (one of the words that the help
 * begins with, as in "red|green: the colour"). An empty default means: see help.
 */
#define CONFIG_SETTINGS(X)                                                             \
	X(text, listen, "listen", "GRIDIRON_LISTEN", "127.0.0.1:8080",                 \
		"host:port to serve on")                                               \
	X(text, data, "data", "GRIDIRON_DATA", "./gridiron-data",                      \
		"folder of the SQLite file, keys, and mail in development")            \
	X(text, games, "games", "GRIDIRON_GAMES", "",                                  \
		"file or URL of an nflverse games.csv; empty: the public one")         \
	X(environment, environment, "environment", "ENVIRONMENT", "development",       \
		"development|test|production: how strict it is, how large its pools")  \
	X(url, database_url, "database.url", "DATABASE_URL", "",                       \
		"sqlite:PATH or postgresql://...; empty: gridiron.db in the data "     \
		"folder")                                                              \
	X(count, database_pool_size, "database.pool_size",                             \
		"GRIDIRON_DATABASE_POOL_SIZE", "0",                                    \
		"connections kept open; 0: 20 in production, else 5")                  \
	X(count, database_max_overflow, "database.max_overflow",                       \
		"GRIDIRON_DATABASE_MAX_OVERFLOW", "0",                                 \
		"connections beyond those; 0: 40 in production, else 10")              \
	X(count, database_pool_timeout_ms, "database.pool_timeout_ms",                 \
		"GRIDIRON_DATABASE_POOL_TIMEOUT_MS", "0",                              \
		"longest wait for a connection; 0: 30000 in production, else 10000")   \
	X(count, database_pool_recycle_ms, "database.pool_recycle_ms",                 \
		"GRIDIRON_DATABASE_POOL_RECYCLE_MS", "3600000",                        \
		"age at which a connection is replaced")                               \
	X(toggle, database_echo, "database.echo", "DB_ECHO", "false",                  \
		"log every SQL statement")                                             \
	X(url, redis_url, "redis.url", "REDIS_URL", "",                                \
		"redis://host:port/number; nothing uses it yet")                       \
	X(choice, access_open, "access.open", "GRIDIRON_ACCESS_OPEN", "auto",          \
		"auto|true|false: show all to everybody; auto: in development on "     \
		"loopback")                                                            \
	X(text, trusted_proxies, "http.trusted_proxies",                               \
		"GRIDIRON_HTTP_TRUSTED_PROXIES", "",                                   \
		"addresses or blocks (10.0.0.0/8) whose X-Forwarded-For counts")       \
	X(count, stream_per_address, "stream.per_address",                             \
		"GRIDIRON_STREAM_PER_ADDRESS", "40",                                   \
		"streams of events that an address may hold at once; 0: any")          \
	X(count, stream_per_user, "stream.per_user", "GRIDIRON_STREAM_PER_USER", "20", \
		"streams of events that a user may hold at once; 0: any")              \
	X(count, stream_age_max_s, "stream.age_max_s", "GRIDIRON_STREAM_AGE_MAX_S",    \
		"3600", "age at which a stream ends, to be asked for anew; 0: none")   \
	X(toggle, jobs, "jobs", "GRIDIRON_JOBS", "true",                               \
		"run the scheduled jobs (gridiron jobs list) in this server")          \
	X(count, season_runs, "season.runs", "GRIDIRON_SEASON_RUNS", "100000",         \
		"how often the jobs play a season; fewer take less of a small "        \
		"machine and are less sure")                                           \
	X(text, keys_file, "keys.file", "GRIDIRON_KEYS_FILE", "",                      \
		"file of the secret keys; empty: keys.json of systemd's "              \
		"credentials, else of the data folder")                                \
	X(choice, password_scheme, "password.scheme", "GRIDIRON_PASSWORD_SCHEME",      \
		"argon2id", "argon2id|bcrypt: how new passwords are hashed")           \
	X(count, password_memory_kib, "password.memory_kib",                           \
		"GRIDIRON_PASSWORD_MEMORY_KIB", "19456",                               \
		"memory that argon2id takes for one password")                         \
	X(count, password_passes, "password.passes", "GRIDIRON_PASSWORD_PASSES", "2",  \
		"passes of argon2id over that memory")                                 \
	X(count, password_bcrypt_cost, "password.bcrypt_cost",                         \
		"GRIDIRON_PASSWORD_BCRYPT_COST", "12", "bcrypt runs 2^cost rounds")    \
	X(text, password_breached_file, "password.breached_file",                      \
		"GRIDIRON_PASSWORD_BREACHED_FILE", "",                                 \
		"file of breached passwords, as haveibeenpwned-downloader writes "     \
		"it, that no new one may be among; empty: none")                       \
	X(choice, mfa_required_of, "mfa.required_of", "GRIDIRON_MFA_REQUIRED_OF",      \
		"administrators",                                                      \
		"administrators|everybody: who must have a second factor")             \
	X(text, public_url, "public_url", "GRIDIRON_PUBLIC_URL", "",                   \
		"how people reach this server, for links in mail, such as "            \
		"https://forecasts.example.org; empty: http:// and listen")            \
	X(url, mail_url, "mail.url", "GRIDIRON_MAIL_URL", "",                          \
		"smtp://user:password@host:587, smtps://..., or file: (into the "      \
		"folder mail in the data folder); empty: file:, but in production")    \
	X(text, mail_from, "mail.from", "GRIDIRON_MAIL_FROM",                          \
		"Gridiron <gridiron@localhost>", "whom mail comes from")               \
	X(text, mail_secret, "mail.secret", "GRIDIRON_MAIL_SECRET", "",                \
		"file with the password for mail.url")                                 \
	X(text, mail_ca_file, "mail.ca_file", "GRIDIRON_MAIL_CA_FILE", "",             \
		"PEM file of authorities to trust in place of the system's")           \
	X(count, mail_timeout_ms, "mail.timeout_ms", "GRIDIRON_MAIL_TIMEOUT_MS",       \
		"30000", "longest time that sending one mail may take")                \
	X(toggle, audit_syslog, "audit.syslog", "GRIDIRON_AUDIT_SYSLOG", "false",      \
		"the anchor of the audit log goes to syslog as well")                  \
	X(text, geo_database, "geo.database", "GRIDIRON_GEO_DATABASE", "",             \
		"file of cities or countries (.mmdb) that says where sessions "        \
		"are; empty: nobody knows")                                            \
	X(choice, log_level, "log.level", "GRIDIRON_LOG_LEVEL", "info",                \
		"debug|info|warning|error: the least that is logged")                  \
	X(choice, log_format, "log.format", "GRIDIRON_LOG_FORMAT", "logfmt",           \
		"logfmt|json: how it is written")

#endif
