/*
 * Settings: defaults < configuration file < environment < flags of the command line.
 *
 * One table (app/settings.h) says everything of each: field, key in the file, environment
 * variable, the default, what it is. The flag is the key with dashes: database.pool_size
 * is --database-pool-size.
 */
#ifndef APP_CONFIG_H
#define APP_CONFIG_H

#include "app/settings.h"
#include "base/err.h"
#include "base/str.h"

enum environment { ENVIRONMENT_DEVELOPMENT, ENVIRONMENT_TEST, ENVIRONMENT_PRODUCTION };

typedef struct str config_text;
typedef struct str config_url;
typedef struct str config_choice;
typedef int64_t config_count;
typedef bool config_toggle;
typedef enum environment config_environment;

enum {
#define X(type, field, key, variable, value, help) SETTING_##field,
	CONFIG_SETTINGS(X)
#undef X
		SETTING_COUNT
};

enum setting_type {
	TYPE_text,
	TYPE_url,
	TYPE_choice,
	TYPE_count,
	TYPE_toggle,
	TYPE_environment,
};

struct setting {
	enum setting_type type;
	const char *key;
	const char *variable;
	const char *value;
	const char *help;
};
extern const struct setting settings[SETTING_COUNT];

struct config {
#define X(type, field, key, variable, value, help) config_##type field;
	CONFIG_SETTINGS(X)
#undef X
	/* What was read, and from where: "default", "gridiron.yaml", "DATABASE_URL",
	 * "--data". */
	struct str texts[SETTING_COUNT];
	struct str origins[SETTING_COUNT];
};

struct config_options {
	struct str file;                 /* absent: gridiron.yaml where there is one */
	char **environment;              /* as environ */
	struct str flags[SETTING_COUNT]; /* absent: not given */
};

/* Put the settings together. INVALID names the place, the setting and what it may be. */
struct err *config_load(struct arena *arena, const struct config_options *options,
	struct config *ret) MUST_USE;

/* The setting whose flag is NAME (without dashes in front), or SETTING_COUNT. */
int config_flag_find(struct str name);

/* "--database-pool-size" for database.pool_size. */
struct str setting_flag(struct arena *arena, int setting);

/* The words that a setting may have, apart by "|"; absent where they are not so few. */
struct str setting_words(int setting);

/* The next variable of ENVIRONMENT, from *AT on, that begins like ours and is no setting:
 * another program's, or one of a time that is gone. Absent: there is none. */
struct str config_stray_variable(char **environment, size_t *at);

/* A setting as it may be shown: passwords in URLs are three stars. */
struct str config_shown(struct arena *arena, const struct config *config, int setting);

/* config_file.c: put what PATH sets into TEXTS; others are left alone. NOT_FOUND where
 * there is no such file. */
struct err *
config_file_read(struct arena *arena, struct str path, struct str *texts) MUST_USE;

#endif
