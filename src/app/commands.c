#include "app/command.h"

#define COMMAND(name) extern const struct command cmd_##name;
#include "app/commands.def"
#undef COMMAND

const struct command *const commands[] = {
#define COMMAND(name) &cmd_##name,
#include "app/commands.def"
#undef COMMAND
	NULL,
};
