/* What goes to stdout: the answer or the error document of the CNI specification, in one piece. */
#ifndef ORBWEAVER_OUTPUT_H
#define ORBWEAVER_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

/* The error codes of the specification, as they stand in the document. */
#define BAD_ENVIRONMENT "4"
#define IO_FAILED "5"
#define NOT_DECODABLE "6"
#define BAD_CONFIGURATION "7"
#define TRY_LATER "11"
#define NOT_READY "50"

/* The version of the error document: a JSON string with its quotes. */
extern const char *output_cni_version;

bool print(const char *text, size_t size);

/* Print what is wrong (the strings after `details`, joined, up to NULL) and exit. A person reads it in the
   events of a pod; Kubernetes groups these by their text, so it is the same for every try. */
__attribute__((noreturn, sentinel)) void fail(const char *code, const char *details, ...);

/* What an errno means here. Not strerror(): it drags in the locale, and one big runtime takes what it says of
   ENOENT for success. */
const char *reason(int error);

#endif
