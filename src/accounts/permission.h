/* What administrators may do: the table is accounts/permission.def. */
#ifndef ACCOUNTS_PERMISSION_H
#define ACCOUNTS_PERMISSION_H

#include "base/str.h"

enum admin_role { ROLE_NONE, ROLE_SUPPORT, ROLE_ADMIN, ROLE_SUPER_ADMIN };

enum permission {
#define PERMISSION(name, text, roles, about) PERMISSION_##name,
#include "accounts/permission.def"
#undef PERMISSION
	PERMISSION_COUNT
};

/* "support", "admin", "super_admin"; ROLE_NONE for any other text, an absent one too. */
enum admin_role admin_role_parse(struct str text);
/* "" for ROLE_NONE. */
const char *admin_role_name(enum admin_role role);

/* As people say it: "super administrator". */
const char *admin_role_title(enum admin_role role);

/* What ROLE may do, as bits 1 << PERMISSION_x. */
uint32_t admin_role_permissions(enum admin_role role);
/* The bit of "users.read" and the like; 0 where there is no such permission. */
uint32_t permission_parse(struct str text);
const char *permission_name(enum permission permission);

#endif
