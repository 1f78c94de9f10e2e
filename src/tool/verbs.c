/* SPDX-License-Identifier: MIT */
/* The table of verbs, in the order in which help shows them. */
#include "tool/verbs.h"

#include "base/types.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */
const struct verb verbs[] = {
	{"create", cmd_create, "[-c] [-p] [-q] FILE [key=value ...]",
		"Start a domain from a configuration file",
		"  -c, --console   attach to its console; the exit status is then 0 after a power-off\n"
		"                  and 1 after a crash\n"
		"  -p, --paused    leave it paused, until unpause\n"
		"  -q, --quiet     no warnings about keys that are not supported\n"
		"  key=value       overrides the file; a value need not be quoted\n",
		"epixen create -c examples/linux.cfg vcpus=4 memory=2048"},
	{"list", cmd_list, "[-l] [DOMAIN ...]",
		"Show the running domains",
		"  -l, --long      everything that is known about each\n"
		"States: r running, b blocked (idle), p paused, s shut down, c crashed, ? no answer\n",
		"epixen list -l linux"},
	{"console", cmd_console, "DOMAIN",
		"Attach to a domain's console; Ctrl-] detaches", "",
		"epixen console linux"},
	{"pause", cmd_pause, "DOMAIN",
		"Stop a domain's processors and its clock", "",
		"epixen pause linux"},
	{"unpause", cmd_unpause, "DOMAIN",
		"Let a paused domain go on", "",
		"epixen unpause linux"},
	{"shutdown", cmd_shutdown, "[-w] [-F] DOMAIN",
		"Ask the guest to power off, by xenstore or the ACPI power button",
		"  -w, --wait      return when the domain has ended\n"
		"  -F              taken as xl does; the button is pressed where there is one anyway\n"
		"A guest that does not listen goes on; destroy ends it.\n",
		"epixen shutdown -w linux"},
	{"reboot", cmd_reboot, "[-F] DOMAIN",
		"Ask a paravirtual guest to reboot; reset the machine of any other",
		"  -F              reset it without asking\n"
		"on_reboot decides what follows.\n",
		"epixen reboot linux"},
	{"sysrq", cmd_sysrq, "DOMAIN LETTER",
		"Press a SysRq key of a paravirtual guest's kernel", "",
		"epixen sysrq linux t"},
	{"vcpu-set", cmd_vcpu_set, "DOMAIN COUNT",
		"Let a paravirtual guest use so many of its processors", "",
		"epixen vcpu-set linux 2"},
	{"mem-set", cmd_mem_set, "DOMAIN SIZE",
		"Let a paravirtual guest keep so much of its memory",
		"SIZE is in MB, or ends in k, m, g or t. The guest's balloon driver gives back the rest.\n",
		"epixen mem-set linux 256"},
	{"destroy", cmd_destroy, "DOMAIN",
		"End a domain at once", "",
		"epixen destroy linux"},
	{"dump-state", cmd_dump_state, "DOMAIN",
		"Print registers and call chain of every virtual processor", "",
		"epixen dump-state linux | less"},
	{"stat", cmd_stat, "[-a] [-i SECONDS] [-n COUNT] DOMAIN",
		"Print what a domain's processors did, and how",
		"  -a, --all       every instruction that was called, not only the 20 called most\n"
		"  -i, --interval  then again and again what was new in so many seconds\n"
		"  -n, --count     that often, not for ever; the interval is 1 unless -i says so\n"
		"What did not occur is left out.\n",
		"epixen stat -i 2 -n 5 linux"},
	{"save", cmd_save, "[-c] DOMAIN FILE",
		"Write a domain to a file and end it",
		"  -c, --checkpoint  let it go on instead\n",
		"epixen save linux linux.image"},
	{"restore", cmd_restore, "[-c] [-p] FILE",
		"Start a domain from a file that save wrote",
		"  -c, --console   attach to its console, as with create\n"
		"  -p, --paused    leave it paused, until unpause\n",
		"epixen restore -c linux.image"},
	{"env", cmd_env, "[-s | -e]",
		"Print what makes xenstore-ls and its relatives talk to epixend, which is started",
		"  -s, --stay      epixend stays until it is ended; else it ends some seconds after the\n"
		"                  last domain and client\n"
		"  -e, --end       end epixend now; fails while there are domains\n",
		"eval \"$(epixen env)\"; xenstore-ls"},
	{"help", cmd_help, "[VERB]",
		"Show all verbs, or one in full", "",
		"epixen help create"},
};
/* clang-format on */
const unsigned verb_count = countof(verbs);

const struct verb *verb_find(const char *name)
{
	for (unsigned i = 0; i < verb_count; i++) {
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	}
	return NULL;
}

int verb_usage(const char *name)
{
	const struct verb *v = verb_find(name);
	fprintf(stderr, "usage: epixen %s %s\n", name, v ? v->arguments : "");
	return EXIT_USAGE;
}
