#include "accounts/permission.h"

#define SUPPORT (1u << ROLE_SUPPORT)
#define ADMIN   (1u << ROLE_ADMIN)

static const struct {
	struct str name;
	uint32_t roles; /* 1 << enum admin_role, but for super_admin */
} permissions[PERMISSION_COUNT] = {
#define PERMISSION(name_, text, roles_, about) \
	[PERMISSION_##name_] = { .name = STR_INIT(text), .roles = (roles_) },
#include "accounts/permission.def"
#undef PERMISSION
};

static const struct str role_names[] = {
	[ROLE_NONE] = STR_INIT(""),
	[ROLE_SUPPORT] = STR_INIT("support"),
	[ROLE_ADMIN] = STR_INIT("admin"),
	[ROLE_SUPER_ADMIN] = STR_INIT("super_admin"),
};

enum admin_role
admin_role_parse(struct str text)
{
	for (size_t role = ROLE_SUPPORT; role < COUNT_OF(role_names); role++)
		if (str_eq(text, role_names[role]))
			return (enum admin_role)role;
	return ROLE_NONE;
}

const char *
admin_role_name(enum admin_role role)
{
	return role_names[role].ptr;
}

const char *
admin_role_title(enum admin_role role)
{
	switch (role) {
	case ROLE_SUPER_ADMIN:
		return "super administrator";
	case ROLE_ADMIN:
		return "administrator";
	case ROLE_SUPPORT:
		return "support";
	case ROLE_NONE:
		break;
	}
	return "";
}

uint32_t
admin_role_permissions(enum admin_role role)
{
	uint32_t bits = 0;

	if (role == ROLE_NONE)
		return 0;
	for (size_t i = 0; i < PERMISSION_COUNT; i++)
		if (role == ROLE_SUPER_ADMIN || permissions[i].roles >> role & 1)
			bits |= UINT32_C(1) << i;
	return bits;
}

uint32_t
permission_parse(struct str text)
{
	for (size_t i = 0; i < PERMISSION_COUNT; i++)
		if (str_eq(text, permissions[i].name))
			return UINT32_C(1) << i;
	return 0;
}

const char *
permission_name(enum permission permission)
{
	return permissions[permission].name.ptr;
}
