/* What the container runtime says in environment variables. */
#ifndef ORBWEAVER_ENVIRONMENT_H
#define ORBWEAVER_ENVIRONMENT_H

enum { ID, NETNS, IFNAME, ARGS, PATH, VARIABLES };
enum { ADD, CHECK, DEL, GC, STATUS, VERSION, VERBS };

extern const char *const verb_names[VERBS];

/* The value of an environment variable, empty when it is unset. */
const char *variable(const char *name);

/* Read the variables and return the verb, or fail: everything that is missing in one error. */
int read_environment(const char *command, const char *variables[VARIABLES]);

#endif
