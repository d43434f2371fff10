#include "app/command.h"

#define COMMAND(name, beside) extern const struct command cmd_##name;
#include "app/commands.def"
#undef COMMAND

const struct command *const commands[] = {
#define COMMAND(name, beside) &cmd_##name,
#include "app/commands.def"
#undef COMMAND
	NULL,
};

enum beside
command_beside(const struct command *command)
{
	static const enum beside all[] = {
#define COMMAND(name, beside) BESIDE_##beside,
#include "app/commands.def"
#undef COMMAND
	};
	size_t i = 0;

	while (commands[i] != command)
		i++;
	return all[i];
}

const char *
beside_text(enum beside beside)
{
	switch (beside) {
	case BESIDE_BY_SERVER:
		return "Beside a server that has the SQLite file, that server carries it "
		       "out.";
	case BESIDE_ALONE:
		return "Waits a minute for the SQLite file, where a server has it.";
	case BESIDE_FREE:
		return NULL;
	}
	return NULL;
}
