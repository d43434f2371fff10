/* The files of web/, made part of the program by tools/embed. */
#ifndef API_WEB_FILES_H
#define API_WEB_FILES_H

#include "base/str.h"

struct web_file {
	struct str path; /* "/app.js" */
	struct str content_type;
	struct str body;
	struct str gzip;
	struct str etag; /* weak, of the body's hash */
};

extern const struct web_file web_files[];
extern const size_t web_files_count;

#endif
